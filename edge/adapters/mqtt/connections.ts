import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Client } from 'aedes';
import type { ConnectionChange } from '../adapter.ts';
import { saidGoodbye } from './aedes.ts';
import { Connection, type ConnectionHooks, plainAddress } from './connection.ts';
import type { BrokerContext } from './context.ts';
import type { BrokerAccount } from './options.ts';
import { type RefusalReason, RefusedError } from './refusal.ts';
import type { SessionBook } from './sessions.ts';

/** Bytes of a PUBLISH beside topic and payload: topic length and packet identifier. */
const PUBLISH_OVERHEAD = 4;
/** A device sends its CONNECT at once: one that was silent for longer makes room for others of its address. */
const SILENT_MS = 2_000;
/** Longer than keepalives usually are: a connection that was silent for longer makes room for others of its account. */
const IDLE_MS = 90_000;
/** Longer without a sweep means that this process stood still: then nobody's silence proves anything. */
const FROZEN_MS = 5_000;

/** Every connection of a broker: how it begins, why it ends, and what the pipeline is told of it. */
export class Connections {
  readonly #context: BrokerContext;
  readonly #sessions: SessionBook;
  readonly #hooks: ConnectionHooks;
  /** Outlives the connection's socket: aedes publishes the will after it. */
  readonly #byClient = new WeakMap<object, Connection>();
  readonly #open = new Set<Connection>();
  /** Also those in a TLS handshake. */
  readonly #sockets = new Set<Socket>();
  /** Those of them that have not sent a whole CONNECT, by peer, the longest silent first. */
  readonly #silent = new Map<string, Silent>();
  /** Peers that have not signed in, by address. */
  readonly #unsigned = new Map<string, Set<string>>();
  /** Messages that waited, of users whose connections have ended since `takePaced` was last asked. */
  #pacedBefore = new Map<string, number>();
  #online = 0;
  #sweptAt = performance.now();

  constructor(context: BrokerContext, sessions: SessionBook) {
    this.#context = context;
    this.#sessions = sessions;
    const { limits } = context;
    this.#hooks = {
      maxPacketBytes: limits.maxPayloadBytes + limits.maxTopicBytes + PUBLISH_OVERHEAD,
      maxHeldBytes: limits.maxHeldBytes,
      tooLarge: (connection, start, cmd) => this.#tooLarge(connection, start, cmd),
      threw: (connection, error) => this.#threw(connection, error),
    };
  }

  /** Devices that are signed in. */
  get online(): number {
    return this.#online;
  }

  of(client: object): Connection | undefined {
    return this.#byClient.get(client);
  }

  ofUser(user: string): Connection[] {
    return [...this.#open].filter((connection) => connection.user === user);
  }

  /**
   * Whether there is room for one more. When there is none, the one that has been silent longest makes room: whoever
   * only opens connections must not keep a device out, and a device sends its CONNECT at once.
   */
  accept(socket: Socket): boolean {
    const peer = peerOf(socket);
    const address = plainAddress(socket.remoteAddress);
    if (!this.#roomForAddress(address)) return false;
    if (this.#sockets.size >= this.#context.limits.maxClients) {
      const [silent] = this.#silent.values();
      this.#context.refusals.report('too-many-clients', undefined, {
        address: silent?.address ?? address,
        hint:
          `mqtt: ${this.#context.limits.maxClients} connections are open: a new one takes the place of one that never ` +
          'signed in, or is refused; find who holds them, or raise max_clients and the limit of open files',
      });
      if (silent === undefined) return false;
      this.#drop(silent);
    }
    this.#sockets.add(socket);
    this.#silent.set(peer, { socket, peer, address, since: performance.now() });
    const unsigned = this.#unsigned.get(address) ?? new Set();
    this.#unsigned.set(address, unsigned.add(peer));
    socket.once('close', () => {
      if (!this.#sockets.delete(socket)) return;
      this.#silent.delete(peer);
      this.#known(address, peer);
    });
    return true;
  }

  /** It has sent its CONNECT. */
  spoke(connection: Connection): void {
    this.#silent.delete(peerOf(connection.socket));
  }

  /**
   * Whether the account has room for a connection of this session. One that has said nothing for long makes room: a device
   * that lost its connection without knowing must not be kept out by what is left of it.
   */
  roomForAccount({ user, shared }: BrokerAccount, sessionId: string): boolean {
    const { maxOfAccount, maxClients } = this.#context.limits;
    const most = shared === true ? Math.max(maxOfAccount, Math.floor(maxClients / 2)) : maxOfAccount;
    const others = this.#sessions.othersOf(user, sessionId);
    if (others.length < most) return true;
    const idlest = others.reduce((a, b) => (b.heardAt < a.heardAt ? b : a));
    if (performance.now() - idlest.heardAt < IDLE_MS) return false;
    this.#context.refusals.report('too-many-of-account', idlest, {
      hint: `mqtt: ${user} has ${most} connections already: the one that was silent for longest is closed for a new one`,
    });
    this.closeByUs(idlest, 'too-many-of-account');
    return true;
  }

  /** It has signed in. */
  signedIn({ socket, address }: Connection): void {
    this.#known(address, peerOf(socket));
  }

  #roomForAddress(address: string): boolean {
    const { maxUnsignedOfAddress } = this.#context.limits;
    const unsigned = this.#unsigned.get(address);
    if (unsigned === undefined || unsigned.size < maxUnsignedOfAddress) return true;
    this.#context.refusals.report('too-many-of-address', undefined, {
      address,
      hint:
        `mqtt: ${maxUnsignedOfAddress} connections of ${address} have not signed in: more of them are closed; find out ` +
        'what opens connections there',
    });
    for (const peer of unsigned) {
      const silent = this.#silent.get(peer);
      if (silent === undefined) continue;
      if (performance.now() - silent.since < SILENT_MS) return false;
      this.#drop(silent);
      return true;
    }
    return false;
  }

  #known(address: string, peer: string): void {
    const unsigned = this.#unsigned.get(address);
    unsigned?.delete(peer);
    if (unsigned?.size === 0) this.#unsigned.delete(address);
  }

  #drop({ socket, peer, address }: Silent): void {
    this.#sockets.delete(socket);
    this.#silent.delete(peer);
    this.#known(address, peer);
    socket.destroy();
  }

  serve(socket: Socket, handle: (socket: Socket) => Client): void {
    socket.setKeepAlive(true, 60_000); // finds dead peers that set no MQTT keepalive
    const connection = new Connection(socket, handle, this.#hooks);
    this.#byClient.set(connection.client, connection);
    this.#open.add(connection);
    socket.once('close', () => this.#ended(connection));
  }

  /** aedes has registered the client: tell the pipeline, in order. */
  announce(client: Client): void {
    const connection = this.of(client);
    if (connection === undefined || client.closed) return;
    const { replaces } = connection;
    connection.replaces = undefined;
    if (replaces?.announced === true) {
      this.#context.counters.takeovers++;
      this.explain(replaces.client, 'the device connected anew');
      this.#withdraw(replaces);
    }
    connection.announced = true;
    this.#online++;
    this.#context.counters.connects++;
    this.#context.sink.connection(this.#change(connection, true));
  }

  /** Notes why a connection is about to end; the first cause counts. */
  explain(client: object, reason: string): void {
    const connection = this.of(client);
    if (connection !== undefined) connection.reason ??= reason;
  }

  /** Nothing came for 1.5 times its keepalive. */
  stalled(client: object): void {
    const connection = this.of(client);
    if (connection === undefined) return;
    connection.stalled = performance.now() - this.#sweptAt < FROZEN_MS;
    // its PINGREQ is behind what we let wait
    connection.closedByUs ||= (connection.pacer?.waiting ?? 0) > 0;
    connection.reason ??= 'keepalive timeout';
  }

  /** aedes gives a connection up. */
  failed(client: Client, error: Error): void {
    const connection = this.of(client);
    if (connection === undefined || error instanceof RefusedError || connection.closedByUs) return;
    if (connection.phase === 'open' && connection.reason !== undefined) return;
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      connection.reason ??= `connection lost (${'code' in error ? error.code : error.message})`;
      return;
    }
    connection.reason ??= `${refusal}: ${error.message}`;
    this.#context.refusals.report(refusal, connection, { hint: `mqtt: refused, ${error.message}` });
  }

  /** Ends a connection on our own account: without its will, and never a reason to call the device offline. */
  closeByUs(connection: Connection, reason: string): void {
    connection.reason ??= reason;
    connection.closedByUs = true;
    connection.client.close();
  }

  /** Ends connections whose acknowledgements could not be given in time. `now` is monotonic. */
  closeOverdue(now: number): void {
    this.#sweptAt = now;
    for (const connection of this.#open) {
      if (connection.held === 0 || connection.client.closed) continue;
      const { keepaliveMs } = connection;
      const hold =
        keepaliveMs === 0
          ? this.#context.limits.ackHoldMs
          : Math.min(this.#context.limits.ackHoldMs, keepaliveMs);
      if (now - connection.heldSince < hold) continue;
      this.#context.counters.holdExpired++;
      this.closeByUs(connection, 'its messages could not be stored in time');
    }
  }

  /** Who published too fast since this was last asked, and how many of their messages waited. */
  takePaced(): Map<string, number> {
    const paced = this.#pacedBefore;
    this.#pacedBefore = new Map();
    for (const connection of this.#open) {
      addPaced(paced, connection);
    }
    return paced;
  }

  /** Stops reading, so that nothing new arrives while what arrived is finished. */
  drain(): void {
    for (const connection of this.#open) connection.draining = true;
  }

  closeAll(reason: string): void {
    for (const connection of [...this.#open]) this.closeByUs(connection, reason);
    for (const socket of this.#sockets) socket.destroy();
  }

  #ended(connection: Connection): void {
    this.#open.delete(connection);
    addPaced(this.#pacedBefore, connection);
    connection.pacer?.flush();
    if (connection.sessionId !== undefined) this.#sessions.release(connection.sessionId, connection);
    this.#withdraw(connection);
  }

  #withdraw(connection: Connection): void {
    if (!connection.announced) return;
    connection.announced = false;
    this.#online--;
    this.#context.counters.disconnects++;
    connection.reason ??= saidGoodbye(connection.client) ? 'the device disconnected' : 'connection lost';
    this.#context.sink.connection(this.#change(connection, false));
  }

  #change(connection: Connection, online: boolean): ConnectionChange {
    const change: ConnectionChange = {
      adapter: this.#context.name,
      clientId: connection.clientId ?? '',
      online,
      at: this.#context.clock(),
    };
    if (connection.user !== undefined) change.user = connection.user;
    if (!online && connection.reason !== undefined) change.reason = connection.reason;
    if (!online && connection.closedByUs) change.causedByUs = true;
    // a stall is found after 1.5 times the keepalive: then nothing is left
    if (!online && connection.stalled) change.graceMs = 0;
    else if (!online && connection.keepaliveMs > 0) change.graceMs = 1.5 * connection.keepaliveMs;
    return change;
  }

  #tooLarge(connection: Connection, start: Buffer, cmd: string | undefined): void {
    const channel = connection.phase === 'open' && cmd === 'publish' ? topicAt(start) : undefined;
    this.#context.refusals.report('too-large', connection, {
      sample: start,
      ...(channel === undefined ? {} : { channel }),
      hint: `mqtt: a packet (${cmd ?? 'unknown'}) is larger than allowed: connection closed, nothing of it kept`,
    });
    this.#refuse(connection, 'too-large');
  }

  #threw(connection: Connection, error: Error): void {
    this.#context.logger.debug({ err: error, address: connection.address }, 'mqtt: packet handling threw');
    this.#context.refusals.report('bad-packet', connection, {
      hint: `mqtt: malformed packet, ${error.message}`,
    });
    this.#refuse(connection, 'bad-packet');
  }

  #refuse(connection: Connection, reason: RefusalReason): void {
    connection.reason ??= reason;
    connection.client.emit('error', new RefusedError(reason));
  }
}

/** A connection that has sent no whole CONNECT. */
interface Silent {
  socket: Socket;
  peer: string;
  address: string;
  /** Monotonic. */
  since: number;
}

/** The same for a connection and for the TLS on it. */
function peerOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}

function addPaced(paced: Map<string, number>, connection: Connection): void {
  if (connection.paced === 0) return;
  const user = connection.user ?? '';
  paced.set(user, (paced.get(user) ?? 0) + connection.paced);
  connection.paced = 0;
}

/** What aedes' and mqtt-packet's errors mean; undefined: the network failed. */
function refusalOf(error: Error): RefusalReason | undefined {
  const { message } = error;
  if ('code' in error || message === 'connection closed') return undefined;
  if (message === 'connect did not arrive in time') return 'connect-timeout';
  if (message === 'drain timeout') return 'too-slow';
  if (message.includes('in PUBLISH') || message === 'topic has too many levels') return 'bad-topic';
  if (message.includes('SUBSCRIBE')) return 'bad-filter';
  return 'bad-packet';
}

/** The topic at the start of a PUBLISH, if it is all there. */
function topicAt(start: Buffer): string | undefined {
  if (start.length < 2) return undefined;
  const end = 2 + start.readUInt16BE(0);
  return end <= start.length ? start.toString('utf8', 2, Math.min(end, 2 + 256)) : undefined;
}
