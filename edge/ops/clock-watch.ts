import { performance } from 'node:perf_hooks';

export type ClockQuality = 'sync' | 'holdover' | 'unsync';

/** A step of the wall clock larger than this is noticed (STANDARDS: clock skew > 5 s is a fault). */
export const STEP_MS = 5_000;
/** After a step the clock counts as `holdover` this long: retention must not trust it yet. */
const HOLDOVER_MS = 600_000;
/** No gateway of this version ran before: an earlier wall clock was never set (dead battery, 1970). */
export const EARLIEST = Date.parse('2026-01-01T00:00:00Z');

/** A clock that nobody set for so long after a start stands: then the journal was written by a wrong one. */
const STANDS_AFTER_MS = 86_400_000;

/** Watches the wall clock against the monotonic one, and against what is on disk. Pure: both clocks are passed in. */
export class ClockWatch {
  readonly #wall: () => number;
  readonly #monotonic: () => number;
  readonly #startedAt: number;
  #lastWall: number;
  #lastMonotonic: number;
  #steppedAt = Number.NEGATIVE_INFINITY;
  #notBefore: number | undefined;

  /**
   * `notBefore`: when the last run stored something with a clock that was trusted, ms since 1970. A start before that
   * finds a clock that was set back, or was never set, while the gateway did not run.
   */
  constructor(
    wall: () => number = Date.now,
    monotonic: () => number = () => performance.now(),
    notBefore?: number,
  ) {
    this.#wall = wall;
    this.#monotonic = monotonic;
    this.#lastWall = wall();
    this.#lastMonotonic = monotonic();
    this.#startedAt = this.#lastMonotonic;
    if (notBefore !== undefined && this.#lastWall < notBefore - STEP_MS) this.#notBefore = notBefore;
  }

  /** How far the clock is behind what the last run stored, milliseconds; 0 when it is not, or when it stands. */
  get behindMs(): number {
    return this.#notBefore === undefined ? 0 : Math.max(0, this.#notBefore - this.#wall());
  }

  /** Call about once a second. Returns the step in milliseconds (wall clock minus elapsed time), 0 when there is none. */
  tick(): number {
    const wall = this.#wall();
    const monotonic = this.#monotonic();
    const step = wall - this.#lastWall - (monotonic - this.#lastMonotonic);
    this.#lastWall = wall;
    this.#lastMonotonic = monotonic;
    const isPlausible = this.#notBefore !== undefined && wall >= this.#notBefore - STEP_MS;
    if (isPlausible || monotonic - this.#startedAt >= STANDS_AFTER_MS) this.#notBefore = undefined;
    if (Math.abs(step) < STEP_MS) return 0;
    this.#steppedAt = monotonic;
    return Math.round(step);
  }

  quality(): ClockQuality {
    if (this.#wall() < EARLIEST || this.#notBefore !== undefined) return 'unsync';
    return this.#monotonic() - this.#steppedAt < HOLDOVER_MS ? 'holdover' : 'sync';
  }
}
