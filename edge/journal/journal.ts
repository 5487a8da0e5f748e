import { mkdir } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Lane } from '../../contract/event.ts';
import type { LaneHead, Outbox } from '../../contract/outbox.ts';
import type { Committed, SealedBatch, StorageState } from './batch.ts';
import { CommitQueue } from './commit-queue.ts';
import { earlierLife } from './earlier-life.ts';
import { SequenceError } from './encode.ts';
import { LOST_ROWS, type LostRows, lostRowsNotice } from './epoch.ts';
import { type Left, readLeft } from './left.ts';
import { type DirectoryLock, lockDirectory } from './lock.ts';
import { type JournalFile, journalFile, markDamaged, openJournalFile } from './opening.ts';
import { JournalOutbox } from './outbox.ts';
import { JournalReader } from './reader.ts';
import { isDiskFull, RESERVE_BYTES, Reserve } from './reserve.ts';
import { type Database, naming, openDatabase } from './sqlite.ts';
import { JournalStore } from './store.ts';
import type { Unfinished } from './unfinished.ts';

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
  readonly opened: {
    /** No journal was there, or it was set aside. */
    created: boolean;
    /** Where a damaged journal was moved to. */
    setAside?: string;
  };
  /** What this start, or one that did not get so far, has to raise. */
  readonly unfinished: Unfinished;
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
  /** Of this run. */
  #renewal: Promise<void> | undefined;
  #renewed = false;
  #doubted = false;
  /** The note for the next start that this file is malformed. */
  #marked: Promise<void> | undefined;

  /**
   * Opens the journal of a data directory, or creates it. A damaged file is set aside (`opened.setAside`). Rejects
   * with `JournalLockedError` if another process has it, and with the disk's error if it cannot be written.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const { dir, logger: log, clock } = options;
    await mkdir(dir, { recursive: true, mode: 0o750 });
    const earlier = await earlierLife(dir);
    const lock = await lockDirectory(dir, options.lockWaitMs);
    // what is open already, in case something after it fails
    const undo: Array<() => Promise<void>> = [() => lock.release()];
    try {
      const reserve = await Reserve.find(dir, options.reserveBytes ?? RESERVE_BYTES, log);
      const file = await openFile(dir, clock(), reserve, log, earlier);
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
      throw naming(journalFile(dir), error);
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
    const { created, setAside } = file;
    this.opened = { created, ...(setAside === undefined ? {} : { setAside }) };
    this.unfinished = file.unfinished;
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

  /** UUIDv7 of this journal; another one after `rowsLost`. */
  get epoch(): string {
    return this.outbox.epoch;
  }

  /** Epoch of the journal this one replaces, or its own before rows were lost, if it could be read. */
  get predecessor(): string | undefined {
    return this.outbox.predecessor;
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
   * A recipient knows rows that are not in this journal: begins a new epoch, under which what is left is offered again
   * to everybody. Rows are lost only while no gateway runs, so a second call in one run changes nothing: then it is
   * the recipient that is wrong. Resolves with what has to be raised; undefined if nothing changed.
   */
  async rowsLost(lost: LostRows): Promise<Unfinished | undefined> {
    if (this.#renewal !== undefined) {
      if (this.#renewed && !this.#doubted)
        this.#log.warn(
          lost,
          'journal: a recipient names rows that this journal never had: its receiver is at fault, or the journal was altered; ' +
            'run "campus-gateway journal verify"',
        );
      this.#doubted = this.#renewed;
      return undefined;
    }
    const notice = lostRowsNotice(lost);
    this.#renewal = this.#queue.task(async () => {
      const begun = await this.#store.beginEpoch(notice);
      this.#queue.forgetMoves();
      this.#outbox.renewed(begun);
      this.#renewed = true;
    }, true);
    try {
      await this.#renewal;
    } catch (error) {
      // the next receipt tries again
      this.#renewal = undefined;
      throw error;
    }
    const { epoch, predecessor } = this;
    this.#log.error({ ...lost, epoch, predecessor }, `journal: ${journalFile(this.dir)} ${LOST_ROWS}`);
    return { alarms: [], notices: [{ ...notice, epoch, predecessor }] };
  }

  /**
   * Removes the rows of a lane up to `upto` behind a checkpoint, when nothing waits to be written; closed alarms with
   * no row left go with them. At most a few hundred rows at a time: for `Retention`.
   */
  prune(lane: Lane, upto: number): Promise<void> {
    return this.#queue.task(() => this.#store.prune(lane, upto, this.#clock()));
  }

  /** Removes the audit up to line `upto`, when nothing waits to be written: for `Retention`. */
  pruneAudit(upto: number): Promise<void> {
    return this.#queue.task(() => this.#store.pruneAudit(upto, this.#clock()));
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
async function openFile(
  dir: string,
  now: number,
  reserve: Reserve,
  log: Logger,
  earlier: readonly string[],
): Promise<JournalFile> {
  try {
    return await openJournalFile(dir, now, log, earlier);
  } catch (error) {
    if (!(await isDiskFull(error, dir)) || !(await reserve.release())) throw error;
    log.warn('journal: the disk is full; the reserve was given up to open the journal');
    return openJournalFile(dir, now, log, earlier);
  }
}
