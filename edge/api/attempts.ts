/** Failed attempts of one address at one user before it must wait. */
export const MAX_FAILURES = 5;
/** How long failures count: 15 min. */
export const FAILURE_WINDOW_MS = 900_000;
/** Keys remembered; 10,000 are about 1 MB. The oldest go first. */
const MAX_KEYS = 10_000;

interface Entry {
  count: number;
  since: number;
  told: boolean;
}

/** Whether an attempt may be made. `first`: the lock has just closed; later refusals of it are no news. */
export type Permit = { allowed: true } | { allowed: false; retryAfterMs: number; first: boolean };

/** Counts attempts by key. An attempt counts when it starts, so that many at once do not slip through. */
export class AttemptLimit {
  readonly #monotonic: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  take(key: string): Permit {
    const now = this.#monotonic();
    let entry = this.#entries.get(key);
    if (entry === undefined || now - entry.since > FAILURE_WINDOW_MS) {
      entry = { count: 0, since: now, told: false };
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      if (this.#entries.size > MAX_KEYS) this.#forgetOldest();
    }
    if (entry.count < MAX_FAILURES) {
      entry.count++;
      return { allowed: true };
    }
    const first = !entry.told;
    entry.told = true;
    return { allowed: false, retryAfterMs: entry.since + FAILURE_WINDOW_MS - now, first };
  }

  /** The attempt was a success: nothing counts against the key any more. */
  forgive(key: string): void {
    this.#entries.delete(key);
  }

  #forgetOldest(): void {
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
