/** Answers give whole seconds only: the middle of that second is the best guess. */
const HALF_SECOND_MS = 500;

/** The clock of a device, however wrong it is, kept by our monotonic clock: a step of our wall clock moves nothing. */
export class DeviceClock {
  readonly #monotonic: () => number;
  readonly #wall: () => number;
  /** Device time at monotonic zero. */
  #base: number | undefined;

  constructor(monotonic: () => number, wall: () => number) {
    this.#monotonic = monotonic;
    this.#wall = wall;
  }

  /** The device said `time` (ms since 1970) in answer to a question asked at `askedAt`, monotonic. */
  measured(time: number, askedAt: number): void {
    const heardAt = (askedAt + this.#monotonic()) / 2;
    this.#base = time + HALF_SECOND_MS - heardAt;
  }

  /** The device has told its own. */
  get isKnown(): boolean {
    return this.#base !== undefined;
  }

  /** Now by the clock of the device; by ours while it has not told its own. */
  now(): number {
    return this.#base === undefined ? this.#wall() : this.#base + this.#monotonic();
  }
}
