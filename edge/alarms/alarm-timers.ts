import type { Alarm, ServiceLevel } from '../../contract/alarm.ts';
import { serviceSchema } from '../../contract/alarm.ts';
import { remainingMs } from '../ops/deadline.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import type { AlarmTimes } from './alarm-times.ts';
import type { AlarmBook } from './book.ts';
import type { Change } from './change.ts';
import { Deadlines } from './deadlines.ts';
import { escalated, isRunning, isUntaken, missed, nextStep } from './escalation.ts';
import { shelvingOver } from './shelving.ts';

const levels = Object.keys(serviceSchema.shape) as ServiceLevel[];

export interface AlarmTimersOptions {
  book: AlarmBook;
  times: Pick<AlarmTimes, 'escalation'>;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
}

/**
 * What time does to open alarms: escalation of what nobody takes, missed service levels, the end of a shelving. Runs on
 * the monotonic clock; what is left after a restart follows from the alarms themselves, early rather than late.
 */
export class AlarmTimers implements Machine {
  readonly #o: AlarmTimersOptions;
  readonly #deadlines = new Deadlines();
  /** Since when an alarm is unhandled: `newSince`, and the same on the monotonic clock. */
  readonly #since = new Map<string, { newSince: string; at: number }>();
  /** The end that a shelving's deadline was set for. */
  readonly #shelved = new Map<string, string>();
  /** Levels missed since the start, without silent alarms. */
  readonly missed: Record<ServiceLevel, number> = { handle: 0, scene: 0 };

  constructor(options: AlarmTimersOptions) {
    this.#o = options;
    for (const alarm of options.book.open()) this.changed(alarm);
  }

  /** An alarm has a new version: what is due of it may have changed. */
  changed(alarm: Alarm): void {
    const { id, operator } = alarm;
    this.#shelving(alarm);
    if (operator === 'closed') this.#since.delete(id);
    else if (alarm.newSince !== undefined && this.#since.get(id)?.newSince !== alarm.newSince) {
      const elapsed = Math.max(0, this.#o.clock() - Date.parse(alarm.newSince));
      this.#since.set(id, { newSince: alarm.newSince, at: this.#o.monotonic() - elapsed });
    }
    const since = this.#since.get(id)?.at ?? Number.NEGATIVE_INFINITY;
    const step = nextStep(alarm);
    this.#set(
      `escalate ${id}`,
      step === undefined ? undefined : since + (this.#o.times.escalation[step - 1] ?? 0),
    );
    for (const level of levels)
      this.#set(`${level} ${id}`, isRunning(alarm, level) ? since + this.#o.book.levels[level] : undefined);
  }

  dueAt(): number | undefined {
    return this.#deadlines.next();
  }

  act(moves: Moves): void {
    const { book, clock } = this.#o;
    for (const name of this.#deadlines.take(this.#o.monotonic())) {
      const [what = '', id = ''] = name.split(' ');
      const changes = book.amend(id, (alarm) => this.#due(what, alarm, clock()));
      moves.change(changes);
    }
  }

  #due(what: string, alarm: Alarm, now: number): readonly Change[] {
    switch (what) {
      case 'escalate':
        return isUntaken(alarm) ? escalated(alarm, now) : [];
      case 'shelve':
        return shelvingOver(alarm, now, this.#o.book.levels);
      default: {
        const level = what as ServiceLevel;
        const changes = missed(alarm, level, now);
        // whoever sits in the room may read the figures
        if (alarm.silent !== true) this.missed[level] += changes.length;
        return changes;
      }
    }
  }

  #shelving({ id, shelved }: Alarm): void {
    if (shelved === undefined) {
      this.#shelved.delete(id);
      this.#deadlines.delete(`shelve ${id}`);
      return;
    }
    const { at, until } = shelved;
    if (this.#shelved.get(id) === until) return;
    this.#shelved.set(id, until);
    const ofMs = Date.parse(until) - Date.parse(at);
    this.#deadlines.set(`shelve ${id}`, this.#o.monotonic() + remainingMs({ until, ofMs }, this.#o.clock()));
  }

  #set(name: string, at: number | undefined): void {
    if (at === undefined) this.#deadlines.delete(name);
    else this.#deadlines.set(name, at);
  }
}
