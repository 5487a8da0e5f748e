import { z } from 'zod';
import { instantSchema, laneSchema } from './event.ts';
import { regionSchema } from './region.ts';
import { schoolCodeSchema } from './school-code.ts';

export const FRAME_VERSION = 1;
/** First bytes of every frame on the wire. */
export const FRAME_MAGIC = 'CSF1';
/** Byte after the magic. */
export const frameEncoding = { json: 0, gzip: 1 } as const;
/** 256 KiB on the wire. */
export const FRAME_MAX_WIRE_BYTES = 256 * 1024;
/** 4 MiB once expanded; a receiver stops inflating there. */
export const FRAME_MAX_EXPANDED_BYTES = 4 * 1024 * 1024;

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');
const seqSchema = z.number().int().positive();

/** One stored row. `b` is the stored body as a JSON string, so that nothing re-serialises it. */
export const frameEventSchema = z.object({
  b: z.string(),
  /** Original digest (hex), present where a field policy altered the body. */
  d: hashSchema.optional(),
});
export type FrameEvent = z.infer<typeof frameEventSchema>;

/** A named range that does not travel. `hash = h(to)`, so that the chain continues over it. */
export const skipSchema = z.object({
  from: seqSchema,
  to: seqSchema,
  why: z.enum(['filter', 'expired', 'lost']),
  count: z.number().int().positive(),
  hash: hashSchema,
  /** Event types with uplink policy `count`: how many of each are in the range. */
  counts: z.record(z.string(), z.number().int().positive()).optional(),
});
export type Skip = z.infer<typeof skipSchema>;

/**
 * A slice of one lane's chain: `prev = h(from-1)`, `hash = h(to)`. Events (by the `seq` in their bodies) and skips
 * cover `from..to` exactly once. It may be cut differently on each resend (CONTRACT section 6).
 */
export const frameSchema = z.object({
  v: z.literal(FRAME_VERSION),
  recipient: z.string(),
  gateway: z.string(),
  school: schoolCodeSchema,
  region: regionSchema,
  epoch: z.string(),
  lane: laneSchema,
  from: seqSchema,
  to: seqSchema,
  prev: hashSchema,
  hash: hashSchema,
  sentAt: instantSchema,
  events: z.array(frameEventSchema),
  skips: z.array(skipSchema),
});
export type Frame = z.infer<typeof frameSchema>;

/** Inclusive range of sequence numbers. */
export const rangeSchema = z.tuple([seqSchema, seqSchema]);
export type Range = z.infer<typeof rangeSchema>;

export const rejectionCodeSchema = z.enum([
  'unparseable',
  'bad-hash',
  'conflict',
  'wrong-identity',
  'too-large',
]);
export type RejectionCode = z.infer<typeof rejectionCodeSchema>;

/** At most this many ranges in `have` and in `missing`. */
export const RECEIPT_MAX_RANGES = 64;

/** Sent by a receiver only after its own COMMIT. `ack` is the contiguous high-water mark (0: nothing yet). */
export const receiptSchema = z.object({
  v: z.literal(FRAME_VERSION),
  recipient: z.string(),
  epoch: z.string(),
  lane: laneSchema,
  ack: z.number().int().nonnegative(),
  have: z.array(rangeSchema).max(RECEIPT_MAX_RANGES),
  /** Holes older than 5 s only. */
  missing: z.array(rangeSchema).max(RECEIPT_MAX_RANGES),
  rejected: z.array(z.object({ seq: seqSchema, code: rejectionCodeSchema, detail: z.string() })),
  /** Frames the receiver is ready to take in flight on this lane. */
  credit: z.number().int().nonnegative(),
  at: instantSchema,
});
export type Receipt = z.infer<typeof receiptSchema>;
