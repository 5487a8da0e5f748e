import { z } from 'zod';
import { alarmSchema } from './alarm.ts';
import { zoneViewSchema } from './zone.ts';

/** Closed list of API error codes and their HTTP status (CONTRACT section 10). */
export const problemStatus = {
  'version-conflict': 409,
  'condition-active': 409,
  'second-person-needed': 409,
  'not-possible': 409,
  'zone-not-ready': 409,
  'already-done': 200,
  'not-stored': 202,
  'not-allowed': 403,
  'private-place': 403,
  'wrong-origin': 403,
  'expired-session': 401,
  'sign-in-failed': 401,
  'second-factor-needed': 401,
  'password-change-needed': 403,
  'unknown-alarm': 404,
  'unknown-device': 404,
  'unknown-place': 404,
  'unknown-media': 404,
  'unknown-person': 404,
  'unknown-zone': 404,
  'unknown-entry': 404,
  'unknown-drill': 404,
  'unknown-check': 404,
  'handover-incomplete': 409,
  'unknown-route': 404,
  'too-many-attempts': 429,
  invalid: 400,
  'too-large': 413,
  internal: 500,
  'not-ready': 503,
} as const;
export type ProblemCode = keyof typeof problemStatus;

/** `application/problem+json` (RFC 9457). `detail` says what to do next, in the language asked for. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum(Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]),
  instance: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** With `version-conflict`, `already-done`, `not-stored`: the alarm as it is now. */
  alarm: alarmSchema.optional(),
  unsaved: z.boolean().optional(),
  /** With problems of a zone: the zone as it is now. */
  zone: zoneViewSchema.optional(),
  /** With `handover-incomplete`: ids of the open alarms that were not signed for. */
  missing: z.array(z.string()).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
