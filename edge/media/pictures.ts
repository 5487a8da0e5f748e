import type { Turns } from '../ops/turns.ts';
import { runFfmpeg } from './ffmpeg.ts';
import type { Piece } from './ring.ts';

/** A keyframe of 4K becomes a JPEG of some 2 MB. */
const MAX_JPEG_BYTES = 16 * 1024 * 1024;
const PICTURE_MS = 8_000;
const FILM_MS = 30_000;

export interface PictureTools {
  /** Program. */
  ffmpeg: string;
  /** Pieces of work for ffmpeg at a time. */
  turns: Turns;
}

/** The first picture of a piece of a stream as a JPEG. Rejects with an `FfmpegFailure`. */
export function firstPicture({ head, segments }: Piece, { ffmpeg, turns }: PictureTools): Promise<Buffer> {
  const format = head.player === 'mse' ? 'mp4' : 'mpegts';
  const args = ['-f', format, '-i', 'pipe:0', '-frames:v', '1', '-an', '-c:v', 'mjpeg', '-q:v', '3'];
  return turns.take(() =>
    runFfmpeg({
      ffmpeg,
      args: [...args, '-pix_fmt', 'yuvj420p', '-f', 'image2pipe', 'pipe:1'],
      input: [head.init, ...segments],
      timeoutMs: PICTURE_MS,
      maxBytes: MAX_JPEG_BYTES,
    }),
  );
}

/** Puts a piece of a stream into `file` as an ordinary MP4; nothing is decoded. Rejects with an `FfmpegFailure`. */
export async function remux(
  { head, segments }: Piece,
  file: string,
  { ffmpeg, turns }: PictureTools,
): Promise<void> {
  const args = ['-y', '-f', 'mp4', '-i', 'pipe:0', '-map', '0:v:0', '-an', '-c', 'copy'];
  await turns.take(() =>
    runFfmpeg({
      ffmpeg,
      args: [...args, '-movflags', '+faststart', '-f', 'mp4', file],
      input: [head.init, ...segments],
      timeoutMs: FILM_MS,
      maxBytes: 0,
    }),
  );
}
