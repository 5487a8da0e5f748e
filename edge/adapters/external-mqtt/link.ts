import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { IConnackPacket, IPubackPacket, IPublishPacket, ISubackPacket, Packet } from 'mqtt-packet';
import type { Logger } from 'pino';
import { CatchUp, type CaughtUpBy } from './catch-up.ts';
import type { Connection } from './connection.ts';
import type { Consumer } from './consumer.ts';
import { ConnectionFailure } from './failure.ts';
import type { ExternalLimits } from './options.ts';
import { inWords } from './reason-codes.ts';

export interface LinkContext {
  subscribe: readonly string[];
  qos: 0 | 1 | 2;
  /** Topics that begin with it are the gateways' own. */
  prefix: string;
  clientId: string;
  sessionExpiryS: number;
  keepaliveS: number;
  limits: ExternalLimits;
  consumer: Consumer;
  logger: Logger;
  /** The broker granted subscriptions; `refused` are filters that it did not. */
  onSubscribed: (refused: string[]) => void;
  onCaughtUp: (by: CaughtUpBy) => void;
}

const SUBSCRIBE_ID = 1;
const BARRIER_ID = 2;
const REFUSED = 0x80;

/** The consuming connection to a broker, from its CONNACK to its end: subscribes, catches up, hands on. */
export class Link {
  readonly #c: LinkContext;
  readonly #connection: Connection;
  readonly #catchUp: CatchUp;
  readonly #barrierTopic: string;
  readonly #nonce = Buffer.from(randomUUID());
  #barrierRefused: string | undefined;
  #barrierSentAt = 0;
  #isAsking = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: LinkContext, connection: Connection, connack: IConnackPacket) {
    this.#c = context;
    this.#connection = connection;
    this.#barrierTopic = `${context.prefix}/${context.clientId}/barrier`;
    this.#catchUp = new CatchUp((by) => this.#caughtUp(by));
    const { sessionPresent, properties } = connack;
    context.consumer.begin(connection, sessionPresent);
    connection.keepAlive(properties?.serverKeepAlive ?? context.keepaliveS);
    this.#warnOfLimits(properties);
    if (!sessionPresent) this.#catchUp.newSession();
    this.#subscribe();
  }

  /** Messages count as live, no more as queued. */
  get isLive(): boolean {
    return this.#catchUp.isLive;
  }

  take(packet: Packet): void {
    switch (packet.cmd) {
      case 'publish':
        this.#published(packet);
        break;
      case 'pubrel':
        this.#c.consumer.deliveries.release(packet.messageId ?? 0);
        break;
      case 'suback':
        if (packet.messageId === SUBSCRIBE_ID) this.#subscribed(packet);
        break;
      case 'puback':
        this.#acknowledged(packet);
        break;
      default: // nothing else is asked for
    }
  }

  /** The connection has ended. */
  end(): void {
    clearInterval(this.#timer);
    this.#c.consumer.end();
  }

  #subscribe(): void {
    const { subscribe, qos } = this.#c;
    // RETAIN then means "from the store" (rap 0); a kept session has had what changed: no store again (rh 1)
    const options = { nl: false, rap: false, rh: 1 };
    this.#connection.send({
      cmd: 'subscribe',
      messageId: SUBSCRIBE_ID,
      subscriptions: [
        ...subscribe.map((topic) => ({ topic, qos, ...options })),
        { topic: this.#barrierTopic, qos: 1 as const, ...options, rh: 2 },
      ],
    });
  }

  #subscribed({ granted }: ISubackPacket): void {
    const codes = granted as number[];
    const { subscribe, qos, logger, onSubscribed } = this.#c;
    const refused: string[] = [];
    for (const [index, filter] of subscribe.entries()) {
      const code = codes[index] ?? REFUSED;
      if (code >= REFUSED) {
        refused.push(filter);
        logger.error({ filter }, `the broker refuses a subscription, ${inWords(code)}`);
      } else if (code < qos) {
        logger.warn({ filter, qos: code }, 'the broker grants a lower QoS: messages may be lost on the way');
      }
    }
    if (refused.length === subscribe.length) {
      const why = inWords(codes[0] ?? REFUSED);
      this.#connection.fail(new ConnectionFailure('refused', `the broker grants no subscription, ${why}`), 0);
      return;
    }
    onSubscribed(refused);
    if (this.isLive) return;
    if ((codes[subscribe.length] ?? REFUSED) >= REFUSED) this.#barrierRefused = 'it may not be subscribed to';
    this.#sendBarrier();
  }

  #sendBarrier(): void {
    this.#barrierSentAt = performance.now();
    this.#connection.send({
      cmd: 'publish',
      topic: this.#barrierTopic,
      payload: this.#nonce,
      qos: 1,
      messageId: BARRIER_ID,
      dup: false,
      retain: false,
    });
    this.#timer = setInterval(() => this.#askQuietly(), this.#c.limits.quietEveryMs);
  }

  #acknowledged({ messageId, reasonCode = 0 }: IPubackPacket): void {
    if (messageId === BARRIER_ID && reasonCode !== 0) this.#barrierRefused = inWords(reasonCode);
  }

  #published(packet: IPublishPacket): void {
    const { prefix, consumer } = this.#c;
    const isOwn = packet.topic.startsWith(prefix) && packet.topic[prefix.length] === '/';
    this.#catchUp.arrived();
    const stored = packet.retain ? 'retained' : this.isLive ? undefined : 'queued';
    consumer.take(packet, stored, isOwn);
    if (isOwn && packet.topic === this.#barrierTopic && this.#nonce.equals(packet.payload as Buffer))
      this.#catchUp.barrier();
  }

  /** Where the barrier does not come back: looks for a moment in which nothing waited. */
  #askQuietly(): void {
    const { consumer, limits } = this.#c;
    const isDue =
      this.#barrierRefused !== undefined || performance.now() - this.#barrierSentAt > limits.barrierMs;
    if (!isDue || this.#isAsking || !consumer.isSettled) return;
    this.#isAsking = true;
    const answered = this.#catchUp.quietPing();
    this.#connection.ping(() => {
      this.#isAsking = false;
      answered();
    });
  }

  #caughtUp(by: CaughtUpBy): void {
    clearInterval(this.#timer);
    this.#c.consumer.deliveries.caughtUp();
    if (by === 'quiet')
      this.#c.logger.warn(
        { topic: this.#barrierTopic, reason: this.#barrierRefused ?? 'it did not come back in time' },
        'the broker does not let a message to ourselves through: after a reconnection, what comes counts as old until ' +
          'a quiet moment; allow publishing and subscribing to this topic',
      );
    this.#c.onCaughtUp(by);
  }

  #warnOfLimits(properties: IConnackPacket['properties']): void {
    const { sessionExpiryS, qos, logger } = this.#c;
    const granted = properties?.sessionExpiryInterval;
    if (granted !== undefined && granted < sessionExpiryS)
      logger.warn({ seconds: granted }, 'the broker keeps our session for less time than session_hours asks');
    const maximumQoS = properties?.maximumQoS;
    if (maximumQoS !== undefined && maximumQoS < qos)
      logger.warn({ qos: maximumQoS }, 'the broker offers a lower QoS: messages may be lost on the way');
  }
}
