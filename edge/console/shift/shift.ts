import { ref } from 'vue';
import type { AlarmActionRequest } from '../../../contract/alarm.ts';
import type { DutyView } from '../../../contract/duty.ts';
import { call, isProblem, succeeded } from '../api.ts';
import { Asker } from '../asker.ts';

/** Shifts, hand-over and duty checks for this screen. Who is there is told by the live feed. */
export class Shift {
  readonly asker: Asker;
  /** Has this person a code for duty checks? Undefined: not known yet. */
  readonly hasCode = ref<boolean>();
  /** Ids that a hand-over did not name. */
  readonly missing = ref<readonly string[]>([]);
  readonly #station: string;

  constructor(station: string, onSessionEnded: () => void) {
    this.asker = new Asker(onSessionEnded);
    this.#station = station;
  }

  async load(): Promise<void> {
    const answer = await this.asker.ask(() => call<DutyView & { hasCode: boolean }>('GET', 'duty'));
    this.hasCode.value = answer?.body?.hasCode;
  }

  go(on: boolean): Promise<boolean> {
    return this.#done('POST', 'duty/shift', { on });
  }

  /** True: both have signed. */
  async handOver(
    alarms: readonly string[],
    second: NonNullable<AlarmActionRequest['second']>,
    note: string,
  ): Promise<boolean> {
    this.missing.value = [];
    const body = { station: this.#station, alarms, second, ...(note === '' ? {} : { note }) };
    const answer = await this.asker.ask(() => call('POST', 'handover', body));
    if (answer !== undefined && isProblem(answer, 'handover-incomplete'))
      this.missing.value = answer.problem?.missing ?? [];
    return answer !== undefined && succeeded(answer);
  }

  startCheck(): Promise<boolean> {
    return this.#done('POST', 'duty/checks', {});
  }

  answer(id: string, code: string): Promise<boolean> {
    return this.#done('POST', `duty/checks/${id}/answer`, { code });
  }

  async setCode(password: string, code: string): Promise<boolean> {
    const answer = await this.asker.ask(() => call('PUT', 'duty/code', { password, code }));
    const done = answer !== undefined && succeeded(answer);
    if (done) this.hasCode.value = true;
    return done;
  }

  async #done(method: string, path: string, body: Record<string, unknown>): Promise<boolean> {
    const answer = await this.asker.ask(() => call(method, path, { station: this.#station, ...body }));
    return answer !== undefined && succeeded(answer);
  }
}
