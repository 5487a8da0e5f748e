import table from 'chinese-days/dist/chinese-days.json' with { type: 'json' };

/** Statutory holidays and make-up days of one year, by day. */
export interface HolidayTable {
  /** Name of the holiday on this day. */
  holiday(day: string): string | undefined;
  /** Name of the holiday for which work is done on this day (调休). */
  makeup(day: string): string | undefined;
  /** Whether the State Council's notice for this year is in it. */
  has(year: string): boolean;
}

const years = new Set(Object.keys(table.holidays).map((day) => day.slice(0, 4)));

/** As the package `chinese-days` has them; it is brought up to date every November, when the notice is out. */
export const publicHolidays: HolidayTable = {
  holiday: (day) => nameIn(table.holidays, day),
  makeup: (day) => nameIn(table.workdays, day),
  has: (year) => years.has(year),
};

/** Entries are `National Day,国庆节,3`. */
function nameIn(days: Record<string, string>, day: string): string | undefined {
  return Object.hasOwn(days, day) ? days[day]?.split(',')[1] : undefined;
}
