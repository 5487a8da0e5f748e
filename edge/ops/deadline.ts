/**
 * A deadline as it is kept over a restart. While the process runs, deadlines run on the monotonic clock, which no clock
 * step moves; only a restart has to ask the wall clock.
 */
export interface KeptDeadline {
  /** Wall clock, ISO 8601: what people are shown. */
  until: string;
  /** The whole time it was given, milliseconds. */
  ofMs: number;
}

/** A deadline `ofMs` from `now` (wall clock, milliseconds since 1970). */
export function deadlineIn(ofMs: number, now: number): KeptDeadline {
  return { until: new Date(now + ofMs).toISOString(), ofMs };
}

/**
 * Milliseconds left after a restart, 0 to `ofMs`. A clock that jumped ahead ends it at once, one that was set back never
 * makes it longer than it was: protection comes back too early rather than too late.
 */
export function remainingMs({ until, ofMs }: KeptDeadline, now: number): number {
  const left = Date.parse(until) - now;
  return Number.isNaN(left) ? 0 : Math.max(0, Math.min(left, ofMs));
}
