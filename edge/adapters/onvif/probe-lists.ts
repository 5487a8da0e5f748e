import type { Bounds } from './calls.ts';
import { ask, isLacking, type ServicePaths } from './probe-services.ts';
import type { SoapClient } from './soap-client.ts';
import { attribute, child, childrenOf, escapeXml, textAt, type XmlElement } from './xml.ts';

/** Entries of one list at most, and pages of it: the device decides how long they are. */
const MAX_ENTRIES = 256;
const MAX_PAGES = 8;

/** Something of a device that has a token. Tokens are kept as they are written: `001` is not `1`. */
export interface Named {
  token: string;
  name: string;
}

/** `monostable`: it falls back by itself after `delayMs`. */
export interface Relay extends Named {
  mode: 'monostable' | 'bistable' | undefined;
  delayMs: number | undefined;
}

/** `can`: commands of the door control specification that this door takes, e.g. `Access`, `LockDown`; empty: it does not say. */
export interface Door extends Named {
  can: readonly string[];
}

export interface AccessPoint extends Named {
  canDisable: boolean;
}

export interface MediaProfile extends Named {
  encoding: string;
  width: number;
  height: number;
  fps: number;
  /** It can be moved. */
  ptz: boolean;
}

type Question = [client: SoapClient, paths: ServicePaths, bounds: Bounds];

export async function relaysOf(...[client, paths, bounds]: Question): Promise<Relay[]> {
  // the element is of the device service in the I/O service, too (deviceio.wsdl); every maker has it there
  const answer = await ask(client, paths, 'device', 'GetRelayOutputs', '', bounds);
  return childrenOf(answer, 'RelayOutputs').flatMap((one) => {
    const mode = textAt(one, 'Properties', 'Mode').toLowerCase();
    return tokenOf(one).map((token) => ({
      token,
      name: token,
      mode: mode === 'monostable' || mode === 'bistable' ? mode : undefined,
      delayMs: mode === 'monostable' ? durationMs(textAt(one, 'Properties', 'DelayTime')) : undefined,
    }));
  });
}

export async function inputsOf(...[client, paths, bounds]: Question): Promise<string[]> {
  if (!paths.has('io')) return [];
  const answer = await ask(client, paths, 'io', 'GetDigitalInputs', '', bounds);
  return childrenOf(answer, 'DigitalInputs').flatMap(tokenOf);
}

export async function doorsOf(...question: Question): Promise<Door[]> {
  const found = await pagesOf(question, 'doors', 'GetDoorInfoList', 'DoorInfo');
  return found.flatMap((one) =>
    tokenOf(one).map((token) => ({
      token,
      name: textAt(one, 'Name') || token,
      can: (child(one, 'Capabilities')?.attributes ?? []).flatMap(({ local, value }) =>
        /^(?:true|1)$/.test(value) ? [local] : [],
      ),
    })),
  );
}

export async function accessPointsOf(...question: Question): Promise<AccessPoint[]> {
  const found = await pagesOf(question, 'access', 'GetAccessPointInfoList', 'AccessPointInfo');
  return found.flatMap((one) => {
    const capabilities = child(one, 'Capabilities');
    const canDisable = capabilities !== undefined && attribute(capabilities, 'DisableAccessPoint') === 'true';
    return tokenOf(one).map((token) => ({ token, name: textAt(one, 'Name') || token, canDisable }));
  });
}

/** Media profiles, the largest picture first. */
export async function mediaProfilesOf(...[client, paths, bounds]: Question): Promise<MediaProfile[]> {
  if (!paths.has('media')) return [];
  const answer = await ask(client, paths, 'media', 'GetProfiles', '', bounds);
  const found = childrenOf(answer, 'Profiles').flatMap((one) => {
    const video = child(one, 'VideoEncoderConfiguration');
    const number = (...path: string[]): number => Number.parseFloat(textAt(video, ...path)) || 0;
    return tokenOf(one).map((token) => ({
      token,
      name: textAt(one, 'Name') || token,
      encoding: textAt(video, 'Encoding'),
      width: number('Resolution', 'Width'),
      height: number('Resolution', 'Height'),
      fps: number('RateControl', 'FrameRateLimit'),
      ptz: child(one, 'PTZConfiguration') !== undefined,
    }));
  });
  return found.sort((a, b) => b.width * b.height - a.width * a.height);
}

/** Address of a profile's stream as the device says it; '' where it does not. */
export async function streamUriOf(
  ...[client, paths, bounds, token]: [...Question, token: string]
): Promise<string> {
  const setup =
    '<Stream xmlns="http://www.onvif.org/ver10/schema">RTP-Unicast</Stream>' +
    '<Transport xmlns="http://www.onvif.org/ver10/schema"><Protocol>RTSP</Protocol></Transport>';
  const body = `<StreamSetup>${setup}</StreamSetup><ProfileToken>${escapeXml(token)}</ProfileToken>`;
  return textAt(await ask(client, paths, 'media', 'GetStreamUri', body, bounds), 'MediaUri', 'Uri').slice(
    0,
    512,
  );
}

export async function presetsOf(
  ...[client, paths, bounds, profile]: [...Question, profile: string]
): Promise<Named[]> {
  if (!paths.has('ptz')) return [];
  const body = `<ProfileToken>${escapeXml(profile)}</ProfileToken>`;
  const answer = await ask(client, paths, 'ptz', 'GetPresets', body, bounds);
  return childrenOf(answer, 'Preset')
    .slice(0, MAX_ENTRIES)
    .flatMap((one) => tokenOf(one).map((token) => ({ token, name: textAt(one, 'Name') || token })));
}

/** Hardware addresses of its network interfaces. */
export async function macsOf(...[client, paths, bounds]: Question): Promise<string[]> {
  const answer = await ask(client, paths, 'device', 'GetNetworkInterfaces', '', bounds);
  const found = childrenOf(answer, 'NetworkInterfaces').map((one) => textAt(one, 'Info', 'HwAddress'));
  return [...new Set(found.map((mac) => mac.toLowerCase().replaceAll('-', ':')))].filter((mac) => mac !== '');
}

/** What `question` gives, or `none` where the device has nothing of it; rejects where we are refused or it is gone. */
export function orNone<Answer>(question: Promise<Answer>, none: Answer): Promise<Answer> {
  return question.catch((error: unknown) => {
    if (isLacking(error)) return none;
    throw error;
  });
}

async function pagesOf(
  [client, paths, bounds]: Question,
  service: 'doors' | 'access',
  operation: string,
  element: string,
): Promise<XmlElement[]> {
  if (!paths.has(service)) return [];
  const found: XmlElement[] = [];
  let next = '';
  for (let page = 0; page < MAX_PAGES && found.length < MAX_ENTRIES; page++) {
    const body = next === '' ? '' : `<StartReference>${escapeXml(next)}</StartReference>`;
    const answer = await ask(client, paths, service, operation, body, bounds);
    found.push(...childrenOf(answer, element));
    next = textAt(answer, 'NextStartReference');
    if (next === '') break;
  }
  return found.slice(0, MAX_ENTRIES);
}

function tokenOf(element: XmlElement): string[] {
  const token = attribute(element, 'token');
  return token === undefined || token === '' || token.length > 64 ? [] : [token];
}

/** xs:duration of days and below, as relays have it. */
function durationMs(text: string): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (found === null) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = found;
  return Math.round(
    (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000,
  );
}
