import { CHAIN_START } from '../../contract/chain.ts';
import type { Lane } from '../../contract/event.ts';
import type { Appended, Cursor, LaneHead, Outbox, OutboxRow, OutboxSlice } from '../../contract/outbox.ts';
import type { Committed, CursorMove } from './batch.ts';
import { clampCursor, mergeCursors, NO_CURSOR, storedRanges } from './cursor.ts';
import type { Heads } from './encode.ts';
import type { Epoch } from './epoch.ts';
import type { Database } from './sqlite.ts';
import { laneStart } from './tail.ts';

/** Rows of one query: bounds what is read beyond `maxBytes`. */
const PAGE_ROWS = 128;

/** What the outbox needs of the journal. */
export interface OutboxSource {
  epoch: string;
  predecessor?: string | undefined;
  heads(): Heads;
  move(move: CursorMove): Promise<void>;
}

interface StoredRow extends Omit<OutboxRow, 'hash'> {
  h: Buffer;
}

/** The journal as the uplink reads it, over a read-only connection of its own; cursors are held in memory. */
export class JournalOutbox implements Outbox {
  epoch: string;
  predecessor?: string;
  readonly #source: OutboxSource;
  readonly #db: Database;
  readonly #cursors: Map<string, Cursor>;
  readonly #listeners = new Set<(appended: Appended) => void>();
  readonly #renewals = new Set<() => void>();

  private constructor(source: OutboxSource, db: Database, cursors: Map<string, Cursor>) {
    this.epoch = source.epoch;
    if (source.predecessor !== undefined) this.predecessor = source.predecessor;
    this.#source = source;
    this.#db = db;
    this.#cursors = cursors;
  }

  /** Reads the stored cursors. `db` is closed by the caller. */
  static async open(source: OutboxSource, db: Database): Promise<JournalOutbox> {
    const stored = await db.all<{ recipient: string; lane: Lane; ack: number; have: string }>(
      'SELECT recipient, lane, ack, have FROM cursor',
    );
    const cursors = new Map(
      stored.map(({ recipient, lane, ack, have }) => [
        cursorKey(recipient, lane),
        { ack, have: storedRanges(have) },
      ]),
    );
    return new JournalOutbox(source, db, cursors);
  }

  head(lane: Lane): LaneHead {
    const { seq, hash } = this.#source.heads()[lane];
    return { seq, hash: hash.toString('hex') };
  }

  async read(lane: Lane, from: number, limit: number, maxBytes: number): Promise<OutboxSlice> {
    if (!Number.isInteger(from) || from < 1) throw new RangeError(`outbox: lane ${lane} has no seq ${from}`);
    // One row before `from`: it carries the hash that the slice continues.
    const rows: OutboxRow[] = [];
    let before: string | undefined;
    let next = from - 1;
    let bytes = 0;
    let wanted = true;
    while (wanted) {
      const count = Math.min(PAGE_ROWS, limit - rows.length + (next < from ? 1 : 0));
      const page = await this.#db.all<StoredRow>(
        `SELECT seq, body, h, type, severity, freshness, at FROM journal
         WHERE lane = ? AND seq >= ? ORDER BY seq LIMIT ?`,
        lane,
        next,
        count,
      );
      for (const { h, ...row } of page) {
        const hash = h.toString('hex');
        next = row.seq + 1;
        if (row.seq < from) {
          before = hash;
          continue;
        }
        bytes += Buffer.byteLength(row.body);
        wanted = rows.length < limit && (rows.length === 0 || bytes <= maxBytes);
        if (!wanted) break;
        rows.push({ ...row, hash });
      }
      wanted &&= page.length === count && rows.length < limit;
    }
    if (before !== undefined && (rows[0] === undefined || rows[0].seq === from))
      return { prev: before, rows };
    return this.#afterStart(lane, from, rows);
  }

  cursor(recipient: string, lane: Lane): Cursor {
    return this.#cursors.get(cursorKey(recipient, lane)) ?? NO_CURSOR;
  }

  /** Recipients that ever confirmed anything, on any lane. */
  recipients(): string[] {
    return [...new Set([...this.#cursors.keys()].map((key) => key.slice(1)))];
  }

  async advance(recipient: string, lane: Lane, cursor: Cursor): Promise<void> {
    const merged = this.remember({ recipient, lane, cursor });
    await this.#source.move({ recipient, lane, cursor: merged });
  }

  /** Applies a move in memory; returns the cursor to store. */
  remember({ recipient, lane, cursor }: CursorMove): Cursor {
    const known = clampCursor(cursor, this.#source.heads()[lane].seq);
    const merged = mergeCursors(this.cursor(recipient, lane), known);
    this.#cursors.set(cursorKey(recipient, lane), merged);
    return merged;
  }

  onAppend(listener: (appended: Appended) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onRenewed(listener: () => void): () => void {
    this.#renewals.add(listener);
    return () => this.#renewals.delete(listener);
  }

  /** The journal has another epoch now: every recipient starts anew. The listeners must not throw. */
  renewed({ epoch, predecessor }: Epoch): void {
    this.epoch = epoch;
    this.predecessor = predecessor;
    this.#cursors.clear();
    for (const listener of this.#renewals) listener();
  }

  /** Tells the listeners of a commit. They must not throw. */
  committed({ rows }: Committed): void {
    if (rows.length === 0 || this.#listeners.size === 0) return;
    const urgent: number[] = [];
    for (const { lane, severity, edge, alarm, seq } of rows) {
      const candidate = lane === 'a' && severity === 1 && (edge === 'raise' || edge === 'pulse');
      if (candidate && alarm === undefined) urgent.push(seq);
    }
    const appended = { heads: { a: this.head('a'), e: this.head('e') }, urgent };
    for (const listener of this.#listeners) listener(appended);
  }

  /** A slice at the start of what is stored: its predecessor is gone, or there never was one. */
  async #afterStart(lane: Lane, from: number, rows: OutboxRow[]): Promise<OutboxSlice> {
    const start = await laneStart(this.#db, lane);
    const hash = start.hash.toString('hex');
    if (from - 1 >= start.seq) {
      // after the head: the caller asked ahead, the slice is empty
      return { prev: from - 1 === start.seq ? hash : this.head(lane).hash, rows };
    }
    const kept = await this.#db.get<{ hash: Buffer }>(
      'SELECT hash FROM cursor WHERE lane = ?1 AND ack = ?2 AND hash IS NOT NULL UNION ALL ' +
        'SELECT hash FROM checkpoint WHERE lane = ?1 AND seq = ?2 LIMIT 1',
      lane,
      from - 1,
    );
    // zeros: right for the start of the lane, and for what nobody knows any more
    return { prev: kept?.hash.toString('hex') ?? CHAIN_START, rows, removed: { from, to: start.seq, hash } };
  }
}

function cursorKey(recipient: string, lane: Lane): string {
  return `${lane}${recipient}`;
}
