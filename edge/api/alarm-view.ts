import type { Alarm } from '../../contract/alarm.ts';
import type { AlarmDesk } from './ports.ts';

/** Alarms as people see them: with their delivery, and marked when they are not on disk. */
export class AlarmView {
  readonly #desk: AlarmDesk;

  constructor(desk: AlarmDesk) {
    this.#desk = desk;
  }

  /** All open alarms, newest first. */
  open(): Alarm[] {
    return this.#desk
      .open()
      .map((alarm) => this.now(alarm))
      .sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  get(id: string): Alarm | undefined {
    const alarm = this.#desk.get(id);
    return alarm === undefined ? undefined : this.now(alarm);
  }

  /** An alarm as it is in memory. */
  now(alarm: Alarm): Alarm {
    return this.#desk.isUnsaved(alarm.id) ? { ...alarm, unsaved: true } : alarm;
  }

  /** An alarm as a commit or the journal has it: history, which knows no delivery. */
  stored(alarm: Alarm): Alarm {
    const delivery = this.#desk.get(alarm.id)?.delivery;
    return delivery === undefined ? alarm : { ...alarm, delivery };
  }
}
