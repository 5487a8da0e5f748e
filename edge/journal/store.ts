import type { Logger } from 'pino';
import type { Store } from './commit-queue.ts';
import type { Encoded } from './encode.ts';
import { beginEpoch, type Epoch } from './epoch.ts';
import { isDiskFull, type Reserve } from './reserve.ts';
import { BATCH_COLUMNS } from './schema.ts';
import { type Database, type Statement, sqliteCode } from './sqlite.ts';
import type { StorageNotice } from './unfinished.ts';
import { WalKeeper } from './wal.ts';

/** What a removal of some hundred rows writes, in bytes of rows. */
const PRUNE_BYTES = 20_000;

/** The one connection that writes rows, with its disk: reserve, free space, write-ahead log. */
export class JournalStore implements Store {
  readonly #db: Database;
  readonly #dir: string;
  readonly #reserve: Reserve;
  readonly #insert: Statement;
  readonly #wal: WalKeeper;

  private constructor(db: Database, dir: string, reserve: Reserve, insert: Statement, wal: WalKeeper) {
    this.#db = db;
    this.#dir = dir;
    this.#reserve = reserve;
    this.#insert = insert;
    this.#wal = wal;
  }

  static async open(
    db: Database,
    dir: string,
    reserve: Reserve,
    between: (work: () => Promise<void>) => Promise<void>,
    log: Logger,
  ): Promise<JournalStore> {
    const insert = await db.prepare(`INSERT INTO batch VALUES (${BATCH_COLUMNS.map(() => '?').join(', ')})`);
    const freeBytes = async (): Promise<number> => (await reserve.space()).free;
    const wal = await WalKeeper.open(db.file, { between, freeBytes, reserveBytes: reserve.size, log });
    return new JournalStore(db, dir, reserve, insert, wal);
  }

  async commit(encoded: Encoded): Promise<void> {
    await this.#insert.run(...encoded.values);
    this.#wal.wrote(encoded.bytes);
  }

  /** Removes a lane's rows up to `upto` behind a checkpoint; call it only as a task of the queue. */
  async prune(lane: string, upto: number, at: number): Promise<void> {
    const day = new Date(at).toISOString().slice(0, 10);
    await this.#db.run('INSERT INTO prune VALUES (?, ?, ?, ?)', lane, upto, day, at);
    this.#wal.wrote(PRUNE_BYTES);
  }

  /** Removes the audit up to line `upto`; call it only as a task of the queue. */
  async pruneAudit(upto: number, at: number): Promise<void> {
    await this.#db.run('INSERT INTO prune_audit VALUES (?, ?)', upto, at);
    this.#wal.wrote(PRUNE_BYTES);
  }

  /** Gives the journal a new epoch and notes why; call it only as a task of the queue. */
  async beginEpoch(notice: StorageNotice): Promise<Epoch> {
    const begun = await this.#db.transaction((queries) => beginEpoch(queries, notice));
    this.#wal.wrote(PRUNE_BYTES);
    return begun;
  }

  isFull(error: unknown): Promise<boolean> {
    return isDiskFull(error, this.#dir);
  }

  isDamage(error: unknown): boolean {
    return isDamageCode(sqliteCode(error));
  }

  async releaseReserve(): Promise<boolean> {
    const released = await this.#reserve.release();
    // Once copied, the log can be written again from its start: room for many alarms.
    if (released) this.#wal.shorten();
    return released;
  }

  restoreReserve(): Promise<void> {
    return this.#reserve.restore();
  }

  /** Pages that retention freed inside the file count as space: rows go there without growing it. */
  async room(): Promise<'ample' | 'some' | 'low'> {
    const { held, size } = this.#reserve;
    if (held || size === 0) return 'ample';
    const { free } = await this.#reserve.space();
    if (free >= size * 2) return 'ample';
    const usable = free + (await freeInside(this.#db));
    if (usable < size) return 'low';
    return usable >= size * 2 && (await this.#wal.canGoOn()) ? 'ample' : 'some';
  }

  /** Empties the log if there is space for it, and closes; `closeReaders` closes the connections that only read. */
  async close(closeReaders: () => Promise<void>): Promise<void> {
    await this.#reserve.idle();
    // The last connection that can write copies the log when it closes, also where there is no space for it: then a
    // reader is the last.
    const emptied = await this.#wal.close();
    if (emptied) await closeReaders();
    await this.#db.close();
    if (!emptied) await closeReaders();
  }
}

/** The file is malformed, or no database at all. */
export function isDamageCode(code: string | undefined): boolean {
  return code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB';
}

async function freeInside(db: Database): Promise<number> {
  const pages = await db.get<{ freelist_count: number }>('PRAGMA freelist_count');
  return (pages?.freelist_count ?? 0) * 4096;
}
