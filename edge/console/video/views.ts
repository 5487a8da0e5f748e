import type { VideoNotice, ViewRequest } from '../../../contract/live-video.ts';
import { decodeVideoPiece } from '../../../contract/live-video-frame.ts';

/** Who draws a view. */
export interface Picture {
  started(notice: Extract<VideoNotice, { k: 'view-started' }>): void;
  /** Bytes of the stream, in order; some segments may be missing before one that is `first`. */
  bytes(bytes: Uint8Array): void;
  failed(notice: Extract<VideoNotice, { k: 'view-failed' }>): void;
  /** The connection to the gateway broke; the view is asked for again by itself. */
  lost(): void;
}

export interface Wish {
  camera: string;
  stream: 'main' | 'sub';
  /** This browser plays H.264 through Media Source Extensions. */
  mse: boolean;
}

/** A view that is wanted until it is closed. */
export interface View {
  /** Asks for something else in its place, or for the same anew. */
  change(wish: Wish): void;
  close(): void;
}

/** The live pictures of this tab, over its one connection. */
export class Views {
  readonly #send: (request: ViewRequest) => void;
  readonly #open = new Map<number, { wish: Wish; picture: Picture }>();
  #last = 0;

  constructor(send: (request: ViewRequest) => void) {
    this.#send = send;
  }

  open(wish: Wish, picture: Picture): View {
    const view = ++this.#last;
    const change = (next: Wish): void => {
      this.#open.set(view, { wish: next, picture });
      this.#send({ k: 'view', view, ...next });
    };
    change(wish);
    return {
      change,
      close: () => {
        if (this.#open.delete(view)) this.#send({ k: 'unview', view });
      },
    };
  }

  /** A new connection knows of no view. */
  connected(): void {
    for (const [view, { wish }] of this.#open) this.#send({ k: 'view', view, ...wish });
  }

  lost(): void {
    for (const { picture } of this.#open.values()) picture.lost();
  }

  take(message: VideoNotice | ArrayBuffer): void {
    if (message instanceof ArrayBuffer) {
      const piece = decodeVideoPiece(message);
      if (piece !== undefined) this.#open.get(piece.view)?.picture.bytes(piece.bytes);
      return;
    }
    const picture = this.#open.get(message.view)?.picture;
    if (message.k === 'view-started') picture?.started(message);
    else picture?.failed(message);
  }
}
