import type { ArmMode, ScheduleRule, Zone } from '../../contract/zone.ts';
import type { Calendar } from './calendar.ts';
import { dayAfter, type LocalTime, minuteOf } from './local-time.ts';

/** What a schedule wants of a zone at a moment. */
export interface Scheduled {
  mode: ArmMode;
  /** When a person is asked to disarm, `06:00`. */
  until: string;
  /** Names this period, so that the next one is told apart from it. */
  period: string;
}

/** While nobody knows what a day is: from 22:00 on, and at 06:00 a person is asked. */
const unknownDay: ScheduleRule = { from: '22:00', to: '06:00', mode: 'away' };

/** The rules of a zone that begin on this day. A day that the calendar does not know has one rule of its own. */
export function rulesOn({ schedule = [] }: Zone, calendar: Calendar, day: string): readonly ScheduleRule[] {
  if (schedule.length === 0) return [];
  const { kind, periods } = calendar.dayOf(day);
  if (kind === undefined) return [unknownDay];
  return schedule.filter(
    ({ days, periods: within }) =>
      (days === undefined || days.includes(kind)) &&
      (within === undefined || periods.some(({ what }) => within.includes(what))),
  );
}

/**
 * Should this zone be armed now, by its schedule? `away` goes before `stay`, then what lasts longer; undefined: not by the
 * schedule. Pure.
 */
export function scheduledAt(zone: Zone, calendar: Calendar, now: LocalTime): Scheduled | undefined {
  const today = rulesOn(zone, calendar, now.day).filter((rule) => began(rule, now.minute));
  const yesterday = rulesOn(zone, calendar, dayAfter(now.day, -1)).filter(
    (rule) => isOvernight(rule) && now.minute < minuteOf(rule.to),
  );
  const ends = [
    ...today.map((rule) => ({
      rule,
      day: now.day,
      left: minuteOf(rule.to) - now.minute + (isOvernight(rule) ? 1_440 : 0),
    })),
    ...yesterday.map((rule) => ({
      rule,
      day: dayAfter(now.day, -1),
      left: minuteOf(rule.to) - now.minute,
    })),
  ].sort((a, b) => Number(a.rule.mode === 'stay') - Number(b.rule.mode === 'stay') || b.left - a.left);
  const [first] = ends;
  if (first === undefined) return undefined;
  const { mode, from, to } = first.rule;
  return { mode, until: to, period: `${first.day} ${from} ${mode}` };
}

/** Ends on the next day. The same time twice is a whole day. */
function isOvernight({ from, to }: ScheduleRule): boolean {
  return minuteOf(to) <= minuteOf(from);
}

function began(rule: ScheduleRule, minute: number): boolean {
  return minuteOf(rule.from) <= minute && (isOvernight(rule) || minute < minuteOf(rule.to));
}
