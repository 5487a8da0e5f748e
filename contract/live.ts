import { z } from 'zod';
import { alarmSchema, isolationSchema } from './alarm.ts';
import { cloudEventSchema } from './cloud-event.ts';
import { drillViewSchema } from './drill.ts';
import { dutyViewSchema } from './duty.ts';
import { instantSchema } from './event.ts';
import { LIVE_HEARTBEAT_MS } from './live-timing.ts';
import { blindWindowSchema, promptSchema, zoneViewSchema } from './zone.ts';

export { LIVE_HEARTBEAT_MS, LIVE_WATCHDOG_MS, liveClose } from './live-timing.ts';

/** A detector whose alarms do not sound: why, until when, and who looks after the place instead. */
export const isolationViewSchema = isolationSchema.omit({ by: true, second: true }).extend({
  /** Id of the alarm it was isolated from; to restore it. */
  alarm: z.uuid(),
  type: z.string(),
  slot: z.string().optional(),
  device: z.string().optional(),
  place: z.string().optional(),
});
export type IsolationView = z.infer<typeof isolationViewSchema>;

export const liveStatusSchema = z.object({
  k: z.literal('status'),
  uplinks: z.array(z.object({ recipient: z.string(), state: z.enum(['up', 'down']), oldestS: z.number() })),
  storage: z.enum(['ok', 'full', 'failing']),
  clock: z.enum(['sync', 'holdover', 'unsync']),
  cameras: z.object({ total: z.number(), silent: z.number(), offline: z.number() }),
  /** `unknown`: behind a bridge or broker that is away, or never heard. */
  devices: z.object({ total: z.number(), offline: z.number(), unknown: z.number() }),
  /** What the installer should look at: unknown devices, registered ones that cannot be read, discovery messages. */
  inbox: z.object({ unknown: z.number(), unreadable: z.number(), described: z.number() }).optional(),
  /** `none`: no console of a guard, shift leader or kiosk has said that it can be heard. */
  sound: z.enum(['armed', 'none']),
  mode: z.enum(['normal', 'drill', 'walktest']),
  /** Zones as they are now; absent: there are none. */
  zones: z.array(zoneViewSchema).optional(),
  /** What a person should do about zones. */
  prompts: z.array(promptSchema).optional(),
  /** Times in which nothing was watched and that nobody has signed for. */
  blind: z.array(blindWindowSchema).optional(),
  /** Who is on shift, and the duty check that waits. */
  duty: dutyViewSchema.optional(),
  /** Drills and walk tests that run; absent: none. */
  drills: z.array(drillViewSchema).optional(),
  /** Detectors that are isolated; absent: none. */
  isolations: z.array(isolationViewSchema).optional(),
});
export type LiveStatus = z.infer<typeof liveStatusSchema>;

/** Every text frame of `GET /api/v1/live?since=POSITION` (CONTRACT section 8), told apart by `k`. */
export const liveFrameSchema = z.discriminatedUnion('k', [
  z.object({
    k: z.literal('hello'),
    position: z.number(),
    epoch: z.string(),
    /** Oldest position still stored. */
    oldest: z.number(),
    serverTime: instantSchema,
    hb: z.literal(LIVE_HEARTBEAT_MS),
  }),
  /** All open alarms; sent when there is no `since`, it is too old, or the epoch changed. */
  z.object({ k: z.literal('snapshot'), position: z.number(), alarms: z.array(alarmSchema) }),
  /** One per commit: its events in order, and each touched alarm's full state after it. */
  z.object({
    k: z.literal('commit'),
    position: z.number(),
    events: z.array(cloudEventSchema),
    alarms: z.array(alarmSchema),
  }),
  /** Alarms that are not on disk yet; replaced by a later commit of the same id. */
  z.object({ k: z.literal('unsaved'), alarms: z.array(alarmSchema) }),
  liveStatusSchema,
  z.object({ k: z.literal('hb'), position: z.number() }),
]);
export type LiveFrame = z.infer<typeof liveFrameSchema>;

/**
 * Whether the client's sound is switched on, after each hello and when that changes. The only other text frames a client
 * sends ask for live pictures (`live-video.ts`).
 */
export const liveReportSchema = z.strictObject({ k: z.literal('sound'), armed: z.boolean() });
export type LiveReport = z.infer<typeof liveReportSchema>;
