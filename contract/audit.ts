import { z } from 'zod';
import { roleSchema } from './alarm.ts';

/** One line of the audit (STANDARDS S19): who, when, from where, what, on what, with what result. */
export const auditEntrySchema = z.object({
  at: z.string().describe('ISO 8601, by the clock of the gateway'),
  user: z
    .string()
    .optional()
    .describe('Only a user that exists: people type their password into the wrong field'),
  role: roleSchema.optional(),
  address: z.string().optional().describe('From where: IP address'),
  station: z.string().optional().describe('From where: name of the desk'),
  act: z
    .string()
    .describe('What: `session.sign-in`, `alarm.close`, or the type of an event such as `ARM.DISARM`'),
  on: z.string().optional().describe('On what: id of an alarm, device, person, place'),
  result: z
    .enum(['done', 'refused', 'failed'])
    .describe('`failed`: allowed, but it did not work, as with a wrong password'),
  why: z.string().optional().describe('Of what was not done: code of the problem'),
  second: z.object({ user: z.string(), role: roleSchema.optional() }).optional(),
  event: z.string().optional().describe('Id of the event in the journal that says more'),
  detail: z.record(z.string(), z.unknown()).optional(),
});

type Stored = z.infer<typeof auditEntrySchema>;

/** As it is made; a member that is undefined is not stored. */
export type AuditEntry = { [Key in keyof Stored]: Stored[Key] };
