/** Remembers a bounded number of keys; starts afresh when full. */
export class Seen {
  readonly #keys = new Set<string>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True the first time a key comes. */
  first(key: string): boolean {
    if (this.#keys.has(key)) return false;
    if (this.#keys.size >= this.#limit) this.#keys.clear();
    this.#keys.add(key);
    return true;
  }
}
