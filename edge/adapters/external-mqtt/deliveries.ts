/** A QoS 1 or 2 message of the session that the broker has not been told of for good. */
export interface Delivery {
  readonly id: number;
  readonly qos: 1 | 2;
  readonly topic: string;
  readonly bytes: number;
  isCommitted: boolean;
}

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBCOMP = 0x70;
/** Places of written acknowledgements that are kept before the list is cut. */
const KEPT_PLACES = 4_096;

/**
 * The messages in flight of one session: acknowledged in the order they came, each after its commit. Outlives
 * connections: what the broker sends again is the same delivery, not a new message (MQTT 5 sections 4.3, 4.4, 4.6).
 */
export class Deliveries {
  /** By packet identifier; a QoS 2 delivery stays until its PUBREL. */
  readonly #known = new Map<number, Delivery>();
  /** Of earlier connections, and not sent again so far. */
  #stale = new Set<Delivery>();
  /** Came over this connection and wait for their acknowledgement. */
  #order: Delivery[] = [];
  #head = 0;
  #write: ((acknowledgements: Buffer) => void) | undefined;
  #isScheduled = false;
  /** Acknowledgements written: PUBACK and PUBREC. */
  acknowledged = 0;

  /** Came over this connection and have no acknowledgement. */
  get unacknowledged(): number {
    return this.#order.length - this.#head;
  }

  /** A connection begins. `isResumed`: the broker kept the session. */
  begin(isResumed: boolean, write: (acknowledgements: Buffer) => void): void {
    this.end();
    if (!isResumed) this.#known.clear();
    this.#stale = new Set(this.#known.values());
    this.#write = write;
  }

  /** The connection has ended: nothing is acknowledged until the next one. */
  end(): void {
    this.#order = [];
    this.#head = 0;
    this.#write = undefined;
  }

  /** A message came. Undefined: it is the repetition of one that was taken already. */
  take(message: Omit<Delivery, 'isCommitted'>, isDup: boolean): Delivery | undefined {
    const known = this.#known.get(message.id);
    // without DUP, or with other content, it is another message: taking one twice is better than not at all
    const isSame = isDup && known?.topic === message.topic && known.bytes === message.bytes;
    const delivery = isSame && known !== undefined ? known : { ...message, isCommitted: false };
    this.#known.set(message.id, delivery);
    this.#stale.delete(delivery);
    this.#order.push(delivery);
    if (!isSame) return delivery;
    if (delivery.isCommitted) this.#schedule();
    return undefined;
  }

  /** What it caused is on disk. */
  commit(delivery: Delivery): void {
    delivery.isCommitted = true;
    this.#schedule();
  }

  /** It was given back and is not acknowledged: sent again, it is a new message. */
  abandon(delivery: Delivery): void {
    if (this.#known.get(delivery.id) === delivery) this.#known.delete(delivery.id);
  }

  /** PUBREL: the broker will not send it again. */
  release(id: number): void {
    this.#known.delete(id);
    this.#write?.(packet(PUBCOMP, id));
  }

  /** All that the broker had to send again has come: what is left of earlier connections is over. */
  caughtUp(): void {
    for (const delivery of this.#stale) this.abandon(delivery);
    this.#stale.clear();
  }

  /** What one commit settles is acknowledged with one write. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#acknowledge();
    });
  }

  #acknowledge(): void {
    if (this.#write === undefined) return;
    let end = this.#head;
    while (this.#order[end]?.isCommitted === true) end++;
    const count = end - this.#head;
    if (count === 0) return;
    const bytes = Buffer.allocUnsafe(count * 4);
    for (let n = 0; n < count; n++) {
      const delivery = this.#order[this.#head + n] as Delivery;
      put(bytes, n * 4, delivery.qos === 1 ? PUBACK : PUBREC, delivery.id);
      if (delivery.qos === 1) this.abandon(delivery);
    }
    this.#head = end;
    if (this.#head === this.#order.length || this.#head > KEPT_PLACES) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
    this.acknowledged += count;
    this.#write(bytes);
  }
}

function packet(type: number, id: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  put(bytes, 0, type, id);
  return bytes;
}

/** An acknowledgement without a reason code is a success (MQTT 5 section 3.4.2.1). */
function put(bytes: Buffer, at: number, type: number, id: number): void {
  bytes[at] = type;
  bytes[at + 1] = 2;
  bytes[at + 2] = id >> 8;
  bytes[at + 3] = id & 0xff;
}
