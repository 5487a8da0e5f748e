import type { Alarm, AlarmAction, AlarmActionRequest } from '../../../contract/alarm.ts';
import type { Edge, Event, EventDraft, Origin } from '../../../contract/event.ts';
import { eventType } from '../../../contract/event-type.ts';
import { type AlarmTimes, defaultAlarmTimes } from '../../../edge/alarms/alarm-times.ts';
import { createAlarmWatch } from '../../../edge/alarms/alarm-watch.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { Actor, ActResult, Change } from '../../../edge/alarms/lifecycle.ts';
import type { Moves } from '../../../edge/pipeline/machine.ts';
import { T0 } from './play.ts';

type About = { device?: string; slot?: string; place?: string; input?: string };

const identity = { gateway: 'gw1', school: '3137000001', region: '370102' };

/** A book with the machines of the alarms around it, as a batch drives them. Wall clock and monotonic clock apart. */
export class WatchedPlay implements Moves {
  now = T0;
  mono = 1_000;
  /** Everything stored, oldest first: events, and `ALM.TRANSITION <action>` for each change. */
  readonly stored: string[] = [];
  readonly events: Event[] = [];
  readonly changes: Change[] = [];
  readonly states = new Map<string, string>();
  book: AlarmBook;
  watch: ReturnType<typeof createAlarmWatch>;
  readonly #recipients: string[];
  readonly #times: AlarmTimes;
  #ids = 0;

  constructor(options: { times?: Partial<AlarmTimes>; recipients?: string[] } = {}) {
    this.#times = { ...defaultAlarmTimes, ...options.times };
    this.#recipients = options.recipients ?? [];
    this.book = this.#newBook();
    this.watch = this.#watch();
  }

  /** Raises and the like, of a device at a slot of its own name. */
  send(type: string, edge: Edge, about: About & { echo?: boolean; mode?: Event['mode'] } = {}): Event {
    const { device = 'd1', slot = `slot-${device}`, place = 'room-301', input, echo = false, mode } = about;
    const draft = { ...this.#draft(type, edge), ...(input === undefined ? {} : { input }) };
    if (mode !== undefined) draft.mode = mode;
    return this.#take(draft, { ...identity, device, slot, place }, echo);
  }

  emit(draft: EventDraft, about: { device?: string; origin?: Partial<Origin> } = {}): Event {
    const { device } = about;
    const where = device === undefined ? {} : { device, slot: `slot-${device}`, place: 'room-301' };
    return this.#take(draft, { ...identity, ...where, ...about.origin }, false);
  }

  change(changes: readonly Change[]): void {
    for (const change of changes) {
      this.changes.push(change);
      this.stored.push(`ALM.TRANSITION ${change.transition.action}`);
    }
  }

  judge(): void {
    throw new Error('no machine of the alarms judges');
  }

  keep(key: string, value: string | undefined): void {
    if (value === undefined) this.states.delete(key);
    else this.states.set(key, value);
  }

  act(id: string, action: AlarmAction, actor: Actor, request: Partial<AlarmActionRequest> = {}): ActResult {
    const full = { version: this.book.get(id)?.version ?? 1, station: actor.station, ...request };
    if (action === 'isolate' || action === 'restore')
      return this.watch.isolations.perform(this, id, action, full, actor);
    const result = this.book.act(id, action, full, actor);
    if ('changes' in result) this.change(result.changes);
    return result;
  }

  /** Acts, and insists that it was done. */
  done(id: string, action: AlarmAction, actor: Actor, request: Partial<AlarmActionRequest> = {}): Alarm {
    const result = this.act(id, action, actor, request);
    if ('refused' in result) throw new Error(`${action}: ${result.refused}: ${result.detail.en}`);
    return this.alarm(id);
  }

  /** Time passes, and machines do what is due. */
  wait(ms: number): void {
    const until = this.mono + ms;
    for (;;) {
      const due = Math.min(
        ...this.watch.machines.map((machine) => machine.dueAt() ?? Number.POSITIVE_INFINITY),
      );
      const at = Math.max(this.mono, Math.min(due, until));
      this.now += at - this.mono;
      this.mono = at;
      if (due > until) return;
      for (const machine of this.watch.machines)
        if ((machine.dueAt() ?? Number.POSITIVE_INFINITY) <= this.mono) machine.act(this);
    }
  }

  /** The gateway was off for so long; all it knows is what was stored. */
  restart(offMs = 0): void {
    const alarms: Alarm[] = JSON.parse(JSON.stringify([...this.book.open(), ...this.book.closed()]));
    this.now += offMs;
    this.mono = 5;
    this.book = this.#newBook();
    this.book.restore(alarms);
    this.watch = this.#watch();
  }

  alarm(id: string): Alarm {
    const alarm = this.book.get(id);
    if (alarm === undefined) throw new Error(`no alarm ${id}`);
    return alarm;
  }

  /** The newest open alarm of this type. */
  open(type: string): Alarm {
    const alarm = this.book.open().findLast((one) => one.type === type);
    if (alarm === undefined) throw new Error(`no open ${type}`);
    return alarm;
  }

  eventsOf(type: string): Event[] {
    return this.events.filter((event) => event.type === type);
  }

  #take(draft: EventDraft, origin: Origin, echo: boolean): Event {
    const lane = eventType(draft.type)?.lane ?? 'e';
    const event: Event = { ...draft, id: this.#id(), lane, seq: this.events.length + 1, origin };
    this.events.push(event);
    this.stored.push(`${event.type} ${event.edge}`);
    const changes = this.book.onEvent(event, { armed: 'always', echo });
    this.change(changes);
    for (const machine of this.watch.machines) if ('follow' in machine) machine.follow(event, changes, this);
    return event;
  }

  #draft(type: string, edge: Edge): EventDraft {
    const entry = eventType(type);
    if (entry === undefined) throw new Error(`no type ${type}`);
    const at = new Date(this.now).toISOString();
    return {
      v: 1,
      type,
      kind: entry.kind,
      severity: entry.severity,
      edge,
      mode: 'live',
      freshness: 'live',
      occurredAt: at,
      receivedAt: at,
      clock: { source: 'gateway', quality: 'sync' },
    };
  }

  #newBook(): AlarmBook {
    return new AlarmBook({
      clock: () => this.now,
      newId: () => this.#id(),
      recipients: this.#recipients,
      levels: this.#times.levels,
    });
  }

  #watch(): ReturnType<typeof createAlarmWatch> {
    return createAlarmWatch({
      book: this.book,
      times: this.#times,
      clock: () => this.now,
      monotonic: () => this.mono,
      states: this.states,
    });
  }

  #id(): string {
    return `01990000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`;
  }
}
