import type { Evidence } from '../../contract/alarm.ts';
import { type FailureKind, isAnswer, OnvifFailure } from '../adapters/onvif/failure.ts';
import type { LiveVideo } from '../adapters/video/live-video.ts';
import type { VideoProblemCode } from '../adapters/video/problems.ts';
import { within } from '../ops/within.ts';
import { FfmpegFailure } from './ffmpeg.ts';
import { firstPicture, type PictureTools } from './pictures.ts';
import type { Piece } from './ring.ts';
import { NoKeyframe, streamPicture } from './stream-picture.ts';

/** Why there is no picture, as a card says it. */
export type NoPicture = Exclude<Evidence['result'], 'taken'>;

/** A picture, when it was taken, and how. */
export interface Picture {
  jpeg: Buffer;
  /** Milliseconds since 1970. */
  at: number;
  from: 'camera' | 'ring' | 'stream';
}

export interface CaptureOptions {
  /** The camera's own picture. Rejects with what it says. */
  snapshotOf: (camera: string, signal: AbortSignal) => Promise<Buffer>;
  /** The newest keyframe of a stream that is kept in memory; undefined: none is. */
  ringOf: (camera: string) => Piece | undefined;
  video: Pick<LiveVideo, 'view'>;
  tools: PictureTools;
  /** For the camera's own picture, all calls together. */
  snapshotMs: number;
  /** For a keyframe of its stream. */
  streamMs: number;
  clock: () => number;
}

/** A camera gave no picture, by no way. */
export class CaptureFailure extends Error {
  override readonly name = 'CaptureFailure';
  readonly result: NoPicture;
  /** The camera said something, whatever it was. */
  readonly hasAnswered: boolean;

  constructor(result: NoPicture, message: string, hasAnswered = false) {
    super(message);
    this.result = result;
    this.hasAnswered = hasAnswered;
  }
}

/**
 * A picture of a camera: its own snapshot, else the newest keyframe that is kept, else one of its stream. Rejects with a
 * `CaptureFailure`, in every case within `snapshotMs`, `streamMs` and the time of ffmpeg together.
 */
export async function takePicture(camera: string, o: CaptureOptions): Promise<Picture> {
  let own: CaptureFailure;
  try {
    return { jpeg: await snapshot(camera, o), at: o.clock(), from: 'camera' };
  } catch (error) {
    own = failureOf(error);
  }
  // with credentials that are refused nothing else is tried: it would lock the account
  if (own.result === 'wrong-password') throw own;
  try {
    const kept = o.ringOf(camera);
    const piece = kept ?? (await streamPicture(o.video, { camera, timeoutMs: o.streamMs, clock: o.clock }));
    const jpeg = await firstPicture(piece, o.tools);
    return { jpeg, at: piece.at, from: kept === undefined ? 'stream' : 'ring' };
  } catch (error) {
    const failure = failureOf(error);
    throw new CaptureFailure(causeOf(own, failure), `${own.message}; ${failure.message}`);
  }
}

/** Of two ways that failed, what the card is to say. */
function causeOf(own: CaptureFailure, stream: CaptureFailure): NoPicture {
  // what the camera itself answered says more than that its stream could not be found
  if (stream.result === 'no-picture') return own.result;
  // it answered just now: neither power nor cable are to be looked for
  const isAway = stream.result === 'unreachable' || stream.result === 'no-answer';
  return isAway && own.hasAnswered ? own.result : stream.result;
}

async function snapshot(camera: string, { snapshotOf, snapshotMs }: CaptureOptions): Promise<Buffer> {
  const abort = new AbortController();
  try {
    const taken = await within(snapshotMs, snapshotOf(camera, abort.signal));
    if (taken === undefined) throw new CaptureFailure('no-answer', `no picture within ${snapshotMs} ms`);
    return taken;
  } finally {
    abort.abort();
  }
}

const byKind: Readonly<Partial<Record<FailureKind, NoPicture>>> = {
  unreachable: 'unreachable',
  tls: 'unreachable',
  timeout: 'no-answer',
  ended: 'no-answer',
  stopped: 'no-answer',
  rejected: 'wrong-password',
};

const byCode: Readonly<Partial<Record<VideoProblemCode, NoPicture>>> = {
  unreachable: 'unreachable',
  silent: 'no-answer',
  frozen: 'no-answer',
  'wrong-password': 'wrong-password',
  'no-password': 'wrong-password',
  'basic-only': 'wrong-password',
  'no-ffmpeg': 'no-ffmpeg',
};

function failureOf(error: unknown): CaptureFailure {
  if (error instanceof CaptureFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof OnvifFailure)
    return new CaptureFailure(byKind[error.kind] ?? 'no-picture', message, isAnswer(error.kind));
  if (error instanceof NoKeyframe) return new CaptureFailure(byCode[error.code] ?? 'no-picture', message);
  const isMissing = error instanceof FfmpegFailure && error.kind === 'missing';
  return new CaptureFailure(isMissing ? 'no-ffmpeg' : 'no-picture', message);
}
