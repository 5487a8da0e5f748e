/**
 * Wait before attempt `failures` + 1, milliseconds: drawn evenly from 0 to a span that starts at `firstMs`, doubles
 * with each failure and ends at `maxMs` (full jitter), so that many clients of one broker do not come back together.
 * `random` gives 0 to 1.
 */
export function fullJitter(
  failures: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  random: () => number,
): number {
  return random() * Math.min(firstMs * 2 ** failures, maxMs);
}

/**
 * The same for a single server that must not be asked at once: never below `firstMs`, drawn evenly up to a span that
 * starts at twice `firstMs`, doubles with each failure and ends at `maxMs`.
 */
export function jitterAboveFirst(
  failures: number,
  { firstMs, maxMs }: { firstMs: number; maxMs: number },
  random: () => number,
): number {
  return firstMs + random() * (Math.min(firstMs * 2 ** (failures + 1), maxMs) - firstMs);
}
