import { randomUUID } from 'node:crypto';
import { addressing, envelope } from './envelope.ts';
import { OnvifFailure } from './failure.ts';
import { ownUrl, pathOf, type SoapClient } from './soap-client.ts';
import { child, childrenOf, textAt, writeXml, type XmlElement } from './xml.ts';

const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const EVENTS = 'http://www.onvif.org/ver10/events/wsdl';
const WSN = 'http://docs.oasis-open.org/wsn/b-2';
const MANAGER = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager';
const PULL_POINT = `${EVENTS}/PullPointSubscription`;

/** Most notifications of one answer. */
const MESSAGE_LIMIT = 100;

/** How a call is bounded. */
export interface Bounds {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** A pull point as the device made it. */
export interface PullPoint {
  /** As the device wrote it, for WS-Addressing. */
  address: string;
  /** Where we send: our host, its path. */
  path: string;
  /** XML of its ReferenceParameters, to be given back with every call. */
  reference: string;
}

/** GetSystemDateAndTime, which needs no credentials: UTC of the device in ms since 1970; undefined: it says none. */
export async function getClock(client: SoapClient, bounds: Bounds): Promise<number | undefined> {
  const answer = await client.call('GetSystemDateAndTime', {
    action: `${DEVICE}/GetSystemDateAndTime`,
    envelope: envelope('', `<GetSystemDateAndTime xmlns="${DEVICE}"/>`),
    authenticate: 'never',
    ...bounds,
  });
  const utc = child(answer, 'SystemDateAndTime', 'UTCDateTime');
  const number = (...path: string[]): number => Number.parseInt(textAt(utc, ...path), 10);
  const [year, month, day] = [number('Date', 'Year'), number('Date', 'Month'), number('Date', 'Day')];
  const time = Date.UTC(
    year,
    month - 1,
    day,
    number('Time', 'Hour'),
    number('Time', 'Minute'),
    number('Time', 'Second'),
  );
  return Number.isFinite(time) && year >= 1970 ? time : undefined;
}

/** Who made a device; every user may ask. */
export interface DeviceFacts {
  manufacturer: string;
  model: string;
  firmware: string;
  serial: string;
}

/**
 * GetDeviceInformation: a question that changes nothing, and so the trial of the credentials. Undefined: the device does
 * not answer it. Rejects with `rejected` where they are refused.
 */
export async function identify(client: SoapClient, bounds: Bounds): Promise<DeviceFacts | undefined> {
  try {
    const answer = await client.call('GetDeviceInformation', {
      action: `${DEVICE}/GetDeviceInformation`,
      envelope: envelope('', `<GetDeviceInformation xmlns="${DEVICE}"/>`),
      authenticate: 'always',
      ...bounds,
    });
    return {
      manufacturer: textAt(answer, 'Manufacturer'),
      model: textAt(answer, 'Model'),
      firmware: textAt(answer, 'FirmwareVersion'),
      serial: textAt(answer, 'SerialNumber'),
    };
  } catch (error) {
    if (error instanceof OnvifFailure && ['unsupported', 'fault', 'malformed'].includes(error.kind))
      return undefined;
    throw error;
  }
}

/** Path of the event service. Rejects with `unsupported` for a device without one. */
export async function findEvents(client: SoapClient, base: string, bounds: Bounds): Promise<string> {
  const address = (await fromCapabilities(client, bounds)) ?? (await fromServices(client, bounds));
  const path = address === '' ? undefined : pathOf(address, base);
  if (path === undefined)
    throw new OnvifFailure(
      'unsupported',
      'it has no event service: it cannot tell what happens; look for newer firmware, or use another way to it',
    );
  return path;
}

/** Undefined: the device does not know this call, or does not name events in its answer. */
async function fromCapabilities(client: SoapClient, bounds: Bounds): Promise<string | undefined> {
  try {
    const answer = await client.call('GetCapabilities', {
      action: `${DEVICE}/GetCapabilities`,
      envelope: envelope(
        '',
        `<GetCapabilities xmlns="${DEVICE}"><Category>Events</Category></GetCapabilities>`,
      ),
      authenticate: 'if-asked',
      ...bounds,
    });
    return textAt(answer, 'Capabilities', 'Events', 'XAddr') || undefined;
  } catch (error) {
    if (error instanceof OnvifFailure && (error.kind === 'unsupported' || error.kind === 'fault'))
      return undefined;
    throw error;
  }
}

async function fromServices(client: SoapClient, bounds: Bounds): Promise<string> {
  const answer = await client.call('GetServices', {
    action: `${DEVICE}/GetServices`,
    envelope: envelope(
      '',
      `<GetServices xmlns="${DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>`,
    ),
    authenticate: 'if-asked',
    ...bounds,
  });
  const service = childrenOf(answer, 'Service').find((one) => textAt(one, 'Namespace') === EVENTS);
  return textAt(service, 'XAddr');
}

/** What the device granted: milliseconds until the subscription ends by itself; undefined: it does not say. */
function grantedMs(answer: XmlElement): number | undefined {
  // both by the clock of the device, however wrong that is
  const ms = Date.parse(textAt(answer, 'TerminationTime')) - Date.parse(textAt(answer, 'CurrentTime'));
  return ms > 0 && ms < 86_400_000 ? ms : undefined;
}

/** CreatePullPointSubscription that ends by itself after `terminationMs`. */
export async function createPullPoint(
  client: SoapClient,
  path: string,
  base: string,
  terminationMs: number,
  bounds: Bounds,
): Promise<{ pullPoint: PullPoint; grantedMs: number | undefined }> {
  const answer = await client.call('CreatePullPointSubscription', {
    path,
    action: `${EVENTS}/EventPortType/CreatePullPointSubscriptionRequest`,
    envelope: envelope(
      '',
      `<CreatePullPointSubscription xmlns="${EVENTS}"><InitialTerminationTime>${duration(terminationMs)}</InitialTerminationTime></CreatePullPointSubscription>`,
    ),
    authenticate: 'always',
    ...bounds,
  });
  const reference = child(answer, 'SubscriptionReference') ?? answer;
  // firmware that leaves the reference out, or empty, is asked where it was asked to make one
  const address = textAt(reference, 'Address') || ownUrl(new URL(base), path).href;
  const own = pathOf(address, base);
  if (own === undefined)
    throw new OnvifFailure('malformed', 'it made a subscription, and says no address that can be read');
  const parameters = child(reference, 'ReferenceParameters')?.children ?? [];
  return {
    pullPoint: {
      address,
      path: own,
      reference: parameters.map((one) => writeXml(one, ' a:IsReferenceParameter="true"')).join(''),
    },
    grantedMs: grantedMs(answer),
  };
}

/** The part of a subscription's answer that matters: the NotificationMessages. */
export async function pullMessages(
  client: SoapClient,
  pullPoint: PullPoint,
  waitMs: number,
  bounds: Bounds,
): Promise<XmlElement[]> {
  const body = `<PullMessages xmlns="${EVENTS}"><Timeout>${duration(waitMs)}</Timeout><MessageLimit>${MESSAGE_LIMIT}</MessageLimit></PullMessages>`;
  const answer = await ask(
    client,
    pullPoint,
    'PullMessages',
    `${PULL_POINT}/PullMessagesRequest`,
    body,
    bounds,
  );
  return childrenOf(answer, 'NotificationMessage');
}

/** Renew to `terminationMs` from now; what was granted, as in `createPullPoint`. */
export async function renew(
  client: SoapClient,
  pullPoint: PullPoint,
  terminationMs: number,
  bounds: Bounds,
): Promise<number | undefined> {
  const body = `<Renew xmlns="${WSN}"><TerminationTime>${duration(terminationMs)}</TerminationTime></Renew>`;
  return grantedMs(await ask(client, pullPoint, 'Renew', `${MANAGER}/RenewRequest`, body, bounds));
}

/** Asks for the present value of every state. */
export async function synchronise(client: SoapClient, pullPoint: PullPoint, bounds: Bounds): Promise<void> {
  const body = `<SetSynchronizationPoint xmlns="${EVENTS}"/>`;
  const action = `${PULL_POINT}/SetSynchronizationPointRequest`;
  await ask(client, pullPoint, 'SetSynchronizationPoint', action, body, bounds);
}

export async function unsubscribe(client: SoapClient, pullPoint: PullPoint, bounds: Bounds): Promise<void> {
  const body = `<Unsubscribe xmlns="${WSN}"/>`;
  await ask(client, pullPoint, 'Unsubscribe', `${MANAGER}/UnsubscribeRequest`, body, bounds);
}

function ask(
  client: SoapClient,
  { address, path, reference }: PullPoint,
  operation: string,
  action: string,
  body: string,
  bounds: Bounds,
): Promise<XmlElement> {
  return client.call(operation, {
    path,
    action,
    envelope: envelope(addressing(address, action, randomUUID(), reference), body),
    authenticate: 'always',
    ...bounds,
  });
}

/** xs:duration. Whole seconds where possible: some cameras read no fractions. */
function duration(ms: number): string {
  return `PT${ms % 1_000 === 0 ? ms / 1_000 : (ms / 1_000).toFixed(3)}S`;
}
