import type { Alarm } from '../../contract/alarm.ts';
import { isQuiet } from '../../contract/sounding.ts';
import { remainingMs } from '../ops/deadline.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { AlarmTimes } from './alarm-times.ts';
import type { AlarmBook } from './book.ts';
import { Deadlines } from './deadlines.ts';

/** How often it is looked whether what was undelivered has arrived. */
const LOOK_MS = 500;
const LOOK = 'look';

export interface UndeliveredWatchOptions {
  book: Pick<AlarmBook, 'open' | 'get'>;
  times: Pick<AlarmTimes, 'undeliveredMs'>;
  /** Milliseconds since 1970. */
  clock: () => number;
  monotonic: () => number;
}

/** One card of the guard: what a recipient has not got. */
interface Told {
  recipient: string;
  /** Of a silent alarm: where nobody may see it. */
  discreet?: { place?: string };
  /** Ids of alarms. */
  alarms: Set<string>;
}

/**
 * A real severity 1 that a recipient has not receipted in time is told as SYS.UNDELIVERED, which sounds and shows whom to
 * call; it clears when the receipt comes. One card a recipient. Of a silent alarm it is a card of its own, as discreet as
 * the alarm.
 */
export class UndeliveredWatch implements Machine {
  readonly #o: UndeliveredWatchOptions;
  readonly #due = new Deadlines();
  readonly #told = new Map<string, Told>();

  constructor(options: UndeliveredWatchOptions) {
    this.#o = options;
    for (const alarm of options.book.open()) {
      const { newSince } = alarm;
      if (newSince !== undefined) this.#wait(alarm, this.#leftOf(newSince));
      const { type, subject, condition, silent, place } = alarm;
      if (type !== 'SYS.UNDELIVERED' || condition !== 'active') continue;
      const [recipient = subject] = subject.split(' ');
      const told: Told = { recipient, alarms: new Set() };
      if (silent === true) told.discreet = place === undefined ? {} : { place };
      this.#told.set(subject, told);
    }
    if (this.#told.size > 0) this.#lookLater(options.times.undeliveredMs + LOOK_MS);
  }

  /** A new alarm, or a new trigger of one: the time runs of each recipient whose time does not run already. */
  changed(alarm: Alarm): void {
    this.#wait(alarm, this.#o.times.undeliveredMs);
  }

  /** A recipient has it: what comes next has a time of its own. */
  delivered({ id, delivery = {} }: Alarm): void {
    for (const [recipient, { state }] of Object.entries(delivery))
      if (state === 'receipted') this.#due.delete(dueName(id, recipient));
  }

  dueAt(): number | undefined {
    return this.#due.next();
  }

  act(moves: Moves): void {
    for (const name of this.#due.take(this.#o.monotonic())) {
      if (name === LOOK) this.#look(moves);
      else this.#tell(name, moves);
    }
  }

  #wait(alarm: Alarm, ms: number): void {
    const { id, newSince, severity, mode } = alarm;
    if (severity !== 1 || mode !== 'live' || newSince === undefined) return;
    const told = [...this.#told.values()].filter(({ alarms }) => alarms.has(id));
    for (const recipient of pendingWith(alarm)) {
      const name = dueName(id, recipient);
      if (this.#due.has(name) || told.some((one) => one.recipient === recipient)) continue;
      this.#due.set(name, this.#o.monotonic() + ms);
    }
  }

  /** What is left after a restart: early rather than late. */
  #leftOf(newSince: string): number {
    const { undeliveredMs } = this.#o.times;
    const until = new Date(Date.parse(newSince) + undeliveredMs).toISOString();
    return remainingMs({ until, ofMs: undeliveredMs }, this.#o.clock());
  }

  #tell(name: string, moves: Moves): void {
    const [id = '', recipient = ''] = name.split(' ');
    const alarm = this.#o.book.get(id);
    if (alarm === undefined || isQuiet(alarm) || !pendingWith(alarm).includes(recipient)) return;
    const { type, place, silent } = alarm;
    const where = place === undefined ? {} : { place };
    // an alarm that nobody in the room may notice has a card of its own, of its own room
    const subject = silent === true ? `${recipient} ${id}` : recipient;
    const told: Told = this.#told.get(subject) ?? { recipient, alarms: new Set() };
    if (silent === true) told.discreet = where;
    told.alarms.add(id);
    this.#told.set(subject, told);
    this.#emit('raise', subject, told, moves, { alarm: { id, type, ...where } });
    this.#lookLater(LOOK_MS);
  }

  #look(moves: Moves): void {
    for (const [subject, told] of this.#told) {
      for (const id of told.alarms) {
        const alarm = this.#o.book.get(id);
        if (alarm === undefined || !pendingWith(alarm).includes(told.recipient)) told.alarms.delete(id);
      }
      if (told.alarms.size > 0) continue;
      this.#told.delete(subject);
      this.#emit('clear', subject, told, moves);
    }
    if (this.#told.size > 0) this.#lookLater(LOOK_MS);
  }

  #emit(
    edge: 'raise' | 'clear',
    input: string,
    { recipient, discreet }: Told,
    moves: Moves,
    data: Record<string, unknown> = {},
  ): void {
    const all = { recipient, ...data, ...(discreet === undefined ? {} : { discreet: true }) };
    const draft = { ...ownDraft('SYS.UNDELIVERED', edge, this.#o.clock(), all), input };
    moves.emit(draft, discreet === undefined ? {} : { origin: discreet });
  }

  #lookLater(ms: number): void {
    this.#due.set(LOOK, this.#o.monotonic() + ms);
  }
}

/** Neither has a blank. */
function dueName(id: string, recipient: string): string {
  return `${id} ${recipient}`;
}

/** Recipients who have not receipted it; a refusal is no receipt. */
function pendingWith({ delivery = {} }: Alarm): string[] {
  return Object.entries(delivery).flatMap(([recipient, { state }]) =>
    state === 'receipted' ? [] : [recipient],
  );
}
