import { join } from 'node:path';
import { type Database, naming, openDatabase, sqliteCode } from './sqlite.ts';

/** Another process writes this journal. */
export class JournalLockedError extends Error {
  override readonly name = 'JournalLockedError';
}

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only writer of a data directory until it ends, however it ends: the kernel drops the lock.
 * Readers are not affected. Waits up to `waitMs` for a process that is just stopping.
 * Rejects with `JournalLockedError`, naming the holder.
 */
export async function lockDirectory(dir: string, waitMs = 3_000): Promise<DirectoryLock> {
  const file = join(dir, 'journal.lock');
  const lock = await openDatabase(file, 'create').catch((error) => {
    throw naming(file, error);
  });
  try {
    lock.busyTimeout(waitMs);
    await announce(lock);
    // The write lock of a small database; nothing is ever written while it is held.
    await lock.exec('BEGIN IMMEDIATE');
  } catch (error) {
    const holder = await holderOf(lock);
    await lock.close().catch(() => {});
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw naming(file, error);
    throw new JournalLockedError(
      `journal: ${dir} is in use by ${holder}; two gateways cannot share a data directory. ` +
        'Stop the other one, or give this one its own directory (data_dir)',
      { cause: error },
    );
  }
  return { release: () => lock.close() };
}

/** Leaves our process id for the error message of whoever is refused. A full disk must not keep us from starting. */
async function announce(lock: Database): Promise<void> {
  try {
    await lock.exec(
      `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA user_version = ${process.pid}`,
    );
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_BUSY') throw error;
  }
}

async function holderOf(lock: Database): Promise<string> {
  const row = await lock.get<{ user_version: number }>('PRAGMA user_version').catch(() => undefined);
  return row === undefined || row.user_version === 0 ? 'another process' : `process ${row.user_version}`;
}
