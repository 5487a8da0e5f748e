import type { Burst } from './alarm-times.ts';

/** Counts what happened within the last `windowMs`, on the monotonic clock (milliseconds). */
export class BurstCounter {
  readonly #burst: Burst;
  #times: number[] = [];

  constructor(burst: Burst) {
    this.#burst = burst;
  }

  /** One more; true when these are too many. */
  add(now: number): boolean {
    this.#times.push(now);
    return this.count(now) > this.#burst.count;
  }

  /** How many there were. Of very many only as many are kept as it takes to know that they are too many. */
  count(now: number): number {
    const from = now - this.#burst.windowMs;
    this.#times = this.#times.filter((at) => at > from).slice(-(this.#burst.count + 1));
    return this.#times.length;
  }

  /** When they will be few enough if no more come; undefined: they are. */
  calmAt(now: number): number | undefined {
    return this.count(now) > this.#burst.count
      ? (this.#times[0] as number) + this.#burst.windowMs
      : undefined;
  }
}
