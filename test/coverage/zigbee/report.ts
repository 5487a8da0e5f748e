/** Counts by family, and what failed. */
export class Report {
  readonly #shares = new Map<string, { held: number; all: number; models: Set<string> }>();
  readonly misses: string[] = [];

  add(family: string, model: string, what: string, fault: string | undefined): void {
    const share = this.#shares.get(family) ?? { held: 0, all: 0, models: new Set() };
    this.#shares.set(family, share);
    share.all++;
    share.models.add(model);
    if (fault === undefined) share.held++;
    else this.misses.push(`${model} ${what}: ${fault}`);
  }

  /** Families of which something is missed. */
  get incomplete(): string[] {
    return [...this.#shares].filter(([, { held, all }]) => held < all).map(([family]) => family);
  }

  /** Share of all that holds, 0 to 1. */
  get total(): number {
    let held = 0;
    let all = 0;
    for (const share of this.#shares.values()) {
      held += share.held;
      all += share.all;
    }
    return held / all;
  }

  lines(): string[] {
    const rows = [...this.#shares].sort(([a], [b]) => (a < b ? -1 : 1));
    return [
      ...rows.map(
        ([family, { held, all, models }]) =>
          `${family.padEnd(24)} ${String(held).padStart(5)} of ${String(all).padStart(5)}  ${percent(held / all)}  ${models.size} models`,
      ),
      `${'all'.padEnd(24)} ${percent(this.total)}`,
    ];
  }
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** How often each occurs, most first. */
export function tally(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([word, count]) => `${String(count).padStart(5)}  ${word}`);
}
