import { CanvasRenderer, MPEG1, TS } from './jsmpeg/jsmpeg.js';
import type { Player } from './player.ts';

/** A few pictures; the decoder empties it with every segment. */
const BUFFER_BYTES = 1_000_000;

/** Draws MPEG-1 on a canvas: every picture as it comes, so that it is always the present one. */
export class JsmpegPlayer implements Player {
  readonly #demuxer = new TS();
  readonly #decoder: MPEG1;
  #onPicture: (() => void) | undefined;

  constructor(canvas: HTMLCanvasElement, onPicture: () => void) {
    this.#onPicture = onPicture;
    this.#decoder = new MPEG1({
      streaming: true,
      decodeFirstFrame: false,
      videoBufferSize: BUFFER_BYTES,
      onVideoDecode: () => {
        this.#onPicture?.();
        this.#onPicture = undefined;
      },
    });
    this.#decoder.connect(new CanvasRenderer({ canvas }));
    this.#demuxer.connect(TS.STREAM.VIDEO_1, this.#decoder);
  }

  push(bytes: Uint8Array): void {
    this.#demuxer.write(bytes);
    while (this.#decoder.decode());
  }

  tick(): void {
    // nothing waits
  }

  destroy(): void {
    this.#onPicture = undefined;
  }
}
