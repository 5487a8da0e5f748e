import { type InjectionKey, inject, shallowReactive, shallowRef } from 'vue';
import type { Alarm, AlarmAction, AlarmActionRequest } from '../../contract/alarm.ts';
import { type Answer, alarmIn, call, isProblem, succeeded, Unreachable } from './api.ts';
import { t } from './i18n/i18n.ts';
import type { LiveInput } from './live-state.ts';
import type { Offer } from './rights.ts';

/** What a person adds to an action in a dialog. */
export type Details = Omit<AlarmActionRequest, 'version' | 'station'>;

/** What a card says about the last action on it. */
export interface Notice {
  readonly tone: 'info' | 'warning' | 'error';
  readonly title?: string;
  readonly text: string;
  /** performance.now() when it was put up. */
  readonly since: number;
}

/** An action that waits for a dialog. `version`: what the person has seen. */
export interface Asking {
  readonly kind: 'confirm' | 'dispose' | 'shelve' | 'isolate' | 'second-person';
  readonly alarmId: string;
  readonly version: number;
  readonly offer: Offer;
  readonly details: Details;
  readonly notice: Notice | undefined;
}

export interface HandlingOptions {
  station: string;
  alarm(id: string): Alarm | undefined;
  learn(input: LiveInput): void;
  onSessionEnded(): void;
}

const NOTICE_MS = 15_000;

/** Actions that ask something first. */
const dialogs: Partial<Record<AlarmAction, Asking['kind']>> = {
  confirm: 'confirm',
  dispose: 'dispose',
  shelve: 'shelve',
  isolate: 'isolate',
};

/** What people do to alarms. Shows nothing as done before the gateway says so. */
export class Handling {
  readonly busy = shallowReactive(new Map<string, AlarmAction>());
  readonly notices = shallowReactive(new Map<string, Notice>());
  readonly asking = shallowRef<Asking | undefined>();
  readonly #o: HandlingOptions;

  constructor(options: HandlingOptions) {
    this.#o = options;
  }

  /** A button of an alarm was pressed, or its key. */
  async press(alarm: Alarm, offer: Offer): Promise<void> {
    if (this.busy.has(alarm.id)) return;
    this.notices.delete(alarm.id);
    const asking = { alarmId: alarm.id, version: alarm.version, offer, details: {}, notice: undefined };
    const kind = dialogs[offer.action];
    if (kind === undefined) await this.#send(alarm, offer, {});
    else this.asking.value = { ...asking, kind };
  }

  /** Acknowledges one that has closed by itself; many may follow each other. */
  async see(alarm: Alarm): Promise<void> {
    if (!this.busy.has(alarm.id)) await this.#send(alarm, { action: 'acknowledge', propose: false }, {});
  }

  /** The dialog is filled in. */
  async submit(details: Details): Promise<void> {
    const { asking } = this;
    const question = asking.value;
    const alarm = question && this.#o.alarm(question.alarmId);
    if (question === undefined || alarm === undefined || this.busy.has(question.alarmId)) return;
    asking.value = { ...question, notice: undefined };
    const seen = { ...alarm, version: question.version };
    await this.#send(seen, question.offer, { ...question.details, ...details });
  }

  cancel(): void {
    this.asking.value = undefined;
  }

  tick(): void {
    const now = performance.now();
    for (const [id, { since }] of this.notices) if (now - since > NOTICE_MS) this.notices.delete(id);
  }

  async #send(alarm: Alarm, offer: Offer, details: Details): Promise<void> {
    const { action } = offer;
    const body: AlarmActionRequest = { version: alarm.version, station: this.#o.station, ...details };
    this.busy.set(alarm.id, action);
    try {
      this.#answered(
        alarm.id,
        offer,
        details,
        await call<Alarm>('POST', `alarms/${alarm.id}/${action}`, body),
      );
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#tell(alarm.id, { tone: 'error', text: t('problem.unreachable') });
    } finally {
      this.busy.delete(alarm.id);
    }
  }

  #answered(id: string, offer: Offer, details: Details, answer: Answer<Alarm>): void {
    const alarm = alarmIn(answer);
    if (alarm !== undefined) this.#o.learn({ k: 'answer', alarm });
    if (succeeded(answer)) {
      this.asking.value = undefined;
      if (isProblem(answer, 'not-stored')) {
        this.#tell(id, { tone: 'warning', text: answer.problem?.detail ?? t('notice.notStored') });
      }
      return;
    }
    if (isProblem(answer, 'expired-session')) {
      this.#o.onSessionEnded();
      return;
    }
    if (isProblem(answer, 'second-person-needed') && this.asking.value?.kind !== 'second-person') {
      const version = (alarm ?? this.#o.alarm(id))?.version ?? 1;
      this.asking.value = { kind: 'second-person', alarmId: id, version, offer, details, notice: undefined };
      return;
    }
    this.#refused(id, answer, alarm);
  }

  #refused(id: string, { status, problem }: Answer<Alarm>, alarm: Alarm | undefined): void {
    if (problem?.code === 'version-conflict') {
      const question = this.asking.value;
      if (question !== undefined && alarm !== undefined) {
        this.asking.value = { ...question, version: alarm.version };
      }
      const text = question === undefined ? t('notice.changed') : t('dialog.changed');
      this.#tell(id, { tone: 'warning', title: problem.title, text });
      return;
    }
    if (problem === undefined) {
      this.#tell(id, { tone: 'error', text: t('problem.unknown', { status }) });
      return;
    }
    const faults = (problem.errors ?? []).map(({ message }) => message);
    this.#tell(id, { tone: 'error', title: problem.title, text: [problem.detail, ...faults].join(' ') });
  }

  /** In the dialog where one is open, on the card otherwise. */
  #tell(id: string, notice: Omit<Notice, 'since'>): void {
    const stamped = { ...notice, since: performance.now() };
    const question = this.asking.value;
    if (question?.alarmId === id) this.asking.value = { ...question, notice: stamped };
    else this.notices.set(id, stamped);
  }
}

const handlingKey: InjectionKey<Handling> = Symbol('handling');

export { handlingKey };

/** The handling of the page around. */
export function useHandling(): Handling {
  const handling = inject(handlingKey);
  if (handling === undefined) throw new Error('useHandling() outside of a duty page');
  return handling;
}
