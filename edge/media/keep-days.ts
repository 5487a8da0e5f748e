import type { Alarm } from '../../contract/alarm.ts';

/** Retention classes, days: video in general, key places (GB 50348 and city rules), records of what was real. */
export type KeepDays = 30 | 90 | 180;
export const keepClasses: readonly KeepDays[] = [30, 90, 180];

const keptLong = new Set(['real']);
const keptShort = new Set(['false', 'nuisance', 'test', 'drill', 'equipment']);

/**
 * How long the pictures of an alarm are kept, as it stands now: a real one and an undecided severity 1 for 180 days, an
 * undecided severity 2 for 90, what was no emergency for 30. While it is open they are kept whatever their age.
 */
export function keepDaysOf({
  mode,
  severity,
  disposition,
}: Pick<Alarm, 'mode' | 'severity' | 'disposition'>): KeepDays {
  if (mode !== 'live') return 30;
  if (disposition !== undefined && keptLong.has(disposition.verdict)) return 180;
  if (disposition !== undefined && keptShort.has(disposition.verdict)) return 30;
  if (severity === 1) return 180;
  return severity === 2 ? 90 : 30;
}

/** The longest of these, at least 30. */
export function longest(days: readonly KeepDays[]): KeepDays {
  return keepClasses.findLast((one) => days.includes(one)) ?? 30;
}
