import { z } from 'zod';
import { readingSchema } from './reading.ts';

/** Version of the event shape carried in every event as `v`. */
export const EVENT_VERSION = 1;

/** ISO 8601 with milliseconds and offset; stored as UTC (`...Z`). */
export const instantSchema = z.iso.datetime({ offset: true });

export const laneSchema = z.enum(['a', 'e']);
/** `a`: alarms, tampers, requests, default severity 1-2, alarm transitions. `e`: everything else. */
export type Lane = z.infer<typeof laneSchema>;
export const lanes: readonly Lane[] = ['a', 'e'];

export const severitySchema = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]);
/** 1 is most urgent, as in GB/T 28181 and GA/T 669.7. */
export type Severity = z.infer<typeof severitySchema>;

export const kindSchema = z.enum(['alarm', 'tamper', 'fault', 'request', 'event', 'record']);
export type Kind = z.infer<typeof kindSchema>;

export const edgeSchema = z.enum(['raise', 'clear', 'pulse', 'update']);
/** `raise` and `clear` of a state, `pulse` (momentary), `update` (a value changed, no judgement). */
export type Edge = z.infer<typeof edgeSchema>;

export const modeSchema = z.enum(['live', 'test', 'drill', 'walktest']);
export type Mode = z.infer<typeof modeSchema>;

export const freshnessSchema = z.enum(['live', 'late', 'replay', 'initial']);
/** `late`: queued, historical or provably old; `replay`: retained; `initial`: state learnt at first sight. */
export type Freshness = z.infer<typeof freshnessSchema>;

export const clockSchema = z.object({
  source: z.enum(['device', 'gateway']),
  quality: z.enum(['sync', 'holdover', 'unsync']),
  /** Device clock minus gateway clock, milliseconds. */
  offsetMs: z.number().optional(),
  /** The device's time had no zone; it was read in the site's zone. */
  zoneless: z.boolean().optional(),
});
export type Clock = z.infer<typeof clockSchema>;

/** The device gave no time of its own: the clock of most events, while the gateway's own is in sync. */
export const gatewayClock: Readonly<Clock> = Object.freeze({ source: 'gateway', quality: 'sync' });

/** The gateway's clock by its quality. */
export const gatewayClocks: Readonly<Record<Clock['quality'], Readonly<Clock>>> = Object.freeze({
  sync: gatewayClock,
  holdover: Object.freeze({ source: 'gateway', quality: 'holdover' }),
  unsync: Object.freeze({ source: 'gateway', quality: 'unsync' }),
});

/** Where an event comes from; filled from the registry. */
export const originSchema = z.object({
  gateway: z.string(),
  school: z.string(),
  region: z.string(),
  device: z.string().optional(),
  slot: z.string().optional(),
  place: z.string().optional(),
  unit: z.string().optional(),
  profile: z.string().optional(),
});
export type Origin = z.infer<typeof originSchema>;

export const mediaSchema = z.object({
  kind: z.enum(['snapshot', 'clip']),
  id: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  at: instantSchema,
});
export type Media = z.infer<typeof mediaSchema>;

/** What a profile makes of a message: an event before the gateway gives it an identity and an origin. */
export const eventDraftSchema = z.object({
  v: z.literal(EVENT_VERSION),
  type: z.string(),
  kind: kindSchema,
  severity: severitySchema,
  edge: edgeSchema,
  mode: modeSchema,
  freshness: freshnessSchema,
  occurredAt: instantSchema,
  receivedAt: instantSchema,
  clock: clockSchema,
  /** Which input of a device with several (I/O channel, ONVIF source token); selects the slot. */
  input: z.string().optional(),
  readings: z.array(readingSchema).optional(),
  media: z.array(mediaSchema).optional(),
  dedupKey: z.string().optional(),
  cause: z.array(z.string()).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
export type EventDraft = z.infer<typeof eventDraftSchema>;

/** A normalised event (CONTRACT section 3). `id` is the idempotency key everywhere after the gateway. */
export const eventSchema = eventDraftSchema.extend({
  id: z.uuid(),
  lane: laneSchema,
  seq: z.number().int().positive(),
  origin: originSchema,
});
export type Event = z.infer<typeof eventSchema>;
