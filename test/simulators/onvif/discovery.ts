import { randomBytes, randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { escapeXml, find, parseXml, textAt, type XmlElement } from './xml.ts';

/** Group and port of WS-Discovery (clause 2.4). */
const GROUP = '239.255.255.250';
const PORT = 3702;

const NS = {
  s: 'http://www.w3.org/2003/05/soap-envelope',
  a: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  d: 'http://schemas.xmlsoap.org/ws/2005/04/discovery',
  dn: 'http://www.onvif.org/ver10/network/wsdl',
  tds: 'http://www.onvif.org/ver10/device/wsdl',
} as const;
const DECLARATIONS = Object.entries(NS)
  .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
  .join('');

/** What a device tells about itself. */
export interface Discoverable {
  readonly kind: 'camera' | 'access-controller';
  readonly xaddr: string;
  readonly uuid: string;
  readonly scopes: readonly string[];
  /** Off the network: it does not answer. */
  readonly silent: boolean;
}

/** Junk that real networks answer a probe with. */
export type Junk = 'random' | 'empty' | 'html' | 'truncated' | 'doctype' | 'foreign' | 'no-address' | 'large';

export const JUNK: readonly Junk[] = [
  'random',
  'empty',
  'html',
  'truncated',
  'doctype',
  'foreign',
  'no-address',
  'large',
];

/** Answers WS-Discovery probes for devices. */
export interface DiscoveryResponder {
  /** Unicast port on the address it was started on. */
  readonly port: number;
  /** Probes heard so far. */
  readonly probes: number;
  /** Sends this junk before and after the answers to each probe; [] ends it. */
  junk(kinds: readonly Junk[]): void;
  /** Answers each probe so often (a device hears a probe on several interfaces). Default 1. */
  repeat(times: number): void;
  /** Says Hello for every device to the multicast group. */
  hello(): void;
  stop(): Promise<void>;
}

/** Where a responder listens. */
export interface DiscoveryOptions {
  /** Address of the unicast port. Default 127.0.0.1. */
  host?: string;
  /** Unicast port. Default: a free one. */
  port?: number;
  /** Addresses of the interfaces on which it joins the multicast group (`['127.0.0.1']`). Default none. */
  interfaces?: readonly string[];
}

/**
 * Listens on a unicast port, and on the multicast group if interfaces are named. The devices are
 * asked at every probe, so that one list may grow. A NetworkVideoTransmitter probe finds cameras; access controllers
 * call themselves tds:Device only, as those of profiles A and C do.
 */
export async function startDiscoveryResponder(
  devices: () => readonly Discoverable[],
  options: DiscoveryOptions = {},
): Promise<DiscoveryResponder> {
  const responder = new Responder(devices);
  await responder.start(options);
  return responder;
}

class Responder implements DiscoveryResponder {
  port = 0;
  probes = 0;
  readonly #devices: () => readonly Discoverable[];
  readonly #sockets: Socket[] = [];
  #junk: readonly Junk[] = [];
  #times = 1;

  constructor(devices: () => readonly Discoverable[]) {
    this.#devices = devices;
  }

  async start({ host = '127.0.0.1', port = 0, interfaces = [] }: DiscoveryOptions): Promise<void> {
    const unicast = await this.#listen(host, port, false);
    this.port = unicast.address().port;
    unicast.setMulticastInterface(host);
    if (interfaces.length === 0) return;
    const group = await this.#listen(undefined, PORT, true);
    for (const address of interfaces) group.addMembership(GROUP, address);
  }

  junk(kinds: readonly Junk[]): void {
    this.#junk = kinds;
  }

  repeat(times: number): void {
    this.#times = times;
  }

  hello(): void {
    for (const device of this.#present()) {
      const message = envelope('Hello', '', `<d:Hello>${description(device)}</d:Hello>`);
      this.#sockets[0]?.send(message, PORT, GROUP, () => {});
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
  }

  #present(): Discoverable[] {
    return this.#devices().filter(({ silent }) => !silent);
  }

  #listen(host: string | undefined, port: number, reuseAddr: boolean): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', reuseAddr });
    this.#sockets.push(socket);
    socket.on('message', (message, from) => this.#heard(socket, message, from));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        resolve(socket);
      });
    });
  }

  #heard(socket: Socket, message: Buffer, from: RemoteInfo): void {
    let root: XmlElement;
    try {
      root = parseXml(message.toString());
    } catch {
      return;
    }
    const probe = find(root, 'Body', 'Probe');
    if (probe === undefined) return;
    this.probes += 1;
    const relatesTo = textAt(root, 'Header', 'MessageID');
    const say = (datagram: string | Buffer): void => socket.send(datagram, from.port, from.address, () => {});
    const junk = this.#junk.map((kind) => junkDatagram(kind, relatesTo));
    for (const datagram of junk) say(datagram);
    for (const device of this.#present().filter((candidate) => matches(candidate, probe))) {
      for (let sent = 0; sent < this.#times; sent += 1) say(probeMatches(relatesTo, device));
    }
    for (const datagram of junk) say(datagram);
  }
}

/** WS-Discovery clause 5.1: every type asked for must be the device's; none asked for: any device. */
function matches({ kind, scopes }: Discoverable, probe: XmlElement): boolean {
  const own =
    kind === 'camera' ? [`{${NS.dn}}NetworkVideoTransmitter`, `{${NS.tds}}Device`] : [`{${NS.tds}}Device`];
  const types = find(probe, 'Types');
  const wanted = (types?.text.trim() ?? '').split(/\s+/).filter((name) => name !== '');
  const typesMatch = wanted.every((name) => {
    const [prefix, local] = name.includes(':') ? name.split(':') : ['', name];
    return own.includes(`{${types?.namespaces[prefix!] ?? ''}}${local}`);
  });
  const asked = textAt(probe, 'Scopes')
    .split(/\s+/)
    .filter((scope) => scope !== '');
  return typesMatch && asked.every((scope) => scopes.some((candidate) => candidate.startsWith(scope)));
}

function description({ kind, xaddr, uuid, scopes }: Discoverable): string {
  const types = kind === 'camera' ? 'dn:NetworkVideoTransmitter tds:Device' : 'tds:Device';
  return `<a:EndpointReference><a:Address>urn:uuid:${uuid}</a:Address></a:EndpointReference><d:Types>${types}</d:Types><d:Scopes>${escapeXml(scopes.join(' '))}</d:Scopes><d:XAddrs>${escapeXml(xaddr)}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`;
}

function probeMatches(relatesTo: string, device: Discoverable): string {
  return envelope(
    'ProbeMatches',
    relatesTo,
    `<d:ProbeMatches><d:ProbeMatch>${description(device)}</d:ProbeMatch></d:ProbeMatches>`,
  );
}

function envelope(action: string, relatesTo: string, body: string): string {
  const relates = relatesTo === '' ? '' : `<a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>`;
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope${DECLARATIONS}><s:Header><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>${relates}<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To><a:Action>${NS.d}/${action}</a:Action></s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

function junkDatagram(kind: Junk, relatesTo: string): string | Buffer {
  const device = {
    kind: 'camera',
    xaddr: 'http://127.255.255.253:9/onvif/device_service',
    uuid: randomUUID(),
    scopes: [],
    silent: false,
  } as const;
  const valid = probeMatches(relatesTo, device);
  switch (kind) {
    case 'random':
      return randomBytes(700);
    case 'empty':
      return '';
    case 'html':
      return 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html><body>no</body></html>';
    case 'truncated':
      return valid.slice(0, valid.length / 2);
    case 'doctype':
      return valid.replace('?>', '?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>');
    case 'foreign':
      return probeMatches(`urn:uuid:${randomUUID()}`, device);
    case 'no-address':
      return valid.replace(/<d:XAddrs>.*<\/d:XAddrs>/, '');
    case 'large':
      return valid.replace('<d:Scopes>', `<d:Scopes>${'onvif://www.onvif.org/name/x '.repeat(2_000)}`);
  }
}
