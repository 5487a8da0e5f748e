import type { RawMessage } from '../../../contract/raw-message.ts';

/** Older than this a message is no news any more, wherever it waited: 30 s, as for devices' own clocks. */
const LIVE_MS = 30_000;

/**
 * What a gateway that stands by keeps for the case that the other one failed: the messages since it last was well, in
 * memory, within bounds. Times are monotonic milliseconds.
 */
export class Held {
  readonly #max: { messages: number; bytes: number };
  readonly #dropped: () => void;
  #messages: RawMessage[] = [];
  #head = 0;
  #bytes = 0;

  constructor(max: { messages: number; bytes: number }, dropped: () => void) {
    this.#max = max;
    this.#dropped = dropped;
  }

  get size(): number {
    return this.#messages.length - this.#head;
  }

  keep(raw: RawMessage): void {
    // copied: a view would keep its whole network chunk in memory
    this.#messages.push({ ...raw, payload: Buffer.from(raw.payload) });
    this.#bytes += raw.payload.length;
    while (this.size > this.#max.messages || this.#bytes > this.#max.bytes) {
      this.#shift();
      this.#dropped();
    }
  }

  /** The other gateway has taken care of what came before. */
  forgetBefore(monotonicMs: number): void {
    while (this.size > 0 && (this.#messages[this.#head] as RawMessage).receivedMonotonicMs < monotonicMs)
      this.#shift();
  }

  /** Takes everything, the oldest first; what has become old is marked so. */
  take(nowMonotonicMs: number): RawMessage[] {
    const taken = this.#messages.slice(this.#head);
    this.#messages = [];
    this.#head = 0;
    this.#bytes = 0;
    for (const raw of taken) if (nowMonotonicMs - raw.receivedMonotonicMs > LIVE_MS) raw.stored ??= 'queued';
    return taken;
  }

  #shift(): void {
    this.#bytes -= (this.#messages[this.#head] as RawMessage).payload.length;
    this.#head++;
    if (this.#head < 1_024 && this.#head < this.#messages.length) return;
    this.#messages = this.#messages.slice(this.#head);
    this.#head = 0;
  }
}
