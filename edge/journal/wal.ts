import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type Database, openDatabase } from './sqlite.ts';

/** From this length on the write-ahead log is copied into the database beside the commits: 1,000 pages, 4 MiB... */
const SOFT_PAGES = 1_000;
/**
 * ...or this share of the reserve. At worst the log holds `HARD_FACTOR` times as much when the disk has no longer space
 * for copying it, grows as much again until the disk is full, and must then fit into half of the reserve.
 */
const SOFT_SHARE = 1 / 16;
const SOFT_LEAST_PAGES = 16;
/** From so many times that on it is copied between two commits, so that the next one starts the log anew: 16 MiB. */
const HARD_FACTOR = 4;
/** Pages that even the smallest commit writes, and the bytes of rows a page holds. */
const PAGES_A_COMMIT = 6;
const BYTES_A_PAGE = 3_600;
/** Between two commits it waits so long at most for a reader that still needs the log, milliseconds. */
const READER_WAIT_MS = 100;

const PAGE_BYTES = 4096;

/** The log is cut back to this size when it starts anew. */
export const WAL_LIMIT_BYTES = SOFT_PAGES * HARD_FACTOR * PAGE_BYTES;

export interface WalOptions {
  /** Runs its work while no commit is in flight. */
  between: (work: () => Promise<void>) => Promise<void>;
  /** Size of the reserve; 0: none. */
  reserveBytes: number;
  /** Of the disk. */
  freeBytes: () => Promise<number>;
  log: Logger;
}

/**
 * Keeps the write-ahead log short without delaying commits: a connection of its own copies it (PASSIVE) while commits
 * go on; only a log that would not end otherwise is finished between two commits. A failure here is no failure of a
 * commit: the log just grows on.
 */
export class WalKeeper {
  readonly #db: Database;
  readonly #o: WalOptions;
  readonly #soft: number;
  /** Estimate of the pages that are not copied yet. */
  #pages = 0;
  /** Pages in the log when it was last copied. */
  #length = 0;
  #next: number;
  #running: Promise<void> | undefined;
  #warned = false;

  private constructor(db: Database, options: WalOptions) {
    this.#db = db;
    this.#o = options;
    const share = Math.floor((options.reserveBytes * SOFT_SHARE) / PAGE_BYTES);
    this.#soft = share === 0 ? SOFT_PAGES : Math.min(SOFT_PAGES, Math.max(SOFT_LEAST_PAGES, share));
    this.#next = this.#soft;
  }

  static async open(file: string, options: WalOptions): Promise<WalKeeper> {
    const db = await openDatabase(file, 'write');
    await db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -256');
    db.busyTimeout(READER_WAIT_MS);
    return new WalKeeper(db, options);
  }

  /** Takes note of a commit of so many bytes. */
  wrote(bytes: number): void {
    this.#pages += PAGES_A_COMMIT + bytes / BYTES_A_PAGE;
    if (this.#pages >= this.#next) this.shorten();
  }

  /** Begins to copy now, unless that is under way; never fails. */
  shorten(): void {
    this.#running ??= this.#shorten().finally(() => {
      this.#running = undefined;
    });
  }

  /** Empties the log if there is space for it; else it stays and is read at the next start. True: it is empty. */
  async close(): Promise<boolean> {
    await this.#running;
    const emptied = await this.#copy('TRUNCATE');
    await this.#db.close();
    return emptied;
  }

  async #shorten(): Promise<void> {
    await this.#copy('PASSIVE');
    // also one that was copied completely: a reader at the wrong moment makes the next commit go on where it ends
    if (this.#length < this.#soft * HARD_FACTOR) return;
    await this.#o.between(async () => void (await this.#copy('RESTART'))).catch(() => {});
  }

  /** True when everything in the log is in the database: the next commit starts the log anew. */
  async #copy(mode: 'PASSIVE' | 'RESTART' | 'TRUNCATE'): Promise<boolean> {
    const before = this.#pages;
    try {
      if (!(await this.#fits())) throw new Error('not enough space to copy the log into the database');
      const row = await this.#db.get<{ busy: number; log: number; checkpointed: number }>(
        `PRAGMA wal_checkpoint(${mode})`,
      );
      const { busy, log, checkpointed } = row ?? { busy: 1, log: 0, checkpointed: 0 };
      const complete = busy === 0 && log === checkpointed && this.#pages === before;
      this.#length = mode === 'PASSIVE' || !complete ? log : 0;
      this.#pages = complete ? 0 : log + (this.#pages - before);
      this.#next = complete ? this.#soft : this.#pages + this.#soft / 2;
      this.#warned = false;
      return complete;
    } catch (error) {
      this.#next = this.#pages + this.#soft / 2;
      if (!this.#warned)
        this.#o.log.warn({ err: error }, 'journal: the log of the database could not be shortened');
      this.#warned = true;
      return false;
    }
  }

  /** With no more of the disk than now: the log can be copied, and is then long enough to be written again. */
  async canGoOn(): Promise<boolean> {
    const log = await stat(`${this.#db.file}-wal`).catch(() => undefined);
    const needed = this.#soft * HARD_FACTOR * PAGE_BYTES;
    return (await this.#fits()) && (log?.size ?? 0) + (await this.#o.freeBytes()) >= needed;
  }

  /** Begun without enough space, a copy would fail half-way and have used up what lane `a` needs. */
  async #fits(): Promise<boolean> {
    const pages = await this.#db.get<{ page_count: number }>('PRAGMA page_count');
    const { size } = await stat(this.#db.file);
    return (pages?.page_count ?? 0) * PAGE_BYTES - size <= (await this.#o.freeBytes());
  }
}
