/** How fast one connection may publish. */
export interface Pace {
  /** Messages a second, in the long run. */
  perSecond: number;
  /** Messages at once, after a pause: a bridge that starts tells the state of all its devices. */
  burst: number;
}

/**
 * A token bucket that lets messages wait instead of dropping them, in order. While some wait, their connection is not
 * read on, so the device feels it; others do not.
 */
export class Pacer {
  readonly #pace: Pace;
  readonly #waiting: (() => void)[] = [];
  #tokens: number;
  #filledAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#tokens = pace.burst;
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether a message may go now. Else hand it to `wait`. `now`: monotonic milliseconds. */
  passes(now: number): boolean {
    if (this.#waiting.length > 0) return false;
    if (this.#tokens < 1) this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** `go` is called once, when its turn comes. */
  wait(go: () => void): void {
    this.#waiting.push(go);
    this.#timer ??= setTimeout(() => this.#turn(), Math.ceil(1_000 / this.#pace.perSecond));
  }

  /** Lets go of all that wait, at once: the connection has ended, and what it sent before must not be lost. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const go of this.#waiting.splice(0)) go();
  }

  #turn(): void {
    this.#timer = undefined;
    this.#fill(performance.now());
    const due = this.#waiting.splice(0, Math.floor(this.#tokens));
    this.#tokens -= due.length;
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => this.#turn(), Math.ceil(1_000 / this.#pace.perSecond));
    }
    for (const go of due) go();
  }

  #fill(now: number): void {
    const { perSecond, burst } = this.#pace;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) * perSecond) / 1_000);
    this.#filledAt = now;
  }
}
