import type { CalendarDay } from '../../contract/calendar.ts';
import type { Zone } from '../../contract/zone.ts';
import type { Calendar } from './calendar.ts';
import { dayAfter } from './local-time.ts';
import { rulesOn } from './schedule.ts';

/** What the next days are, and what the zones do on them. Pure. */
export function previewOf(
  calendar: Calendar,
  zones: readonly Zone[],
  first: string,
  days: number,
): CalendarDay[] {
  return Array.from({ length: days }, (_, index) => {
    const day = dayAfter(first, index);
    const { kind, name, yearKnown, periods } = calendar.dayOf(day);
    return {
      day,
      ...(kind === undefined ? {} : { kind }),
      ...(name === undefined ? {} : { name }),
      yearKnown,
      periods,
      bands: calendar.bandsOf(kind),
      zones: zones.flatMap((zone) =>
        rulesOn(zone, calendar, day).map(({ mode, from, to }) => ({ zone: zone.id, mode, from, to })),
      ),
    };
  });
}
