import type { Range } from '../contract/frame.ts';

/** Sets of sequence numbers as sorted, disjoint, non-touching inclusive ranges. Pure. */

/** `ranges` with `from..to` added, merged with what it touches. */
export function addRange(ranges: readonly Range[], from: number, to: number): Range[] {
  if (to < from) return [...ranges];
  const before: Range[] = [];
  const after: Range[] = [];
  let [low, high] = [from, to];
  for (const range of ranges) {
    if (range[1] < from - 1) before.push(range);
    else if (range[0] > to + 1) after.push(range);
    else [low, high] = [Math.min(low, range[0]), Math.max(high, range[1])];
  }
  return [...before, [low, high], ...after];
}

/** What of `from..to` is not in `ranges`. */
export function subtract(from: number, to: number, ranges: readonly Range[]): Range[] {
  const rest: Range[] = [];
  let next = from;
  for (const [low, high] of ranges) {
    if (high < next) continue;
    if (low > to) break;
    if (low > next) rest.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= to) rest.push([next, to]);
  return rest;
}

/** What of `from..to` is in `ranges`. */
export function within(from: number, to: number, ranges: readonly Range[]): Range[] {
  return ranges.flatMap(([low, high]): Range[] =>
    low > to || high < from ? [] : [[Math.max(low, from), Math.min(high, to)]],
  );
}

/** The range that holds `seq`. */
export function rangeOf(seq: number, ranges: readonly Range[]): Range | undefined {
  return ranges.find(([low, high]) => low <= seq && seq <= high);
}

/** Moves a contiguous mark over the ranges it has reached. */
export function absorb(ack: number, ranges: readonly Range[]): { ack: number; have: Range[] } {
  let mark = ack;
  const have: Range[] = [];
  for (const [low, high] of ranges) {
    if (low <= mark + 1) mark = Math.max(mark, high);
    else have.push([low, high]);
  }
  return { ack: mark, have };
}

/** The holes between a contiguous mark and the last of the ranges above it. */
export function holesBetween(ack: number, have: readonly Range[]): Range[] {
  const last = have.at(-1);
  return last === undefined ? [] : subtract(ack + 1, last[1], have);
}
