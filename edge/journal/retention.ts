import type { Logger } from 'pino';
import type { Clock, Lane } from '../../contract/event.ts';
import type { Journal } from './journal.ts';
import type { Expirable } from './reader.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Rows removed by one statement: some 3 ms, so that an alarm never waits long. */
const STEP_ROWS = 200;
/** Rows looked at together; one tombstone names the loss among them. */
const CHUNK_ROWS = 5_000;
/** The audit is kept for 180 days whatever else is set (Cybersecurity Law art. 21). */
const AUDIT_KEPT_MS = 180 * DAY_MS;
/** Steps of the audit in one run: a day has fewer lines. */
const AUDIT_STEPS = 100;
/** A receipt time before 2020 or later than tomorrow says nothing: the clock was wrong. */
const PLAUSIBLE_FROM = Date.UTC(2020, 0, 1);

/** Rows that are removed although a recipient has not confirmed them. */
export interface Loss {
  lane: Lane;
  from: number;
  to: number;
  count: number;
  /** Recipients that have not confirmed all of it. */
  recipients: string[];
  /** `expired`: older than rows are kept. `pressure`: the disk was full. */
  why: 'expired' | 'pressure';
}

export interface RetentionOptions {
  journal: Journal;
  logger: Logger;
  clock: () => number;
  /** Time-based removal only while this is `sync`: a clock that jumped ahead must not empty the journal. */
  clockQuality: () => Clock['quality'];
  /** Rows are kept for so many days (default 180: network and security logs, Cybersecurity Law art. 21). */
  keepDays?: number;
  /** On a full disk rows older than this go as well (default 30: alarm records). */
  keepDaysUnderPressure?: number;
  /** Enabled recipients: what they have not confirmed goes last. */
  recipients: () => readonly string[];
  /**
   * Must store a `SYS.TOMBSTONE` that names the loss, and resolve when that is on disk. Expired rows go after it. On a
   * full disk they go at once: the tombstone itself needs the space (lane `e`).
   */
  onLoss: (loss: Loss) => Promise<void>;
}

/** What a run removed, rows by lane. */
export type Removed = Record<Lane, number>;

/**
 * Removes the oldest rows of each lane, in small steps between commits: first what everybody confirmed, unsent alarms
 * last of all. At most one day's rows an hour while there is space.
 */
export class Retention {
  readonly #o: RetentionOptions;
  readonly #keepMs: number;
  readonly #pressureMs: number;
  #timer: NodeJS.Timeout | undefined;
  #forget: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #scheduled = false;
  #stopped = false;

  constructor(options: RetentionOptions) {
    this.#o = options;
    this.#keepMs = (options.keepDays ?? 180) * DAY_MS;
    this.#pressureMs = Math.min(this.#keepMs, (options.keepDaysUnderPressure ?? 30) * DAY_MS);
  }

  /** Runs once an hour, also across restarts, and at once and every minute while the disk is full. */
  start(): void {
    const { journal, clock } = this.#o;
    let lastRun: number | undefined;
    const tick = async (): Promise<unknown> => {
      if (journal.storage === 'full') return this.relieve();
      lastRun ??= await journal.reader.lastRemoval();
      if (Math.abs(clock() - lastRun) < HOUR_MS) return undefined;
      lastRun = clock();
      return this.run();
    };
    this.#timer = setInterval(() => this.#schedule(tick), MINUTE_MS);
    this.#timer.unref();
    this.#forget = journal.onStorage((state) => {
      if (state === 'full') this.#schedule(tick);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#forget?.();
    await this.#running;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Removes what is older than rows are kept, at most the oldest day of each lane. */
  async run(): Promise<Removed> {
    const removed: Removed = { a: 0, e: 0 };
    for (const lane of ['e', 'a'] as const) {
      const oldest = await this.#o.journal.reader.oldestReceipt(lane, PLAUSIBLE_FROM, this.#tomorrow());
      if (oldest === undefined) continue;
      const before = Math.min(this.#o.clock() - this.#keepMs, oldest + DAY_MS);
      removed[lane] += await this.#remove(lane, before, this.#confirmed(lane), undefined);
      // Alarms that were not sent wait for the recipient, however long that takes.
      if (lane === 'e') removed[lane] += await this.#remove(lane, before, Number.MAX_SAFE_INTEGER, 'expired');
    }
    await this.#removeAudit();
    return removed;
  }

  /** The audit is kept for its whole time also on a full disk: nobody shall fill a disk to be rid of it. */
  async #removeAudit(): Promise<void> {
    if (this.#o.clockQuality() !== 'sync') return;
    const { journal } = this.#o;
    const before = this.#o.clock() - Math.max(this.#keepMs, AUDIT_KEPT_MS);
    const plausible = ({ at }: Expirable): boolean => at >= PLAUSIBLE_FROM && at <= this.#tomorrow();
    for (let step = 0; step < AUDIT_STEPS && !this.#stopped; step++) {
      const rows = await journal.reader.oldestAudit(STEP_ROWS);
      const kept = rows.findIndex((row) => plausible(row) && row.at >= before);
      const end = rows.findLast((row, index) => (kept < 0 || index < kept) && plausible(row));
      if (end === undefined) return;
      await journal.pruneAudit(end.seq);
    }
  }

  /** Makes room on a full disk: sent events, sent alarms, unsent events, unsent alarms, until there is enough. */
  async relieve(): Promise<Removed> {
    const removed: Removed = { a: 0, e: 0 };
    const before = this.#o.clock() - this.#pressureMs;
    for (const why of [undefined, 'pressure'] as const) {
      for (const lane of ['e', 'a'] as const) {
        const limit = why === undefined ? this.#confirmed(lane) : Number.MAX_SAFE_INTEGER;
        removed[lane] += await this.#remove(
          lane,
          before,
          limit,
          why,
          () => this.#o.journal.storage !== 'full',
        );
      }
    }
    if (removed.a + removed.e > 0) {
      this.#o.logger.warn(
        { removed },
        'journal: the disk is full; old rows were removed earlier than configured',
      );
    }
    return removed;
  }

  /** Steps through a lane from its oldest row while rows are older than `before` and not above `limit`. */
  async #remove(
    lane: Lane,
    before: number,
    limit: number,
    why: Loss['why'] | undefined,
    enough: () => boolean = () => false,
  ): Promise<number> {
    const { journal, clockQuality, onLoss } = this.#o;
    let removed = 0;
    while (!this.#stopped && clockQuality() === 'sync' && !enough()) {
      const rows = await journal.reader.oldestRows(lane, CHUNK_ROWS);
      const expired = (await this.#expired(lane, rows, before)).filter((row) => row.seq <= limit);
      const first = expired[0]?.seq;
      let upto = expired.at(-1)?.seq;
      if (first === undefined || upto === undefined) break;
      // ending where a cursor is lets a recipient's next frame go on from a hash that is known
      for (const { ack } of this.#behind(lane, upto)) if (ack >= first) upto = Math.min(upto, ack);
      const losing = this.#behind(lane, upto).map(({ recipient }) => recipient);
      if (why !== undefined && losing.length > 0) {
        const told = onLoss({
          lane,
          from: first,
          to: upto,
          count: upto - first + 1,
          recipients: losing,
          why,
        });
        if (why === 'expired') await told;
        else told.catch((error) => this.#warn(error));
      }
      for (let to = first - 1; to < upto && !this.#stopped && !enough(); ) {
        const next = Math.min(to + STEP_ROWS, upto);
        await journal.prune(lane, next);
        removed += next - to;
        to = next;
      }
    }
    return removed;
  }

  /** The prefix received before `before`. An implausible time counts as that of the next plausible row. */
  async #expired(lane: Lane, rows: readonly Expirable[], before: number): Promise<readonly Expirable[]> {
    const tomorrow = this.#tomorrow();
    const plausible = ({ at }: Expirable): boolean => at >= PLAUSIBLE_FROM && at <= tomorrow;
    if (!rows.some(plausible)) {
      const next = await this.#o.journal.reader.oldestReceipt(lane, PLAUSIBLE_FROM, tomorrow);
      return next !== undefined && next < before ? rows : [];
    }
    const kept = rows.findIndex((row) => plausible(row) && row.at >= before);
    const end = rows.findLastIndex((row, index) => (kept < 0 || index < kept) && plausible(row));
    return rows.slice(0, end + 1);
  }

  /** What every enabled recipient has. */
  #confirmed(lane: Lane): number {
    const { journal, recipients } = this.#o;
    const acks = recipients().map((recipient) => journal.outbox.cursor(recipient, lane).ack);
    return acks.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...acks);
  }

  #behind(lane: Lane, seq: number): Array<{ recipient: string; ack: number }> {
    const { journal, recipients } = this.#o;
    return recipients()
      .map((recipient) => ({ recipient, ack: journal.outbox.cursor(recipient, lane).ack }))
      .filter(({ ack }) => ack < seq);
  }

  #tomorrow(): number {
    return this.#o.clock() + DAY_MS;
  }

  #schedule(work: () => Promise<unknown>): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#running = this.#running.then(async () => {
      try {
        if (!this.#stopped) await work();
      } catch (error) {
        this.#warn(error);
      } finally {
        this.#scheduled = false;
      }
    });
  }

  /** A full or failing disk, or a stop: the next run tries again. */
  #warn(error: unknown): void {
    this.#o.logger.warn({ err: error }, 'journal: retention stopped early');
  }
}
