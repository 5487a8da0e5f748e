import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';
import { guardParser } from './aedes.ts';
import type { PacedConnection } from './pacer.ts';
import type { InboundQos2 } from './qos2.ts';
import type { Rights } from './rights.ts';

/** CONNECT strings are at most 64 KiB each by the protocol; ours are far shorter. */
const MAX_CONNECT_BYTES = 16 * 1024;
/** SUBSCRIBE and the like. Its filters are judged in one go: a million of them would hold up everybody for seconds. */
const MAX_CONTROL_BYTES = 64 * 1024;

export interface ConnectionHooks {
  /** Of a PUBLISH. */
  maxPacketBytes: number;
  maxHeldBytes: number;
  tooLarge(connection: Connection, start: Buffer, cmd: string | undefined): void;
  threw(connection: Connection, error: Error): void;
}

/** One device's connection, from its acceptance to its end. */
export class Connection {
  readonly socket: Socket;
  readonly client: Client;
  readonly address: string;
  /** Common name of its certificate, if that was checked. */
  readonly certificate: string | undefined;

  /** `new`: no CONNECT yet; `admitting`: CONNECT is being judged, nothing more is read; `open`: signed in. */
  phase: 'new' | 'admitting' | 'open' = 'new';
  /** As the device says it: others may have the same. */
  clientId: string | undefined;
  /** Its name in this broker, once it is signed in: see `sessionId`. */
  sessionId: string | undefined;
  user: string | undefined;
  rights: Rights | undefined;
  /** Its share of what its account may publish. */
  pacer: PacedConnection | undefined;
  /** QoS 2 messages of the session; outlives the connection when the session does. */
  qos2: InboundQos2 | undefined;
  /** The very object aedes will pass to `authorizePublish` when the connection ends without a goodbye. */
  will: { readonly topic: string } | undefined;
  /** Milliseconds; 0 if the device asked for none. */
  keepaliveMs = 0;
  /** Filters it is subscribed to. */
  readonly filters = new Set<string>();
  /** The connection of the same session that this one ends. */
  replaces: Connection | undefined;

  /** Messages (and their bytes) handed to the pipeline and not committed yet; since when, monotonic. */
  held = 0;
  heldBytes = 0;
  heldSince = 0;
  /** Messages that waited because it publishes too fast, since `takePaced` last asked. */
  paced = 0;

  /** When something of it was last read; monotonic. */
  heardAt = performance.now();

  /** The sink was told that it is online. */
  announced = false;
  closedByUs = false;
  /** Nothing came for 1.5 times its keepalive. */
  stalled = false;
  /** Why it ended; the first cause counts. */
  reason: string | undefined;
  /** Stop reading: the broker is stopping. */
  draining = false;

  constructor(socket: Socket, handle: (socket: Socket) => Client, hooks: ConnectionHooks) {
    this.socket = socket;
    this.address = plainAddress(socket.remoteAddress);
    this.certificate = socket instanceof TLSSocket && socket.authorized ? commonName(socket) : undefined;
    this.client = handle(socket);
    const read = socket.read.bind(socket);
    // aedes pulls with read(): answering nothing is how a connection is made to wait. client.pause() stalls for
    // ever with publishes in flight. Every held message calls read() again when it is done.
    socket.read = (size?: number) => {
      if (this.phase === 'admitting' || this.draining || this.heldBytes >= hooks.maxHeldBytes) return null;
      const chunk: unknown = read(size);
      if (chunk !== null) this.heardAt = performance.now();
      return chunk;
    };
    guardParser(this.client, {
      maxPacketBytes: (cmd) => {
        if (this.phase === 'new') return MAX_CONNECT_BYTES;
        return cmd === 'publish' ? hooks.maxPacketBytes : MAX_CONTROL_BYTES;
      },
      tooLarge: (start, cmd) => hooks.tooLarge(this, start, cmd),
      threw: (error) => hooks.threw(this, error),
    });
  }

  hold(bytes: number, now: number): void {
    if (this.held === 0) this.heldSince = now;
    this.held++;
    this.heldBytes += bytes;
  }

  release(bytes: number): void {
    this.held--;
    this.heldBytes -= bytes;
  }
}

function commonName(socket: TLSSocket): string | undefined {
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

/** IPv4 addresses as such, also on a socket that takes both. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:/, '');
}
