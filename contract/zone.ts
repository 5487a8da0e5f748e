import { z } from 'zod';
import { alarmActionRequestSchema } from './alarm.ts';
import { dayKindSchema, periodKindSchema, timeOfDaySchema } from './calendar.ts';
import { instantSchema } from './event.ts';
import { siteIdSchema } from './site-id.ts';

export const armModeSchema = z.enum(['away', 'stay']);
/** `away`: everything is watched; `stay`: all but the `staySlots`. */
export type ArmMode = z.infer<typeof armModeSchema>;

export const zoneModeSchema = z.enum(['away', 'stay', 'disarmed']);
export type ZoneMode = z.infer<typeof zoneModeSchema>;

/** When a zone is armed by itself. Nothing ever disarms it but a person. */
export const scheduleRuleSchema = z.strictObject({
  days: z.array(dayKindSchema).min(1).optional().describe('Kinds of the day of `from`. Default: every day.'),
  periods: z.array(periodKindSchema).min(1).optional().describe('Only within these periods of the calendar.'),
  from: timeOfDaySchema.describe('Arms.'),
  to: timeOfDaySchema.describe(
    'Asks a person to disarm. Before `from`, or equal: on the next day at this time.',
  ),
  mode: armModeSchema.default('away'),
});
export type ScheduleRule = z.infer<typeof scheduleRuleSchema>;

const delay = z.number().int().min(0).max(255);
const slotIds = z.array(siteIdSchema).max(1_000);

/**
 * A zone (防区): slots that are armed and disarmed together. Only `disarmable` types follow it; panic, fire, gas, tamper
 * and faults are watched around the clock.
 */
export const zoneSchema = z.strictObject({
  id: siteIdSchema,
  name: z.string().min(1).max(80).describe('What people read on screens.'),
  slots: slotIds.optional().describe('Ids of slots. A slot is in one zone at most.'),
  places: z
    .array(siteIdSchema)
    .max(100)
    .optional()
    .describe(
      'Ids of places: the slots in them and below, but for those that are `armed: always` or in a nearer zone.',
    ),
  entryDelay: delay
    .default(30)
    .describe('Seconds between the first signal of an entry slot and the alarm; 0: at once.'),
  exitDelay: delay.default(60).describe('Seconds to leave through the entry slots after arming.'),
  entrySlots: slotIds
    .optional()
    .describe('Slots on the way in and out. Without them there is no delay at all.'),
  staySlots: slotIds.optional().describe('Slots that are not watched in stay mode.'),
  schedule: z
    .array(scheduleRuleSchema)
    .min(1)
    .max(50)
    .optional()
    .describe('When it arms by itself. Left out: only people arm it.'),
});
export type Zone = z.infer<typeof zoneSchema>;

export const zonePhaseSchema = z.enum(['disarmed', 'exit', 'armed', 'entry', 'alarm']);
/** `exit`, `entry`: a delay is running. `alarm`: armed, and something was alarmed since. */
export type ZonePhase = z.infer<typeof zonePhaseSchema>;

export const zoneReasonSchema = z.object({
  why: z.enum(['open', 'offline', 'fault', 'tamper', 'battery', 'alarm']),
  slot: z.string(),
  device: z.string().optional(),
  /** Type of the condition. */
  type: z.string(),
});
/** Why a zone is not ready to be armed. */
export type ZoneReason = z.infer<typeof zoneReasonSchema>;

export const bypassSchema = z.object({
  slot: z.string(),
  reason: z.string(),
  by: z.string(),
  at: instantSchema,
  /** By a forced arming, not by name. */
  forced: z.boolean().optional(),
});
/** A slot whose disarmable types are not watched until the zone is disarmed. */
export type Bypass = z.infer<typeof bypassSchema>;

/** A zone as consoles see it. */
export const zoneViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** The smallest place that holds all of it. */
  place: z.string().optional(),
  mode: zoneModeSchema,
  phase: zonePhaseSchema,
  /** Compared by what people do; changes with what people do, not with delays. */
  version: z.number().int(),
  since: instantSchema,
  /** User name, or `schedule`. */
  by: z.string(),
  /** End of the exit or entry delay, and its whole length in seconds. */
  until: instantSchema.optional(),
  delayS: z.number().optional(),
  slots: z.number().int(),
  reasons: z.array(zoneReasonSchema),
  bypasses: z.array(bypassSchema),
  /** By schedule it is armed now, until this time of the day. */
  scheduled: z.object({ mode: armModeSchema, until: timeOfDaySchema }).optional(),
  /** It is registered no more; it stays armed as it was until a person disarms it. */
  removed: z.boolean().optional(),
});
export type ZoneView = z.infer<typeof zoneViewSchema>;

/** Something a person should do about zones. */
export const promptSchema = z.object({
  kind: z.enum(['disarm-due', 'arm-failed', 'off-schedule', 'calendar-missing', 'year-missing']),
  zone: z.string().optional(),
  /** Year whose holidays nobody knows. */
  year: z.number().int().optional(),
  since: instantSchema.optional(),
});
export type Prompt = z.infer<typeof promptSchema>;

/** The gateway did not run then: nothing was watched (盲区). Shown until a person has signed it. */
export const blindWindowSchema = z.object({
  id: z.string(),
  /** Last sign of life of the run before. */
  from: instantSchema,
  /** Start of the run after it; before `from` where the clock was set back meanwhile. */
  to: instantSchema,
  /** The clock was set back meanwhile: nobody knows for how long nothing was watched. */
  clockSetBack: z.boolean().optional(),
});
export type BlindWindow = z.infer<typeof blindWindowSchema>;

const station = z.string().min(1).max(64).optional().describe('Used where the session names none');

/** Body of `POST /api/v1/zones/{id}/{action}`. */
export const zoneActionRequestSchema = z.strictObject({
  version: z.number().int().min(0).describe('As last seen; compared but for disarming'),
  /** `bypass`, `unbypass`: which slot. */
  slot: siteIdSchema.optional(),
  /** `bypass` and forced arming: why. */
  reason: z.string().min(1).max(500).optional(),
  /** `arm`, `stay`: arm although it is not ready; what is open is bypassed. */
  force: z.boolean().optional(),
  second: alarmActionRequestSchema.shape.second.describe(
    'The shift leader, where a guard by-passes or forces',
  ),
  station,
});
export type ZoneActionRequest = z.infer<typeof zoneActionRequestSchema>;

export const zoneActionSchema = z.enum(['arm', 'stay', 'disarm', 'bypass', 'unbypass']);
export type ZoneAction = z.infer<typeof zoneActionSchema>;
