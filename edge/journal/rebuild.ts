import { lockDirectory } from './lock.ts';
import { journalFile } from './opening.ts';
import { foldProjections, type Rebuilt } from './projection.ts';
import { openDatabase } from './sqlite.ts';

/**
 * Folds alarms and hour marks of a data directory again from its rows, and builds the indexes anew, in one
 * transaction. Device states, retained messages and cursors are no projections: they stay as they are. Rejects with
 * `JournalLockedError` while a gateway runs.
 */
export async function rebuildJournal(dir: string): Promise<Rebuilt> {
  const lock = await lockDirectory(dir, 0);
  try {
    const db = await openDatabase(journalFile(dir), 'write');
    try {
      await db.exec('PRAGMA synchronous = FULL');
      return await db.transaction(foldProjections);
    } finally {
      await db.close();
    }
  } finally {
    await lock.release();
  }
}
