import { performance } from 'node:perf_hooks';

export type ClockQuality = 'sync' | 'holdover' | 'unsync';

/** A step of the wall clock larger than this is noticed (STANDARDS: clock skew > 5 s is a fault). */
export const STEP_MS = 5_000;
/** After a step the clock counts as `holdover` this long: retention must not trust it yet. */
const HOLDOVER_MS = 600_000;
/** No gateway of this version ran before: an earlier wall clock was never set (dead battery, 1970). */
export const EARLIEST = Date.parse('2026-01-01T00:00:00Z');

/** Watches the wall clock against the monotonic one. Pure: both clocks are passed in. */
export class ClockWatch {
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  #lastWall: number;
  #lastMonotonic: number;
  #steppedAt = Number.NEGATIVE_INFINITY;

  constructor(wall: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#lastWall = wall();
    this.#lastMonotonic = monotonic();
  }

  /** Call about once a second. Returns the step in milliseconds (wall clock minus elapsed time), 0 when there is none. */
  tick(): number {
    const wall = this.#wall();
    const monotonic = this.#monotonic();
    const step = wall - this.#lastWall - (monotonic - this.#lastMonotonic);
    this.#lastWall = wall;
    this.#lastMonotonic = monotonic;
    if (Math.abs(step) < STEP_MS) return 0;
    this.#steppedAt = monotonic;
    return Math.round(step);
  }

  quality(): ClockQuality {
    if (this.#wall() < EARLIEST) return 'unsync';
    return this.#monotonic() - this.#steppedAt < HOLDOVER_MS ? 'holdover' : 'sync';
  }
}
