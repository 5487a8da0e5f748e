import { performance } from 'node:perf_hooks';
import type { Alarm, AlarmAction, AlarmActionRequest } from '../contract/alarm.ts';
import type { AuditEntry } from '../contract/audit.ts';
import type { EventDraft } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import type { ConnectionChange, Outcome, Refusal, Sink } from './adapters/adapter.ts';
import type { Actor, ActResult } from './alarms/lifecycle.ts';
import type { SealedBatch } from './journal/batch.ts';
import type { Journal } from './journal/journal.ts';
import type { Unfinished } from './journal/unfinished.ts';
import { Batch, type Evaluation } from './pipeline/batch-builder.ts';
import { carriedOver } from './pipeline/carry-over.ts';
import { ClockStep } from './pipeline/clock-step.ts';
import { ClientQueue, FairQueue } from './pipeline/fair-queue.ts';
import type { Intake } from './pipeline/intake.ts';
import { type Item, isUrgent, TaskItem } from './pipeline/item.ts';
import type { Moves } from './pipeline/machine.ts';
import { ownDraft } from './pipeline/own-event.ts';
import type { Replacement } from './registry/replacement.ts';

/** Rows of one commit at most: 1,000 rows are some 8 ms of writing. */
export const BATCH_ROWS = 1_000;
/** A commit that takes longer counts as stuck: its alarms are shown unsaved and evaluation goes on. */
export const STUCK_COMMIT_MS = 500;
/** Rows evaluated but not on disk at most while storage is stuck; beyond, only alarms are evaluated. */
const UNSTORED_ROWS = 20_000;
/** Rows evaluated in one turn of the event loop while storage is stuck, some 15 ms: connections and timers go on. */
const TURN_ROWS = 500;

/** What an operator's action became. `stored`: settles once it is on disk. */
export type ActOutcome = ActResult & { stored: Promise<void> };

export interface PipelineOptions extends Omit<Evaluation, 'journal' | 'onDuplicate'> {
  journal: Pick<Journal, 'nextSeq' | 'append' | 'storage' | 'onStorage'>;
  intake: Intake;
  /** Alarms evaluated but not on disk while storage is full, failing or stuck. */
  onUnsaved: (alarms: Alarm[]) => void;
  /** Evaluating an item threw: a fault of the program. */
  onFault: (error: Error) => void;
  onConnection: (change: ConnectionChange) => void;
  onRefused: (refusal: Refusal) => void;
}

/**
 * The data path: adapter -> normalise -> wait -> evaluate (rules, alarms) -> one commit -> acknowledge, show, forward.
 * Showing and forwarding listen to the journal's commits.
 */
export class Pipeline implements Sink {
  readonly #o: PipelineOptions;
  readonly #evaluation: Evaluation;
  readonly #waiting = new FairQueue<Item>();
  /** By adapter, then user and client. */
  readonly #clients = new Map<string, Map<string, ClientQueue<Item>>>();
  /** Operators, timers and the gateway itself share one queue of their own. */
  readonly #own = new ClientQueue<Item>();
  readonly #clockStep = new ClockStep();
  /** Sealed and not fully on disk, in order, and since when; monotonic. */
  readonly #unstored = new Map<SealedBatch, number>();
  /** Alarms as the last batch has them whose lane `a` is not on disk, by id. */
  readonly #unsaved = new Map<string, Alarm>();
  #unstoredRows = 0;
  /** When something became durable, or began to wait with nothing before it; monotonic. */
  #progressAt = 0;
  #stopped: Error | undefined;
  #watch: NodeJS.Timeout | undefined;
  #scheduled = false;
  #ticking = false;
  /** Events swallowed as duplicates. */
  duplicates = 0;

  constructor(options: PipelineOptions) {
    this.#o = options;
    this.#evaluation = { ...options, onDuplicate: () => this.duplicates++ };
    options.journal.onStorage(() => this.#pump());
  }

  /** Items that wait for a batch. */
  get depth(): number {
    return this.#waiting.size;
  }

  /** Alarms that are evaluated, but not on disk. */
  unsaved(): Alarm[] {
    return [...this.#unsaved.values()];
  }

  /** Evaluated and not on disk, with storage failing, full or stuck: what is shown may be lost with the power. */
  isUnsaved(id: string): boolean {
    return this.#unsaved.has(id) && this.#isStuck();
  }

  message(raw: RawMessage): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#stopped !== undefined) {
        reject(this.#stopped);
        return;
      }
      this.#noticeStep(raw.receivedAt, raw.receivedMonotonicMs);
      const taken = this.#o.intake.take(raw, this.depth, resolve, reject);
      if (taken === undefined) return;
      const queue = taken.queue ?? this.#queueOf(raw);
      for (const share of taken.shares) {
        share.live.waiting++;
        share.live.queue = queue;
      }
      this.#push(queue, taken.item);
    });
  }

  connection(change: ConnectionChange): void {
    if (!change.online) this.#clientsOf(change.adapter).delete(senderOf(change));
    this.#o.onConnection(change);
  }

  refused(refusal: Refusal): void {
    this.#o.onRefused(refusal);
  }

  /** Does what a person asks of an alarm, in order with everything else. Resolves when it is decided. */
  act(id: string, action: AlarmAction, request: AlarmActionRequest, actor: Actor): Promise<ActOutcome> {
    return new Promise((resolve, reject) => {
      let settle: () => void = () => undefined;
      const stored = new Promise<void>((done) => {
        settle = done;
      });
      const run = (batch: Batch): void => {
        const result = this.#o.book.act(id, action, request, actor);
        if ('changes' in result) batch.addChanges(result.changes, undefined);
        resolve({ ...result, stored });
      };
      this.#task(true, run, () => settle(), reject);
    });
  }

  /** Stores an event of the gateway itself (SYS.*) or of a watchdog about a device. Resolves once it is on disk. */
  emit(draft: EventDraft, device?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#task(isUrgent(draft), (batch) => batch.addOwn(draft, device), resolve, reject);
    });
  }

  /**
   * Raises what happened to the gateway's files: the open alarms of a damaged journal again, and a `SYS.STORAGE` for
   * each notice. The same commit removes what the journal keeps of it for the next start. Resolves once it is in the
   * book; storing it follows.
   */
  finish({ alarms, notices }: Unfinished): Promise<void> {
    return new Promise((resolve, reject) => {
      const run = (batch: Batch): void => {
        const { book, clock } = this.#o;
        try {
          const changes = carriedOver(alarms, book.open());
          for (const { transition } of changes) book.fold(transition);
          batch.addChanges(changes, undefined);
          for (const notice of notices)
            batch.addOwn(ownDraft('SYS.STORAGE', 'pulse', clock(), { ...notice }), undefined);
          batch.finished();
        } finally {
          resolve();
        }
      };
      this.#task(true, run, () => undefined, reject);
    });
  }

  /** A line of the audit that no event makes. Resolves once it is on disk; rejects when the gateway stops before. */
  audit(entry: AuditEntry): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#task(false, (batch) => batch.audit(entry), resolve, reject),
    );
  }

  /** Keeps a state of the gateway itself for the next start. Resolves once it is on disk. */
  keep(key: string, value: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#task(false, (batch) => batch.keep(key, value), resolve, reject),
    );
  }

  /**
   * Devices were removed or replaced, or watch other slots now: what only they could clear is let go. Resolves once it is
   * on disk.
   */
  release(replaced: readonly Replacement[] = []): Promise<void> {
    for (const { device } of replaced) {
      // at once: what the new unit says first is no repetition of what the old one said
      this.#o.devices.renew(device);
      this.#o.duplicates.forget(device);
    }
    const urgent = replaced.length === 0;
    return new Promise((resolve, reject) =>
      this.#task(urgent, (batch) => batch.release(replaced), resolve, reject),
    );
  }

  /** The devices behind an external broker are out of reach: what they held is unknown. Resolves once it is on disk. */
  lose(adapter: string): Promise<void> {
    // at once: what arrives next is read against the state
    const forgotten = this.#o.devices.forgetReachedBy(adapter);
    return new Promise((resolve, reject) =>
      this.#task(true, (batch) => batch.lose(forgotten), resolve, reject),
    );
  }

  /** Conditions that were not said again within their `maxActive` are unknown from now on. Resolves once it is on disk. */
  expire(): Promise<void> {
    const points = this.#o.devices.expire(this.#o.clock());
    if (points.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) =>
      this.#task(true, (batch) => batch.expire(points), resolve, reject),
    );
  }

  /**
   * Moves a machine (zone, drill, duty) as a person or a timer asks, in order with everything else. Resolves when it is
   * decided; rejects with what `work` throws, which then has changed nothing. `stored` settles once it is on disk.
   */
  move<Result>(work: (moves: Moves) => Result): Promise<{ result: Result; stored: Promise<void> }> {
    return new Promise((resolve, reject) => {
      let settle: () => void = () => undefined;
      const stored = new Promise<void>((done) => {
        settle = done;
      });
      const run = (batch: Batch): void => {
        try {
          resolve({ result: work(batch), stored });
        } catch (error) {
          reject(error);
        }
      };
      if (this.#stopped !== undefined) reject(this.#stopped);
      else this.#push(this.#own, new TaskItem(true, run, () => settle(), reject, false));
    });
  }

  /** Lets machines do what is due. Called often; costs nothing while nothing is. */
  tick(): void {
    if (this.#ticking || this.#stopped !== undefined) return;
    const now = performance.now();
    const machines = this.#o.machines ?? [];
    if (!machines.some((machine) => (machine.dueAt() ?? Number.POSITIVE_INFINITY) <= now)) return;
    this.#ticking = true;
    const run = (batch: Batch): void => {
      this.#ticking = false;
      batch.tick(performance.now());
    };
    const done = (): void => undefined;
    this.#push(this.#own, new TaskItem(true, run, done, done, false));
  }

  /** Takes no more; what waits is evaluated and handed to the journal, which drains it when it closes. */
  stop(): void {
    this.#seal(Number.MAX_SAFE_INTEGER, false);
    this.#stopped = new Error('the gateway is stopping; send it again after the restart');
    clearInterval(this.#watch);
  }

  /** A clock that was set makes no message late. */
  #noticeStep(wall: number, monotonic: number): void {
    if (this.#clockStep.since(wall, monotonic) === 0) return;
    // at once: what arrives next is read against the state
    const states = this.#o.devices.clockStepped();
    const done = (): void => undefined;
    this.#task(false, (batch) => batch.keepDevices(states), done, done);
  }

  #task(
    urgent: boolean,
    run: (batch: Batch) => void,
    stored: () => void,
    abandoned: (e: Error) => void,
  ): void {
    if (this.#stopped === undefined) this.#push(this.#own, new TaskItem(urgent, run, stored, abandoned));
    else abandoned(this.#stopped);
  }

  #queueOf(raw: RawMessage): ClientQueue<Item> {
    const clients = this.#clientsOf(raw.adapter);
    const name = senderOf(raw);
    let queue = clients.get(name);
    if (queue === undefined) {
      queue = new ClientQueue();
      clients.set(name, queue);
    }
    return queue;
  }

  #clientsOf(adapter: string): Map<string, ClientQueue<Item>> {
    let clients = this.#clients.get(adapter);
    if (clients === undefined) {
      clients = new Map();
      this.#clients.set(adapter, clients);
    }
    return clients;
  }

  #push(queue: ClientQueue<Item>, item: Item): void {
    this.#waiting.push(queue, item);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // what arrives with the same read of the sockets shares the commit
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  /** Seals the next batch when the last one is on disk; while storage is stuck, goes on for the alarms' sake. */
  #pump(): void {
    if (this.#waiting.size === 0) return;
    if (this.#unstored.size === 0) this.#seal(BATCH_ROWS, false);
    else if (this.#isStuck()) this.#sealWhileStuck();
    this.#watchCommit();
  }

  /** One turn of it: alarms first, and what is evaluated is shown at once. More follows in turns of their own. */
  #sealWhileStuck(): void {
    const urgentOnly = this.#waiting.hasUrgent || this.#unstoredRows >= this.#allowedRows();
    const { alarms } = this.#seal(TURN_ROWS, urgentOnly) ?? {};
    if (alarms !== undefined && alarms.length > 0) this.#o.onUnsaved(alarms);
    const more = this.#waiting.size > 0 && this.#unstoredRows < this.#allowedRows();
    if (more || this.#waiting.hasUrgent) this.#schedule();
  }

  /**
   * Rows that may be evaluated ahead of storage. One that is merely slow gets no backlog: an alarm must not wait behind
   * it to be on disk. The longer nothing is stored, the more.
   */
  #allowedRows(): number {
    if (this.#o.journal.storage !== 'ok') return UNSTORED_ROWS;
    const stuckMs = performance.now() - this.#progressAt;
    return Math.min(UNSTORED_ROWS, BATCH_ROWS * Math.floor(stuckMs / STUCK_COMMIT_MS));
  }

  #isStuck(): boolean {
    if (this.#o.journal.storage !== 'ok') return true;
    const [oldest] = this.#unstored.values();
    return oldest !== undefined && performance.now() - oldest > STUCK_COMMIT_MS;
  }

  /** While rows are not on disk, looks twice per limit whether their commit is stuck. */
  #watchCommit(): void {
    this.#watch ??= setInterval(() => {
      if (this.#unstored.size === 0) {
        clearInterval(this.#watch);
        this.#watch = undefined;
      } else if (this.#isStuck()) {
        this.#sealWhileStuck();
        // also those that were sealed before, and for consoles that have come since
        const alarms = this.unsaved();
        if (alarms.length > 0) this.#o.onUnsaved(alarms);
      }
    }, STUCK_COMMIT_MS / 2);
  }

  #seal(cap: number, urgentOnly: boolean): SealedBatch | undefined {
    const items = this.#waiting.take(cap, urgentOnly);
    if (items.length === 0) return undefined;
    const batch = new Batch(this.#evaluation);
    for (const item of items) this.#evaluate(item, batch);
    const sealed = batch.seal();
    const now = performance.now();
    if (this.#unstored.size === 0) this.#progressAt = now;
    this.#unstored.set(sealed, now);
    this.#unstoredRows += sealed.rows.length;
    for (const alarm of sealed.alarms) this.#unsaved.set(alarm.id, alarm);
    const { alarms, all } = this.#o.journal.append(sealed);
    alarms.then(
      () => {
        this.#saved(sealed);
        for (const item of items) if (item.alarmsOnly) item.stored();
      },
      () => undefined, // `all` rejects as well
    );
    all.then(
      () => {
        this.#settled(sealed);
        for (const item of items) if (!item.alarmsOnly) item.stored();
        this.#pump();
      },
      (error: Error) => {
        this.#settled(sealed);
        for (const item of items) item.abandoned(error);
      },
    );
    return sealed;
  }

  /** Unless a later batch, which waits, changed the alarm again. */
  #saved({ alarms }: SealedBatch): void {
    for (const alarm of alarms) if (this.#unsaved.get(alarm.id) === alarm) this.#unsaved.delete(alarm.id);
  }

  /** A fault of ours in one message must not stop the others; what it added before stays. */
  #evaluate(item: Item, batch: Batch): void {
    try {
      item.seal(batch);
    } catch (error) {
      this.#o.onFault(error as Error);
    }
  }

  #settled(batch: SealedBatch): void {
    this.#saved(batch);
    this.#unstored.delete(batch);
    this.#unstoredRows -= batch.rows.length;
    this.#progressAt = performance.now();
  }
}

/** Two users may have the same client identifier. */
function senderOf({ user, clientId }: Pick<RawMessage, 'user' | 'clientId'>): string {
  return `${user ?? ''}\0${clientId ?? ''}`;
}
