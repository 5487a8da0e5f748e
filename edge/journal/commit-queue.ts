import type { Logger } from 'pino';
import type { Committed, CursorMove, SealedBatch, StorageState } from './batch.ts';
import { type Encoded, Encoder, type JournalEnd } from './encode.ts';
import { alarmPart, hasAlarmRows, mergeParts, type Part, restPart } from './part.ts';

/** Rows and bytes of body that one statement takes at most when several batches wait; a batch is never cut. */
const GROUP_ROWS = 1_000;
const GROUP_BYTES = 4 * 1024 * 1024;
/** Waits between attempts: doubling from 100 ms to 2 s. */
const BACKOFF_FIRST_MS = 100;
const BACKOFF_MOST_MS = 2_000;
/** Without a reserve file the free space is looked at this often. */
const SPACE_CHECK_MS = 1_000;

/** The disk as the queue needs it. */
export interface Store {
  /** One statement, one transaction, flushed when it resolves. All or nothing. */
  commit(encoded: Encoded): Promise<void>;
  isFull(error: unknown): Promise<boolean>;
  isDamage(error: unknown): boolean;
  /** Gives the reserve to lane `a`. False if there is none. */
  releaseReserve(): Promise<boolean>;
  /** Makes the reserve again when there is space; never rejects. */
  restoreReserve(): Promise<void>;
  /** `ample`: everything may be written; `some`: lane `e` may go on but not begin again; `low`: lane `a` only. */
  room(): Promise<'ample' | 'some' | 'low'>;
}

/** The journal is closed; what was not on disk by then stays undone. */
export class JournalClosedError extends Error {
  override readonly name = 'JournalClosedError';
}

interface Deferred {
  promise: Promise<void>;
  resolve: () => void;
  reject: (error: Error) => void;
}

interface Entry {
  batch: SealedBatch;
  /** Its lane `a` is on disk already, or it has none. */
  alarmsSaved: boolean;
  alarms: Deferred;
  all: Deferred;
}

interface Task {
  run: () => Promise<void>;
  /** Does not wait for the queue to be empty. */
  urgent: boolean;
  done: Deferred;
}

export interface QueueEvents {
  committed(committed: Committed): void;
  storage(state: StorageState, error?: Error): void;
}

/**
 * Commits batches strictly in order, one in flight, and tries again until they are on disk: ids, seqs and hashes never
 * change. Waiting batches share a statement. While the disk is full, lane `a` of everything that waits goes first and
 * alone, with its alarms; the states of its devices are forgotten with it and come back with lane `e`, so that a crash
 * in between repeats an event rather than loses one. Lane `e` follows in order once there is space.
 */
export class CommitQueue {
  readonly #store: Store;
  readonly #events: QueueEvents;
  readonly #log: Logger;
  readonly #encoder = new Encoder();
  readonly #entries: Entry[] = [];
  readonly #tasks: Task[] = [];
  /** Cursor moves of the uplink; they ride along with the next statement. */
  #moves = new Map<string, CursorMove>();
  #movers: Deferred[] = [];
  #end: JournalEnd;
  #state: StorageState = 'ok';
  #full = false;
  #damaged = false;
  #closing = false;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #spaceCheckedAt = Number.NEGATIVE_INFINITY;

  constructor(store: Store, end: JournalEnd, events: QueueEvents, log: Logger) {
    this.#store = store;
    this.#end = end;
    this.#events = events;
    this.#log = log;
  }

  /** What is on disk. */
  get end(): JournalEnd {
    return this.#end;
  }

  /** Batches not fully on disk. */
  get pending(): number {
    return this.#entries.length;
  }

  get storage(): StorageState {
    return this.#state;
  }

  /** SQLite found the file malformed: nothing more is written, a restart sets the file aside. */
  get damaged(): boolean {
    return this.#damaged;
  }

  append(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    const entry: Entry = { batch, alarmsSaved: false, alarms: deferred(), all: deferred() };
    if (this.#closing) {
      const closed = new JournalClosedError('journal: closed, the batch was not stored');
      entry.alarms.reject(closed);
      entry.all.reject(closed);
    } else {
      this.#entries.push(entry);
      this.#start();
    }
    return { alarms: entry.alarms.promise, all: entry.all.promise };
  }

  /** Stores a cursor with the next statement; a later move of the same cursor replaces it. */
  move(move: CursorMove): Promise<void> {
    if (this.#closing)
      return Promise.reject(new JournalClosedError('journal: closed, the cursor was not stored'));
    this.#moves.set(`${move.lane}${move.recipient}`, move);
    const mover = deferred();
    this.#movers.push(mover);
    this.#start();
    return mover.promise;
  }

  /** Runs `work` between commits: when nothing waits, or next if urgent. Rejects as `work` does; no second attempt. */
  task(work: () => Promise<void>, urgent = false): Promise<void> {
    if (this.#closing) return Promise.reject(new JournalClosedError('journal: closed'));
    const task = { run: work, urgent, done: deferred() };
    this.#tasks.push(task);
    this.#start();
    return task.done.promise;
  }

  /** Drops the cursor moves that wait: their epoch is over. Only within a task. */
  forgetMoves(): void {
    this.#moves.clear();
  }

  /** Starts with lane `e` held back: there is less free than the reserve should be, and no reserve. */
  beginFull(): void {
    this.#full = true;
    this.#start();
  }

  /** Takes no more, tries once more to store what waits, and rejects the rest. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    await this.#running;
    const closed = new JournalClosedError('journal: closed before this could be stored');
    for (const entry of this.#entries.splice(0)) {
      entry.alarms.reject(closed);
      entry.all.reject(closed);
    }
    for (const task of this.#tasks.splice(0)) task.done.reject(closed);
    for (const mover of this.#movers.splice(0)) mover.reject(closed);
  }

  #start(): void {
    this.#wake?.();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      // something may have come between the last look and this line
      if (!this.#closing && !this.#damaged && this.#hasWork()) this.#start();
    });
  }

  #hasWork(): boolean {
    return this.#entries.length > 0 || this.#tasks.length > 0 || this.#movers.length > 0 || this.#full;
  }

  async #run(): Promise<void> {
    // what is appended in the same turn of the loop shares a statement
    await Promise.resolve();
    let wait = BACKOFF_FIRST_MS;
    while (this.#hasWork() && !this.#damaged) {
      const outcome = this.#full ? await this.#fullStep() : await this.#step();
      if (outcome === 'done') {
        wait = BACKOFF_FIRST_MS;
        continue;
      }
      // a stop does not wait for a disk
      if (this.#closing) return;
      await this.#sleep(wait, outcome === 'waiting');
      wait = Math.min(wait * 2, BACKOFF_MOST_MS);
    }
  }

  async #step(): Promise<'done' | 'failed'> {
    const task = this.#takeTask(this.#entries.length > 0);
    if (task !== undefined) return this.#runTask(task);
    await this.#watchSpace();
    if (this.#full) return 'done';
    const group = this.#takeGroup();
    const part = mergeParts(group.map((entry) => entry.batch));
    const failed = await this.#write(part);
    if (failed === undefined) {
      this.#entries.splice(0, group.length);
      this.#changeState('ok');
      for (const entry of group) settle(entry);
    }
    return failed === undefined ? 'done' : 'failed';
  }

  /** Lane `a` of everything first, then lane `e` batch by batch once there is space again. */
  async #fullStep(): Promise<'done' | 'failed' | 'waiting'> {
    this.#changeState('full');
    const between = this.#takeTask(true);
    if (between !== undefined) return this.#runTask(between);
    const urgent = this.#takeAlarms();
    if (urgent.length > 0) {
      const part = mergeParts(urgent.map((entry) => alarmPart(entry.batch)));
      const failed = await this.#write(part);
      if (failed !== undefined) return 'failed';
      for (const entry of urgent) saveAlarms(entry);
      return 'done';
    }
    if ((await this.#store.room()) !== 'ample') {
      // retention is what makes room
      const task = this.#takeTask(false);
      return task === undefined ? 'waiting' : this.#runTask(task);
    }
    const entry = this.#entries[0];
    if (entry === undefined) {
      if (this.#movers.length > 0 && (await this.#write(mergeParts([]))) !== undefined) return 'failed';
      this.#full = false;
      this.#changeState('ok');
      void this.#store.restoreReserve();
      return 'done';
    }
    const failed = await this.#write(restPart(entry.batch, this.#forgotten()));
    if (failed !== undefined) {
      const task = this.#takeTask(false);
      if (task !== undefined) await this.#runTask(task);
      return 'failed';
    }
    this.#entries.shift();
    settle(entry);
    return 'done';
  }

  /** Commits a part with the waiting cursor moves; returns what went wrong. */
  async #write(part: Part): Promise<Error | undefined> {
    const moves = this.#moves;
    const movers = this.#movers;
    this.#moves = new Map();
    this.#movers = [];
    part.cursors.push(...moves.values());
    let encoded: Encoded;
    try {
      encoded = this.#encoder.encode(part, this.#end);
      await this.#store.commit(encoded);
    } catch (error) {
      this.#moves = new Map([...moves, ...this.#moves]);
      this.#movers.unshift(...movers);
      return this.#fail(asError(error));
    }
    this.#end = encoded.end;
    this.#events.committed(encoded.committed);
    for (const mover of movers) mover.resolve();
    return undefined;
  }

  async #fail(error: Error): Promise<Error> {
    if (this.#store.isDamage(error)) {
      this.#damaged = true;
      this.#changeState('failing', error);
    } else if (await this.#store.isFull(error)) {
      this.#full = true;
      const released = await this.#store.releaseReserve();
      if (released) this.#log.warn('journal: the reserve was given to alarms');
      this.#changeState('full', error);
    } else {
      this.#changeState('failing', error);
    }
    return error;
  }

  #takeGroup(): Entry[] {
    const group: Entry[] = [];
    let rows = 0;
    let bytes = 0;
    for (const entry of this.#entries) {
      rows += entry.batch.rows.length;
      for (const row of entry.batch.rows) bytes += row.body.length;
      if (group.length > 0 && (rows > GROUP_ROWS || bytes > GROUP_BYTES)) break;
      group.push(entry);
    }
    return group;
  }

  /** The next batches whose lane `a` is not on disk; those without any are saved when their turn comes. */
  #takeAlarms(): Entry[] {
    const group: Entry[] = [];
    let rows = 0;
    let nothing = true;
    for (const entry of this.#entries) {
      if (entry.alarmsSaved) continue;
      if (rows >= GROUP_ROWS) break;
      const part = alarmPart(entry.batch);
      rows += part.rows.length;
      if (part.rows.length > 0 || part.alarms.length > 0) nothing = false;
      group.push(entry);
    }
    if (!nothing) return group;
    for (const entry of group) saveAlarms(entry);
    return [];
  }

  /** States that stay forgotten: a later batch has its lane `a` on disk and its own states not yet. */
  #forgotten(): Set<string> {
    const later = this.#entries.slice(1).filter((entry) => entry.alarmsSaved && hasAlarmRows(entry.batch));
    return new Set(later.flatMap((entry) => entry.batch.states.map(({ key }) => key)));
  }

  #takeTask(urgentOnly: boolean): Task | undefined {
    const index = urgentOnly ? this.#tasks.findIndex((task) => task.urgent) : 0;
    return index < 0 ? undefined : this.#tasks.splice(index, 1)[0];
  }

  async #runTask(task: Task): Promise<'done'> {
    await task.run().then(task.done.resolve, (error) => task.done.reject(asError(error)));
    return 'done';
  }

  async #watchSpace(): Promise<void> {
    const now = performance.now();
    if (now - this.#spaceCheckedAt < SPACE_CHECK_MS) return;
    this.#spaceCheckedAt = now;
    const room = await this.#store.room();
    if (room === 'low') this.#full = true;
    else if (room === 'ample') void this.#store.restoreReserve();
  }

  #changeState(state: StorageState, error?: Error): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.storage(state, error);
  }

  #sleep(ms: number, untilWork: boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#wake = () => {
        if (this.#closing || untilWork) end();
      };
    });
  }
}

function saveAlarms(entry: Entry): void {
  entry.alarmsSaved = true;
  entry.alarms.resolve();
}

function settle(entry: Entry): void {
  saveAlarms(entry);
  entry.all.resolve();
}

function deferred(): Deferred {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Who does not wait for it does not want to hear of it either.
  promise.catch(() => {});
  return { promise, resolve, reject };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
