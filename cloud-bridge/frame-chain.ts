import { z } from 'zod';
import { chainNext, digestOf } from '../contract/chain.ts';
import { instantSchema } from '../contract/event.ts';
import type { Frame, RejectionCode, Skip } from '../contract/frame.ts';
import { sameRegion } from './receiver/identity.ts';

/** One event of a verified frame: its place in the chain, and what the receiver files it under. */
export interface FrameRow {
  seq: number;
  /** As it travelled. */
  body: string;
  /** Digest that the chain goes over: of the body, or of the original where a field policy altered it. */
  digest: Buffer;
  altered: boolean;
  /** `h(seq)`. */
  hash: Buffer;
  id: string;
  type: string;
  severity: number;
  /** ISO 8601, when it happened. */
  time: string;
  /** The body, parsed. */
  event: Record<string, unknown>;
}

/** An event that holds its place in the chain but cannot be filed. */
export interface RejectedRow {
  seq: number;
  reason: RejectionCode;
  detail: string;
  body: string;
}

/** Everything of a frame that is proven by its hashes. */
export interface VerifiedFrame {
  rows: FrameRow[];
  skips: Skip[];
  rejected: RejectedRow[];
}

/** Why a frame as a whole cannot be used. */
export interface FrameFault {
  reason: RejectionCode;
  detail: string;
}

/** What a receiver must be able to read of a body; everything else is stored unread. */
const bodySchema = z.looseObject({
  id: z.string().min(1).max(64),
  type: z.string().min(1).max(64),
  time: instantSchema,
  lane: z.string(),
  seq: z.number(),
  severity: z.number().int().min(1).max(4),
});

/**
 * Follows the chain of a frame from `prev` to `hash`: events in order of their `seq`, skips jumping to their own hash,
 * together covering `from..to` exactly once. Pure.
 */
export function verifyFrame(frame: Frame): VerifiedFrame | FrameFault {
  if (frame.to < frame.from)
    return { reason: 'unparseable', detail: `to ${frame.to} is before from ${frame.from}` };
  const skips = [...frame.skips].sort((a, b) => a.from - b.from);
  const rows: FrameRow[] = [];
  const rejected: RejectedRow[] = [];
  let hash: Buffer = Buffer.from(frame.prev, 'hex');
  let seq = frame.from;
  let [event, skip] = [0, 0];
  while (seq <= frame.to) {
    const jump = skips[skip];
    if (jump?.from === seq) {
      if (jump.to < jump.from || jump.to > frame.to || jump.count > jump.to - jump.from + 1) {
        return uncovered(`skip ${jump.from}..${jump.to} (count ${jump.count}) does not fit`);
      }
      hash = Buffer.from(jump.hash, 'hex');
      seq = jump.to + 1;
      skip += 1;
      continue;
    }
    const item = frame.events[event];
    if (item === undefined) return uncovered(`seq ${seq} is in no event and no skip`);
    const digest = item.d === undefined ? digestOf(item.b) : Buffer.from(item.d, 'hex');
    hash = chainNext(hash, seq, digest);
    const read = readBody(item.b, frame, seq);
    if ('detail' in read) rejected.push({ seq, body: item.b, ...read });
    else rows.push({ seq, body: item.b, digest, altered: item.d !== undefined, hash, ...read });
    event += 1;
    seq += 1;
  }
  if (event < frame.events.length) return uncovered(`${frame.events.length - event} events too many`);
  if (skip < skips.length) return uncovered(`skip ${skips[skip]?.from}..${skips[skip]?.to} does not fit`);
  if (hash.toString('hex') === frame.hash) return { rows, skips, rejected };
  return {
    reason: 'bad-hash',
    detail: `events and skips ${frame.from}..${frame.to} do not lead from prev to hash`,
  };
}

function uncovered(detail: string): FrameFault {
  return { reason: 'unparseable', detail };
}

type Filed = Pick<FrameRow, 'id' | 'type' | 'severity' | 'time' | 'event'>;

function readBody(body: string, frame: Frame, seq: number): Filed | FrameFault {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return { reason: 'unparseable', detail: 'body is not JSON' };
  }
  const parsed = bodySchema.safeParse(event);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { reason: 'unparseable', detail: `${issue?.path.join('.')}: ${issue?.message}`.slice(0, 200) };
  }
  const { id, type, severity, time } = parsed.data;
  const { lane } = frame;
  if (parsed.data.seq !== seq || parsed.data.lane !== lane) {
    const says = `${parsed.data.lane}/${parsed.data.seq}`.slice(0, 40);
    return { reason: 'unparseable', detail: `body says lane and seq ${says}, its place is ${lane}/${seq}` };
  }
  const foreign = originFault(parsed.data, frame);
  if (foreign !== undefined) return { reason: 'wrong-identity', detail: foreign };
  return { id, type, severity, time, event: parsed.data };
}

/** Whom a body names must be whom the frame is from. One that names nobody is nobody else's. */
function originFault(body: Record<string, unknown>, frame: Frame): string | undefined {
  const { region, school, gateway } = frame;
  const { source, data } = body;
  if (source !== undefined && source !== `/${region}/${school}/${gateway}`) {
    const [, county = '', ...rest] = String(source).split('/');
    if (rest.join('/') !== `${school}/${gateway}` || !sameRegion(county, region)) {
      return `source is "${String(source).slice(0, 100)}", the frame is of /${region}/${school}/${gateway}`;
    }
  }
  const origin = Object(Object(data).origin) as Record<string, unknown>;
  const named = (['gateway', 'school', 'region'] as const).find((key) => {
    const value = origin[key];
    if (value === undefined || value === frame[key]) return false;
    return key !== 'region' || !sameRegion(String(value), region);
  });
  if (named === undefined) return undefined;
  return `origin.${named} is "${String(origin[named]).slice(0, 64)}", the frame is of "${frame[named]}"`;
}
