import { dayAfter, localTime, weekdayOf } from '../arming/local-time.ts';
import type { Span } from './spans.ts';

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Longer than records are kept by default, and one year for whoever keeps them longer. */
export const MAX_PERIOD_DAYS = 366;
/** Up to so long the course of a period is shown by the hour. */
const HOURLY_MS = 2 * DAY_MS;

export type PeriodKind = 'day' | 'week' | 'month';

/** When a day (`2026-12-01`) begins in an IANA zone, also where the clocks are set that night. Milliseconds since 1970. */
export function startOfDay(day: string, zone: string): number {
  const wanted = Date.parse(`${day}T00:00:00Z`);
  let at = wanted;
  // twice: the offset at the first guess may be that of the other side of a change
  for (let round = 0; round < 2; round++) {
    const { day: shown, minute } = localTime(at, zone);
    at += wanted - (Date.parse(`${shown}T00:00:00Z`) + minute * MINUTE_MS);
  }
  return at;
}

/** The day, week (from Monday) or month around a day of the campus. */
export function periodOf(kind: PeriodKind, day: string, zone: string): Span {
  const first =
    kind === 'day'
      ? day
      : kind === 'week'
        ? dayAfter(day, -((weekdayOf(day) + 6) % 7))
        : `${day.slice(0, 7)}-01`;
  const next =
    kind === 'day'
      ? dayAfter(first)
      : kind === 'week'
        ? dayAfter(first, 7)
        : `${dayAfter(first, 31).slice(0, 7)}-01`;
  return { from: startOfDay(first, zone), to: startOfDay(next, zone) };
}

/** The pieces in which the course of a period is shown: hours of a short one, else days of the campus. */
export function pieces({ from, to }: Span, zone: string): number[] {
  const starts: number[] = [];
  if (to - from <= HOURLY_MS) {
    for (let at = from; at < to; at += HOUR_MS) starts.push(at);
    return starts;
  }
  for (let at = from, { day } = localTime(from, zone); at < to; at = startOfDay(day, zone)) {
    starts.push(at);
    day = dayAfter(day);
  }
  return starts;
}
