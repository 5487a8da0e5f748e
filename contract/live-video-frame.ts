// Apart from live-video.ts so that the console can have it without zod.

/**
 * A binary frame of the live feed: a header of 8 bytes, then a piece of a picture's stream.
 * Byte 0: version, 1. Byte 1: 1 on the first piece of a segment. Bytes 2-3: 0. Bytes 4-7: the view, big-endian.
 */
export const VIDEO_HEADER_BYTES = 8;
const VERSION = 1;
const FIRST_PIECE = 1;

/** What a binary frame holds. */
export interface VideoPiece {
  /** Number that the viewer gave the view. */
  view: number;
  /** A player that has lost its place can go on here. */
  first: boolean;
  bytes: Uint8Array;
}

/** The frame of a piece, as it travels. */
export function encodeVideoPiece({ view, first, bytes }: VideoPiece): Uint8Array {
  const frame = new Uint8Array(VIDEO_HEADER_BYTES + bytes.length);
  frame[0] = VERSION;
  frame[1] = first ? FIRST_PIECE : 0;
  new DataView(frame.buffer).setUint32(4, view);
  frame.set(bytes, VIDEO_HEADER_BYTES);
  return frame;
}

/** Undefined: of another version, or no such frame. */
export function decodeVideoPiece(frame: ArrayBuffer): VideoPiece | undefined {
  if (frame.byteLength < VIDEO_HEADER_BYTES) return undefined;
  const header = new DataView(frame);
  if (header.getUint8(0) !== VERSION) return undefined;
  return {
    view: header.getUint32(4),
    first: (header.getUint8(1) & FIRST_PIECE) !== 0,
    bytes: new Uint8Array(frame, VIDEO_HEADER_BYTES),
  };
}
