import { encodeVideoPiece } from '../../contract/live-video-frame.ts';

/** Video that an alarm may have to wait for, on its way to the network: 26 ms at 20 Mbit/s. */
const PIECE_BYTES = 65_536;
/** Video that waits for a viewer; beyond, everything up to the next keyframe is left out. Buffers are shared. */
const MAX_WAITING_BYTES = 4_000_000;
/** A viewer whose network takes nothing for so long is let go. */
const STALLED_MS = 10_000;

interface Waiting {
  data: Buffer;
  /** What of it has been sent. */
  sent: number;
}

/** A view and what waits for it. */
interface View {
  waiting: Waiting[];
  bytes: number;
  /** Something was left out: nothing until the next keyframe. */
  broken: boolean;
}

export interface LaneOptions {
  /** Hands a frame to the network; calls `taken` once it is there. */
  send: (frame: Uint8Array, taken: () => void) => void;
  /** The network takes nothing: every view is over. */
  onStalled: (views: number[]) => void;
  stalledMs?: number;
}

/**
 * The video of one connection. One piece at a time is under way, so that whatever else is sent (alarms) comes before
 * all that waits here; what a viewer does not take is left out, not kept.
 */
export class VideoLane {
  readonly #o: LaneOptions;
  readonly #views = new Map<number, View>();
  #underWay = false;
  #timer: NodeJS.Timeout | undefined;
  /** Segments left out since the start. */
  dropped = 0;

  constructor(options: LaneOptions) {
    this.#o = options;
  }

  /** Bytes that wait, of all views. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const view of this.#views.values()) bytes += view.bytes;
    return bytes;
  }

  /** A stream begins for this view: what waited of the one before is left out. */
  begin(view: number, init: Buffer): void {
    const fresh: View = { waiting: [], bytes: 0, broken: false };
    this.#views.set(view, fresh);
    if (init.length > 0) this.#queue(fresh, init);
  }

  /** Queues a segment, or leaves it out. */
  push(view: number, data: Buffer, keyframe: boolean): void {
    const of = this.#views.get(view);
    if (of === undefined) return;
    if (of.bytes + data.length > MAX_WAITING_BYTES) this.#empty(of);
    if (of.broken && (!keyframe || of.bytes + data.length > MAX_WAITING_BYTES)) {
      this.dropped++;
      return;
    }
    of.broken = false;
    this.#queue(of, data);
  }

  end(view: number): void {
    this.#views.delete(view);
  }

  close(): void {
    this.#views.clear();
    clearTimeout(this.#timer);
  }

  #queue(view: View, data: Buffer): void {
    view.waiting.push({ data, sent: 0 });
    view.bytes += data.length;
    this.#pump();
  }

  /** Only whole segments may be left out: one that has begun is finished. */
  #empty(view: View): void {
    const begun = view.waiting.filter(({ sent }) => sent > 0);
    this.dropped += view.waiting.length - begun.length;
    view.waiting = begun;
    view.bytes = begun.reduce((sum, { data, sent }) => sum + data.length - sent, 0);
    view.broken = true;
  }

  #pump(): void {
    if (this.#underWay) return;
    for (const [number, view] of this.#views) {
      const [next] = view.waiting;
      if (next === undefined) continue;
      // the next round begins with another view
      this.#views.delete(number);
      this.#views.set(number, view);
      const bytes = next.data.subarray(next.sent, next.sent + PIECE_BYTES);
      const frame = encodeVideoPiece({ view: number, first: next.sent === 0, bytes });
      next.sent += bytes.length;
      view.bytes -= bytes.length;
      if (next.sent === next.data.length) view.waiting.shift();
      this.#send(frame);
      return;
    }
  }

  #send(frame: Uint8Array): void {
    this.#underWay = true;
    this.#timer = setTimeout(() => this.#stalled(), this.#o.stalledMs ?? STALLED_MS);
    this.#o.send(frame, () => {
      this.#underWay = false;
      clearTimeout(this.#timer);
      this.#pump();
    });
  }

  #stalled(): void {
    const views = [...this.#views.keys()];
    this.#views.clear();
    this.#o.onStalled(views);
  }
}
