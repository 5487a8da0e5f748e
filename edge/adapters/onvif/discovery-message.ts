import { child, childrenOf, escapeXml, namespaceOf, parseXml, textAt, type XmlElement } from './xml.ts';

const WSD = 'http://schemas.xmlsoap.org/ws/2005/04/discovery';
const NETWORK = 'http://www.onvif.org/ver10/network/wsdl';
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';

/** What is kept of one answer at most: it comes from anybody on the network. */
const MAX_SCOPES = 64;
const MAX_ADDRESSES = 8;
const MAX_TEXT = 512;

/**
 * Types that are asked for, one probe each: cameras call themselves NetworkVideoTransmitter, access controllers (profiles
 * A, C, D) Device only; cameras of some makers answer one of the two.
 */
export const probeTypes = ['NetworkVideoTransmitter', 'Device'] as const;
export type ProbeType = (typeof probeTypes)[number];

/** A WS-Discovery Probe (2005/04, as ONVIF core clause 7 asks); `id` is a UUID. */
export function probeMessage(type: ProbeType, id: string): string {
  const uri = type === 'Device' ? DEVICE : NETWORK;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="${WSD}" xmlns:t="${uri}">` +
    `<s:Header><a:MessageID>urn:uuid:${escapeXml(id)}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>` +
    `<a:Action>${WSD}/Probe</a:Action></s:Header><s:Body><d:Probe><d:Types>t:${type}</d:Types></d:Probe></s:Body></s:Envelope>`
  );
}

/** What a device says of itself in answer to a probe. Nothing of it is proven. */
export interface Announcement {
  /** Endpoint reference: the same for the life of the device, whatever its address. */
  endpoint: string;
  /** Local names of its types. */
  types: string[];
  scopes: string[];
  /** Addresses of its device service, as it says. */
  addresses: string[];
}

/**
 * The ONVIF devices of a ProbeMatches datagram; empty: others (printers, computers). Throws for junk: what is no answer, or
 * no answer to one of the probes `asked` (UUIDs).
 */
export function readAnnouncements(datagram: Buffer, asked: ReadonlySet<string>): Announcement[] {
  const envelope = parseXml(datagram.toString('utf8').trim());
  const matches = child(envelope, 'Body', 'ProbeMatches');
  if (envelope.local !== 'Envelope' || matches === undefined) throw new Error('it is no answer to a probe');
  const relatesTo = textAt(envelope, 'Header', 'RelatesTo').toLowerCase();
  // some devices leave it out
  if (relatesTo !== '' && !asked.has(relatesTo.replace(/^(?:urn:)?uuid:/, '')))
    throw new Error('it answers another probe');
  return childrenOf(matches, 'ProbeMatch').flatMap((match) => announcementOf(match) ?? []);
}

function announcementOf(match: XmlElement): Announcement | undefined {
  const addresses = words(textAt(match, 'XAddrs')).filter(isDeviceAddress).slice(0, MAX_ADDRESSES);
  if (addresses.length === 0) throw new Error('it says no address');
  const scopes = words(textAt(match, 'Scopes')).slice(0, MAX_SCOPES);
  const types = typesOf(child(match, 'Types'));
  if (types.length === 0 && !scopes.some((scope) => scope.startsWith('onvif://'))) return undefined;
  const endpoint = textAt(match, 'EndpointReference', 'Address').toLowerCase().slice(0, MAX_TEXT);
  return { endpoint: endpoint === '' ? (addresses[0] as string) : endpoint, types, scopes, addresses };
}

/** ONVIF's types alone: `Device` is also a type of printers and computers, by another namespace. */
function typesOf(types: XmlElement | undefined): string[] {
  if (types === undefined) return [];
  return words(types.text.trim()).flatMap((name) => {
    const colon = name.indexOf(':');
    const uri = namespaceOf(types, colon < 0 ? '' : name.slice(0, colon)) ?? '';
    const local = name.slice(colon + 1);
    const isOurs = uri.startsWith('http://www.onvif.org/') || /^NetworkVideo/.test(local);
    return isOurs ? [local] : [];
  });
}

function isDeviceAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '' && word.length <= MAX_TEXT);
}

/** What scopes tell (ONVIF core, 7.3.2.2); empty where they do not. */
export interface ScopeFacts {
  name: string;
  hardware: string;
  location: string;
  mac: string;
  /** `Streaming`, `T`, `A`, `C` ... */
  profiles: string[];
}

export function factsOf(scopes: readonly string[]): ScopeFacts {
  const all = (kind: string): string[] => {
    const prefix = `onvif://www.onvif.org/${kind}/`.toLowerCase();
    return scopes.flatMap((scope) =>
      scope.toLowerCase().startsWith(prefix) ? [decoded(scope.slice(prefix.length))] : [],
    );
  };
  const first = (kind: string): string => all(kind)[0] ?? '';
  return {
    name: first('name'),
    hardware: first('hardware'),
    location: all('location').join(' / '),
    mac: first('mac') || first('macaddr') || first('MACAddress'),
    profiles: all('Profile'),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' ')).slice(0, 80);
  } catch {
    // not encoded, or wrongly
    return text.slice(0, 80);
  }
}
