import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type Packet,
  type Parser,
  parser,
} from 'mqtt-packet';
import { ConnectionFailure, explain } from './failure.ts';
import { inWords } from './reason-codes.ts';

/** PEM texts. The broker's certificate is always verified. */
export interface ClientTls {
  /** Absent: the authorities of the system. */
  ca?: Buffer | undefined;
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
  /** Name that the broker's certificate must bear; absent: the host of the URL. */
  servername?: string | undefined;
}

export interface ConnectionOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  url: string;
  tls?: ClientTls | undefined;
  connect: IConnectPacket;
  /** For TCP, TLS and CONNACK together. */
  connectTimeoutMs: number;
  /** A larger packet of the broker ends the connection. */
  maxPacketBytes: number;
}

/** Takes the packets of a connection, in order; called at the broker's consent, with the next packet right behind. */
export type Accept = (connection: Connection, connack: IConnackPacket) => (packet: Packet) => void;

interface ConnectionEvents {
  packet(packet: Packet): void;
  /** Nothing comes after it. */
  closed(failure: ConnectionFailure): void;
}

const v5 = { protocolVersion: 5 };
const PINGREQ = Buffer.of(0xc0, 0x00);
/** A goodbye has so long to leave. */
const GOODBYE_MS = 1_000;

/** One MQTT 5 connection: no reconnect, no queue. Use `runConnection`. */
export class Connection {
  readonly #socket: Socket;
  readonly #parser: Parser;
  readonly #maxPacketBytes: number;
  /** What to call for each PINGREQ without an answer, the oldest first. */
  readonly #pings: Array<() => void> = [];
  readonly #events: ConnectionEvents;
  #failure: ConnectionFailure | undefined;
  #isClosed = false;
  #receivedAt = performance.now();
  #keepalive: NodeJS.Timeout | undefined;

  constructor(socket: Socket, maxPacketBytes: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#maxPacketBytes = maxPacketBytes;
    this.#events = events;
    this.#parser = parser(v5);
    this.#parser.on('packet', (packet) => this.#take(packet));
    this.#parser.on('error', (error: Error) => this.#malformed(error));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => {
      this.#failure ??= explain(error);
    });
    socket.on('close', () => {
      this.#close(new ConnectionFailure('ended', 'the broker closed the connection'));
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(packet: Packet): void {
    try {
      this.write(generate(packet, v5));
    } catch (error) {
      // a value that MQTT does not take: nothing else may end with it
      this.fail(
        new ConnectionFailure('protocol', `we cannot write ${packet.cmd}: ${(error as Error).message}`),
      );
    }
  }

  /** Resolves when the socket has taken it; rejects when the connection ends before, or for what MQTT does not take. */
  handOver(packet: Packet): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new ConnectionFailure('ended', 'the connection has ended');
      this.#socket.write(generate(packet, v5), (error) => (error ? reject(error) : resolve()));
    });
  }

  write(bytes: Buffer): void {
    if (!this.#isClosed) this.#socket.write(bytes);
  }

  /** Sends PINGREQ; `answered` is called when everything the broker sent before its PINGRESP has been handed on. */
  ping(answered: () => void = () => undefined): void {
    if (this.#isClosed) return;
    this.#pings.push(answered);
    this.#socket.write(PINGREQ);
  }

  /** Pings, and ends the connection when nothing has come for 1.5 x this, unless it is we who do not read. */
  keepAlive(seconds: number): void {
    clearInterval(this.#keepalive);
    if (seconds <= 0 || this.#isClosed) return;
    this.#keepalive = setInterval(() => {
      if (this.#socket.isPaused()) this.#receivedAt = performance.now();
      if (performance.now() - this.#receivedAt > seconds * 1_500)
        this.fail(new ConnectionFailure('timeout', 'the broker does not answer any more'));
      else this.ping();
    }, seconds * 500);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection for this reason; the owner is told. */
  fail(failure: ConnectionFailure, reasonCode?: number): void {
    if (this.#isClosed) return;
    if (reasonCode !== undefined) this.send({ cmd: 'disconnect', reasonCode });
    this.#failure ??= failure;
    this.#close(failure);
    this.#socket.destroy();
  }

  /** Says goodbye: no will is published, the session is kept. Resolves when the connection has ended. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const ended = new Promise<void>((resolve) => {
      this.#socket.once('close', resolve);
      setTimeout(resolve, GOODBYE_MS).unref();
    });
    this.#socket.resume();
    this.#socket.end(generate({ cmd: 'disconnect', reasonCode: 0 }, v5));
    this.#close(new ConnectionFailure('ended', 'closed by the gateway'));
    await ended;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#receivedAt = performance.now();
    try {
      const left = this.#parser.parse(chunk);
      if (left > this.#maxPacketBytes)
        this.fail(
          new ConnectionFailure('protocol', `a packet of the broker has over ${this.#maxPacketBytes} bytes`),
          0x95,
        );
    } catch (error) {
      // the parser reads past the end of some malformed packets
      this.#malformed(error as Error);
    }
  }

  #take(packet: Packet): void {
    if (this.#isClosed) return;
    if (packet.cmd === 'pingresp') {
      this.#pings.shift()?.();
    } else if (packet.cmd === 'disconnect') {
      const { reasonCode = 0, properties } = packet;
      this.fail(
        new ConnectionFailure(
          'refused',
          `the broker ended the connection, ${inWords(reasonCode, properties?.reasonString)}`,
        ),
      );
    } else {
      this.#events.packet(packet);
    }
  }

  #malformed(error: Error): void {
    this.fail(
      new ConnectionFailure('protocol', `a packet of the broker is no MQTT 5 (${error.message})`),
      0x81,
    );
  }

  #close(reason: ConnectionFailure): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#keepalive);
    this.#events.closed(this.#failure ?? reason);
  }
}

/**
 * Connects and signs in. Rejects with a `ConnectionFailure` when the broker did not consent; else resolves with the
 * reason why the connection ended. Aborting ends only the attempt.
 */
export function runConnection(
  options: ConnectionOptions,
  accept: Accept,
  signal: AbortSignal,
): Promise<ConnectionFailure> {
  return new Promise((resolve, reject) => {
    let take: ((packet: Packet) => void) | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const closed = (failure: ConnectionFailure): void => {
      settle();
      if (take !== undefined) resolve(failure);
      else reject(failure.kind === 'ended' && dialled.isUp() ? unanswered(failure) : failure);
    };
    const packet = (packet: Packet): void => {
      if (take !== undefined) {
        take(packet);
        return;
      }
      const refusal = refusalIn(packet);
      if (refusal !== undefined) {
        connection.fail(refusal);
        return;
      }
      settle();
      take = accept(connection, packet as IConnackPacket);
    };
    const abort = (): void => connection.fail(new ConnectionFailure('ended', 'the gateway is stopping'));
    let dialled: Dialled;
    try {
      dialled = dial(options);
    } catch (error) {
      // certificate and key that do not fit
      reject(explain(error as Error));
      return;
    }
    const connection = new Connection(dialled.socket, options.maxPacketBytes, { packet, closed });
    const seconds = options.connectTimeoutMs / 1_000;
    const timer = setTimeout(
      () => connection.fail(new ConnectionFailure('timeout', `no answer within ${seconds} s`)),
      options.connectTimeoutMs,
    );
    dialled.socket.once(dialled.ready, () => connection.send(options.connect));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
}

/** Why the answer to CONNECT is no consent. */
function refusalIn(packet: Packet): ConnectionFailure | undefined {
  if (packet.cmd !== 'connack')
    return new ConnectionFailure('protocol', `the broker answered CONNECT with ${packet.cmd}`);
  const code = packet.reasonCode ?? packet.returnCode ?? 0;
  if (code === 0) return undefined;
  const why = inWords(code, packet.properties?.reasonString);
  return new ConnectionFailure('refused', `the broker refused us, ${why}`);
}

function unanswered({ message }: ConnectionFailure): ConnectionFailure {
  const hint = 'check that it speaks MQTT 5 and takes our certificate';
  return new ConnectionFailure('refused', `${message} before it answered CONNECT: ${hint}`);
}

interface Dialled {
  socket: Socket;
  ready: 'connect' | 'secureConnect';
  isUp: () => boolean;
}

function dial({ url, tls }: ConnectionOptions): Dialled {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  let up = false;
  const isUp = () => up;
  if (protocol === 'mqtt:') {
    const socket = connectTcp({ host, port: Number(port || 1883) });
    socket.once('connect', () => {
      up = true;
    });
    return { socket, ready: 'connect', isUp };
  }
  const { ca, cert, key, servername } = tls ?? {};
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({
    host,
    port: Number(port || 8883),
    rejectUnauthorized: true,
    ...(name === undefined ? {} : { servername: name }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  socket.once('secureConnect', () => {
    up = true;
  });
  return { socket, ready: 'secureConnect', isUp };
}
