/** Cuts an MPEG transport stream and hands its pictures on. */
export class TS {
  static readonly STREAM: { readonly VIDEO_1: number };
  connect(streamId: number, destination: MPEG1): void;
  /** Any number of bytes; keeps what is left of a packet. */
  write(bytes: Uint8Array): void;
}

export interface Mpeg1Options {
  /** Keeps no more than a few pictures. */
  streaming: boolean;
  decodeFirstFrame: boolean;
  /** Bytes. */
  videoBufferSize: number;
  onVideoDecode?: () => void;
}

/** Decodes MPEG-1 video. */
export class MPEG1 {
  constructor(options: Mpeg1Options);
  connect(destination: CanvasRenderer): void;
  /** Decodes one picture; false: there is none. */
  decode(): boolean;
}

/** Draws pictures. */
export class CanvasRenderer {
  constructor(options: { canvas: HTMLCanvasElement });
}
