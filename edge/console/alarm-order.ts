import type { Alarm } from '../../contract/alarm.ts';
import { isSounding } from '../../contract/sounding.ts';

/** An alarm in the list. The same object as long as nothing of it has changed. */
export interface AlarmRow {
  readonly alarm: Alarm;
  readonly sounding: boolean;
  /** `firstAt`, milliseconds since 1970. */
  readonly first: number;
}

/**
 * Alarms as they stand in the list: by severity, drills and tests after what is real, those that sound first. Of these
 * what a person pressed (`EMG.*`) stands before what detectors say, so that a panic is on top of a fire that sets off a
 * hundred of them. Then the oldest first, which has waited longest: a card keeps its place when more of its kind come, and
 * moves under nobody's finger. Rows of `before` that have not changed are used again.
 */
export function orderedRows(
  alarms: readonly Alarm[],
  now: number,
  before: readonly AlarmRow[] = [],
): readonly AlarmRow[] {
  const held = new Map(before.map((row) => [row.alarm.id, row]));
  const rows = alarms.map((alarm) => rowOf(alarm, isSounding(alarm, now), held.get(alarm.id)));
  rows.sort(compare);
  const same = rows.length === before.length && rows.every((row, index) => row === before[index]);
  return same ? before : rows;
}

function rowOf(alarm: Alarm, sounding: boolean, held: AlarmRow | undefined): AlarmRow {
  if (held !== undefined && held.alarm === alarm && held.sounding === sounding) return held;
  return { alarm, sounding, first: Date.parse(alarm.firstAt) };
}

/** Somebody asks for help now. */
function isPressed({ alarm, sounding }: AlarmRow): boolean {
  return sounding && alarm.type.startsWith('EMG.');
}

function compare(a: AlarmRow, b: AlarmRow): number {
  return (
    a.alarm.severity - b.alarm.severity ||
    Number(a.alarm.mode !== 'live') - Number(b.alarm.mode !== 'live') ||
    Number(b.sounding) - Number(a.sounding) ||
    Number(isPressed(b)) - Number(isPressed(a)) ||
    a.first - b.first ||
    (a.alarm.id < b.alarm.id ? -1 : 1)
  );
}
