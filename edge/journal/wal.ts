import type { Logger } from 'pino';
import { type Database, openDatabase } from './sqlite.ts';

/** From this length on the write-ahead log is copied into the database beside the commits: 2,000 pages, 8 MiB. */
const SOFT_PAGES = 2_000;
/** From this length on it is copied between two commits, so that the next one starts the log anew: 32 MiB. */
const HARD_PAGES = 8_000;
/** Pages that even the smallest commit writes, and the bytes of rows a page holds. */
const PAGES_A_COMMIT = 6;
const BYTES_A_PAGE = 3_600;
/** After an attempt that failed (disk full) or was not complete, the next one waits for as many pages more. */
const RETRY_PAGES = 1_000;
/** Between two commits it waits so long at most for a reader that still needs the log, milliseconds. */
const READER_WAIT_MS = 100;

/** The log is cut back to this size when it starts anew. */
export const WAL_LIMIT_BYTES = SOFT_PAGES * 2 * 4096;

/**
 * Keeps the write-ahead log short without delaying commits: a connection of its own copies it (PASSIVE) while commits
 * go on; only a log that would not end otherwise is finished between two commits. A failure here is no failure of a
 * commit: the log just grows on.
 */
export class WalKeeper {
  readonly #db: Database;
  readonly #between: (work: () => Promise<void>) => Promise<void>;
  readonly #log: Logger;
  #pages = 0;
  #next = SOFT_PAGES;
  #running: Promise<void> | undefined;
  #warned = false;

  private constructor(db: Database, between: (work: () => Promise<void>) => Promise<void>, log: Logger) {
    this.#db = db;
    this.#between = between;
    this.#log = log;
  }

  /** `between` runs its work while no commit is in flight. */
  static async open(
    file: string,
    between: (work: () => Promise<void>) => Promise<void>,
    log: Logger,
  ): Promise<WalKeeper> {
    const db = await openDatabase(file, 'write');
    await db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256');
    db.busyTimeout(READER_WAIT_MS);
    return new WalKeeper(db, between, log);
  }

  /** Takes note of a commit of so many bytes. */
  wrote(bytes: number): void {
    this.#pages += PAGES_A_COMMIT + bytes / BYTES_A_PAGE;
    if (this.#pages < this.#next || this.#running !== undefined) return;
    this.#running = this.#shorten().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#db.close();
  }

  async #shorten(): Promise<void> {
    if (await this.#copy('PASSIVE')) return;
    if (this.#pages >= HARD_PAGES) await this.#between(async () => void (await this.#copy('RESTART'))).catch(() => {});
  }

  /** True when everything in the log is in the database: the next commit starts the log anew. */
  async #copy(mode: 'PASSIVE' | 'RESTART'): Promise<boolean> {
    const before = this.#pages;
    try {
      const row = await this.#db.get<{ busy: number; log: number; checkpointed: number }>(
        `PRAGMA wal_checkpoint(${mode})`,
      );
      const left = row === undefined ? 0 : row.log - row.checkpointed;
      const complete = left <= 0 && this.#pages === before;
      this.#pages = complete ? 0 : Math.max(row?.log ?? 0, 0) + (this.#pages - before);
      this.#next = complete ? SOFT_PAGES : this.#pages + RETRY_PAGES;
      this.#warned = false;
      return complete;
    } catch (error) {
      this.#next = this.#pages + RETRY_PAGES;
      if (!this.#warned)
        this.#log.warn({ err: error }, 'journal: the write-ahead log could not be shortened yet');
      this.#warned = true;
      return false;
    }
  }
}
