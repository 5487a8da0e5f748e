import type { Alarm, AlarmAction, AlarmActionRequest, Transition } from '../../contract/alarm.ts';
import type { Event } from '../../contract/event.ts';
import { type EventType, eventType } from '../../contract/event-type.ts';
import { isRecovered } from './actions.ts';
import { type Change, instant } from './change.ts';
import { ClosedList, closedAt } from './closed-list.ts';
import { lost, released } from './condition.ts';
import { type Covers, marked, type Raise, Undelivered } from './delivery.ts';
import { keyOf, keyOfEvent, opensAlarms } from './key.ts';
import { type Armed, applyAction, applyEvent } from './lifecycle.ts';
import { OpenList } from './open-list.ts';
import { attached } from './raise.ts';
import { type ActResult, refuse, text } from './refusal.ts';
import type { Actor } from './rights.ts';
import { defaultServiceLevels, type ServiceLevels } from './service-levels.ts';
import { type DeviceInput, deviceOfSource } from './sources.ts';

export interface AlarmBookOptions {
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Makes UUIDv7s. */
  newId: () => string;
  /** Who is told: a new alarm is `pending` with each of them at once. */
  recipients?: readonly string[];
  eventType?: (code: string) => EventType | undefined;
  /** How long people may take. */
  levels?: ServiceLevels;
}

/** What is known of an event beside what it says. */
export interface EventContext {
  armed: Armed;
  echo?: boolean;
}

/** A condition of a device, or of one of its inputs. */
export interface ConditionPoint extends DeviceInput {
  type: string;
}

const nothing: readonly Change[] = Object.freeze([]);

/**
 * Every alarm that matters now, in memory: the open ones and those closed in the last 24 hours. What it returns as
 * changes has to be stored; it never forgets an open alarm. Alarms it hands out are never changed afterwards.
 */
export class AlarmBook {
  readonly #clock: () => number;
  readonly #newId: () => string;
  readonly #eventType: (code: string) => EventType | undefined;
  readonly #openById = new Map<string, Alarm>();
  readonly #open = new OpenList();
  readonly #closed: ClosedList;
  /** Open instances of a key, the newest last; all but the last are disposed. */
  readonly #byKey = new Map<string, string[]>();
  readonly #undelivered = new Undelivered();
  readonly levels: ServiceLevels;
  #isShut: (event: Event) => boolean = () => false;
  #onChange: (alarm: Alarm) => void = () => undefined;
  #onDelivery: (alarm: Alarm) => void = () => undefined;

  constructor(options: AlarmBookOptions) {
    this.#clock = options.clock;
    this.#newId = options.newId;
    this.#eventType = options.eventType ?? eventType;
    this.levels = options.levels ?? defaultServiceLevels;
    this.#closed = new ClosedList((id) => this.#undelivered.forget(id));
    for (const recipient of options.recipients ?? []) this.#undelivered.addRecipient(recipient);
  }

  /** Takes over what the last run left, in any order. Older versions than it knows are ignored. */
  restore(alarms: Iterable<Alarm>): void {
    const all = [...alarms];
    const open = all.filter((alarm) => alarm.operator !== 'closed');
    const closed = all.filter((alarm) => alarm.operator === 'closed');
    // an instance that is not disposed is the newest of its key
    const rank = (alarm: Alarm) => (alarm.operator === 'disposed' ? 0 : 1);
    open.sort((a, b) => rank(a) - rank(b) || Date.parse(a.firstAt) - Date.parse(b.firstAt));
    closed.sort((a, b) => closedAt(a) - closedAt(b));
    for (const alarm of open) this.#take(alarm);
    for (const alarm of closed) this.#take(alarm);
  }

  /** Applies a stored transition; one that is known already changes nothing. The alarm as it is then. */
  fold(transition: Transition): Alarm {
    return this.#take(transition.alarm);
  }

  /** What an event does to alarms, in order. Costs next to nothing for kinds that open none. */
  onEvent(event: Event, { armed, echo = false }: EventContext): readonly Change[] {
    if (!opensAlarms(event.kind)) return nothing;
    const type = this.#eventType(event.type);
    if (type === undefined) return nothing;
    const told = event.edge === 'update' ? this.#namedBy(event) : undefined;
    if (told !== undefined) return this.#record(attached(told, event));
    const ids = this.#byKey.get(keyOfEvent(event));
    const shut = this.#isShut(event);
    const context = { now: this.#clock(), newId: this.#newId, levels: this.levels, armed, echo, shut };
    if (event.edge !== 'clear') {
      return this.#record(applyEvent(this.#newest(ids), event, type, context));
    }
    // the device is back to normal for the disposed instances too
    if (ids === undefined) return nothing;
    return ids.flatMap((id) => this.#record(applyEvent(this.#openById.get(id), event, type, context)));
  }

  /** What a person does to an alarm. `alarm` of the answer is the alarm as it is then, with its delivery marks. */
  act(id: string, action: AlarmAction, request: AlarmActionRequest, actor: Actor): ActResult {
    const alarm = this.get(id);
    if (alarm === undefined) return refuse('unknown-alarm', text.unknownAlarm);
    const result = applyAction(alarm, action, request, actor, { now: this.#clock(), levels: this.levels });
    if ('refused' in result) return result;
    this.#record(result.changes);
    return { changes: result.changes, alarm: this.get(id) ?? result.alarm };
  }

  /** Changes an alarm as a timer or the gateway has it; nothing when it is not at hand any more. */
  amend(id: string, change: (alarm: Alarm) => readonly Change[]): readonly Change[] {
    const alarm = this.get(id);
    return alarm === undefined ? nothing : this.#record(change(alarm));
  }

  /** Open instances of a key, the newest last. */
  instances(key: string): Alarm[] {
    return (this.#byKey.get(key) ?? []).flatMap((id) => this.#openById.get(id) ?? []);
  }

  /** Is told of each alarm that has a new version, or another mark of delivery, and says whose raises are recorded only. */
  watchedBy(watch: {
    changed(alarm: Alarm): void;
    delivered(alarm: Alarm): void;
    isShut(event: Event): boolean;
  }): void {
    this.#onChange = (alarm) => watch.changed(alarm);
    this.#onDelivery = (alarm) => watch.delivered(alarm);
    this.#isShut = (event) => watch.isShut(event);
  }

  /**
   * These devices are out of reach, behind a dead bridge or a lost broker: active alarms that nothing else holds become
   * `unknown`; none is cleared.
   */
  lose(devices: Iterable<string>): readonly Change[] {
    const behind = new Set(devices);
    if (behind.size === 0) return nothing;
    return this.#open.all().flatMap((alarm) => this.#record(lost(alarm, ({ device }) => behind.has(device))));
  }

  /**
   * What these inputs said of these types was not said again within its `maxActive`: active alarms that nothing else holds
   * become `unknown`; none is cleared.
   */
  expire(points: readonly ConditionPoint[]): readonly Change[] {
    return points.flatMap((point) =>
      this.#open
        .all()
        .filter(({ type }) => type === point.type)
        .flatMap((alarm) =>
          this.#record(lost(alarm, ({ device, input }) => device === point.device && input === point.input)),
        ),
    );
  }

  /**
   * Lets go of what can never clear: sources of which `speaks` says that they can say nothing of the alarm any
   * more, for this reason. Answers the devices concerned too.
   */
  release(
    speaks: (source: DeviceInput, alarm: Alarm) => boolean,
    reason?: string,
  ): { changes: Change[]; devices: string[] } {
    const devices = new Set<string>();
    const changes = this.#open.all().flatMap((alarm) => {
      const holds = (name: string): boolean => {
        const source = deviceOfSource(name);
        const still = speaks(source, alarm);
        if (!still) devices.add(source.device);
        return still;
      };
      return this.#record(released(alarm, holds, this.#clock(), reason));
    });
    return { changes, devices: [...devices] };
  }

  /**
   * What a recipient's receipts cover now. Returns the alarms whose mark changed: views, no transitions, no new version.
   * `at`: when the receipt came, milliseconds since 1970; undefined at start, when that is no longer known. `only`: of
   * these alarms.
   */
  setDelivery(recipient: string, covers: Covers, at?: number, only?: readonly string[]): Alarm[] {
    if (!this.#undelivered.knows(recipient)) this.#introduce(recipient);
    const when = at === undefined ? {} : { at: instant(at) };
    const altered: Alarm[] = [];
    for (const [id, state] of this.#undelivered.ask(recipient, covers, only)) {
      const alarm = this.get(id);
      if (alarm === undefined) continue;
      const mark = state && { state, ...(state !== 'pending' && when) };
      const view = marked(alarm, recipient, mark);
      this.#put(alarm, view);
      this.#onDelivery(view);
      altered.push(view);
    }
    return altered;
  }

  /** Of these alarms, those with a trigger that no `setDelivery` was asked of yet; each once. */
  takeUnasked(alarms: readonly Alarm[]): string[] {
    return this.#undelivered.takeUnasked(alarms.map(({ id }) => id));
  }

  /** What a recipient's receipts said of these raises holds no more: the next `setDelivery` asks of them again. */
  recallDelivery(recipient: string, which: (raise: Raise) => boolean): void {
    this.#undelivered.recall(recipient, which);
  }

  /** An open or recently closed alarm, with its delivery marks. */
  get(id: string): Alarm | undefined {
    return this.#openById.get(id) ?? this.#closed.get(id);
  }

  /** Open alarms, the most urgent first, then the oldest. */
  open(): Alarm[] {
    return this.#open.all();
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Closed in the last 24 hours, at most 1,000, the last first. */
  closed(): Alarm[] {
    return this.#closed.all(this.#clock());
  }

  /** Of those: closed by themselves on return, and acknowledged by nobody yet. */
  recovered(): Alarm[] {
    return this.closed().filter(isRecovered);
  }

  /** An update may say which alarm it is about: its picture belongs to no later one, and to one that closed meanwhile. */
  #namedBy({ data, type }: Event): Alarm | undefined {
    const alarm = typeof data?.alarm === 'string' ? this.get(data.alarm) : undefined;
    return alarm?.type === type ? alarm : undefined;
  }

  #newest(ids: readonly string[] | undefined): Alarm | undefined {
    const id = ids?.at(-1);
    return id === undefined ? undefined : this.#openById.get(id);
  }

  #record(changes: readonly Change[]): readonly Change[] {
    for (const { alarm } of changes) this.#take(alarm);
    return changes;
  }

  /** Makes this the alarm's state, unless a later one is known; returns it with its delivery marks. */
  #take(alarm: Alarm): Alarm {
    const before = this.get(alarm.id);
    if (before !== undefined && before.version >= alarm.version) return before;
    const waits = before === undefined || before.repeatedSeq !== alarm.repeatedSeq;
    const delivery = waits ? this.#wait(alarm) : before.delivery;
    const { unsaved, delivery: _, ...history } = alarm;
    const after: Alarm = delivery === undefined ? history : { ...history, delivery };
    this.#put(before, after);
    this.#onChange(after);
    return after;
  }

  #wait(alarm: Alarm): Alarm['delivery'] {
    const raise = this.#raiseOf(alarm);
    return raise === undefined ? undefined : this.#undelivered.add(alarm.id, raise);
  }

  #put(before: Alarm | undefined, after: Alarm): void {
    const wasOpen = before !== undefined && before.operator !== 'closed';
    if (after.operator !== 'closed') {
      if (!wasOpen) this.#index(after);
      this.#openById.set(after.id, after);
      this.#open.put(wasOpen ? before : undefined, after);
      return;
    }
    if (wasOpen) {
      this.#unindex(before);
      this.#openById.delete(before.id);
      this.#open.remove(before);
    }
    this.#closed.put(after, this.#clock());
  }

  #index(alarm: Alarm): void {
    const key = keyOf(alarm);
    const ids = this.#byKey.get(key);
    if (ids === undefined) this.#byKey.set(key, [alarm.id]);
    else ids.push(alarm.id);
  }

  #unindex(alarm: Alarm): void {
    const key = keyOf(alarm);
    const ids = this.#byKey.get(key)?.filter((id) => id !== alarm.id);
    if (ids === undefined || ids.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, ids);
  }

  /** A recipient that was not named at start learns of every alarm at hand. */
  #introduce(recipient: string): void {
    this.#undelivered.addRecipient(recipient);
    for (const alarm of [...this.#open, ...this.closed()]) {
      const raise = this.#raiseOf(alarm);
      if (raise !== undefined) this.#undelivered.addFor(recipient, alarm.id, raise);
    }
  }

  #raiseOf({ type, severity, raisedSeq, repeatedSeq, mode }: Alarm): Raise | undefined {
    const lane = this.#eventType(type)?.lane;
    const seq = repeatedSeq ?? raisedSeq;
    return lane === undefined || seq === undefined ? undefined : { lane, seq, type, severity, mode };
  }
}
