import type { HealthState } from './health.ts';

/** What the device last made of us, apart from pulls. */
type Verdict = 'refused' | 'unsupported' | undefined;

/**
 * Judges the event channel of one device by what it is told. Pure: `now` is monotonic milliseconds, and the probe that
 * `isOverdue` asks for is made elsewhere.
 */
export class Liveness {
  readonly #silentAfterMs: number;
  #state: HealthState | undefined;
  #verdict: Verdict;
  /** Last pull, or last answer that explains why there is none. */
  #goodAt: number;
  #probedAt = Number.NEGATIVE_INFINITY;

  constructor(silentAfterMs: number, startedAt: number) {
    this.#silentAfterMs = silentAfterMs;
    this.#goodAt = startedAt;
  }

  /** Undefined: not known yet. */
  get state(): HealthState | undefined {
    return this.#state;
  }

  /** A pull succeeded; also while its messages wait for our own disk, which is no fault of the device. */
  pulled(now: number): void {
    this.#goodAt = now;
    this.#verdict = undefined;
    this.#state = 'ok';
  }

  /** It refuses our credentials, or has no pull points. */
  judged(verdict: 'refused' | 'unsupported', now: number): void {
    this.#goodAt = now;
    this.#verdict = verdict;
    this.#state = verdict;
  }

  /** It took our credentials and made a pull point. */
  accepted(): void {
    this.#verdict = undefined;
  }

  /** No pull within the deadline: somebody should ask whether the device answers at all. */
  isOverdue(now: number): boolean {
    return now - this.#goodAt >= this.#silentAfterMs && now - this.#probedAt >= this.#silentAfterMs;
  }

  /** A question that needs no credentials was answered, or not. */
  probed(answers: boolean, now: number): void {
    this.#probedAt = now;
    // a pull may have succeeded while we asked
    if (now - this.#goodAt < this.#silentAfterMs) return;
    this.#state = answers ? (this.#verdict ?? 'silent') : 'offline';
  }
}
