import { performance } from 'node:perf_hooks';
import type { IPublishPacket } from 'mqtt-packet';
import type { Logger } from 'pino';
import type { RawMessage } from '../../../contract/raw-message.ts';
import type { Refusal } from '../adapter.ts';
import { Seen } from '../mqtt/seen.ts';
import { topicFault } from '../mqtt/topic.ts';
import type { Connection } from './connection.ts';
import type { ExternalCounters, ExternalRefusal } from './counters.ts';
import { Deliveries, type Delivery } from './deliveries.ts';
import type { ExternalLimits } from './options.ts';

export interface ConsumerContext {
  /** Name of the adapter instance. */
  name: string;
  clientId: string;
  limits: ExternalLimits;
  counters: ExternalCounters;
  logger: Logger;
  clock: () => number;
  /** Takes a message; resolves when it may be acknowledged, rejects when it is given back. */
  hand: (raw: RawMessage) => Promise<unknown>;
  refused: (refusal: Refusal) => void;
}

/** What a waiting message takes in memory beside its payload, about. */
const HELD_OVERHEAD = 256;
const SAMPLE_BYTES = 256;

/** Takes the messages of one broker in order, within bounds; outlives its connections. */
export class Consumer {
  readonly deliveries = new Deliveries();
  readonly #c: ConsumerContext;
  readonly #logged = new Seen(1_000);
  #connection: Connection | undefined;
  #isPaused = false;
  #waiting = 0;
  #waitingBytes = 0;
  #progressAt = 0;
  #idle: (() => void) | undefined;

  constructor(context: ConsumerContext) {
    this.#c = context;
  }

  /** Messages handed on that wait for their commit. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Nothing that came is without its commit and acknowledgement. */
  get isSettled(): boolean {
    return this.#waiting === 0 && this.deliveries.unacknowledged === 0;
  }

  /** How long messages wait without one being committed, milliseconds. */
  stuckMs(): number {
    return this.#waiting === 0 ? 0 : performance.now() - this.#progressAt;
  }

  begin(connection: Connection, isResumed: boolean): void {
    this.#connection = connection;
    this.#isPaused = false;
    this.deliveries.begin(isResumed, (bytes) => connection.write(bytes));
  }

  end(): void {
    this.#connection = undefined;
    this.deliveries.end();
  }

  /** Resolves when nothing waits for its commit. */
  async drained(): Promise<void> {
    if (this.#waiting === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** One message of the broker. `isOwn`: the gateway wrote it; it is only acknowledged. */
  take(packet: IPublishPacket, stored: RawMessage['stored'], isOwn: boolean): void {
    const { topic, qos, dup, messageId = 0 } = packet;
    const payload = packet.payload as Buffer;
    let delivery: Delivery | undefined;
    if (qos > 0) {
      delivery = this.deliveries.take(
        { id: messageId, qos: qos as 1 | 2, topic, bytes: payload.length },
        dup,
      );
      if (delivery === undefined) {
        this.#c.counters.repeated++;
        return;
      }
    }
    const refusal = isOwn ? undefined : this.#check(topic, payload);
    if (refusal !== undefined) this.#refuse(refusal, topic, payload);
    if (isOwn || refusal !== undefined) {
      // what only breaks a rule of ours is acknowledged: else it came for ever, and alarms would wait behind it
      if (delivery !== undefined) this.deliveries.commit(delivery);
      return;
    }
    this.#count(packet, payload, stored);
    this.#hand(this.#rawOf(packet, payload, stored), delivery);
  }

  #check(topic: string, payload: Buffer): ExternalRefusal | undefined {
    if (topicFault(topic, this.#c.limits) !== undefined) return 'bad-topic';
    return payload.length > this.#c.limits.maxPayloadBytes ? 'too-large' : undefined;
  }

  #refuse(reason: ExternalRefusal, topic: string, payload: Buffer): void {
    const { name, clientId, counters, logger, clock, refused } = this.#c;
    counters.refused(reason);
    const channel = topic.slice(0, 1024);
    if (this.#logged.first(`${reason} ${channel}`))
      logger.warn(
        { broker: name, topic: channel, bytes: payload.length },
        `external broker: refused, ${reason}`,
      );
    // copied: a view would keep its whole network chunk in memory
    const sample = Buffer.from(payload.subarray(0, SAMPLE_BYTES));
    refused({ adapter: name, reason, clientId, channel, sample, at: clock() });
  }

  #count({ qos }: IPublishPacket, payload: Buffer, stored: RawMessage['stored']): void {
    const { counters } = this.#c;
    if (qos === 0) counters.messagesQos0++;
    else if (qos === 1) counters.messagesQos1++;
    else counters.messagesQos2++;
    if (stored === 'queued') counters.queued++;
    else if (stored === 'retained') counters.retained++;
    counters.bytes += payload.length;
  }

  #rawOf(packet: IPublishPacket, payload: Buffer, stored: RawMessage['stored']): RawMessage {
    const raw: RawMessage = {
      source: 'mqtt',
      adapter: this.#c.name,
      channel: packet.topic,
      clientId: this.#c.clientId,
      payload,
      qos: packet.qos,
      receivedAt: this.#c.clock(),
      receivedMonotonicMs: performance.now(),
    };
    // the retained store is the broker's: RETAIN is not handed on
    if (stored !== undefined) raw.stored = stored;
    if (packet.dup) raw.dup = true;
    if (packet.qos > 0 && packet.messageId !== undefined) raw.packetId = packet.messageId;
    const contentType = packet.properties?.contentType;
    if (contentType !== undefined) raw.contentType = contentType;
    return raw;
  }

  #hand(raw: RawMessage, delivery: Delivery | undefined): void {
    const bytes = raw.payload.length + HELD_OVERHEAD;
    if (this.#waiting++ === 0) this.#progressAt = performance.now();
    this.#waitingBytes += bytes;
    this.#pauseWhenFull();
    this.#c.hand(raw).then(
      () => {
        if (delivery !== undefined) this.deliveries.commit(delivery);
        this.#settled(bytes);
      },
      () => {
        if (delivery !== undefined) this.deliveries.abandon(delivery);
        this.#settled(bytes);
      },
    );
  }

  #pauseWhenFull(): void {
    const { maxWaiting, maxWaitingBytes } = this.#c.limits;
    if (this.#isPaused || (this.#waiting < maxWaiting && this.#waitingBytes < maxWaitingBytes)) return;
    this.#isPaused = true;
    this.#c.counters.pauses++;
    this.#connection?.pause();
  }

  #settled(bytes: number): void {
    this.#waiting--;
    this.#waitingBytes -= bytes;
    this.#progressAt = performance.now();
    const { maxWaiting, maxWaitingBytes } = this.#c.limits;
    if (this.#isPaused && this.#waiting <= maxWaiting / 2 && this.#waitingBytes <= maxWaitingBytes / 2) {
      this.#isPaused = false;
      this.#connection?.resume();
    }
    if (this.#waiting === 0) this.#idle?.();
  }
}
