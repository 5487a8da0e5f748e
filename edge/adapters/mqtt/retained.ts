import type { RetainedMessage } from './options.ts';
import { covers } from './topic.ts';

/** A retained message as aedes' subscription handler wants it. */
export interface RetainedPacket extends RetainedMessage {
  cmd: 'publish';
  retain: true;
  dup: false;
}

/**
 * The retained messages, bounded.
 *
 * Room is taken when a message arrives and the message is shown to subscribers once it is committed, so that
 * messages on their way to the journal cannot overrun the bound together.
 */
export class RetainedStore {
  readonly #packets = new Map<string, RetainedPacket>();
  readonly #reserved = new Map<string, number>();
  readonly #bound: { count: number; bytes: number };
  #bytes = 0;

  constructor(bound: { count: number; bytes: number }) {
    this.#bound = bound;
  }

  get count(): number {
    return this.#packets.size;
  }

  /** Takes room for a message; false if there is none. An empty payload, which removes the topic, always fits. */
  reserve(topic: string, payloadBytes: number): boolean {
    const before = this.#reserved.get(topic);
    if (payloadBytes === 0) {
      if (before !== undefined) this.#release(topic, before);
      return true;
    }
    const size = Buffer.byteLength(topic) + payloadBytes;
    const bytes = this.#bytes - (before ?? 0) + size;
    const count = this.#reserved.size + (before === undefined ? 1 : 0);
    if (bytes > this.#bound.bytes || count > this.#bound.count) return false;
    this.#reserved.set(topic, size);
    this.#bytes = bytes;
    return true;
  }

  /** Shows the message to new subscribers from now on, or removes its topic. */
  store(message: RetainedMessage): void {
    const { topic, payload, qos } = message;
    if (payload.length === 0) {
      this.#packets.delete(topic);
      return;
    }
    // Copied: a view would keep its whole network chunk in memory.
    this.#packets.set(topic, {
      cmd: 'publish',
      topic,
      payload: Buffer.from(payload),
      qos,
      retain: true,
      dup: false,
    });
  }

  /** Each message that one of the filters matches, once. Levels may be empty [MQTT-4.7.1-3]. */
  *matching(filters: readonly string[]): Generator<RetainedPacket> {
    if (filters.every(isTopicName)) {
      for (const topic of new Set(filters)) {
        const packet = this.#packets.get(topic);
        if (packet !== undefined) yield packet;
      }
      return;
    }
    for (const packet of this.#packets.values()) {
      if (filters.some((filter) => covers(filter, packet.topic))) yield packet;
    }
  }

  #release(topic: string, size: number): void {
    this.#reserved.delete(topic);
    this.#bytes -= size;
  }
}

function isTopicName(filter: string): boolean {
  return !filter.includes('+') && !filter.includes('#');
}
