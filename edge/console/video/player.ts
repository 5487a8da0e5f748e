import { JsmpegPlayer } from './jsmpeg-player.ts';
import { MsePlayer } from './mse-player.ts';

/** Plays one stream from its beginning. */
export interface Player {
  push(bytes: Uint8Array): void;
  /** Call once a second: keeps the picture at the present. */
  tick(): void;
  destroy(): void;
}

/** H.264 of the lowest profile, as every camera can send it. */
const PLAIN_H264 = 'video/mp4; codecs="avc1.42E01E"';

/** Does this browser play fragmented MP4 of this type? Old ones and some builds of Chromium know no H.264. */
export function playsMse(mime = PLAIN_H264): boolean {
  return typeof MediaSource !== 'undefined' && MediaSource.isTypeSupported(mime);
}

export interface Screen {
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
}

/** `onPicture`: the first picture is there. `onBroken`: it cannot go on. */
export function createPlayer(
  { player, mime }: { player: 'mse' | 'jsmpeg'; mime?: string | undefined },
  { video, canvas }: Screen,
  events: { onPicture: () => void; onBroken: () => void },
): Player {
  return player === 'mse'
    ? new MsePlayer(video, mime ?? PLAIN_H264, events)
    : new JsmpegPlayer(canvas, events.onPicture);
}
