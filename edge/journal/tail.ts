import { CHAIN_START, chainNext, digestOf } from '../../contract/chain.ts';
import { type Lane, lanes } from '../../contract/event.ts';
import type { BinaryHead, Heads, JournalEnd } from './encode.ts';
import type { Queries } from './sqlite.ts';

/** How far retention has removed a lane: everything up to `seq`, where `h(seq)` = `hash`. Zero: nothing. */
export interface LaneStart {
  seq: number;
  hash: Buffer;
  position: number;
}

/** The latest checkpoint of a lane. */
export async function laneStart(db: Queries, lane: Lane): Promise<LaneStart> {
  const row = await db.get<LaneStart>(
    'SELECT seq, hash, position FROM checkpoint WHERE lane = ? ORDER BY seq DESC LIMIT 1',
    lane,
  );
  return row ?? { seq: 0, hash: Buffer.from(CHAIN_START, 'hex'), position: 0 };
}

/** What the file says about itself does not fit together. */
export class DamageError extends Error {
  override readonly name = 'DamageError';
}

/** Rows of each lane that are checked when a journal is opened. */
const TAIL_ROWS = 64;

interface TailRow {
  seq: number;
  position: number;
  h: Buffer;
  body: string;
}

/** Where the journal ends, after the last rows were checked. Rejects with `DamageError`. */
export async function readTail(db: Queries): Promise<JournalEnd> {
  const heads: Partial<Heads> = {};
  let position = (await db.get<{ p: number | null }>('SELECT max(position) AS p FROM journal'))?.p ?? 0;
  for (const lane of lanes) {
    const start = await laneStart(db, lane);
    position = Math.max(position, start.position);
    heads[lane] = await laneHead(db, lane, start);
  }
  const mark = await db.get<{ hour: number }>('SELECT hour FROM hour ORDER BY position DESC LIMIT 1');
  return { heads: heads as Heads, audit: await auditEnd(db), position, hour: mark?.hour ?? -1 };
}

/** How far retention has removed the audit; zero: nothing. */
export async function auditStart(db: Pick<Queries, 'get'>): Promise<BinaryHead> {
  const row = await db.get<BinaryHead>('SELECT n AS seq, hash FROM audit_removed');
  return row ?? { seq: 0, hash: Buffer.from(CHAIN_START, 'hex') };
}

/** False in a journal of an earlier version that is not yet brought to this one's form. */
export async function hasAudit(db: Pick<Queries, 'get'>): Promise<boolean> {
  return (await db.get("SELECT 1 FROM sqlite_schema WHERE name = 'audit'")) !== undefined;
}

/** What the next line of the audit is chained to. Whether the chain holds is for `verify`: alarms must go on. */
async function auditEnd(db: Queries): Promise<BinaryHead> {
  if (!(await hasAudit(db))) return { seq: 0, hash: Buffer.from(CHAIN_START, 'hex') };
  const last = await db.get<BinaryHead>('SELECT n AS seq, h AS hash FROM audit ORDER BY n DESC LIMIT 1');
  return last ?? (await auditStart(db));
}

async function laneHead(db: Queries, lane: Lane, start: LaneStart): Promise<BinaryHead> {
  const first = await db.get<{ seq: number }>(
    'SELECT seq FROM journal WHERE lane = ? ORDER BY seq LIMIT 1',
    lane,
  );
  if (first === undefined) return start;
  if (first.seq !== start.seq + 1) {
    throw new DamageError(`lane ${lane} begins with seq ${first.seq} instead of ${start.seq + 1}`);
  }
  const rows = await db.all<TailRow>(
    'SELECT seq, position, h, body FROM journal WHERE lane = ? ORDER BY seq DESC LIMIT ?',
    lane,
    TAIL_ROWS,
  );
  rows.reverse();
  const oldest = rows[0] as TailRow;
  // Of the first row that is looked at, the predecessor is known only at the lane's start.
  let previous: BinaryHead = oldest.seq === start.seq + 1 ? start : { seq: oldest.seq, hash: oldest.h };
  for (const row of rows) {
    if (row.seq === previous.seq) continue;
    if (row.seq !== previous.seq + 1) {
      throw new DamageError(`lane ${lane} has seq ${row.seq} after ${previous.seq}`);
    }
    if (!chainNext(previous.hash, row.seq, digestOf(row.body)).equals(row.h)) {
      throw new DamageError(`the chain of lane ${lane} breaks at seq ${row.seq} (position ${row.position})`);
    }
    previous = { seq: row.seq, hash: row.h };
  }
  return previous;
}
