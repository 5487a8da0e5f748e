import type { Logger } from 'pino';
import type { Alarm } from '../../contract/alarm.ts';
import type { Clock } from '../../contract/event.ts';
import { type KeepDays, keepClasses, keepDaysOf, longest } from './keep-days.ts';
import type { MediaFacts } from './media-file.ts';
import type { MediaStore } from './store.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Nothing younger is too old. */
const LEAST_DAYS = Math.min(...keepClasses);
/** Before it is looked again for what may go, where nothing could. */
const FRUITLESS_MS = 60_000;
/** Once room is made, a little more than is needed: looking through everything for each picture would be slow. */
const AT_ONCE = 0.01;

export interface MediaRetentionOptions {
  store: MediaStore;
  /** Most bytes that the store may take. */
  maxBytes: number;
  /** An alarm as it is now, open or closed; undefined: known no more. Rejects when that cannot be told. */
  alarm: (id: string) => Promise<Alarm | undefined>;
  clock: () => number;
  /** By age only while this is `sync`: a clock that jumped ahead must not empty the store. */
  clockQuality: () => Clock['quality'];
  logger: Logger;
}

/** How a medium stands. */
interface Standing {
  /** One of its alarms is open: it stays. */
  open: boolean;
  keepDays: KeepDays;
}

/**
 * Removes pictures and films: by age, and of the least important class the oldest first when there is no room. What
 * belongs to an open alarm stays.
 */
export class MediaRetention {
  readonly #o: MediaRetentionOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #fruitlessUntil = 0;
  /** Removed since the start, by reason. */
  readonly removed = { age: 0, room: 0 };

  constructor(options: MediaRetentionOptions) {
    this.#o = options;
    options.store.makeRoom = (bytes) => this.#queue(() => this.#relieve(bytes));
  }

  /** Looks for what is too old now and once an hour. */
  start(): void {
    const sweep = (): void => {
      this.sweep().catch((err) => this.#o.logger.warn({ err }, 'old pictures could not be looked through'));
    };
    this.#timer = setInterval(sweep, HOUR_MS);
    sweep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Removes what is older than its class is kept. */
  sweep(): Promise<void> {
    return this.#queue(async () => {
      const now = this.#o.clock();
      await this.#each(
        async (facts, { open, keepDays }) => {
          if (open || now - Date.parse(facts.at) <= keepDays * DAY_MS) return true;
          await this.#remove(facts, 'age');
          return true;
        },
        now - LEAST_DAYS * DAY_MS,
      );
    });
  }

  /** Class by class, the oldest first, until there is room. */
  async #relieve(bytes: number): Promise<void> {
    const { store, maxBytes, logger } = this.#o;
    const wanted = Math.max(bytes, maxBytes * AT_ONCE);
    const before = this.removed.room;
    // another who waited for room may have made it
    if ((await store.excess(bytes)) <= 0 || performance.now() < this.#fruitlessUntil) return;
    for (const days of keepClasses) {
      await this.#each(async (facts, { open, keepDays }) => {
        if ((await store.excess(wanted)) <= 0) return false;
        if (!open && keepDays === days) await this.#remove(facts, 'room');
        return true;
      });
    }
    if ((await store.excess(bytes)) > 0) this.#fruitlessUntil = performance.now() + FRUITLESS_MS;
    logger.warn(
      { removed: this.removed.room - before, bytes: store.bytes },
      'pictures of closed alarms were removed before their time: raise media.max_mib, or give the disk more room',
    );
  }

  /** Every medium of days before `before`, oldest first, until `look` answers false. */
  async #each(
    look: (facts: MediaFacts, standing: Standing) => Promise<boolean>,
    before = Infinity,
  ): Promise<void> {
    const { store, clockQuality, logger } = this.#o;
    for await (const folder of store.folders()) {
      if (Date.parse(folder.replaceAll('/', '-')) > before) return;
      for (const id of await store.ids(folder)) {
        if (this.#stopped) return;
        if (before !== Infinity && clockQuality() !== 'sync') return;
        const facts = await store.facts(id);
        if (facts === undefined) continue;
        let standing: Standing;
        try {
          standing = await this.#standing(facts);
        } catch (err) {
          // whether its alarm is open cannot be told now: it stays
          logger.warn({ err, media: id }, 'whether a picture is still needed could not be told');
          continue;
        }
        if (!(await look(facts, standing))) return;
      }
      await store.tidy(folder);
    }
  }

  async #standing({ alarms, keepDays }: MediaFacts): Promise<Standing> {
    const known: Alarm[] = [];
    for (const id of alarms) {
      const alarm = await this.#o.alarm(id);
      if (alarm !== undefined) known.push(alarm);
    }
    const open = known.some(({ operator }) => operator !== 'closed');
    return { open, keepDays: known.length === 0 ? keepDays : longest(known.map(keepDaysOf)) };
  }

  async #remove(facts: MediaFacts, why: 'age' | 'room'): Promise<void> {
    await this.#o.store.remove(facts);
    this.removed[why] += 1;
    const { id, camera, at, alarms } = facts;
    this.#o.logger.info({ media: id, camera, at, alarms, why }, 'a picture was removed');
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const turn = this.#running.then(() => (this.#stopped ? undefined : work()));
    this.#running = turn.catch(() => undefined);
    return turn;
  }
}
