/** A step of the wall clock of this much says that it was set; less is drift, and the pace of a time service. */
const STEP_MS = 5_000;

/** Notices that the wall clock was set, by holding it against the monotonic one. Pure: both are passed in. */
export class ClockStep {
  /** Wall clock minus monotonic clock, as last seen. */
  #offset: number | undefined;

  /** By how much the wall clock was set since the last call, milliseconds; 0: it was not. */
  since(wall: number, monotonic: number): number {
    const offset = wall - monotonic;
    const step = offset - (this.#offset ?? offset);
    this.#offset = offset;
    return Math.abs(step) < STEP_MS ? 0 : Math.round(step);
  }
}
