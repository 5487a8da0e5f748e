import { z } from 'zod';

const viewSchema = z.number().int().min(1).max(0xffff_ffff);
const streamSchema = z.enum(['main', 'sub']);

/** Text frames by which a client of the live feed asks for live pictures; it numbers its views itself. */
export const viewRequestSchema = z.discriminatedUnion('k', [
  z.strictObject({
    k: z.literal('view'),
    view: viewSchema,
    /** Id of the device. */
    camera: z.string().min(1).max(64),
    stream: streamSchema,
    /** It plays H.264 in fragmented MP4 (Media Source Extensions); else it is sent MPEG-1. */
    mse: z.boolean(),
  }),
  z.strictObject({ k: z.literal('unview'), view: viewSchema }),
]);
export type ViewRequest = z.infer<typeof viewRequestSchema>;

/** Text frames about a view; the picture itself comes in binary frames (`live-video-frame.ts`). */
export const videoNoticeSchema = z.discriminatedUnion('k', [
  /** A stream begins, also again after a break: what came before is over. */
  z.object({
    k: z.literal('view-started'),
    view: viewSchema,
    stream: streamSchema,
    /** `mse`: fragmented MP4; `jsmpeg`: MPEG-1 video in an MPEG transport stream. */
    player: z.enum(['mse', 'jsmpeg']),
    /** As in RFC 6381; `mpeg1`. */
    codec: z.string(),
    /** Of `mse`: for the SourceBuffer. */
    mime: z.string().optional(),
  }),
  /** No picture. `retryInMs`: the gateway tries again by itself; without it the view is over. */
  z.object({
    k: z.literal('view-failed'),
    view: viewSchema,
    code: z.string(),
    problem: z.object({ zh: z.string(), en: z.string() }),
    retryInMs: z.number().optional(),
  }),
]);
export type VideoNotice = z.infer<typeof videoNoticeSchema>;

/** A camera that may be looked at (`GET /api/v1/live/cameras`). */
export const liveCameraSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** Where it hangs; absent: not registered. */
  place: z.string().optional(),
  /** It hangs in a private place: its picture is refused. */
  private: z.boolean(),
});
export type LiveCamera = z.infer<typeof liveCameraSchema>;
