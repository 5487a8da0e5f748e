import type { Alarm, AlarmAction, AlarmActionRequest, Role, Transition } from '../../../contract/alarm.ts';
import { type Edge, EVENT_VERSION, type Event } from '../../../contract/event.ts';
import { eventType } from '../../../contract/event-type.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { Actor, ActResult, Armed, Change } from '../../../edge/alarms/lifecycle.ts';

export const T0 = Date.parse('2026-09-01T08:00:00.000Z');

export const guard: Actor = { user: 'li', role: 'guard', station: 'gate' };
export const guard2: Actor = { user: 'sun', role: 'guard', station: 'gate' };
export const leader: Actor = { user: 'wang', role: 'shift-leader', station: 'centre' };
export const pair: Actor = { ...leader, second: { user: 'li', role: 'guard' } };

export function actorOf(role: Role): Actor {
  return { user: `a-${role}`, role, station: 'centre' };
}

type Overrides = Partial<Omit<Event, 'origin'>> & { device?: string; slot?: string; at?: number };

/** A book, a clock and a pen: plays events and actions, keeps every transition. */
export class Play {
  now = T0;
  readonly transitions: Transition[] = [];
  readonly book: AlarmBook;
  #ids = 0;
  #seq = 0;

  constructor(recipients: string[] = []) {
    this.book = new AlarmBook({ clock: () => this.now, newId: () => this.newId(), recipients });
  }

  newId(): string {
    return `01990000-0000-7000-8000-${String(++this.#ids).padStart(12, '0')}`;
  }

  event(type: string, edge: Edge, { device = 'd1', slot, at, ...rest }: Overrides = {}): Event {
    const entry = eventType(type);
    if (entry === undefined) throw new Error(`no type ${type}`);
    const instant = new Date(at ?? this.now).toISOString();
    const { kind, severity, lane } = entry;
    return {
      v: EVENT_VERSION,
      id: this.newId(),
      type,
      kind,
      severity,
      lane,
      edge,
      seq: ++this.#seq,
      mode: 'live',
      freshness: 'live',
      occurredAt: instant,
      receivedAt: new Date(this.now).toISOString(),
      clock: { source: 'gateway', quality: 'sync' },
      origin: {
        gateway: 'gw1',
        school: '3137000001',
        region: '370102',
        device,
        ...(slot !== undefined && { slot }),
        place: 'room-301',
        unit: 'lab',
        profile: 'p',
      },
      ...rest,
    };
  }

  send(type: string, edge: Edge, overrides: Overrides & { armed?: Armed } = {}): readonly Change[] {
    const { armed = 'never', ...rest } = overrides;
    return this.#keep(this.book.onEvent(this.event(type, edge, rest), { armed }));
  }

  /** Raises and returns the alarm. */
  raise(type: string, overrides: Overrides & { armed?: Armed } = {}): Alarm {
    const change = this.send(type, 'raise', overrides).at(-1);
    if (change === undefined) throw new Error(`${type} opened nothing`);
    return this.alarm(change.alarm.id);
  }

  lose(...devices: string[]): readonly Change[] {
    return this.#keep(this.book.lose(devices));
  }

  /** Acts on the alarm as it is now. */
  act(id: string, action: AlarmAction, actor: Actor, request: Partial<AlarmActionRequest> = {}): ActResult {
    const version = this.book.get(id)?.version ?? 1;
    const result = this.book.act(id, action, { version, station: actor.station, ...request }, actor);
    if ('changes' in result) this.#keep(result.changes);
    return result;
  }

  /** Acts, and insists that it was done. */
  done(id: string, action: AlarmAction, actor: Actor, request: Partial<AlarmActionRequest> = {}): Alarm {
    const result = this.act(id, action, actor, request);
    if ('refused' in result) throw new Error(`${action}: ${result.refused}: ${result.detail.en}`);
    return result.alarm;
  }

  alarm(id: string): Alarm {
    const alarm = this.book.get(id);
    if (alarm === undefined) throw new Error(`no alarm ${id}`);
    return alarm;
  }

  #keep(changes: readonly Change[]): readonly Change[] {
    for (const { transition } of changes) this.transitions.push(transition);
    return changes;
  }
}

export function actions(changes: readonly Change[]): string[] {
  return changes.map(({ transition }) => transition.action);
}
