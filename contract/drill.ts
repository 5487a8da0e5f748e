import { z } from 'zod';
import { alarmActionRequestSchema } from './alarm.ts';
import { instantSchema } from './event.ts';
import { eventTypeCodeSchema } from './event-type.ts';
import { siteIdSchema } from './site-id.ts';
import { writtenTextSchema } from './text.ts';

/** A drill and a walk test end by themselves after an hour at most (CONTRACT section 4). */
export const DRILL_MAX_MINUTES = 60;

export const drillKindSchema = z.enum(['drill', 'walktest']);
/** `drill` (演练): people practise. `walktest` (步测): each point is set off once, to see that it reports. */
export type DrillKind = z.infer<typeof drillKindSchema>;

/** STANDARDS S17: the police know before an emergency button is tried. */
export const policeNoticeSchema = z.strictObject({
  who: writtenTextSchema.min(1).max(40).describe('Who was told: name or number of the officer.'),
  number: z
    .string()
    .regex(/^\+?[0-9][0-9 -]{1,23}$/)
    .describe('The number that was called.'),
  at: instantSchema.describe('When; within the last 7 days.'),
});
export type PoliceNotice = z.infer<typeof policeNoticeSchema>;

const scopeParts = {
  places: z
    .array(siteIdSchema)
    .min(1)
    .max(16)
    .describe('Places; what is registered in them and below when it starts is in the scope.'),
  slots: z.array(siteIdSchema).min(1).max(1_000).optional().describe('Of it only these slots.'),
  devices: z.array(siteIdSchema).min(1).max(1_000).optional().describe('Of it only these devices.'),
};
const commonParts = {
  minutes: z.int().min(1).max(DRILL_MAX_MINUTES).describe('It ends by itself then.'),
  reason: writtenTextSchema.min(1).max(200).describe('What for; everybody reads it.'),
  notice: policeNoticeSchema
    .optional()
    .describe('Needed where emergency buttons (EMG.*) are practised: who of the police was told before.'),
  second: alarmActionRequestSchema.shape.second.describe('A walk test of an installer: who consents.'),
  station: z.string().min(1).max(64).optional().describe('Used where the session names none.'),
};

/** Body of `POST /api/v1/drills`. */
export const drillRequestSchema = z.strictObject({
  ...scopeParts,
  types: z
    .array(eventTypeCodeSchema)
    .min(1)
    .max(20)
    .describe('Types that are practised. Any other one that concerns life is real.'),
  ...commonParts,
});
export type DrillRequest = z.infer<typeof drillRequestSchema>;

/** Body of `POST /api/v1/walk-tests`. */
export const walkTestRequestSchema = z.strictObject({
  zone: siteIdSchema.optional().describe('The zone that is tested, or:'),
  ...scopeParts,
  places: scopeParts.places.optional(),
  types: z
    .array(eventTypeCodeSchema)
    .max(20)
    .default([])
    .describe('Types that concern life and are tested. Others are tested in any case.'),
  ...commonParts,
});
export type WalkTestRequest = z.infer<typeof walkTestRequestSchema>;

/** A drill or walk test that runs, as consoles see it. */
export const drillViewSchema = z.object({
  id: z.uuid(),
  kind: drillKindSchema,
  places: z.array(z.string()),
  zone: z.string().optional(),
  types: z.array(z.string()),
  reason: z.string(),
  /** User name. */
  by: z.string(),
  second: z.string().optional(),
  at: instantSchema,
  until: instantSchema,
  leftS: z.number().int(),
  /** In its scope, and those of them that have reported. */
  points: z.number().int(),
  reported: z.number().int(),
});
export type DrillView = z.infer<typeof drillViewSchema>;

/** One point of a walk test, or one that took part in a drill. */
export const drillPointSchema = z.object({
  device: z.string(),
  name: z.string(),
  slot: z.string().optional(),
  slotName: z.string().optional(),
  input: z.string().optional(),
  place: z.string().optional(),
  /** When it first reported, and what; absent: it has not. */
  at: instantSchema.optional(),
  type: z.string().optional(),
  /** It was real: a second press, made real, or still active at the end. */
  real: z.boolean().optional(),
});
export type DrillPoint = z.infer<typeof drillPointSchema>;

/** What came of it: every point, those that are missing too. */
export const drillReportSchema = drillViewSchema.omit({ leftS: true, points: true, reported: true }).extend({
  notice: policeNoticeSchema.optional(),
  /** Absent: it runs. */
  ended: instantSchema.optional(),
  /** User name, or `timer`. */
  endedBy: z.string().optional(),
  points: z.array(drillPointSchema),
});
export type DrillReport = z.infer<typeof drillReportSchema>;
