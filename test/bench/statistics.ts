/** Percentiles of a sample, in its own unit, rounded to two digits. */
export function percentiles(values: readonly number[]): {
  p50: number;
  p99: number;
  p999: number;
  max: number;
} {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] as number)) / 2;
}

/** Median of the ratios of the pairs: what disturbs the machine for a while disturbs both of a pair. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return round(median(ours.map((value, i) => value / (theirs[i] as number))));
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
