import { z } from 'zod';
import type { Alarm } from '../../contract/alarm.ts';
import { type DutyView, dutyCheckSchema, type OnShift, onShiftSchema } from '../../contract/duty.ts';
import { instantSchema } from '../../contract/event.ts';
import type { AlarmBook } from '../alarms/book.ts';
import { type Author, changed, timerAuthor } from '../alarms/change.ts';
import { localTime, minuteOf } from '../arming/local-time.ts';
import { deadlineIn, remainingMs } from '../ops/deadline.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';

const KEY = 'duty';

/** When somebody has to be there, on the clocks of the campus. */
export interface DutyHours {
  from: string;
  to: string;
}

export interface DutyTimes {
  /** How long a check waits for its answer, milliseconds. */
  checkMs: number;
  /** How long nobody may be there, milliseconds. */
  absentMs: number;
  /** Undefined: around the clock. */
  hours: DutyHours | undefined;
}

export interface DutyOptions {
  book: Pick<AlarmBook, 'amend' | 'open'>;
  times: DutyTimes;
  /** IANA zone of the campus. */
  zone: string;
  /** A guard or shift leader has a console open. */
  isWatched: () => boolean;
  /** What the last run kept. */
  states: ReadonlyMap<string, string>;
  /** Milliseconds since 1970, and monotonic. */
  clock: () => number;
  monotonic: () => number;
  onChange: () => void;
}

const keptSchema = z.object({
  onShift: z.array(onShiftSchema),
  check: dutyCheckSchema.omit({ leftS: true }).extend({ ofMs: z.number(), until: instantSchema }).optional(),
});
type Kept = z.infer<typeof keptSchema>;
export type Check = NonNullable<Kept['check']>;

/** Who is on shift, duty checks (查岗), and whether anybody is there at all. */
export class Duty implements Machine {
  readonly #o: DutyOptions;
  #onShift: readonly OnShift[];
  #check: Check | undefined;
  #checkAt: number | undefined;
  /** When somebody was last there, or did not have to be. */
  #presentAt: number;
  #absent: boolean;

  constructor(options: DutyOptions) {
    this.#o = options;
    const now = options.monotonic();
    const { onShift, check } = stored(options.states.get(KEY));
    this.#onShift = onShift;
    this.#check = check;
    if (check !== undefined && !check.missed) this.#checkAt = now + remainingMs(check, options.clock());
    // after a start consoles come back by themselves
    this.#presentAt = now;
    this.#absent = options.book.open().some((alarm) => isActive(alarm, 'DUTY.ABSENT'));
  }

  get onShift(): readonly OnShift[] {
    return this.#onShift;
  }

  get check(): Check | undefined {
    return this.#check;
  }

  view(): DutyView {
    const check = this.#check;
    const left = this.#checkAt === undefined ? 0 : Math.max(0, this.#checkAt - this.#o.monotonic());
    if (check === undefined) return { onShift: [...this.#onShift], absent: this.#absent };
    const { ofMs: _, ...shown } = check;
    return {
      onShift: [...this.#onShift],
      check: { ...shown, leftS: Math.ceil(left / 1_000) },
      absent: this.#absent,
    };
  }

  /** Who is on shift from now on. */
  setShift(onShift: readonly OnShift[], moves: Moves): void {
    this.#onShift = onShift;
    this.#keep(moves);
  }

  /** Asks whoever is on duty for a sign of life. */
  startCheck(id: string, author: Author, moves: Moves): void {
    const { clock, monotonic, times } = this.#o;
    const now = clock();
    const deadline = deadlineIn(times.checkMs, now);
    this.#check = { id, by: author.actor, at: new Date(now).toISOString(), ...deadline, missed: false };
    this.#checkAt = monotonic() + times.checkMs;
    this.#tell('DUTY.CHECK', 'raise', { check: id, until: deadline.until, ...who(author) }, moves);
    this.#keep(moves);
  }

  /** Somebody has answered with their code. */
  answer(author: Author, moves: Moves): void {
    const check = this.#check;
    if (check === undefined) return;
    this.#check = undefined;
    this.#checkAt = undefined;
    const data = { check: check.id, ...who(author), inTime: !check.missed };
    if (!check.missed) this.#over('DUTY.CHECK', data, author, moves);
    if (this.#isMissed()) this.#tell('DUTY.MISS', 'clear', data, moves);
    this.#keep(moves);
  }

  dueAt(): number {
    return Math.min(this.#checkAt ?? Number.POSITIVE_INFINITY, this.#absenceAt());
  }

  act(moves: Moves): void {
    const now = this.#o.monotonic();
    if (this.#check !== undefined && this.#checkAt !== undefined && now >= this.#checkAt)
      this.#miss(this.#check, moves);
    if (now >= this.#absenceAt()) this.#turn(moves);
  }

  #miss(check: Check, moves: Moves): void {
    this.#check = { ...check, missed: true };
    this.#checkAt = undefined;
    const onShift = this.#onShift.map(({ user }) => user);
    const data = { check: check.id, startedBy: check.by, onShift };
    this.#over('DUTY.CHECK', { ...data, answered: false }, timerAuthor, moves);
    this.#tell('DUTY.MISS', 'raise', data, moves);
    this.#keep(moves);
  }

  /** The request is answered, or has become DUTY.MISS: nobody has to handle its card. */
  #over(type: string, data: Record<string, unknown>, author: Author, moves: Moves): void {
    const { book, clock } = this.#o;
    this.#tell(type, 'clear', data, moves);
    const by = author.actor;
    const disposition = { verdict: 'test' as const, by, at: new Date(clock()).toISOString() };
    for (const { id } of book.open().filter((alarm) => alarm.type === type))
      moves.change(
        book.amend(id, (alarm) => [
          changed(alarm, { operator: 'closed', latched: false, disposition }, 'close', author),
        ]),
      );
  }

  /**
   * When DUTY.ABSENT is to be raised, or cleared. Asked several times a second, so that nothing is stored while nothing
   * changes. One that the last run raised stays until somebody comes.
   */
  #absenceAt(): number {
    const { times, isWatched, monotonic } = this.#o;
    if (!isWatched() && this.#mustBeThere())
      return this.#absent ? Number.POSITIVE_INFINITY : this.#presentAt + times.absentMs;
    this.#presentAt = monotonic();
    // in the past: whoever asks has read the clock before
    return this.#absent ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  #turn(moves: Moves): void {
    const { times, clock, onChange } = this.#o;
    this.#absent = !this.#absent;
    const onShift = this.#onShift.map(({ user }) => user);
    const data = { onShift, minutes: Math.round(times.absentMs / 60_000) };
    moves.emit(ownDraft('DUTY.ABSENT', this.#absent ? 'raise' : 'clear', clock(), data));
    onChange();
  }

  #mustBeThere(): boolean {
    const { times, clock, zone } = this.#o;
    if (times.hours === undefined) return true;
    const { minute } = localTime(clock(), zone);
    const [from, to] = [minuteOf(times.hours.from), minuteOf(times.hours.to)];
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  }

  #isMissed(): boolean {
    return this.#o.book.open().some((alarm) => isActive(alarm, 'DUTY.MISS'));
  }

  #tell(type: string, edge: 'raise' | 'clear', data: Record<string, unknown>, moves: Moves): void {
    moves.emit(ownDraft(type, edge, this.#o.clock(), data));
  }

  #keep(moves: Moves): void {
    const { check } = this;
    const kept: Kept = { onShift: [...this.#onShift], ...(check === undefined ? {} : { check }) };
    moves.keep(KEY, JSON.stringify(kept));
    this.#o.onChange();
  }
}

function who({ actor: by, role, station }: Author): Record<string, unknown> {
  return { by, role, station };
}

function isActive({ type, condition }: Alarm, wanted: string): boolean {
  return type === wanted && condition === 'active';
}

function stored(kept: string | undefined): Kept {
  try {
    return keptSchema.parse(JSON.parse(kept ?? ''));
  } catch {
    return { onShift: [] };
  }
}
