import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import type { Logger } from 'pino';
import { type Connection, type ConnectionOptions, runConnection } from './connection.ts';
import { keepConnected } from './keep-connected.ts';
import { LeaseState, type LeaseWord, type Role, readLeaseWord } from './lease-state.ts';
import { inWords } from './reason-codes.ts';

export interface LeaseContext {
  broker: string;
  /** As whom this gateway takes the lease: its client id. */
  self: string;
  topic: string;
  takeoverMs: number;
  /** How to reach the broker; client id, will and session are the lease's own. */
  connection: ConnectionOptions;
  backOff: { firstMs: number; maxMs: number };
  random: () => number;
  keepaliveS: number;
  logger: Logger;
  /** Does what comes get stored? A gateway that cannot work does not renew its lease. */
  isWell: () => boolean;
  /** Does the broker deliver? While it does not, there is nothing to take over. */
  isReachable: () => boolean;
  /** `isContinued`: at the start the lease was our own. */
  onRole: (role: 'active' | 'standby', isContinued: boolean) => void;
  /** The other gateway is alive. Monotonic milliseconds. */
  onOtherAlive: (at: number) => void;
}

/** Parts of the take-over time in which the lease is renewed once. */
const RENEWALS = 3;
/** For so much of the take-over time a gateway trusts its own claim. */
const OWN_PART = 5 / 6;
const TICK_MS = 250;
const SUBSCRIBE_ID = 1;
const CLAIM_ID = 2;
/** A gateway that cannot ask who works begins to work itself. */
const DECIDE_WITHIN_MS = 3_000;

/**
 * Keeps a lease at the broker: a retained message with an expiry that the working gateway renews, over a connection of
 * its own, so that neither a long queue nor storage that is stuck delays it.
 */
export class Lease {
  readonly #c: LeaseContext;
  readonly #state: LeaseState;
  readonly #run = randomUUID();
  #role: Role = 'undecided';
  #isAsked = false;
  #startedAt = 0;
  #connection: Connection | undefined;
  #isSubscribed = false;
  #subscribedAt = 0;
  #claimedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(context: LeaseContext) {
    this.#c = context;
    this.#state = new LeaseState(context.self);
  }

  get role(): Role {
    return this.#role;
  }

  start(signal: AbortSignal): void {
    this.#startedAt = performance.now();
    const { backOff, random, logger, broker } = this.#c;
    this.#running = keepConnected(
      {
        backOff,
        random,
        once: (aborting) => this.#connect(aborting),
        onEnd: ({ message }) =>
          logger.warn(
            { broker },
            `the lease is not watched: ${message}; without a lease of another this gateway works`,
          ),
      },
      signal,
    );
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Gives the lease back, so that another gateway takes over at once. The signal of `start` is aborted already. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const holds = this.#role === 'active' && this.#isSubscribed;
    if (holds) this.#say({ gateway: this.#c.self, released: true }, false);
    await this.#connection?.close();
    await this.#running;
    this.#role = 'undecided';
    this.#isAsked = false;
  }

  async #connect(signal: AbortSignal) {
    const { self, topic, keepaliveS, connection } = this.#c;
    const gone: LeaseWord = { gateway: self, released: true };
    const connect: IConnectPacket = {
      ...connection.connect,
      clientId: `${self}-lease`,
      clean: true,
      keepalive: keepaliveS,
      will: { topic, payload: JSON.stringify(gone), qos: 1, retain: false },
      properties: { ...connection.connect.properties, sessionExpiryInterval: 0 },
    };
    const end = await runConnection(
      { ...connection, connect },
      (accepted, connack) => {
        this.#connection = accepted;
        accepted.keepAlive(connack.properties?.serverKeepAlive ?? keepaliveS);
        accepted.send({
          cmd: 'subscribe',
          messageId: SUBSCRIBE_ID,
          subscriptions: [{ topic, qos: 1, nl: false, rap: false, rh: 0 }],
        });
        return (packet) => this.#take(packet);
      },
      signal,
    );
    this.#connection = undefined;
    this.#isSubscribed = false;
    return end;
  }

  #take(packet: Packet): void {
    const { broker, topic, logger } = this.#c;
    if (packet.cmd === 'publish') this.#heard(packet);
    else if (packet.cmd === 'puback' && (packet.reasonCode ?? 0) >= 0x80)
      logger.warn(
        { broker, topic },
        `the lease cannot be written, ${inWords(packet.reasonCode ?? 0)}: both gateways work`,
      );
    else if (packet.cmd === 'suback') {
      // what the broker retained comes before the answer to this ping
      this.#connection?.ping(() => {
        this.#isSubscribed = true;
        this.#subscribedAt = performance.now();
        this.#isAsked = true;
        this.#tick();
      });
    }
  }

  #heard({ qos, messageId, payload, properties }: IPublishPacket): void {
    if (qos === 1) this.#connection?.send({ cmd: 'puback', messageId: messageId ?? 0, reasonCode: 0 });
    const word = readLeaseWord(payload as Buffer);
    if (word === undefined) return;
    const now = performance.now();
    const leftMs = (properties?.messageExpiryInterval ?? 0) * 1_000;
    this.#state.heard(word, Math.min(leftMs, this.#c.takeoverMs, this.#leftOfOwn(word, now)), now);
    if (word.released !== true && this.#state.other(now) === word.gateway) this.#c.onOtherAlive(now);
    if (this.#isAsked) this.#tick();
  }

  /**
   * A claim of this run lives from when it was said, not from when its echo is read: a process that hung would take an
   * old echo for a lease of its own, and the words of the gateway that took over for nothing. It ends before others see
   * its end: brokers count lives in whole seconds.
   */
  #leftOfOwn({ claim }: LeaseWord, now: number): number {
    if (claim?.run !== this.#run) return Number.POSITIVE_INFINITY;
    return claim.sentAt + this.#c.takeoverMs * OWN_PART - now;
  }

  #tick(): void {
    const now = performance.now();
    if (!this.#isAsked && now - this.#startedAt < DECIDE_WITHIN_MS) return;
    const role = this.#state.role(now);
    if (this.#role === 'standby' && role === 'active' && !this.#mayTakeOver(now)) return;
    const isContinued = this.#role === 'undecided' && this.#state.isOwn(now);
    if (role === 'active' && this.#isSubscribed && this.#c.isWell()) this.#claim(now);
    if (role === this.#role) return;
    this.#role = role;
    this.#c.onRole(role, isContinued);
  }

  /** After an outage of the broker the gateway that worked before is given the time of a renewal. */
  #mayTakeOver(now: number): boolean {
    if (!this.#isSubscribed) return this.#c.isReachable();
    return now - this.#subscribedAt >= this.#c.takeoverMs / RENEWALS;
  }

  #claim(now: number): void {
    if (now - this.#claimedAt < this.#c.takeoverMs / RENEWALS) return;
    this.#claimedAt = now;
    this.#say({ gateway: this.#c.self, claim: { run: this.#run, sentAt: now } }, true);
  }

  #say(word: LeaseWord, retain: boolean): void {
    this.#connection?.send({
      cmd: 'publish',
      topic: this.#c.topic,
      payload: JSON.stringify(word),
      qos: 1,
      messageId: CLAIM_ID,
      dup: false,
      retain,
      properties: { messageExpiryInterval: Math.ceil(this.#c.takeoverMs / 1_000) },
    });
  }
}
