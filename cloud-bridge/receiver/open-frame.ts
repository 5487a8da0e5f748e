import type { RejectionCode } from '../../contract/frame.ts';
import type { UplinkPath } from '../../contract/uplink-topic.ts';
import { type RejectedRow, verifyFrame } from '../frame-chain.ts';
import { decodeFrame, type FrameAddress, FrameError } from '../frame-codec.ts';
import { type Enrolment, identityFault, pathFault } from './identity.ts';
import type { DeadLetter, ReceivedFrame } from './store.ts';

/** A message on `up/a` or `up/e` as it came. */
export interface ArrivedFrame {
  topic: string;
  path: UplinkPath;
  lane: 'a' | 'e';
  wire: Buffer;
}

/** What a message turned out to be. Nothing is stored yet. */
export interface OpenedFrame {
  arrived: ArrivedFrame;
  /** To be stored, or to be marked as rejected. */
  frame?: ReceivedFrame;
  letter?: DeadLetter;
  /** Answered without being stored: the sender is not who it says. */
  refused?: { address: FrameAddress; rejected: RejectedRow[] };
  /** For another recipient: not ours to answer. */
  foreign?: boolean;
}

/** Numbers that one bad frame may have rejected; a frame with more in it has no honest sender. */
const MAX_REJECTED = 1_000;

/** Decodes, checks who sent it and follows its chain. Never rejects: bad input is an answer, too. */
export async function openFrame(
  arrived: ArrivedFrame,
  recipient: string,
  enrolment: Enrolment,
): Promise<OpenedFrame> {
  const county = enrolment.regionOf(arrived.path);
  const misplaced = pathFault(arrived.path, county);
  const enrolled = county !== undefined;
  try {
    const frame = await decodeFrame(arrived.wire);
    if (frame.recipient !== recipient) return { arrived, foreign: true };
    const wrong =
      misplaced ??
      identityFault(arrived.path, frame) ??
      (frame.lane === arrived.lane ? undefined : `lane is "${frame.lane}", the topic is up/${arrived.lane}`);
    if (wrong !== undefined) return refuse(arrived, frame, wrong);
    const verified = verifyFrame(frame);
    if ('reason' in verified) {
      return reject(arrived, enrolled, frame, frame, verified.reason, verified.detail);
    }
    const { region, epoch, lane, from, to, prev, hash } = frame;
    const { school, gateway } = arrived.path;
    const place = { path: arrived.path, wire: arrived.wire, enrolled, school, gateway, region };
    const address = { ...place, epoch, lane, from, to, prev, hash };
    const letter =
      verified.rejected.length > 0
        ? bury(arrived, frame, worst(verified.rejected), summary(verified.rejected))
        : undefined;
    return { arrived, frame: { ...address, proven: true, ...verified }, ...(letter ? { letter } : {}) };
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    const { reason, message, header } = error;
    if (header === undefined) return { arrived, letter: bury(arrived, undefined, reason, message) };
    if (header.recipient !== recipient) return { arrived, foreign: true };
    if (misplaced !== undefined) return refuse(arrived, header, misplaced);
    if (header.gateway !== arrived.path.gateway || header.lane !== arrived.lane) {
      return refuse(arrived, header, 'gateway or lane is not that of the topic');
    }
    return reject(arrived, enrolled, header, undefined, reason, message);
  }
}

/** A frame of ours that cannot be used: each of its numbers counts as had and is named as rejected. */
function reject(
  arrived: ArrivedFrame,
  enrolled: boolean,
  address: FrameAddress,
  frame: { region: string } | undefined,
  reason: RejectionCode,
  detail: string,
): OpenedFrame {
  const letter = bury(arrived, address, reason, detail);
  const rejected = numbers(address, reason, detail);
  if (rejected === undefined) return { arrived, letter };
  const { epoch, lane, from, to } = address;
  const { school, gateway, county } = arrived.path;
  const place = {
    path: arrived.path,
    wire: arrived.wire,
    enrolled,
    school,
    gateway,
    region: frame?.region ?? county,
    epoch,
    lane,
    from,
    to,
  };
  return {
    arrived,
    letter,
    frame: { ...place, prev: '', hash: '', proven: false, rows: [], skips: [], rejected },
  };
}

function refuse(arrived: ArrivedFrame, address: FrameAddress, detail: string): OpenedFrame {
  const letter = bury(arrived, address, 'wrong-identity', detail);
  return {
    arrived,
    letter,
    refused: { address, rejected: numbers(address, 'wrong-identity', detail) ?? [] },
  };
}

/** Each number of a frame with the reason; undefined where they are too many. */
export function numbers(
  { from, to }: Pick<FrameAddress, 'from' | 'to'>,
  reason: RejectionCode,
  detail: string,
): RejectedRow[] | undefined {
  const count = to - from + 1;
  if (count < 1 || count > MAX_REJECTED) return undefined;
  return Array.from({ length: count }, (_, i) => ({ seq: from + i, reason, detail, body: '' }));
}

function bury(
  arrived: ArrivedFrame,
  address: FrameAddress | undefined,
  reason: RejectionCode,
  detail: string,
): DeadLetter {
  const { school, gateway } = arrived.path;
  const { epoch, lane = arrived.lane, from, to } = address ?? {};
  return {
    topic: arrived.topic,
    reason,
    detail,
    bytes: arrived.wire,
    school,
    gateway,
    epoch,
    lane,
    from,
    to,
  };
}

/** Somebody else's event weighs more than an unreadable one. */
function worst(rejected: readonly RejectedRow[]): RejectionCode {
  return rejected.some(({ reason }) => reason === 'wrong-identity') ? 'wrong-identity' : 'unparseable';
}

function summary(rejected: readonly RejectedRow[]): string {
  const named = rejected.slice(0, 3).map(({ seq, detail }) => `seq ${seq}: ${detail}`);
  return `${named.join('; ')}${rejected.length > 3 ? ` and ${rejected.length - 3} more` : ''}`;
}
