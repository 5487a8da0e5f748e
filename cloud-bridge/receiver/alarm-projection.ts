import { z } from 'zod';

/** What the receiver needs of the alarm inside a transition; a newer gateway may say more. */
const alarmSchema = z.looseObject({
  id: z.string().min(1).max(64),
  version: z.number().int().positive(),
  type: z.string(),
  severity: z.number().int(),
  operator: z.string(),
  firstAt: z.string(),
});
export type ReceivedAlarm = z.infer<typeof alarmSchema>;

const transitionBodySchema = z.looseObject({
  data: z.looseObject({ data: z.looseObject({ alarm: alarmSchema }) }),
});

/** The alarm as a transition event leaves it; undefined if the body has none. */
export function alarmOf(event: Record<string, unknown>): ReceivedAlarm | undefined {
  return transitionBodySchema.safeParse(event).data?.data.data.alarm;
}
