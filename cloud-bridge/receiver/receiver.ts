import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { parseUplinkTopic } from '../../contract/uplink-topic.ts';
import { LinkError, type MqttLink, openMqttLink } from '../mqtt-link.ts';
import { Pause } from '../pause.ts';
import { Reconnect, type ReconnectLimits } from '../reconnect.ts';
import type { EnrolledGateway } from './identity.ts';
import { Ingest, type IngestCounters } from './ingest.ts';
import { type QueryServer, startQueryServer } from './query-server.ts';
import type { ReceiverStore } from './store.ts';

/** Everything below a province, by identity. */
const FRAMES = 'cs/v1/+/+/+/+/up/#';
/** One receiver, not thousands of gateways: it may be quick. */
const reconnectLimits: ReconnectLimits = {
  startMs: 0,
  firstMs: 1_000,
  maxMs: 15_000,
  urgentMs: 0,
  urgentMaxMs: 0,
};

export interface ReceiverOptions {
  /** Name in frames: those for another recipient are not answered. */
  recipient: string;
  broker: {
    url: string;
    version?: 4 | 5 | undefined;
    username?: string | undefined;
    password?: string | undefined;
    tls?: { ca?: Buffer | undefined; cert?: Buffer | undefined; key?: Buffer | undefined } | undefined;
  };
  http: { host: string; port: number; token?: string | undefined };
  /** Gateways whose county is told; the others are bound to the one they are first seen in. */
  gateways?: readonly EnrolledGateway[] | undefined;
  /** Closed by `stop`. */
  store: ReceiverStore;
  logger: Logger;
  heartbeatMs?: number;
  /** Milliseconds since 1970. */
  clock?: () => number;
  reconnect?: Partial<ReconnectLimits>;
}

export interface ReceiverStatus {
  broker: 'up' | 'down';
  /** Why it is down. */
  reason?: string | undefined;
  counters: Readonly<IngestCounters>;
}

/** The reference receiver: takes frames from a broker, stores them, receipts them, and answers questions. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #ingest: Ingest;
  readonly #reconnect: Reconnect;
  readonly #stop = new AbortController();
  readonly #pause = new Pause();
  #server: QueryServer | undefined;
  #link: MqttLink | undefined;
  #reason: string | undefined = 'not connected yet';
  #running: Promise<void> | undefined;
  #lose: () => void = () => {};

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#reconnect = new Reconnect({ ...reconnectLimits, ...options.reconnect }, Math.random);
    this.#ingest = new Ingest({
      store: options.store,
      recipient: options.recipient,
      gateways: options.gateways,
      logger: options.logger,
      clock: options.clock ?? Date.now,
      publish: (topic, receipt) => this.#publish(topic, JSON.stringify(receipt)),
    });
  }

  /** Listens for questions and begins to connect; a broker that is away is tried again for ever. */
  static async start(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    const { http, store, logger, heartbeatMs = 60_000, clock = Date.now } = options;
    const health = () => receiver.status();
    receiver.#server = await startQueryServer({ ...http, store, heartbeatMs, clock, logger, health });
    receiver.#running = receiver.#run();
    return receiver;
  }

  /** Where questions are answered. */
  get httpUrl(): string {
    return this.#server?.url ?? '';
  }

  status(): ReceiverStatus {
    const broker = this.#link === undefined ? 'down' : 'up';
    return {
      broker,
      ...(broker === 'down' ? { reason: this.#reason } : {}),
      counters: { ...this.#ingest.counters },
    };
  }

  /** Resolves when the subscription is granted, for the first time or again. */
  async connected(): Promise<void> {
    while (this.#link === undefined && !this.#stop.signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Stores and receipts what it has, then closes everything. */
  async stop(): Promise<void> {
    await this.#ingest.stop();
    this.#stop.abort();
    await this.#link?.close();
    this.#lose();
    await this.#running;
    await this.#server?.close();
    await this.#options.store.close();
  }

  #publish(topic: string, receipt: string): void {
    this.#link?.publish(topic, receipt, { qos: 0, retain: false }).catch((error: Error) => {
      // The gateway sends the frame again and is told then.
      this.#options.logger.debug({ topic, reason: error.message }, 'receiver: receipt not sent');
    });
  }

  async #run(): Promise<void> {
    const { logger, broker } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.#pause.wait(this.#reconnect.delay(false), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const startedAt = performance.now();
      try {
        await this.#session();
      } catch (error) {
        this.#reason = `cannot use ${broker.url}: ${(error as Error).message}`;
        this.#reconnect.failed(error instanceof LinkError && error.failure === 'busy');
        logger.warn(
          { url: broker.url, reason: (error as Error).message },
          'receiver: no connection to the broker',
        );
        continue;
      }
      if (performance.now() - startedAt > 10_000) this.#reconnect.lost();
      else this.#reconnect.failed(false);
    }
  }

  /** One connection; resolves when it has ended, rejects when it never came to be. */
  async #session(): Promise<void> {
    const { broker, recipient, logger } = this.#options;
    const lost = new Promise<void>((resolve) => {
      this.#lose = resolve;
    });
    const link = await openMqttLink(
      {
        ...broker,
        clientId: `cs-receiver-${recipient}-${randomUUID().slice(0, 8)}`,
        keepaliveS: 30,
        connectTimeoutMs: 15_000,
        answerTimeoutMs: 15_000,
      },
      {
        message: (topic, payload, retained) => this.#message(topic, payload, retained),
        closed: (reason) => {
          this.#link = undefined;
          this.#reason = reason.message;
          this.#lose();
        },
      },
      this.#stop.signal,
    );
    try {
      await link.subscribe(FRAMES, 1);
    } catch (error) {
      link.destroy();
      throw error;
    }
    this.#link = link;
    logger.info({ url: broker.url, filter: FRAMES }, 'receiver: subscribed');
    await lost;
    this.#link = undefined;
    if (!this.#stop.signal.aborted)
      logger.warn({ url: broker.url, reason: this.#reason }, 'receiver: connection lost');
  }

  #message(topic: string, payload: Buffer, retained: boolean): void {
    const parsed = parseUplinkTopic(topic);
    switch (parsed?.leaf) {
      case 'up/a':
      case 'up/e':
        // A retained frame is somebody's mistake, and harmless: it is stored once like any other.
        this.#ingest.frame(topic, parsed.path, parsed.leaf === 'up/a' ? 'a' : 'e', payload);
        return;
      case 'up/state':
        this.#ingest.state(topic, parsed.path, payload, retained);
        return;
      default:
        // Inventory has its own receiver; topics of no known form are not ours.
        return;
    }
  }
}
