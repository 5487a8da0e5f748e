import type { Alarm } from '../../contract/alarm.ts';
import type { DutyView, OnShift } from '../../contract/duty.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { Actor } from '../alarms/rights.ts';
import { stored as inTime } from '../ops/stored.ts';
import type { Moves } from '../pipeline/machine.ts';
import { MoveRefusal } from '../pipeline/move-refusal.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { Duty } from './duty.ts';
import type { DutyCodes } from './duty-codes.ts';
import { text } from './text.ts';

export interface DutyDeskOptions {
  duty: Duty;
  codes: DutyCodes;
  book: Pick<AlarmBook, 'open'>;
  nameOf: (user: string) => string;
  move<Result>(work: (moves: Moves) => Result): Promise<{ result: Result; stored: Promise<void> }>;
  /** Milliseconds since 1970. */
  clock: () => number;
  newId: () => string;
}

/** `stored: false`: it holds all the same and is stored later. */
export interface DutyResult {
  duty: DutyView;
  stored: boolean;
}

/** What a person's station may know of. */
export type IsShown = (alarm: Alarm) => boolean;

/** Shifts, hand-over and duty checks. Refusals are thrown as `MoveRefusal`. */
export class DutyDesk {
  readonly #o: DutyDeskOptions;

  constructor(options: DutyDeskOptions) {
    this.#o = options;
  }

  view(): DutyView {
    return this.#o.duty.view();
  }

  hasCode(user: string): boolean {
    return this.#o.codes.has(user);
  }

  /** Goes on or off shift. Who leaves the room with a severity 1 open, and nobody else there, hands over instead. */
  shift(on: boolean, actor: Actor, isShown: IsShown): Promise<DutyResult> {
    const { duty } = this.#o;
    return this.#move((moves) => {
      const isOn = duty.onShift.some(({ user }) => user === actor.user);
      if (on === isOn) throw new MoveRefusal('already-done', on ? text.onAlready : text.offAlready);
      const others = duty.onShift.filter(({ user }) => user !== actor.user);
      const open = this.#urgent(isShown);
      if (!on && others.length === 0 && open.length > 0)
        throw new MoveRefusal('handover-incomplete', text.handOverFirst, {
          missing: open.map(({ id }) => id),
        });
      duty.setShift(on ? [...others, this.#person(actor.user, actor.role)] : others, moves);
      this.#record(on ? 'on' : 'off', actor, {}, moves);
    });
  }

  /** 交接班: both sign for each open severity 1 by its id. */
  async handOver(
    { alarms, note }: { alarms: readonly string[]; note?: string | undefined },
    actor: Actor & { second: NonNullable<Actor['second']> },
    isShown: IsShown,
  ): Promise<DutyResult> {
    const { duty } = this.#o;
    const { second } = actor;
    if (second.user === actor.user) throw new MoveRefusal('second-person-needed', text.secondIsFirst);
    if (second.role !== 'guard' && second.role !== 'shift-leader')
      throw new MoveRefusal('second-person-needed', text.secondRole);
    return this.#move((moves) => {
      if (!duty.onShift.some(({ user }) => user === actor.user))
        throw new MoveRefusal('not-possible', text.notOnShift);
      const open = this.#urgent(isShown);
      const missing = open.map(({ id }) => id).filter((id) => !alarms.includes(id));
      if (missing.length > 0)
        throw new MoveRefusal('handover-incomplete', text.incomplete(missing.length), { missing });
      const others = duty.onShift.filter(({ user }) => user !== actor.user && user !== second.user);
      duty.setShift([...others, this.#person(second.user, second.role)], moves);
      const signed = open.map(({ id, type, place, operator, owner, firstAt }) => ({
        id,
        type,
        ...(place === undefined ? {} : { place }),
        operator,
        ...(owner === undefined ? {} : { owner }),
        firstAt,
      }));
      const data = {
        from: actor.user,
        to: second.user,
        second: second.user,
        alarms: signed,
        ...(note === undefined ? {} : { note }),
      };
      this.#record('handover', actor, data, moves);
    });
  }

  /** 查岗. The role of whoever starts it is the API's to check; later the province starts some. */
  startCheck({ user, role, station }: Actor): Promise<DutyResult> {
    const { duty, newId } = this.#o;
    return this.#move((moves) => {
      if (duty.check !== undefined && !duty.check.missed)
        throw new MoveRefusal('not-possible', text.checkRuns);
      duty.startCheck(newId(), { actor: user, role, station }, moves);
    });
  }

  async answer(id: string, code: string, { user, role, station }: Actor): Promise<DutyResult> {
    const { duty, codes } = this.#o;
    const find = (): void => {
      if (duty.check?.id !== id) throw new MoveRefusal('unknown-check', text.unknownCheck);
      if (duty.check.by === user) throw new MoveRefusal('not-allowed', text.ownCheck);
    };
    find();
    await codes.check(user, code);
    return this.#move((moves) => {
      find();
      duty.answer({ actor: user, role, station }, moves);
    });
  }

  /** A person's own code. */
  async setCode(user: string, password: string, code: string): Promise<void> {
    const { codes, clock } = this.#o;
    await codes.set(user, password, code);
    await this.#o.move((moves) => {
      moves.emit(ownDraft('SYS.CFG', 'pulse', clock(), { by: user, what: 'duty code set', person: user }));
    });
  }

  #urgent(isShown: IsShown): Alarm[] {
    return this.#o.book.open().filter((alarm) => alarm.severity === 1 && isShown(alarm));
  }

  #person(user: string, role: OnShift['role']): OnShift {
    const { nameOf, clock } = this.#o;
    return { user, name: nameOf(user), role, at: new Date(clock()).toISOString() };
  }

  #record(kind: string, actor: Actor, data: Record<string, unknown>, moves: Moves): void {
    const { user: by, role, station } = actor;
    moves.emit(ownDraft('DUTY.HANDOVER', 'pulse', this.#o.clock(), { kind, by, role, station, ...data }));
  }

  async #move(work: (moves: Moves) => void): Promise<DutyResult> {
    const { stored } = await this.#o.move(work);
    return { duty: this.view(), stored: await inTime(stored) };
  }
}
