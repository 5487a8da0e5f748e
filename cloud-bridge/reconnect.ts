/** Pace of connection attempts, milliseconds. Full jitter: each wait is drawn from 0 to its span. */
export interface ReconnectLimits {
  /** Span before the very first attempt of a process. */
  startMs: number;
  /** Span after a loss; at least gateways / handshakes per second of the broker. It doubles with each failure. */
  firstMs: number;
  maxMs: number;
  /** Span for one early attempt while a severity 1 waits. */
  urgentMs: number;
}

export const reconnectLimits: Readonly<ReconnectLimits> = {
  startMs: 1_000,
  firstMs: 60_000,
  maxMs: 300_000,
  urgentMs: 2_000,
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

  /** Wait before the next attempt. `urgent`: a young severity 1 is open; it counts only once for each loss. */
  delay(urgent: boolean): number {
    const { startMs, firstMs, maxMs, urgentMs } = this.#limits;
    if (this.#failures === undefined) return this.#random() * Math.min(startMs, firstMs);
    if (this.#failures === 0 && urgent && !this.#busy) return this.#random() * Math.min(urgentMs, firstMs);
    return this.#random() * Math.min(firstMs * 2 ** this.#failures, maxMs);
  }

  /** The one early attempt for a severity 1 that happened while waiting; infinite when the broker asked for rest. */
  earlyDelay(): number {
    return this.#busy ? Number.POSITIVE_INFINITY : this.#random() * this.#limits.urgentMs;
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
