import { Duty, type DutyOptions } from './duty.ts';
import { type CodeStore, DutyCodes } from './duty-codes.ts';
import { DutyDesk, type DutyDeskOptions } from './duty-desk.ts';

export interface CreateDutyOptions extends DutyOptions, Pick<DutyDeskOptions, 'move' | 'newId'> {
  users: CodeStore & { person(user: string): { name: string } | undefined };
}

/** Shifts, hand-over and duty checks: the machine, and what people do with it. */
export function createDuty(o: CreateDutyOptions): { machine: Duty; desk: DutyDesk } {
  const machine = new Duty(o);
  const codes = new DutyCodes(o.users, o.monotonic);
  const nameOf = (user: string): string => o.users.person(user)?.name ?? user;
  return { machine, desk: new DutyDesk({ ...o, duty: machine, codes, nameOf }) };
}
