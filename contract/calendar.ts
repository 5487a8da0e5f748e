import { z } from 'zod';
import { siteIdSchema } from './site-id.ts';

/** A day of the calendar, `2026-09-01`. */
export const daySchema = z.iso.date('must be a day such as 2026-09-01');

/** A time of the day in the zone of the site, `22:00`. */
export const timeOfDaySchema = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day such as "22:00", with quotation marks');

export const dayKindSchema = z.enum(['school-day', 'weekend', 'holiday', 'vacation']);
/**
 * `school-day`: within a term, and work is done (make-up days count); `weekend`: Saturday or Sunday within a term;
 * `holiday`: statutory or the school's own; `vacation`: within a vacation.
 */
export type DayKind = z.infer<typeof dayKindSchema>;

export const periodKindSchema = z.enum(['admission', 'graduation', 'summer', 'opening', 'special']);
/** 升学季、毕业季、暑期、秋季开学、特殊安保期. */
export type PeriodKind = z.infer<typeof periodKindSchema>;

export const bandKindSchema = z.enum(['arrival', 'lunch', 'nap', 'evening-study', 'lights-out']);
/** 上学、午餐、午休、晚自习、熄灯. */
export type BandKind = z.infer<typeof bandKindSchema>;

const id = siteIdSchema.describe('Stable; another import with the same id changes this entry.');
const name = z.string().min(1).max(80).describe('What people read on screens.');
const span = { from: daySchema.describe('First day.'), to: daySchema.describe('Last day, included.') };

/** One line of the calendar. What it does not cover is unknown, and then zones with a schedule arm at 22:00. */
export const calendarEntrySchema = z.discriminatedUnion('kind', [
  z.strictObject({ id, kind: z.literal('term'), name, ...span }),
  z.strictObject({ id, kind: z.literal('vacation'), name, ...span }),
  z.strictObject({ id, kind: z.literal('holiday'), name, ...span }),
  z.strictObject({
    id,
    kind: z.literal('makeup'),
    name,
    day: daySchema.describe('A day on which work is done although it is a weekend (调休).'),
  }),
  z.strictObject({ id, kind: z.literal('period'), name, what: periodKindSchema, ...span }),
  z.strictObject({
    id,
    kind: z.literal('band'),
    name,
    what: bandKindSchema,
    from: timeOfDaySchema,
    to: timeOfDaySchema.describe('Before `from`: on the next day.'),
    days: z.array(dayKindSchema).min(1).optional().describe('Default: school days.'),
  }),
]);
export type CalendarEntry = z.infer<typeof calendarEntrySchema>;

/** One day of the preview. */
export const calendarDaySchema = z.object({
  day: daySchema,
  /** Undefined: neither a term nor a vacation covers the day. */
  kind: dayKindSchema.optional(),
  /** Of the holiday, the make-up day, the vacation or the term. */
  name: z.string().optional(),
  /** False: neither the program nor the calendar has the holidays of this year. */
  yearKnown: z.boolean(),
  periods: z.array(z.object({ what: periodKindSchema, name: z.string() })),
  bands: z.array(
    z.object({ what: bandKindSchema, name: z.string(), from: timeOfDaySchema, to: timeOfDaySchema }),
  ),
  /** What zones do on this day by their schedules; `to` before `from`: on the next day. */
  zones: z.array(
    z.object({
      zone: siteIdSchema,
      mode: z.enum(['away', 'stay']),
      from: timeOfDaySchema,
      to: timeOfDaySchema,
    }),
  ),
});
export type CalendarDay = z.infer<typeof calendarDaySchema>;
