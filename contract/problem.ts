import { z } from 'zod';
import { alarmSchema } from './alarm.ts';

/** Closed list of API error codes and their HTTP status (CONTRACT section 10). */
export const problemStatus = {
  'version-conflict': 409,
  'condition-active': 409,
  'second-person-needed': 409,
  'not-possible': 409,
  'already-done': 200,
  'not-stored': 202,
  'not-allowed': 403,
  'wrong-origin': 403,
  'expired-session': 401,
  'sign-in-failed': 401,
  'unknown-alarm': 404,
  'unknown-device': 404,
  'unknown-place': 404,
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
});
export type Problem = z.infer<typeof problemSchema>;
