import { z } from 'zod';
import { transitionSchema } from './alarm.ts';
import { laneSchema } from './event.ts';

/** `SYS.TOMBSTONE`: rows that are gone, named so that nothing disappears silently. */
export const tombstoneSchema = z.object({
  lane: laneSchema,
  from: z.number().int().positive(),
  to: z.number().int().positive(),
  count: z.number().int().positive(),
  why: z.string(),
  recipients: z.array(z.string()).optional(),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

/** `ACC.*`, `VEH.*`: somebody passed or was refused. No name, no card number. */
export const passageSchema = z.object({
  direction: z.enum(['in', 'out', 'unknown']).optional(),
  method: z.string().optional(),
  reason: z.string().optional(),
  count: z.number().int().positive().optional(),
});
export type Passage = z.infer<typeof passageSchema>;

/** `PAT.*`: a checkpoint of a patrol. */
export const patrolSchema = z.object({
  route: z.string().optional(),
  checkpoint: z.string(),
  window: z.tuple([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true })]).optional(),
});
export type Patrol = z.infer<typeof patrolSchema>;

const byType: ReadonlyArray<readonly [RegExp, z.ZodType<Record<string, unknown>>]> = [
  [/^ALM\.TRANSITION$/, transitionSchema],
  [/^SYS\.TOMBSTONE$/, tombstoneSchema],
  [/^(?:ACC|VEH)\./, passageSchema],
  [/^PAT\./, patrolSchema],
];

/** The schema of `data` for a type; undefined where it is free. */
export function eventDataSchema(type: string): z.ZodType<Record<string, unknown>> | undefined {
  return byType.find(([pattern]) => pattern.test(type))?.[1];
}
