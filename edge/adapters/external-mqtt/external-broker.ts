import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IConnackPacket } from 'mqtt-packet';
import type { RawMessage } from '../../../contract/raw-message.ts';
import type { Adapter, AdapterStatus, Sink } from '../adapter.ts';
import type { CaughtUpBy } from './catch-up.ts';
import { type Connection, type ConnectionOptions, runConnection } from './connection.ts';
import { Consumer } from './consumer.ts';
import { ExternalCounters } from './counters.ts';
import type { ConnectionFailure } from './failure.ts';
import { Held } from './held.ts';
import { keepConnected } from './keep-connected.ts';
import { Lease } from './lease.ts';
import { Link } from './link.ts';
import { defaultLimits, type ExternalBrokerOptions, type ExternalLimits } from './options.ts';

/** Malformed packets in a row after which the session is given up: the same message would come for ever. */
const POISONED_AFTER = 3;
/** Room beside the payload in the largest packet that the broker may send: topic and properties. */
const PACKET_ROOM = 64 * 1024;
/** A broker that can deliver a message only after so many seconds throws it away. */
const PUBLISHED_EXPIRES_S = 10;
/** Kept while standing by. */
const HELD = { messages: 100_000, bytes: 64 * 1024 * 1024 };

export interface ExternalStatus extends AdapterStatus {
  /** Subscribed, and with a lease also the one that works. */
  role: 'active' | 'standby';
  /** What comes counts as live, no more as queued. */
  isLive: boolean;
  /** Handed on, not stored. */
  waiting: number;
  /** Filters that the broker refused. */
  refusedFilters: readonly string[];
  /** Why there is no connection. */
  failure?: string;
}

/**
 * The site's own broker as a source: the gateway is its MQTT 5 client with a kept session. Messages are handed on in
 * order and acknowledged in order, each after its commit. docs/mqtt.md says what it promises.
 */
export class ExternalBroker implements Adapter {
  readonly name: string;
  readonly #o: ExternalBrokerOptions;
  readonly #limits: ExternalLimits;
  readonly #counters = new ExternalCounters();
  readonly #consumer: Consumer;
  readonly #held: Held;
  readonly #lease: Lease | undefined;
  /** With a lease only: what devices said meanwhile went to another gateway. Called before anything is handed on. */
  onUnknown: (() => void) | undefined;
  #sink: Sink | undefined;
  #stopping: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #connection: Connection | undefined;
  #link: Link | undefined;
  #isSubscribed = false;
  #refusedFilters: string[] = [];
  #failure: string | undefined;
  #hadSession = false;
  #malformed = 0;

  constructor(options: ExternalBrokerOptions) {
    this.name = options.name;
    this.#o = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    const { name, clientId, logger, clock } = options;
    this.#held = new Held(HELD, () => this.#counters.heldDropped++);
    this.#consumer = new Consumer({
      name,
      clientId,
      logger,
      clock,
      limits: this.#limits,
      counters: this.#counters,
      hand: (raw) => this.#hand(raw),
      refused: (refusal) => this.#sink?.refused(refusal),
    });
    this.#lease = this.#makeLease();
  }

  /** Begins to connect; resolves at once: a broker that is away must not keep the gateway from starting. */
  async start(sink: Sink): Promise<void> {
    if (this.#stopping !== undefined) return;
    const stopping = new AbortController();
    this.#stopping = stopping;
    this.#sink = sink;
    this.#running = this.#running.then(() => this.#run(stopping.signal));
  }

  async stop(): Promise<void> {
    const stopping = this.#stopping;
    if (stopping === undefined) {
      await this.#running;
      return;
    }
    this.#stopping = undefined;
    stopping.abort();
    this.#connection?.pause();
    await Promise.race([this.#consumer.drained(), sleep(this.#limits.stopWaitMs, undefined, { ref: false })]);
    // acknowledgements of the last commit leave with the next turn
    await new Promise(setImmediate);
    await this.#lease?.stop();
    if (this.#isSubscribed) this.#tell(false, 'the gateway stops', true);
    await this.#connection?.close();
    await this.#running;
  }

  /**
   * Publishes at QoS 0, never retained, now or not at all: nothing waits for a connection, and only the gateway that works
   * for the broker speaks. `taken`: the connection has it. Rejects when the connection breaks meanwhile.
   */
  async publish(topic: string, payload: Buffer): Promise<'taken' | 'away' | 'standby'> {
    const connection = this.#connection;
    if (this.#lease !== undefined && this.#lease.role !== 'active') return 'standby';
    if (this.#stopping === undefined || connection === undefined || !this.#isSubscribed) return 'away';
    await connection.handOver({
      cmd: 'publish',
      topic,
      payload,
      qos: 0,
      dup: false,
      retain: false,
      properties: { messageExpiryInterval: PUBLISHED_EXPIRES_S },
    });
    return 'taken';
  }

  status(): ExternalStatus {
    const counters = this.#counters.snapshot();
    counters.acked = this.#consumer.deliveries.acknowledged;
    const role = this.#lease?.role === 'standby' ? 'standby' : 'active';
    return {
      name: this.name,
      state: this.#stopping === undefined ? 'stopped' : 'running',
      endpoints: [this.#o.url],
      clients: this.#isSubscribed ? 1 : 0,
      counters,
      role,
      isLive: this.#isSubscribed && this.#link?.isLive === true,
      waiting: this.#consumer.waiting,
      refusedFilters: this.#refusedFilters,
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (!signal.aborted) this.#lease?.start(signal);
    // who works is known first: what the broker kept is for the gateway that works
    while (this.#lease?.role === 'undecided' && !signal.aborted)
      await sleep(50, undefined, { signal }).catch(() => undefined);
    await keepConnected(
      {
        backOff: this.#limits.backOff,
        random: this.#o.random ?? Math.random,
        once: (aborting) => this.#connect(aborting),
        onEnd: (failure, wasOpen) => this.#ended(failure, wasOpen),
      },
      signal,
    );
  }

  async #connect(signal: AbortSignal): Promise<ConnectionFailure> {
    const isPoisoned = this.#malformed >= POISONED_AFTER;
    if (isPoisoned)
      this.#o.logger.error(
        { broker: this.name },
        'the broker sends the same malformed packet again and again: its session is given up, with what waited in it',
      );
    const end = await runConnection(
      this.#connectionOptions(isPoisoned),
      (connection, connack) => this.#accept(connection, connack),
      signal,
    );
    this.#link?.end();
    this.#link = undefined;
    this.#connection = undefined;
    return end;
  }

  #accept(connection: Connection, connack: IConnackPacket) {
    const { logger, subscribe, qos, prefix, clientId, sessionExpiryS, keepaliveS } = this.#o;
    const { sessionPresent } = connack;
    if (this.#hadSession && !sessionPresent) {
      this.#counters.sessionsLost++;
      logger.error(
        { broker: this.name },
        'the broker kept no session for us: what came while we were away is lost; see docs/mqtt.md for its settings',
      );
    }
    this.#hadSession = true;
    this.#connection = connection;
    const link = new Link(
      {
        subscribe,
        qos,
        prefix,
        clientId,
        sessionExpiryS,
        keepaliveS,
        limits: this.#limits,
        consumer: this.#consumer,
        logger: logger.child({ broker: this.name }),
        onSubscribed: (refused) => this.#subscribed(refused, sessionPresent),
        onCaughtUp: (by) => this.#caughtUp(by),
      },
      connection,
      connack,
    );
    this.#link = link;
    return (packet: Parameters<Link['take']>[0]) => link.take(packet);
  }

  #subscribed(refused: string[], sessionPresent: boolean): void {
    this.#refusedFilters = refused;
    this.#failure = undefined;
    this.#isSubscribed = true;
    this.#counters.connects++;
    this.#o.logger.info({ broker: this.name, sessionPresent }, 'connected to the external broker');
    this.#tell(true);
  }

  #caughtUp(by: CaughtUpBy): void {
    this.#malformed = 0;
    if (by === 'quiet') this.#counters.barriersMissed++;
    if (by !== 'new-session')
      this.#o.logger.info(
        { broker: this.name, by },
        'all that the broker had kept has come; what follows is live',
      );
  }

  #ended(failure: ConnectionFailure, wasOpen: boolean): void {
    if (failure.kind === 'protocol' && wasOpen) this.#refuseBrokenPacket(failure);
    const wasSubscribed = this.#isSubscribed;
    this.#isSubscribed = false;
    if (wasSubscribed) this.#counters.disconnects++;
    else this.#counters.failures++;
    if (wasSubscribed) this.#tell(false, failure.message);
    // once: it is tried again for as long as it lasts
    if (failure.message !== this.#failure)
      this.#o.logger.warn(
        { broker: this.name, url: this.#o.url },
        `external broker: ${failure.message}; trying again every 0-${this.#limits.backOff.maxMs / 1_000} s`,
      );
    this.#failure = failure.message;
  }

  #refuseBrokenPacket({ message }: ConnectionFailure): void {
    this.#malformed++;
    this.#counters.refused('bad-packet');
    const { clientId, clock } = this.#o;
    const sample = Buffer.from(message);
    this.#sink?.refused({ adapter: this.name, reason: 'bad-packet', clientId, sample, at: clock() });
  }

  #tell(online: boolean, reason?: string, causedByUs?: boolean): void {
    if (!online) this.#isSubscribed = false;
    this.#sink?.connection({
      adapter: this.name,
      clientId: this.#o.clientId,
      online,
      at: this.#o.clock(),
      ...(reason === undefined ? {} : { reason }),
      ...(causedByUs === true ? { causedByUs } : {}),
    });
  }

  #hand(raw: RawMessage): Promise<unknown> {
    if (this.#lease?.role !== 'standby') return (this.#sink as Sink).message(raw);
    this.#counters.stoodBy++;
    this.#held.keep(raw);
    return Promise.resolve();
  }

  #makeLease(): Lease | undefined {
    const { name, clientId, lease, prefix, keepaliveS, logger, random } = this.#o;
    if (lease === undefined) return undefined;
    return new Lease({
      broker: name,
      self: clientId,
      topic: `${prefix}/lease/${lease.name}`,
      takeoverMs: lease.takeoverMs,
      connection: this.#connectionOptions(true),
      backOff: { firstMs: this.#limits.backOff.firstMs, maxMs: Math.min(5_000, this.#limits.backOff.maxMs) },
      random: random ?? Math.random,
      keepaliveS,
      logger,
      isWell: () => this.#consumer.stuckMs() < lease.takeoverMs,
      isReachable: () => this.#isSubscribed,
      onRole: (role, isContinued) => this.#changeRole(role, isContinued),
      // it may have failed to store what came shortly before its last sign of life
      onOtherAlive: (at) => this.#held.forgetBefore(at - lease.takeoverMs),
    });
  }

  #changeRole(role: 'active' | 'standby', isContinued: boolean): void {
    if (!isContinued) this.onUnknown?.();
    const held = role === 'active' ? this.#held.take(performance.now()) : [];
    if (held.length > 0) this.#counters.takeovers++;
    this.#o.logger.warn(
      { broker: this.name, held: held.length },
      role === 'active'
        ? 'this gateway works for the broker now'
        : 'another gateway works for the broker; this one stands by',
    );
    for (const raw of held)
      this.#sink?.message(raw).catch((err) => this.#o.logger.warn({ err }, 'a held message was not stored'));
  }

  #connectionOptions(clean: boolean): ConnectionOptions {
    const { url, tls, clientId, username, password, keepaliveS, sessionExpiryS } = this.#o;
    const maxPacketBytes = Math.max(2 ** 20, this.#limits.maxPayloadBytes + PACKET_ROOM);
    return {
      url,
      tls,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
      maxPacketBytes,
      connect: {
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 5,
        clientId,
        clean,
        keepalive: keepaliveS,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: Buffer.from(password) }),
        properties: {
          sessionExpiryInterval: sessionExpiryS,
          receiveMaximum: this.#limits.receiveMaximum,
          maximumPacketSize: maxPacketBytes,
          topicAliasMaximum: 0,
        },
      },
    };
  }
}
