import { CHAIN_START } from '../../contract/chain.ts';
import { modeIn } from '../../contract/cloud-event.ts';
import type { Lane } from '../../contract/event.ts';
import { FRAME_VERSION, type Frame, type FrameEvent, type Skip } from '../../contract/frame.ts';
import type { Outbox, OutboxRow, OutboxSlice } from '../../contract/outbox.ts';
import { encodeFrame, FrameError } from '../frame-codec.ts';
import { type Fate, fateOf, type RecipientConfig } from './recipient.ts';

/** Bodies of a frame in bytes: as JSON strings they expand to less than 4 MiB, gzipped to less than 256 KiB. */
const FRAME_MAX_BODY_BYTES = 1024 * 1024;

/** A frame ready to send. */
export interface BuiltFrame {
  wire: Buffer;
  /** Last number it covers. */
  to: number;
  /** Events in it, without the skipped ones. */
  events: number;
  /** Rows too large for any frame, named as lost. */
  oversize: number[];
}

/** A row that no frame can carry has its place named instead. */
type RowFate = (row: OutboxRow) => Fate | 'lost';

/** Cuts frames out of one lane for one recipient: reads rows, leaves out what it may not have, compresses. */
export class FrameBuilder {
  readonly #outbox: Outbox;
  readonly #lane: Lane;
  readonly #recipient: RecipientConfig;
  readonly #fate: (row: OutboxRow) => Fate;
  readonly #now: () => number;
  /** End of the frame built last: retention may remove its hash before the next one is built. */
  #last = { seq: 0, hash: CHAIN_START };

  constructor(outbox: Outbox, lane: Lane, recipient: RecipientConfig, now: () => number) {
    this.#outbox = outbox;
    this.#lane = lane;
    this.#recipient = recipient;
    const fate = fateOf(recipient.filter);
    this.#fate = ({ type, severity, body }) => fate({ type, severity, mode: modeIn(body) });
    this.#now = now;
  }

  /**
   * A frame that starts at `from` and covers at most `from..to` (more only over rows that retention removed) within
   * `maxWireBytes`. Rejects when the journal cannot be read.
   */
  async build(from: number, to: number, maxWireBytes?: number): Promise<BuiltFrame> {
    const slice = await this.#outbox.read(this.#lane, from, to - from + 1, FRAME_MAX_BODY_BYTES);
    let rows = slice.rows.filter((row) => row.seq <= to);
    if (rows.length === 0 && slice.removed === undefined) {
      throw new Error(`journal has no row ${this.#lane}/${from} although its head is further`);
    }
    const oversize: number[] = [];
    for (;;) {
      const lost: RowFate = (row) => (oversize.includes(row.seq) ? 'lost' : this.#fate(row));
      const frame = this.#compose(from, { ...slice, rows }, lost);
      try {
        const wire = await encodeFrame(frame, maxWireBytes);
        this.#last = { seq: frame.to, hash: frame.hash };
        return { wire, to: frame.to, events: frame.events.length, oversize };
      } catch (error) {
        if (!(error instanceof FrameError) || rows.length === 0) throw error;
        const [only] = rows;
        if (rows.length > 1) rows = rows.slice(0, rows.length >> 1);
        else if (only !== undefined && !oversize.includes(only.seq)) oversize.push(only.seq);
        else throw error;
      }
    }
  }

  #compose(from: number, slice: OutboxSlice, fate: RowFate): Frame {
    const { removed, rows } = slice;
    const events: FrameEvent[] = [];
    const skips: Skip[] = [];
    if (removed !== undefined) {
      const count = removed.to - from + 1;
      skips.push({ from, to: removed.to, why: 'expired', count, hash: removed.hash });
    }
    for (const row of rows) {
      const what = fate(row);
      if (what === 'full') events.push({ b: row.body });
      else skip(skips, row, what);
    }
    const end = rows.at(-1) ?? { seq: removed?.to ?? from, hash: removed?.hash ?? slice.prev };
    const { recipient, gateway, school, region } = this.#recipient;
    return {
      v: FRAME_VERSION,
      recipient,
      gateway,
      school,
      region,
      epoch: this.#outbox.epoch,
      lane: this.#lane,
      from,
      to: end.seq,
      prev: removed === undefined ? slice.prev : this.#known(from - 1, slice),
      hash: end.hash,
      sentAt: new Date(this.#now()).toISOString(),
      events,
      skips,
    };
  }

  /** `h(seq)` before rows that are gone; 32 zero bytes where nobody here knows it any more. */
  #known(seq: number, { prev, removed }: OutboxSlice): string {
    if (this.#last.seq === seq) return this.#last.hash;
    return prev === removed?.hash ? CHAIN_START : prev;
  }
}

/** Adds a row to the skip before it, or starts a new one. */
function skip(skips: Skip[], row: OutboxRow, what: Exclude<Fate, 'full'> | 'lost'): void {
  const why = what === 'lost' ? 'lost' : 'filter';
  let last = skips.at(-1);
  if (last === undefined || last.why !== why || last.to !== row.seq - 1) {
    last = { from: row.seq, to: row.seq, why, count: 0, hash: row.hash };
    skips.push(last);
  }
  last.to = row.seq;
  last.hash = row.hash;
  last.count += 1;
  if (what !== 'count') return;
  last.counts ??= {};
  last.counts[row.type] = (last.counts[row.type] ?? 0) + 1;
}
