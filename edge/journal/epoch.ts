import { uuidv7 } from 'uuidv7';
import { type Lane, lanes } from '../../contract/event.ts';
import { storedRanges } from './cursor.ts';
import type { Heads } from './encode.ts';
import type { Queries } from './sqlite.ts';
import { DamageError } from './tail.ts';
import { addUnfinished, type StorageNotice } from './unfinished.ts';

/** What a new epoch is called, and which one it follows. */
export interface Epoch {
  epoch: string;
  predecessor: string;
}

/** What shows that rows are gone which a recipient has. */
export interface LostRows {
  recipient: string;
  lane: Lane;
  /** Last number that is left, or given out again since. */
  head: number;
  /** A number beyond `head` that the recipient has, or one under which it has another row. */
  known: number;
}

/**
 * Gives a journal a new epoch whose newest rows are gone: the numbers that they had will be given out again and must
 * not be continued under the old name. The rows that are left keep their numbers; every recipient is offered all of
 * them again under the new name and drops what it has by its id. To be called within a transaction.
 */
export async function beginEpoch(queries: Queries, notice?: StorageNotice): Promise<Epoch> {
  const row = await queries.get<{ value: string }>("SELECT value FROM meta WHERE key = 'epoch'");
  if (row === undefined) throw new DamageError('the journal has no epoch');
  const [epoch, predecessor] = [uuidv7(), row.value];
  await queries.run("UPDATE meta SET value = ? WHERE key = 'epoch'", epoch);
  await queries.run("INSERT OR REPLACE INTO meta VALUES ('predecessor', ?)", predecessor);
  await queries.run('DELETE FROM cursor');
  if (notice !== undefined) await addUnfinished(queries, { notices: [{ ...notice, epoch, predecessor }] });
  return { epoch, predecessor };
}

/** A cursor beyond the end of its lane proves that rows were lost after they were confirmed. */
export async function lostRows(queries: Pick<Queries, 'all'>, heads: Heads): Promise<LostRows | undefined> {
  const cursors = await queries.all<{ recipient: string; lane: Lane; ack: number; have: string }>(
    'SELECT recipient, lane, ack, have FROM cursor',
  );
  for (const { recipient, lane, ack, have } of cursors) {
    if (!lanes.includes(lane)) continue;
    const known = Math.max(ack, ...storedRanges(have).map(([, to]) => to));
    const head = heads[lane].seq;
    if (known > head) return { lane, head, known, recipient };
  }
  return undefined;
}

/** What to log of lost rows, after the name of the file. */
export const LOST_ROWS =
  'has lost its newest rows: a recipient has rows that are not in it. A new epoch begins, and what is left is ' +
  'sent again under its name. Was the file restored or its log deleted? If not, the disk loses what it was told to ' +
  'keep: replace it. Look at every place that had an alarm lately';

/** For the guard. */
export function lostRowsNotice({ lane, head, known, recipient }: LostRows): StorageNotice {
  return { reason: 'newest rows were lost', lane, head, known, recipient };
}
