/** Durations of one kind: eight bytes each, so a million of them are 8 MB. Milliseconds. */
export class Samples {
  readonly #values: number[] = [];
  #longest: { ms: number; of: string } | undefined;

  /** `of`: id of what took so long. */
  add(ms: number, of: string): void {
    this.#values.push(ms);
    if (this.#longest === undefined || ms > this.#longest.ms) this.#longest = { ms, of };
  }

  get n(): number {
    return this.#values.length;
  }

  /** Nearest rank: times that were really taken, never a mean of two. Undefined of none. */
  summary(): { medianMs: number; p90Ms: number; longestMs: number; longestOf: string } | undefined {
    if (this.#longest === undefined) return undefined;
    const sorted = Float64Array.from(this.#values).sort();
    const rank = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number;
    return {
      medianMs: rank(0.5),
      p90Ms: rank(0.9),
      longestMs: this.#longest.ms,
      longestOf: this.#longest.of,
    };
  }
}
