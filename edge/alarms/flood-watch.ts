import type { Event } from '../../contract/event.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { AlarmTimes } from './alarm-times.ts';
import type { AlarmBook } from './book.ts';
import { BurstCounter } from './burst.ts';
import type { Change } from './change.ts';

export interface FloodWatchOptions {
  book: Pick<AlarmBook, 'open'>;
  times: Pick<AlarmTimes, 'flood'>;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
}

/**
 * More new alarms than a person can read (STANDARDS S20): SYS.FLOOD, by which consoles group what is not urgent. Nothing
 * is held back here.
 */
export class FloodWatch implements Machine {
  readonly #o: FloodWatchOptions;
  readonly #new: BurstCounter;
  /** SYS.FLOOD is raised, and when to look whether it is over; monotonic. */
  #until: number | undefined;

  constructor(options: FloodWatchOptions) {
    this.#o = options;
    this.#new = new BurstCounter(options.times.flood);
    // one of the last run is over: what it counted is not known any more
    const isOpen = options.book
      .open()
      .some(({ type, device, condition }) => isFlood({ type, device }) && condition === 'active');
    if (isOpen) this.#until = options.monotonic();
  }

  follow(event: Event, changes: readonly Change[], moves: Moves): void {
    if (event.type === 'SYS.FLOOD' || event.mode !== 'live') return;
    const now = this.#o.monotonic();
    for (const { alarm } of changes) {
      // what nobody in the room may notice must not be noticed by this either
      if (alarm.version !== 1 || alarm.silent === true) continue;
      if (!this.#new.add(now) || this.#until !== undefined) continue;
      const { count, windowMs } = this.#o.times.flood;
      this.#until = this.#new.calmAt(now);
      moves.emit(
        ownDraft('SYS.FLOOD', 'raise', this.#o.clock(), { over: count, minutes: windowMs / 60_000 }),
      );
    }
  }

  dueAt(): number | undefined {
    return this.#until;
  }

  act(moves: Moves): void {
    const now = this.#o.monotonic();
    if (this.#until === undefined || this.#until > now) return;
    this.#until = this.#new.calmAt(now);
    if (this.#until === undefined) moves.emit(ownDraft('SYS.FLOOD', 'clear', this.#o.clock()));
  }
}

/** The flood of the whole campus; with a device it is one that chatters. */
function isFlood({ type, device }: { type: string; device: string | undefined }): boolean {
  return type === 'SYS.FLOOD' && device === undefined;
}
