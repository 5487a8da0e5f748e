import { z } from 'zod';
import { instantSchema } from './event.ts';
import { regionSchema } from './region.ts';
import { schoolCodeSchema } from './school-code.ts';

const laneHead = z.object({ seq: z.number().int().nonnegative(), head: z.string() });
const laneBacklog = z.object({ oldestS: z.number().nonnegative(), n: z.number().int().nonnegative() });

/** First message of a connection on `up/state`. */
export const helloSchema = z.object({
  k: z.literal('hello'),
  v: z.literal(1),
  gateway: z.string(),
  school: schoolCodeSchema,
  region: regionSchema,
  name: z.string(),
  /** Id of this process start; ties hello, heartbeats and the will together. */
  boot: z.string(),
  epoch: z.string(),
  /** Epoch of the journal this one replaces, if known. */
  predecessor: z.string().optional(),
  software: z.string(),
  schema: z.number().int(),
  capabilities: z.array(z.string()),
});
export type Hello = z.infer<typeof helloSchema>;

/** Every 60 s; three misses mean offline. The chain heads let the other side see a truncated journal. */
export const heartbeatSchema = z.object({
  k: z.literal('hb'),
  boot: z.string(),
  epoch: z.string(),
  at: instantSchema,
  lanes: z.object({ a: laneHead, e: laneHead }),
  outbox: z.object({ a: laneBacklog, e: laneBacklog }),
  /** How long the disk can hold events without the uplink. */
  holdHours: z.number().nonnegative(),
  clock: z.enum(['sync', 'holdover', 'unsync']),
  /** What today is by the calendar of the campus: `school-day`, `weekend`, `holiday`, `vacation`, or `unknown`. */
  calendar: z.string().optional(),
  software: z.string(),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** A stop that was meant. */
export const byeSchema = z.object({
  k: z.literal('bye'),
  boot: z.string(),
  planned: z.boolean(),
  untilAt: instantSchema.optional(),
});
export type Bye = z.infer<typeof byeSchema>;

/** The will: the connection of that boot is gone. */
export const goneSchema = z.object({ k: z.literal('gone'), boot: z.string() });
export type Gone = z.infer<typeof goneSchema>;

/** Anything on `up/state`, retained. */
export const gatewayStateSchema = z.discriminatedUnion('k', [
  helloSchema,
  heartbeatSchema,
  byeSchema,
  goneSchema,
]);
export type GatewayState = z.infer<typeof gatewayStateSchema>;
