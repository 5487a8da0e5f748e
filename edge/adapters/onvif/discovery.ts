import { createHash, randomUUID } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { getClock } from './calls.ts';
import { type Announcement, probeMessage, probeTypes, readAnnouncements } from './discovery-message.ts';
import { OnvifFailure } from './failure.ts';
import { SoapClient } from './soap-client.ts';

/** Group and port of WS-Discovery (2.4). */
const GROUP = '239.255.255.250';
const PORT = 3702;
/** UDP loses datagrams: each probe goes out so often, so far apart. */
const REPEATS = 2;
const REPEAT_MS = 500;
/** Beyond, datagrams are counted and not read: 200 cameras answer some thousand times. */
const MAX_DATAGRAMS = 20_000;
/** Devices of one search. */
const MAX_FOUND = 2_000;
/** Of one address: who invents devices there must not leave the others without room. */
const MAX_AT_ADDRESS = 64;
/** Path that nearly every maker uses. */
const DEVICE_PATH = '/onvif/device_service';
/** A time is asked for over HTTP; nothing else. */
const HTTP_ANSWER_BYTES = 64 * 1024;
/** Paths that are asked over HTTP at once: at the default pace and time-out it is never reached. */
const MAX_ASKING = 256;

/** A device that answered a search. What it says of itself is not proven. */
export interface Found {
  /** Short and the same at each search. */
  id: string;
  /** Endpoint reference; undefined: it answered over HTTP only. */
  endpoint: string | undefined;
  /** Where its device service is reached: the address that answered, port and path as it says. */
  url: string;
  /** Addresses as it says. */
  says: readonly string[];
  types: readonly string[];
  scopes: readonly string[];
  via: 'multicast' | 'unicast' | 'http';
  /** Where somebody else answers under the same endpoint reference: cheap cameras of one series, or one who pretends. */
  twin?: string | undefined;
}

export interface SearchOptions {
  /** Addresses that are asked one by one, beside the multicast group. */
  addresses?: readonly string[];
  /** Addresses a second. */
  perSecond: number;
  /** Ports that are asked over HTTP at each of them. */
  httpPorts?: readonly number[];
  /** After the last question. */
  waitMs: number;
  /** For a question over HTTP. */
  httpMs: number;
  signal?: AbortSignal | undefined;
  /** Called again with more when a device answers again. */
  onFound: (found: Found) => void;
  /** Default: the addresses of this machine. */
  interfaces?: readonly string[];
  /** Where a device listens for a probe of its own; default 3702. */
  unicastPort?: number;
}

/** What a search met with so far. Public fields are incremented on the way. */
export class SearchCounters {
  /** Datagrams that came. */
  answers = 0;
  /** Of them no answers to a probe of ours. */
  junk = 0;
  /** Answers of devices that are known already. */
  repeated = 0;
  /** Answers of what is no ONVIF device. */
  others = 0;
  /** Devices that found no room in the list. */
  leftOut = 0;
  /** Addresses asked, of those to be asked. */
  asked = 0;
  toAsk = 0;
  /** Interfaces on which nothing could be sent. */
  deaf = 0;
}

/**
 * Looks for ONVIF devices: WS-Discovery on every interface, and, where addresses are given, by unicast and over HTTP at each of
 * them, at a pace. Sends no credentials. Resolves when it is over; what comes from the network never rejects it.
 */
export async function search(options: SearchOptions, counters: SearchCounters): Promise<void> {
  const run = new Search(options, counters);
  try {
    await run.multicast();
    await run.addresses();
    await pause(options.waitMs, options.signal);
  } finally {
    run.close();
  }
}

class Search {
  readonly #o: SearchOptions;
  readonly #counters: SearchCounters;
  readonly #sockets = new Set<Socket>();
  readonly #asked = new Set<string>();
  readonly #found = new Map<string, Found>();
  /** How many of them each address has. */
  readonly #at = new Map<string, number>();

  constructor(options: SearchOptions, counters: SearchCounters) {
    this.#o = options;
    this.#counters = counters;
  }

  async multicast(): Promise<void> {
    const addresses = this.#o.interfaces ?? ownAddresses();
    const opened = await Promise.all(addresses.map((address) => this.#open('multicast', address)));
    for (let round = 0; round < REPEATS && !this.#isOver; round++) {
      if (round > 0) await pause(REPEAT_MS, this.#o.signal);
      for (const socket of opened) if (socket !== undefined) this.#probe(socket, GROUP, PORT);
    }
  }

  async addresses(): Promise<void> {
    const { addresses = [], perSecond, httpPorts = [], unicastPort = PORT, signal } = this.#o;
    if (addresses.length === 0) return;
    this.#counters.toAsk = addresses.length;
    const socket = await this.#open('unicast');
    const asking = new Set<Promise<void>>();
    for (const address of addresses) {
      if (this.#isOver) break;
      if (socket !== undefined) this.#probe(socket, address, unicastPort);
      for (const port of httpPorts) {
        if (asking.size >= MAX_ASKING) await Promise.race(asking);
        const one = this.#askOverHttp(address, port).finally(() => asking.delete(one));
        asking.add(one);
      }
      this.#counters.asked++;
      await pause(1_000 / perSecond, signal);
    }
    await Promise.all(asking);
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }

  get #isOver(): boolean {
    return this.#o.signal?.aborted === true;
  }

  /** Undefined: nothing can be sent there, e.g. an interface that has just gone. */
  #open(via: 'multicast' | 'unicast', address?: string): Promise<Socket | undefined> {
    const socket = createSocket({ type: 'udp4' });
    return new Promise((resolve) => {
      // without a listener one error would end the process
      socket.on('error', () => {
        this.#counters.deaf++;
        if (this.#sockets.delete(socket)) socket.close();
        resolve(undefined);
      });
      this.#sockets.add(socket);
      socket.on('message', (datagram, { address: from }) => this.#heard(datagram, from, via));
      socket.bind({ port: 0, ...(address === undefined ? {} : { address }) }, () => {
        try {
          if (address !== undefined) socket.setMulticastInterface(address);
          resolve(socket);
        } catch (error) {
          socket.emit('error', error);
        }
      });
    });
  }

  #probe(socket: Socket, address: string, port: number): void {
    for (const type of probeTypes) {
      const id = randomUUID();
      this.#asked.add(id);
      // what cannot be sent is as good as not answered
      if (this.#sockets.has(socket)) socket.send(probeMessage(type, id), port, address, () => undefined);
    }
  }

  #heard(datagram: Buffer, from: string, via: Found['via']): void {
    if (++this.#counters.answers > MAX_DATAGRAMS) {
      this.#counters.leftOut++;
      return;
    }
    let announcements: Announcement[];
    try {
      announcements = readAnnouncements(datagram, this.#asked);
    } catch {
      this.#counters.junk++;
      return;
    }
    if (announcements.length === 0) this.#counters.others++;
    for (const { endpoint, addresses, types, scopes } of announcements) {
      const url = reachedAt(addresses, from);
      if (url !== undefined)
        this.#take({ id: idOf(endpoint), endpoint, url, says: addresses, types, scopes, via });
    }
  }

  async #askOverHttp(address: string, port: number): Promise<void> {
    const url = `http://${address}${port === 80 ? '' : `:${port}`}${DEVICE_PATH}`;
    const device = { id: '', url };
    const client = new SoapClient({ device, maxBytes: HTTP_ANSWER_BYTES, deviceClock: Date.now });
    const isOnvif = await getClock(client, { timeoutMs: this.#o.httpMs, signal: this.#o.signal }).then(
      () => true,
      // a SOAP fault tells it, too; any web page may answer 401
      (error: unknown) => error instanceof OnvifFailure && error.said !== undefined,
    );
    if (!isOnvif) return;
    this.#take({ id: idOf(url), endpoint: undefined, url, says: [], types: [], scopes: [], via: 'http' });
  }

  /**
   * By its endpoint reference; what answered over HTTP alone, by its address. Where a second address answers under the same
   * reference, that is another.
   */
  #take(given: Found): void {
    const { host: at, hostname } = new URL(given.url);
    const twin = this.#found.get(given.id);
    const isTwin = twin?.endpoint !== undefined && new URL(twin.url).hostname !== hostname;
    const found = isTwin ? { ...given, id: idOf(`${given.id} ${hostname}`), twin: twin.url } : given;
    const known = this.#found.get(found.id) ?? this.#sameAddress(found, at);
    if (known !== undefined && (found.endpoint === undefined || known.endpoint !== undefined)) {
      this.#counters.repeated++;
      return;
    }
    // it has answered over HTTP before it said who it is
    if (known !== undefined) this.#found.delete(known.id);
    else {
      const there = this.#at.get(hostname) ?? 0;
      if (this.#found.size >= MAX_FOUND || there >= MAX_AT_ADDRESS) {
        this.#counters.leftOut++;
        return;
      }
      this.#at.set(hostname, there + 1);
    }
    const taken = known === undefined ? found : { ...found, id: known.id };
    this.#found.set(taken.id, taken);
    this.#o.onFound(taken);
  }

  #sameAddress({ endpoint }: Found, host: string): Found | undefined {
    for (const known of this.#found.values())
      if ((endpoint === undefined || known.endpoint === undefined) && new URL(known.url).host === host)
        return known;
    return undefined;
  }
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 12);
}

/**
 * Where we go: to the address that answered, never where the answer points (behind NAT it is wrong, and else it may be
 * anybody's). Undefined: nothing of it can be used.
 */
function reachedAt(addresses: readonly string[], from: string): string | undefined {
  const urls = addresses.map((address) => new URL(address));
  const url =
    urls.find(({ hostname }) => hostname === from) ??
    urls.find(({ hostname }) => !hostname.startsWith('[')) ??
    urls[0];
  if (url === undefined) return undefined;
  url.hostname = from;
  return `${url.origin}${url.pathname === '/' ? DEVICE_PATH : url.pathname}${url.search}`;
}

/** The IPv4 addresses of this machine: one for each network that it is on. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family }) => family === 'IPv4').map(({ address }) => address);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
