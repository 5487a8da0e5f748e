import { z } from 'zod';
import { alarmActionRequestSchema, roleSchema } from './alarm.ts';
import { instantSchema } from './event.ts';
import { writtenTextSchema } from './text.ts';

const station = z.string().min(1).max(64).optional().describe('Used where the session names none.');

/** Somebody on shift. */
export const onShiftSchema = z.object({
  user: z.string(),
  name: z.string(),
  role: roleSchema,
  /** Since when. */
  at: instantSchema,
});
export type OnShift = z.infer<typeof onShiftSchema>;

/** A duty check (查岗) that waits for an answer; `missed`: it came too late for it, and may still be answered. */
export const dutyCheckSchema = z.object({
  id: z.uuid(),
  by: z.string(),
  at: instantSchema,
  until: instantSchema,
  leftS: z.number().int(),
  missed: z.boolean(),
});
export type DutyCheck = z.infer<typeof dutyCheckSchema>;

/** Who is there, as consoles see it. */
export const dutyViewSchema = z.object({
  onShift: z.array(onShiftSchema),
  check: dutyCheckSchema.optional(),
  /** No guard or shift leader has had a console open for too long: DUTY.ABSENT is raised. */
  absent: z.boolean(),
});
export type DutyView = z.infer<typeof dutyViewSchema>;

/** Body of `POST /api/v1/duty/shift`. */
export const shiftRequestSchema = z.strictObject({ on: z.boolean(), station });

/** Body of `POST /api/v1/handover`: both people in one request, and each open severity 1 by its id. */
export const handoverRequestSchema = z.strictObject({
  alarms: z.array(z.uuid()).max(10_000).describe('Every open severity 1: both sign for each.'),
  second: alarmActionRequestSchema.shape.second
    .unwrap()
    .describe('Who takes over: user name with password, or a one-time code.'),
  note: writtenTextSchema.max(2_000).optional().describe('What the next shift should know.'),
  station,
});
export type HandoverRequest = z.infer<typeof handoverRequestSchema>;

/** Body of `POST /api/v1/duty/checks`. */
export const checkRequestSchema = z.strictObject({ station });

/** Body of `POST /api/v1/duty/checks/{id}/answer`. */
export const checkAnswerSchema = z.strictObject({ code: z.string().min(1).max(16), station });

/** Body of `PUT /api/v1/duty/code`. */
export const dutyCodeSchema = z.strictObject({
  password: z.string().min(1).max(256).describe('Your own, so that nobody sets it at an open console.'),
  code: z
    .string()
    .regex(/^\d{4,6}$/)
    .describe('4 to 6 digits.'),
});
