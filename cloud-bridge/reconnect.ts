import { fullJitter } from '../contract/back-off.ts';

/** Pace of connection attempts, milliseconds. Full jitter: each wait is drawn from 0 to its span. */
export interface ReconnectLimits {
  /** Span before the very first attempt of a process. */
  startMs: number;
  /** Span after a loss; at least gateways / handshakes per second of the broker. It doubles with each failure. */
  firstMs: number;
  maxMs: number;
  /** Span for one early attempt while a severity 1 waits. */
  urgentMs: number;
  /** While a young severity 1 has no receipt, later attempts wait from `urgentMs` to this. */
  urgentMaxMs: number;
}

export const reconnectLimits: Readonly<ReconnectLimits> = {
  startMs: 1_000,
  firstMs: 60_000,
  maxMs: 300_000,
  urgentMs: 2_000,
  urgentMaxMs: 10_000,
};

/** How long to wait before the next connection attempt. Pure: `random` gives 0 to 1. */
export class Reconnect {
  readonly #limits: ReconnectLimits;
  readonly #random: () => number;
  #failures: number | undefined;
  #busy = false;

  constructor(limits: ReconnectLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /**
   * Wait before the next attempt. `urgent`: a young severity 1 is open; it counts only once for each loss.
   * `unreceipted`: a young severity 1 has not reached the recipient; it counts until it has, or is old.
   */
  delay(urgent: boolean, unreceipted = false): number {
    const { startMs, firstMs, urgentMs } = this.#limits;
    if (this.#failures === undefined) return this.#random() * Math.min(startMs, firstMs);
    if (this.#failures === 0 && (urgent || unreceipted) && !this.#busy) {
      return this.#random() * Math.min(urgentMs, firstMs);
    }
    if (unreceipted && !this.#busy) return this.#soon();
    return fullJitter(this.#failures, this.#limits, this.#random);
  }

  /**
   * How soon a severity 1 that happened while waiting is tried; infinite when the broker asked for rest.
   * `again`: there was such an attempt a short time ago.
   */
  earlyDelay(again = false): number {
    if (this.#busy) return Number.POSITIVE_INFINITY;
    return again ? this.#soon() : this.#random() * this.#limits.urgentMs;
  }

  /** U(2 s, 10 s): never less, so that a gateway with many alarms does not hammer. */
  #soon(): number {
    const { urgentMs, urgentMaxMs } = this.#limits;
    return urgentMs + this.#random() * Math.max(0, urgentMaxMs - urgentMs);
  }

  /** The attempt failed, or its connection ended without having been of use. */
  failed(busy: boolean): void {
    this.#failures = this.#failures === undefined ? 0 : this.#failures + 1;
    this.#busy = busy;
  }

  /** A connection that had been of use was lost. */
  lost(): void {
    this.#failures = 0;
    this.#busy = false;
  }
}
