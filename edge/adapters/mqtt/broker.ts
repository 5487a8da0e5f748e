import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Aedes, type ConnectPacket } from 'aedes';
import type { Adapter, AdapterStatus, Sink } from '../adapter.ts';
import { Admission, type Denial } from './admission.ts';
import { type AedesPacket, detachDelivery, onBrokerError, swapPersistence } from './aedes.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import type { BrokerContext } from './context.ts';
import { Counters } from './counters.ts';
import { Intake } from './intake.ts';
import { Listeners } from './listeners.ts';
import { type Mqtt5Peer, Mqtt5Peers } from './mqtt5-peers.ts';
import { roomForConnections } from './open-files.ts';
import { type BrokerAccount, type BrokerLimits, type BrokerOptions, defaultLimits } from './options.ts';
import { Refusals, RefusedError } from './refusal.ts';
import { RetainedStore } from './retained.ts';
import { Rights } from './rights.ts';
import { SessionBook } from './sessions.ts';
import { type BaseStore, SessionStore } from './store.ts';
import { Subscriptions } from './subscriptions.ts';
import { covers, topicFault } from './topic.ts';

/** What exists only while the broker runs. */
interface Running {
  aedes: Aedes;
  connections: Connections;
  intake: Intake;
  listeners: Listeners;
  retained: RetainedStore;
  sweep: NodeJS.Timeout;
}

/**
 * The embedded MQTT 3.1.1 broker: devices connect to it, and what they publish goes to the sink.
 *
 * QoS 1 and 2 are acknowledged after the sink has committed, QoS 0 at once. docs/mqtt.md says who may do what, and
 * what each refusal means.
 */
export class MqttBroker implements Adapter {
  readonly name: string;
  readonly #options: BrokerOptions;
  readonly #limits: BrokerLimits;
  readonly #counters = new Counters();
  readonly #refusals: Refusals;
  readonly #mqtt5 = new Mqtt5Peers();
  #state: AdapterStatus['state'] = 'stopped';
  #running: Running | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: BrokerOptions) {
    this.name = options.name;
    this.#options = options;
    const limits = { ...defaultLimits, ...options.limits };
    this.#limits = { ...limits, maxClients: Math.min(limits.maxClients, roomForConnections()) };
    this.#refusals = new Refusals(options.name, this.#counters, options.logger, options.clock);
  }

  /**
   * Loads the retained messages and binds every listener; on failure none stays bound, and the error names the
   * address and what to do. Starting what is started does nothing.
   */
  start(sink: Sink): Promise<void> {
    this.#starting ??= this.#start(sink).catch((error: unknown) => {
      this.#starting = undefined;
      this.#state = 'failed';
      throw error;
    });
    return this.#starting;
  }

  /**
   * Stops reading, acknowledges what is committed within `stopWaitMs`, then closes every connection without its
   * will. Stopping what is stopped does nothing.
   */
  async stop(): Promise<void> {
    await this.#starting?.catch(() => {});
    const running = this.#running;
    if (running === undefined) return;
    this.#stopping ??= this.#stop(running).finally(() => {
      this.#stopping = undefined;
      this.#starting = undefined;
    });
    await this.#stopping;
  }

  /** Users whose messages had to wait since this was last asked, because they publish too fast; and how many. */
  takePaced(): ReadonlyMap<string, number> {
    return this.#running?.connections.takePaced() ?? new Map();
  }

  status(): AdapterStatus {
    return {
      name: this.name,
      state: this.#state,
      endpoints: [...(this.#running?.listeners.endpoints ?? [])],
      clients: this.#running?.connections.online ?? 0,
      counters: this.#counters.snapshot(),
    };
  }

  /** Devices that knocked with MQTT 5, for the installer. */
  mqtt5Peers(): Mqtt5Peer[] {
    return this.#mqtt5.list();
  }

  /** Messages whose acknowledgement waits for the commit, now. */
  get pending(): number {
    return this.#running?.intake.pending ?? 0;
  }

  /** Retained messages, now. */
  get retainedCount(): number {
    return this.#running?.retained.count ?? 0;
  }

  /**
   * Publishes on the gateway's own behalf, past rights and pipeline. Resolves when every subscriber's socket has
   * taken it. What is retained this way is not in the journal: it does not outlive the process.
   */
  async publish(
    topic: string,
    payload: Buffer,
    { qos = 0, retain = false }: { qos?: 0 | 1 | 2; retain?: boolean } = {},
  ): Promise<void> {
    const running = this.#running;
    if (running === undefined) throw new Error(`mqtt broker "${this.name}" is not running: start it first`);
    const fault = topicFault(topic, this.#limits);
    if (fault !== undefined) throw new Error(`mqtt: cannot publish to ${JSON.stringify(topic)}: ${fault}`);
    const kept = retain && running.retained.reserve(topic, payload.length);
    if (retain && !kept) this.#refusals.report('retained-full', undefined, { channel: topic });
    await new Promise<void>((resolve, reject) => {
      running.aedes.publish({ cmd: 'publish', topic, payload, qos, retain: kept, dup: false }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /**
   * Would a connection of this user be handed a message on this topic now? `away`: the user has none; `deaf`: it has, but
   * is not subscribed, or may not be.
   */
  listening(user: string, topic: string): 'yes' | 'deaf' | 'away' {
    const open = (this.#running?.connections.ofUser(user) ?? []).filter(({ phase }) => phase === 'open');
    if (open.length === 0) return 'away';
    const hears = open.some(
      ({ filters, rights }) =>
        rights?.mayReceive(topic) === true && [...filters].some((filter) => covers(filter, topic)),
    );
    return hears ? 'yes' : 'deaf';
  }

  /** The rights of a user are others now. Who is connected keeps its connection, unless its will is forbidden. */
  grant(account: BrokerAccount): void {
    const connections = this.#running?.connections;
    for (const connection of connections?.ofUser(account.user) ?? []) {
      connection.rights = new Rights(account, this.#limits);
      const will = connection.will?.topic;
      if (will !== undefined && connection.rights.publishFault(will) !== undefined) {
        connections?.closeByUs(connection, 'its rights have changed');
      }
    }
  }

  /** Closes the connections of a user, as after a change of its password. Returns how many. */
  disconnect(user: string, reason: string): number {
    const connections = this.#running?.connections;
    const ended = connections?.ofUser(user) ?? [];
    for (const connection of ended) connections?.closeByUs(connection, reason);
    return ended.length;
  }

  async #start(sink: Sink): Promise<void> {
    const { name, access, logger, clock } = this.#options;
    const limits = this.#limits;
    const counters = this.#counters;
    const refusals = this.#refusals;
    const context: BrokerContext = { name, sink, limits, counters, refusals, logger, clock };
    this.#state = 'starting';
    refusals.reportTo(sink);

    const retained = this.#loadRetained();
    const bounds = { all: limits.maxSessions, ofUser: limits.maxOfAccount };
    const sessions = new SessionBook(bounds, (id) => {
      counters.sessionsForgotten++;
      store.forget(id).catch((error: unknown) => logger.error({ err: error }, 'mqtt: session not ended'));
    });
    const connections = new Connections(context, sessions);
    const admission = new Admission(context, access, sessions, connections, this.#mqtt5);
    const subscriptions = new Subscriptions(context, connections);
    const aedes = await Aedes.createBroker({
      concurrency: 0, // its queue stalls every publisher when it is full (aedes issue 88)
      connectTimeout: limits.connectTimeoutMs,
      drainTimeout: DRAIN_MS,
      maxClientsIdLength: Number.POSITIVE_INFINITY, // ours carry the user; devices are held to theirs at admission
      queueLimit: 256, // packets sent behind a CONNECT without waiting for its CONNACK
      maxInflightInbound: 0, // maxUnreleased bounds it, before the sink is asked
      preConnect: (client, packet, done) => {
        const connection = connections.of(client);
        if (connection !== undefined) connections.spoke(connection);
        admit(admission, connection, packet, refusals, done);
      },
      authenticate: (client, _user, _password, done) => {
        const connection = connections.of(client);
        if (connection?.user !== undefined) connection.phase = 'open';
        done(null, connection?.phase === 'open');
      },
      authorizePublish: (client, packet, done) => {
        const connection = client === null ? undefined : connections.of(client);
        if (client === null || connection === undefined) done(new RefusedError('bad-packet'));
        else intake.publish(connection, client, packet as AedesPacket, done);
      },
      authorizeSubscribe: (client, subscription, done) => subscriptions.authorize(client, subscription, done),
      authorizeForward: (client, packet) => (subscriptions.mayForward(client, packet.topic) ? packet : null),
    });
    const store = swapPersistence<BaseStore, SessionStore>(
      aedes,
      (base) =>
        new SessionStore(base, retained, {
          qos2Of: (client) => connections.of(client)?.qos2,
          maySubscribe: (session, filter) =>
            sessions.connectionOf(session)?.rights?.maySubscribe(filter) === true,
          maxQueued: limits.maxQueued,
          queueDropped: () => counters.queueDropped++,
        }),
    );
    detachDelivery(aedes);
    const intake = new Intake(context, retained, aedes);

    aedes.on('client', (client) => connections.announce(client));
    aedes.on('clientError', (client, error) => connections.failed(client, error));
    aedes.on('connectionError', (client, error) => connections.failed(client, error));
    aedes.on('keepaliveTimeout', (client) => connections.stalled(client));
    aedes.on('unsubscribe', (filters, client) => {
      for (const filter of filters) connections.of(client)?.filters.delete(filter);
    });
    onBrokerError(aedes, (error) => logger.error({ err: error }, 'mqtt: the broker reports an error'));

    const listeners = new Listeners();
    try {
      await listeners.bind(name, this.#options.listeners, {
        accept: (socket) => connections.accept(socket),
        ready: (socket) => connections.serve(socket, aedes.handle),
        tlsFailed: (error, address) =>
          refusals.report('tls', undefined, {
            address: address ?? '',
            hint: `mqtt: TLS handshake failed (${error.message}): check the device's certificate and time`,
          }),
        handshakeTimeoutMs: limits.connectTimeoutMs,
      });
    } catch (error) {
      await closeAedes(aedes);
      throw error;
    }
    const sweep = setInterval(() => connections.closeOverdue(performance.now()), sweepEvery(limits));
    sweep.unref();
    this.#running = { aedes, connections, intake, listeners, retained, sweep };
    this.#state = 'running';
    logger.info({ adapter: name, endpoints: listeners.endpoints }, 'mqtt: listening');
    this.#warnOfFewFiles();
  }

  #warnOfFewFiles(): void {
    const wanted = this.#options.limits?.maxClients ?? defaultLimits.maxClients;
    const { maxClients } = this.#limits;
    if (maxClients >= wanted) return;
    this.#options.logger.warn(
      { adapter: this.name, max_clients: wanted, connections: maxClients },
      `mqtt: this process may open too few files for max_clients: ${maxClients} connections are taken; raise the limit of ` +
        'open files (LimitNOFILE= of the service, ulimit -n), or lower max_clients',
    );
  }

  async #stop({ aedes, connections, intake, listeners, sweep }: Running): Promise<void> {
    const closed = listeners.close();
    connections.drain();
    const timer = new AbortController();
    await Promise.race([
      intake.drained(),
      setTimeout(this.#limits.stopWaitMs, undefined, { signal: timer.signal }).catch(() => {}),
    ]);
    timer.abort();
    await setImmediate(); // the last acknowledgements leave the process
    clearInterval(sweep);
    connections.closeAll('the gateway is stopping');
    await closeAedes(aedes);
    await closed;
    this.#running = undefined;
    this.#state = 'stopped';
  }

  #loadRetained(): RetainedStore {
    const store = new RetainedStore(this.#limits.maxRetained);
    let left = 0;
    for (const message of this.#options.retained ?? []) {
      if (store.reserve(message.topic, message.payload.length)) store.store(message);
      else left++;
    }
    if (left > 0) {
      this.#options.logger.warn(
        { adapter: this.name, left },
        'mqtt: not all retained messages fit: raise maxRetained, or clear topics nobody needs',
      );
    }
    return store;
  }
}

/** A subscriber whose socket takes nothing for so long is disconnected. */
const DRAIN_MS = 10_000;

function sweepEvery({ ackHoldMs }: BrokerLimits): number {
  return Math.max(20, Math.min(250, ackHoldMs / 4));
}

/** Judges a CONNECT and answers it: aedes goes on with those that are admitted. */
function admit(
  admission: Admission,
  connection: Connection | undefined,
  packet: ConnectPacket,
  refusals: Refusals,
  done: (error: Error | null, admitted: boolean) => void,
): void {
  if (connection === undefined) {
    done(new RefusedError('bad-packet'), false);
    return;
  }
  // Until this is decided nothing more is read: aedes would take packets that follow in a later chunk.
  connection.phase = 'admitting';
  const deny = ({ reason, connack, detail }: Denial): void => {
    connection.reason ??= reason;
    refusals.report(reason, connection, detail);
    const end = (): void => done(new RefusedError(reason), false);
    if (connack === undefined) end();
    else connection.socket.write(connack, end);
  };
  admission.judge(connection, packet).then(
    (denial) => {
      if (denial === undefined) done(null, true);
      else deny(denial);
    },
    () => deny({ reason: 'bad-packet' }),
  );
}

function closeAedes(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}
