import { z } from 'zod';
import { instantSchema, kindSchema, severitySchema } from './event.ts';
import { siteIdSchema } from './site-id.ts';

/** What people do with an alarm, in the order in which it is done. */
export const kpiStepSchema = z.enum(['acknowledge', 'confirm', 'dispatch', 'arrive', 'dispose']);
export type KpiStep = z.infer<typeof kpiStepSchema>;

/** What has to be done in time: taken before the second station is called, handled, somebody on the scene. */
export const kpiLevelSchema = z.enum(['acknowledge', 'handle', 'scene']);
export type KpiLevel = z.infer<typeof kpiLevelSchema>;

const count = z.number().int().nonnegative();
const minutes = z.number().nonnegative();
const share = z.number().min(0).max(1).optional().describe('0 to 1; absent: of nothing');

/** Where an alarm came from. Names as they are registered now; the id where it is registered no more. */
const pointSchema = z.object({
  slot: z.string().optional(),
  device: z.string().optional(),
  name: z.string(),
  place: z.string().optional().describe('From the building to the room'),
});
export type KpiPoint = z.infer<typeof pointSchema>;

const responseSchema = z.object({
  step: kpiStepSchema,
  severity: severitySchema,
  n: count.describe('Alarms of which it was done'),
  medianS: z.number(),
  p90S: z.number(),
  longestS: z.number(),
  longestAlarm: z.string().describe('Id of the alarm that took longest'),
});
export type KpiResponse = z.infer<typeof responseSchema>;

const levelSchema = z.object({
  level: kpiLevelSchema,
  limitS: z.number().describe('As configured now; each alarm is judged by what was in force when it sounded'),
  met: count,
  missed: count,
  open: count.describe('Neither yet'),
  share: share.describe('met / (met + missed)'),
});

const falseDeviceSchema = pointSchema.extend({
  alarms: count,
  judged: count.describe('Disposed as real, false, nuisance or equipment'),
  false: count,
  nuisance: count,
  equipment: count,
  rate: share.describe('(false + nuisance + equipment) / judged'),
});

const zoneMinutes = {
  disarmed: minutes.describe('Disarmed by a person'),
  offSchedule: minutes.describe('Of these, while its schedule wanted it armed'),
  bypassed: minutes,
  shelved: minutes,
  isolated: minutes,
};

/** Figures of how alarms were handled within a period (ISA-18.2, EEMUA 191). All real; drills and tests apart. */
export const kpiReportSchema = z.object({
  zone: z.string().describe('IANA time zone of the campus'),
  from: instantSchema,
  to: instantSchema.describe('Exclusive'),
  madeAt: instantSchema.describe('What was known then is in the figures, also of what came after `to`'),
  covered: z
    .object({ alarms: instantSchema.optional(), zones: instantSchema.optional() })
    .describe('Where records begin within the period: what was before is not in the figures'),
  days: z.number().describe('Length of what the figures are about, in days'),
  totals: z.object({
    alarms: count.describe('Opened in the period'),
    triggers: count.describe('With all that came again on an open alarm'),
    perDay: z.number(),
    open: count.describe('Of these not closed when the report was made'),
    closedThemselves: count.describe('Of these closed by the gateway when the condition was over'),
    kinds: z.partialRecord(kindSchema, count),
    practice: z.object({ drill: count, walktest: count, test: count }).describe('Not in any other figure'),
  }),
  severities: z.array(z.object({ severity: severitySchema, alarms: count, share })),
  types: z.array(z.object({ type: z.string(), alarms: count, triggers: count })),
  frequent: z.array(
    pointSchema.extend({
      type: z.string(),
      alarms: count,
      triggers: count,
      share: share.describe('Of all triggers'),
    }),
  ),
  response: z.array(responseSchema),
  levels: z.array(levelSchema),
  verdicts: z
    .object({
      real: count,
      false: count,
      nuisance: count,
      equipment: count,
      test: count,
      drill: count,
      none: count,
    })
    .describe('Of alarms and tampers; `none`: nobody has judged it'),
  falseAlarms: z.object({
    judged: count,
    false: count,
    share,
    devices: count.describe('Devices with at least one'),
    top: z.array(falseDeviceSchema),
  }),
  load: z.object({
    busiest: z.object({ at: instantSchema, alarms: count }).optional().describe('Ten minutes'),
    over: count.describe('Ten minutes with more than ten alarms'),
    overShare: share,
  }),
  floods: z.object({
    n: count,
    minutes,
    list: z.array(z.object({ from: instantSchema, to: instantSchema, alarms: count, peak: count })),
  }),
  standing: z.object({
    n: count.describe('Open for more than 24 hours'),
    list: z.array(
      pointSchema.extend({
        alarm: z.string(),
        type: z.string(),
        since: instantSchema,
        hours: z.number(),
        closed: instantSchema.optional(),
        active: z.boolean().describe('The condition still held'),
      }),
    ),
  }),
  chattering: z.object({
    n: count,
    list: z.array(pointSchema.extend({ type: z.string(), times: count, minutes })),
  }),
  zones: z.array(
    z.object({
      zone: siteIdSchema.optional().describe('Absent: points that are in no zone'),
      name: z.string().optional(),
      ...zoneMinutes,
    }),
  ),
  points: z.object({
    n: count,
    list: z.array(
      pointSchema.extend({
        zone: z.string().optional(),
        bypassed: minutes,
        shelved: minutes,
        isolated: minutes,
      }),
    ),
  }),
  blind: z.object({ n: count, minutes }).describe('The gateway did not run'),
  series: z.array(
    z.object({ from: instantSchema, alarms: count, urgent: count.describe('Of severity 1 and 2') }),
  ),
});
export type KpiReport = z.infer<typeof kpiReportSchema>;
