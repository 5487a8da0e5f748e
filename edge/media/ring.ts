import type { Segment, StreamHead } from '../adapters/video/source.ts';

/** From one keyframe to before the next. */
interface Gop {
  /** When its keyframe came. */
  at: number;
  segments: Buffer[];
  bytes: number;
}

export interface RingBounds {
  /** How far back it reaches, ms; to the keyframe before. */
  beforeMs: number;
  maxBytes: number;
}

/** A piece of a stream that a player, or ffmpeg, can begin with. */
export interface Piece {
  head: StreamHead;
  segments: Buffer[];
  /** When its first keyframe came, ms since 1970. */
  at: number;
}

/** The last seconds of a stream in memory, from keyframe to keyframe, bounded in time and bytes. Pure: told the time. */
export class Ring {
  readonly #bounds: RingBounds;
  #head: StreamHead | undefined;
  #gops: Gop[] = [];
  #bytes = 0;

  constructor(bounds: RingBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A stream begins, also after a break: what came before cannot be joined to it. */
  begin(head: StreamHead): void {
    this.#head = head;
    this.#gops = [];
    this.#bytes = 0;
  }

  /** `at`: when it came, ms since 1970. */
  add({ data, keyframe }: Segment, at: number): void {
    if (keyframe) this.#gops.push({ at, segments: [], bytes: 0 });
    const last = this.#gops.at(-1);
    // nobody can begin within
    if (last === undefined) return;
    last.segments.push(data);
    last.bytes += data.length;
    this.#bytes += data.length;
    this.#trim(at);
  }

  /** What there is since `from`, beginning with the keyframe before it. Undefined: nothing. */
  since(from: number): Piece | undefined {
    const head = this.#head;
    const first = Math.max(
      0,
      this.#gops.findLastIndex(({ at }) => at <= from),
    );
    const gops = this.#gops.slice(first);
    const [begin] = gops;
    if (head === undefined || begin === undefined) return undefined;
    return { head, segments: gops.flatMap(({ segments }) => segments), at: begin.at };
  }

  /** The newest keyframe with what followed it. */
  newest(): Piece | undefined {
    return this.since(Number.POSITIVE_INFINITY);
  }

  #trim(now: number): void {
    const oldest = now - this.#bounds.beforeMs;
    // the first may go once the second reaches back far enough
    while (this.#gops[1] !== undefined && (this.#gops[1].at <= oldest || this.#isFull())) this.#drop();
    // a single one that is too large cannot be kept
    if (this.#isFull()) this.#drop();
  }

  #isFull(): boolean {
    return this.#bytes > this.#bounds.maxBytes;
  }

  #drop(): void {
    const gone = this.#gops.shift();
    this.#bytes -= gone?.bytes ?? 0;
  }
}
