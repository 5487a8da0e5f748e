import type { Segment } from './source.ts';

const PACKET_BYTES = 188;
const SYNC = 0x47;
/** PID that ffmpeg gives the first stream. */
const VIDEO_PID = 0x100;
/** A segment without a new picture; ffmpeg's largest picture is far smaller. */
const MAX_SEGMENT_BYTES = 2_000_000;

/** Cuts an MPEG transport stream (ISO/IEC 13818-1) before each picture, and tells which of them are keyframes. */
export class TsCutter {
  readonly #emit: (segment: Segment) => void;
  #left: Buffer = Buffer.alloc(0);
  #packets: Buffer[] = [];
  #bytes = 0;
  #keyframe = false;

  constructor(emit: (segment: Segment) => void) {
    this.#emit = emit;
  }

  push(chunk: Buffer): void {
    const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    let at = 0;
    let begun = 0;
    for (; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
      if (bytes[at] !== SYNC || !beginsPicture(bytes, at)) continue;
      this.#keep(bytes.subarray(begun, at));
      begun = at;
      this.#flush();
      this.#keyframe = isRandomAccess(bytes, at);
    }
    this.#keep(bytes.subarray(begun, at));
    this.#left = Buffer.from(bytes.subarray(at));
    if (this.#bytes > MAX_SEGMENT_BYTES) this.#flush();
  }

  #keep(packets: Buffer): void {
    if (packets.length === 0) return;
    this.#packets.push(packets);
    this.#bytes += packets.length;
  }

  #flush(): void {
    if (this.#bytes === 0) return;
    this.#emit({ data: Buffer.concat(this.#packets), keyframe: this.#keyframe });
    this.#packets = [];
    this.#bytes = 0;
    this.#keyframe = false;
  }
}

/** A packet of the video's PID in which a new PES packet begins; ffmpeg makes one of each picture. */
function beginsPicture(bytes: Buffer, at: number): boolean {
  const word = bytes.readUInt16BE(at + 1);
  return (word & 0x4000) !== 0 && (word & 0x1fff) === VIDEO_PID;
}

/** The random access indicator of its adaptation field. */
function isRandomAccess(bytes: Buffer, at: number): boolean {
  const hasAdaptation = ((bytes[at + 3] as number) & 0x20) !== 0;
  return hasAdaptation && bytes[at + 4] !== 0 && ((bytes[at + 5] as number) & 0x40) !== 0;
}
