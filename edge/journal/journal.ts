import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Alarm } from '../../contract/alarm.ts';
import type { Lane } from '../../contract/event.ts';
import type { LaneHead, Outbox } from '../../contract/outbox.ts';
import type { Committed, SealedBatch, StorageState } from './batch.ts';
import { CommitQueue } from './commit-queue.ts';
import { SequenceError } from './encode.ts';
import { type Left, readLeft } from './left.ts';
import { type DirectoryLock, lockDirectory } from './lock.ts';
import { type JournalFile, journalFile, markDamaged, openJournalFile } from './opening.ts';
import { JournalOutbox } from './outbox.ts';
import { JournalReader } from './reader.ts';
import { isDiskFull, RESERVE_BYTES, Reserve } from './reserve.ts';
import { type Database, openDatabase } from './sqlite.ts';
import { JournalStore } from './store.ts';

export interface JournalOptions {
  /** The data directory; it is made if it is missing. */
  dir: string;
  logger: Logger;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Size of the reserve file; the smaller of this (default 64 MiB) and 5 % of the disk is used. 0: none. */
  reserveBytes?: number;
  /** How long to wait for another process to release the directory, milliseconds (default 3,000). */
  lockWaitMs?: number;
}

/** What the last run left. */
export interface Loaded extends Left {
  heads: Record<Lane, LaneHead>;
}

/**
 * The only truth of the gateway: rows, chained per lane, with everything that must be atomic beside them, in one file
 * (CONTRACT section 5). One process writes a data directory at a time.
 */
export class Journal {
  /** UUIDv7 of this file. */
  readonly epoch: string;
  /** Epoch of the journal this one replaces, if it could be read. */
  readonly predecessor?: string;
  readonly opened: {
    /** No journal was there, or it was set aside. */
    created: boolean;
    /** Where a damaged journal was moved to. */
    setAside?: string;
    /** Alarms that were open in the damaged journal, as far as it could be read. They are not in this one. */
    salvaged: Alarm[];
  };
  readonly outbox: Outbox & Pick<JournalOutbox, 'recipients'>;
  readonly reader: JournalReader;
  readonly dir: string;
  readonly #queue: CommitQueue;
  readonly #store: JournalStore;
  readonly #outbox: JournalOutbox;
  readonly #reads: Database;
  readonly #lock: DirectoryLock;
  readonly #clock: () => number;
  readonly #log: Logger;
  readonly #sealed: Record<Lane, number>;
  readonly #appended: Record<Lane, number>;
  readonly #commits = new Set<(committed: Committed) => void>();
  readonly #storage = new Set<(state: StorageState, error?: Error) => void>();
  #closed: Promise<void> | undefined;
  /** The note for the next start that this file is malformed. */
  #marked: Promise<void> | undefined;

  /**
   * Opens the journal of a data directory, or creates it. A damaged file is set aside (`opened.setAside`). Rejects
   * with `JournalLockedError` if another process has it, and with the disk's error if it cannot be written.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { dir, logger: log, clock } = options;
    await mkdir(dir, { recursive: true, mode: 0o750 });
    const lock = await lockDirectory(dir, options.lockWaitMs);
    // what is open already, in case something after it fails
    const undo: Array<() => Promise<void>> = [() => lock.release()];
    try {
      const reserve = await Reserve.find(dir, options.reserveBytes ?? RESERVE_BYTES, log);
      const file = await openFile(dir, clock(), reserve, log);
      undo.push(() => file.db.close());
      const between = (work: () => Promise<void>): Promise<void> => queue.task(work, true);
      const store = await JournalStore.open(file.db, dir, reserve, between, log);
      undo.pop();
      undo.push(() => store.close(async () => {}));
      const queue: CommitQueue = new CommitQueue(
        store,
        file.end,
        {
          committed: (committed) => journal.#announce(committed),
          storage: (state, error) => journal.#report(state, error),
        },
        log,
      );
      const reads = await openDatabase(file.db.file, 'read');
      undo.push(() => reads.close());
      const reader = await JournalReader.open(dir, () => queue.end.position);
      undo.push(() => reader.close());
      const source = {
        epoch: file.epoch,
        ...(file.predecessor === undefined ? {} : { predecessor: file.predecessor }),
        heads: () => queue.end.heads,
        move: queue.move.bind(queue),
      };
      const outbox = await JournalOutbox.open(source, reads);
      const journal: Journal = new Journal({
        dir,
        clock,
        log,
        file,
        queue,
        store,
        reads,
        reader,
        outbox,
        lock,
      });
      if ((await store.room()) === 'low') queue.beginFull();
      else void reserve.restore();
      return journal;
    } catch (error) {
      for (const close of undo.reverse()) await close().catch(() => {});
      throw error;
    }
  }

  private constructor(parts: {
    dir: string;
    clock: () => number;
    log: Logger;
    file: JournalFile;
    queue: CommitQueue;
    store: JournalStore;
    reads: Database;
    reader: JournalReader;
    outbox: JournalOutbox;
    lock: DirectoryLock;
  }) {
    const { file, queue } = parts;
    this.dir = parts.dir;
    this.epoch = file.epoch;
    if (file.predecessor !== undefined) this.predecessor = file.predecessor;
    const { created, setAside, salvaged } = file;
    this.opened = { created, salvaged, ...(setAside === undefined ? {} : { setAside }) };
    this.#queue = queue;
    this.#store = parts.store;
    this.#reads = parts.reads;
    this.#outbox = parts.outbox;
    this.outbox = parts.outbox;
    this.reader = parts.reader;
    this.#lock = parts.lock;
    this.#clock = parts.clock;
    this.#log = parts.log;
    const { a, e } = file.end.heads;
    this.#sealed = { a: a.seq, e: e.seq };
    this.#appended = { a: a.seq, e: e.seq };
  }

  /** The next sequence number of a lane. It must be used by a row of the next batch appended, in this order. */
  nextSeq(lane: Lane): number {
    this.#sealed[lane] += 1;
    return this.#sealed[lane];
  }

  /**
   * Queues a sealed batch. Batches commit strictly in order, one commit in flight, retried until they are on disk.
   * `alarms` resolves when the lane-`a` rows and the alarms are on disk, `all` when everything is; both reject only
   * with `JournalClosedError`. Throws `SequenceError` if a number is missing or taken twice: nothing is queued then,
   * and numbers given out since the last batch are given out again.
   */
  append(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    const ends = { ...this.#appended };
    for (const row of batch.rows) {
      ends[row.lane] += 1;
      if (row.seq === ends[row.lane]) continue;
      this.rewind();
      throw new SequenceError(row.lane, ends[row.lane], row.seq);
    }
    Object.assign(this.#appended, ends);
    if (batch.cursors.length === 0) return this.#queue.append(batch);
    const cursors = batch.cursors.map((move) => ({ ...move, cursor: this.#outbox.remember(move) }));
    return this.#queue.append({ ...batch, cursors });
  }

  /** Takes back the numbers given out since the last batch, for a batch that could not be completed. */
  rewind(): void {
    Object.assign(this.#sealed, this.#appended);
  }

  /** Batches not fully on disk. */
  get pending(): number {
    return this.#queue.pending;
  }

  get storage(): StorageState {
    return this.#queue.storage;
  }

  /** The file is malformed. Nothing more is written; the next start sets it aside and begins a new one. */
  get damaged(): boolean {
    return this.#queue.damaged;
  }

  /** Calls back for what became durable, in commit order, before the promises of `append` resolve. */
  onCommit(listener: (committed: Committed) => void): () => void {
    this.#commits.add(listener);
    return () => this.#commits.delete(listener);
  }

  /** Calls back when storage fails or recovers. */
  onStorage(listener: (state: StorageState, error?: Error) => void): () => void {
    this.#storage.add(listener);
    return () => this.#storage.delete(listener);
  }

  /** What the last run left. To be called before the first batch. */
  async load(): Promise<Loaded> {
    const left = await readLeft(this.#reads, this.#queue.end.position, this.#clock());
    return { ...left, heads: { a: this.#outbox.head('a'), e: this.#outbox.head('e') } };
  }

  /**
   * Removes the rows of a lane up to `upto` behind a checkpoint, when nothing waits to be written; closed alarms with
   * no row left go with them. At most a few hundred rows at a time: for `Retention`.
   */
  prune(lane: Lane, upto: number): Promise<void> {
    return this.#queue.task(() => this.#store.prune(lane, upto, this.#clock()));
  }

  /** Stores what can be stored, rejects the rest (`JournalClosedError`), and releases the data directory. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#queue.close();
    await this.#marked;
    await this.#store.close(async () => {
      await this.reader.close();
      await this.#reads.close();
    });
    await this.#lock.release();
  }

  /** For the queue: tells everybody of a commit. A listener that throws harms neither the others nor the journal. */
  #announce(committed: Committed): void {
    for (const listener of this.#commits) this.#safely(() => listener(committed));
    this.#safely(() => this.#outbox.committed(committed));
  }

  #report(state: StorageState, error?: Error): void {
    const file = journalFile(this.dir);
    if (this.damaged) {
      this.#log.error({ err: error }, `journal: ${file} is malformed; restart the gateway to set it aside`);
      this.#marked = markDamaged(this.dir, error?.message ?? 'malformed').catch(() => {});
    } else if (state === 'full') {
      this.#log.error(
        { err: error },
        `journal: no space for ${file}; alarms go to the reserve, other messages are not acknowledged until there ` +
          'is space. Free some space on this disk',
      );
    } else if (state === 'failing') {
      this.#log.error({ err: error }, `journal: writing ${file} fails and is tried again; check the disk`);
    } else {
      this.#log.info('journal: storage is good again');
    }
    for (const listener of this.#storage) this.#safely(() => listener(state, error));
  }

  #safely(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#log.error({ err: error }, 'journal: a listener failed');
    }
  }
}

/** On a full disk even opening needs space: the reserve's. */
async function openFile(dir: string, now: number, reserve: Reserve, log: Logger): Promise<JournalFile> {
  try {
    return await openJournalFile(dir, now, log);
  } catch (error) {
    if (!(await isDiskFull(error, dir)) || !(await reserve.release())) throw error;
    log.warn('journal: the disk is full; the reserve was given up to open the journal');
    return openJournalFile(dir, now, log);
  }
}
