/** Deadlines by name, on the monotonic clock (milliseconds). */
export class Deadlines {
  readonly #at = new Map<string, number>();
  #next: number | undefined;
  #isStale = false;

  set(name: string, at: number): void {
    this.#at.set(name, at);
    this.#isStale = true;
  }

  delete(name: string): void {
    if (this.#at.delete(name)) this.#isStale = true;
  }

  has(name: string): boolean {
    return this.#at.has(name);
  }

  /** The earliest; undefined: none. */
  next(): number | undefined {
    if (this.#isStale) {
      this.#next = undefined;
      for (const at of this.#at.values()) if (at < (this.#next ?? Number.POSITIVE_INFINITY)) this.#next = at;
      this.#isStale = false;
    }
    return this.#next;
  }

  /** Takes out those that have passed, the earliest first. */
  take(now: number): string[] {
    if ((this.next() ?? Number.POSITIVE_INFINITY) > now) return [];
    const passed = [...this.#at].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
    for (const [name] of passed) this.delete(name);
    return passed.map(([name]) => name);
  }
}
