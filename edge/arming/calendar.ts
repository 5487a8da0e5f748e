import type { BandKind, CalendarEntry, DayKind, PeriodKind } from '../../contract/calendar.ts';
import { weekdayOf } from './local-time.ts';
import { type HolidayTable, publicHolidays } from './public-holidays.ts';

type Of<Kind extends CalendarEntry['kind']> = Extract<CalendarEntry, { kind: Kind }>;

/** What a day is. `kind` undefined: neither a term nor a vacation covers it, so nobody knows. */
export interface DayFacts {
  kind: DayKind | undefined;
  name: string | undefined;
  yearKnown: boolean;
  periods: { what: PeriodKind; name: string }[];
}

/** The school's calendar over the statutory one. Pure; the school's own entries go before the statutory table. */
export class Calendar {
  readonly #spans: readonly (Of<'term'> | Of<'vacation'>)[];
  readonly #holidays: readonly Of<'holiday'>[];
  readonly #makeups: ReadonlyMap<string, Of<'makeup'>>;
  readonly #periods: readonly Of<'period'>[];
  readonly #bands: readonly Of<'band'>[];
  readonly #table: HolidayTable;

  constructor(entries: readonly CalendarEntry[], table: HolidayTable = publicHolidays) {
    const of = <Kind extends CalendarEntry['kind']>(kind: Kind) =>
      entries.filter((entry): entry is Of<Kind> => entry.kind === kind);
    this.#spans = [...of('term'), ...of('vacation')];
    this.#holidays = of('holiday');
    this.#makeups = new Map(of('makeup').map((entry) => [entry.day, entry]));
    this.#periods = of('period');
    this.#bands = of('band');
    this.#table = table;
  }

  dayOf(day: string): DayFacts {
    const span = this.#spans.find((one) => covers(one, day));
    const periods = this.#periods.filter((one) => covers(one, day)).map(({ what, name }) => ({ what, name }));
    const facts = { yearKnown: this.yearKnown(day.slice(0, 4)), periods };
    if (span === undefined) return { ...facts, kind: undefined, name: undefined };
    if (span.kind === 'vacation') return { ...facts, kind: 'vacation', name: span.name };
    const makeup = this.#makeups.get(day)?.name;
    if (makeup !== undefined) return { ...facts, kind: 'school-day', name: makeup };
    const holiday = this.#holidays.find((one) => covers(one, day))?.name ?? this.#table.holiday(day);
    if (holiday !== undefined) return { ...facts, kind: 'holiday', name: holiday };
    const statutory = this.#table.makeup(day);
    if (statutory !== undefined) return { ...facts, kind: 'school-day', name: statutory };
    const weekend = weekdayOf(day) % 6 === 0;
    return { ...facts, kind: weekend ? 'weekend' : 'school-day', name: span.name };
  }

  /** Bands of a day of this kind, in their order. */
  bandsOf(kind: DayKind | undefined): { what: BandKind; name: string; from: string; to: string }[] {
    if (kind === undefined) return [];
    return this.#bands
      .filter(({ days = ['school-day'] }) => days.includes(kind))
      .map(({ what, name, from, to }) => ({ what, name, from, to }))
      .sort((a, b) => (a.from < b.from ? -1 : 1));
  }

  /** The holidays of a year are known: from the table, or from the school's own entries. */
  yearKnown(year: string): boolean {
    return this.#table.has(year) || this.#holidays.some(({ from }) => from.startsWith(year));
  }
}

function covers({ from, to }: { from: string; to: string }, day: string): boolean {
  return from <= day && day <= to;
}
