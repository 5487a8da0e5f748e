import type { Burst } from '../alarms/alarm-times.ts';
import { clipped, merged, type Span } from './spans.ts';

export interface Flood extends Span {
  /** Opened from its first to its end. */
  alarms: number;
  /** The most within one window. */
  peak: number;
}

/**
 * When more than `count` alarms had opened within the last `windowMs`: as SYS.FLOOD tells it while it happens, made anew from
 * the times of opening, which know no restart. `opened`: sorted, also of a window before the period. Pure.
 */
export function floodsOf(opened: readonly number[], { count, windowMs }: Burst, period: Span): Flood[] {
  const over: Span[] = [];
  for (let i = count; i < opened.length; i++) {
    const from = opened[i] as number;
    const to = (opened[i - count] as number) + windowMs;
    if (to > from) over.push({ from, to });
  }
  return merged(over).flatMap((flood) => {
    const span = clipped(flood, period);
    return span === undefined ? [] : [{ ...span, ...extentOf(flood, opened, windowMs) }];
  });
}

function extentOf({ from, to }: Span, opened: readonly number[], windowMs: number) {
  let first = lowerBound(opened, from - windowMs + 1);
  let alarms = 0;
  let peak = 0;
  for (let i = lowerBound(opened, from - windowMs + 1); i < opened.length; i++) {
    const at = opened[i] as number;
    if (at >= to) break;
    while ((opened[first] as number) <= at - windowMs) first++;
    alarms++;
    peak = Math.max(peak, i - first + 1);
  }
  return { alarms, peak };
}

/** Index of the first that is not below. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
