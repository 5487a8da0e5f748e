import type { Alarm } from '../../contract/alarm.ts';
import type { AlarmRow } from './alarm-order.ts';

/** A card, with those of the same place that stand behind it. */
export interface AlarmGroup {
  readonly first: AlarmRow;
  readonly behind: readonly AlarmRow[];
}

/** More new alarms than a person can read; with a device it is one that chatters. */
export function isFlood({ type, device, condition }: Alarm): boolean {
  return type === 'SYS.FLOOD' && device === undefined && condition === 'active';
}

/**
 * The list in a flood (STANDARDS S20): of severity 3-4, the alarm that came first at a place stands for those that came
 * after it there. Severity 1 and 2 always have a card of their own. Without a flood everything has one.
 */
export function grouped(rows: readonly AlarmRow[], isFlooded: boolean): AlarmGroup[] {
  if (!isFlooded) return rows.map((first) => ({ first, behind: [] }));
  const places = new Map<string, AlarmRow[]>();
  for (const row of rows) {
    if (!mayStandBehind(row)) continue;
    const place = row.alarm.place ?? '';
    places.set(place, [...(places.get(place) ?? []), row]);
  }
  return rows.flatMap((row) => {
    const same = mayStandBehind(row) ? (places.get(row.alarm.place ?? '') ?? []) : [row];
    const first = same.reduce((a, b) => (b.first < a.first ? b : a));
    return first === row ? [{ first, behind: same.filter((other) => other !== first) }] : [];
  });
}

function mayStandBehind({ alarm, sounding }: AlarmRow): boolean {
  return alarm.severity > 2 && alarm.mode === 'live' && !sounding;
}
