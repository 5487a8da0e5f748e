/** Slows down password guessing without locking out the neighbours of a misconfigured device. */
export class FailureThrottle {
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #trusted = new Map<string, true>();

  /**
   * Whether this sign-in must be refused unchecked. `now` in milliseconds.
   *
   * Devices behind one router share its address: a user that has signed in from there before is held only to its
   * own failures.
   */
  blocks(address: string, user: string, now: number): boolean {
    const pair = pairOf(address, user);
    if (this.#exceeded(pair, USER_FAILURES, now)) return true;
    return !this.#trusted.has(pair) && this.#exceeded(address, ADDRESS_FAILURES, now);
  }

  failed(address: string, user: string, now: number): void {
    this.#count(address, now);
    this.#count(pairOf(address, user), now);
  }

  succeeded(address: string, user: string): void {
    const pair = pairOf(address, user);
    this.#failures.delete(pair);
    if (!this.#trusted.has(pair)) remember(this.#trusted, pair, true);
  }

  #exceeded(key: string, limit: number, now: number): boolean {
    const found = this.#failures.get(key);
    return found !== undefined && found.count >= limit && now < found.until;
  }

  #count(key: string, now: number): void {
    const found = this.#failures.get(key);
    if (found === undefined || now >= found.until) {
      this.#failures.delete(key);
      remember(this.#failures, key, { count: 1, until: now + WINDOW_MS });
    } else found.count++;
  }
}

/** Failures of one user from one address within {@link WINDOW_MS}. */
const USER_FAILURES = 5;
/** Failures of one address, whoever it claims to be. */
const ADDRESS_FAILURES = 50;
const WINDOW_MS = 60_000;
/** Entries kept; 100 bytes each. */
const KEPT = 10_000;

function pairOf(address: string, user: string): string {
  return `${address} ${user}`;
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  const [oldest] = map.keys();
  if (map.size >= KEPT && oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
