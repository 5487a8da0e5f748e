import type { Alarm } from '../../contract/alarm.ts';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import type { LiveFrame, LiveStatus } from '../../contract/live.ts';
import { type EventLog, emptyLog, type LoggedEvent, logged, merged } from './event-log.ts';

/** Closed alarms kept at hand; the gateway has them all. */
const CLOSED_KEPT = 300;

type Alarms = ReadonlyMap<string, Alarm>;

/** All that this screen knows of the campus. Never changed in place: every input makes a new one. */
export interface LiveState {
  readonly epoch: string | undefined;
  /** Where to resume; undefined: ask for a snapshot. */
  readonly position: number | undefined;
  /** Open alarms that are on the gateway's disk. */
  readonly stored: Alarms;
  /** What is shown over `stored` until a commit brings the same or a later version. */
  readonly unsaved: Alarms;
  /** The last closed, oldest first. */
  readonly closed: Alarms;
  readonly events: EventLog;
  readonly status: LiveStatus | undefined;
}

/** A frame of the live feed, or what an API answer taught this screen. */
export type LiveInput =
  | LiveFrame
  /** The alarm as an action's answer shows it. */
  | { k: 'answer'; alarm: Alarm }
  /** Recently closed alarms, newest first, asked for once at the start. */
  | { k: 'closed'; alarms: readonly Alarm[] }
  /** Recent events, asked for once at the start. */
  | { k: 'events'; events: readonly LoggedEvent[] }
  /** The gateway refused `since`: forget where to resume. */
  | { k: 'resync' };

export const emptyState: LiveState = {
  epoch: undefined,
  position: undefined,
  stored: new Map(),
  unsaved: new Map(),
  closed: new Map(),
  events: emptyLog,
  status: undefined,
};

/** The state after one input. Pure; an input that teaches nothing returns the same object. */
export function reduce(state: LiveState, input: LiveInput): LiveState {
  switch (input.k) {
    case 'hello': {
      // the gateway tells again what is not saved; after its restart some of it may be gone
      const unsaved: Alarms = state.unsaved.size === 0 ? state.unsaved : new Map();
      const position = input.epoch === state.epoch ? state.position : undefined;
      return { ...state, epoch: input.epoch, position, unsaved };
    }
    case 'snapshot':
      return snapshot(state, input.position, input.alarms);
    case 'commit':
      return commit(state, input.position, input.events, input.alarms);
    case 'unsaved':
      return withAlarms(state, input.alarms.map(marked));
    case 'status':
      return { ...state, status: input };
    case 'hb':
      return state;
    case 'answer':
      return withAlarms(state, [input.alarm]);
    case 'closed':
      return { ...state, closed: withOlder(state, input.alarms) };
    case 'events':
      return { ...state, events: merged(state.events, input.events) };
    case 'resync':
      return state.position === undefined ? state : { ...state, position: undefined };
  }
}

/** Alarms to show, in no particular order: the stored ones with what is not saved over them. */
export function openAlarms({ stored, unsaved }: LiveState): Alarm[] {
  if (unsaved.size === 0) return [...stored.values()];
  const all = new Map(stored);
  for (const [id, alarm] of unsaved) {
    if (alarm.operator === 'closed') all.delete(id);
    else all.set(id, alarm);
  }
  return [...all.values()];
}

/** Severity 3-4 that closed by itself and nobody has looked at, the last closed first. */
export function recoveredAlarms({ closed }: LiveState): Alarm[] {
  return [...closed.values()].filter(isRecovered).sort((a, b) => closedAt(b) - closedAt(a));
}

/** The newest this screen knows of an alarm. */
export function alarmOf(state: LiveState, id: string): Alarm | undefined {
  return state.unsaved.get(id) ?? state.stored.get(id) ?? state.closed.get(id);
}

function closedAt({ steps, lastAt }: Alarm): number {
  return Date.parse(steps?.close?.at ?? lastAt);
}

function isRecovered({ severity, disposition, steps }: Alarm): boolean {
  return severity >= 3 && disposition === undefined && steps?.acknowledge === undefined;
}

function snapshot(state: LiveState, position: number, alarms: readonly Alarm[]): LiveState {
  const stored = new Map<string, Alarm>();
  const unsaved = new Map<string, Alarm>();
  const closed = new Map(state.closed);
  for (const alarm of alarms) {
    (alarm.unsaved === true ? unsaved : stored).set(alarm.id, alarm);
    closed.delete(alarm.id);
  }
  return { ...state, position, stored, unsaved, closed };
}

function commit(
  state: LiveState,
  position: number,
  events: readonly CloudEvent[],
  alarms: readonly Alarm[],
): LiveState {
  const next = alarms.length === 0 ? state : withAlarms(state, alarms);
  return {
    ...next,
    position: Math.max(state.position ?? 0, position),
    events: events.length === 0 ? state.events : logged(state.events, position, events),
  };
}

/** Takes over what is no older than what this screen knows. */
function withAlarms(state: LiveState, alarms: readonly Alarm[]): LiveState {
  const next = {
    stored: new Map(state.stored),
    unsaved: new Map(state.unsaved),
    closed: new Map(state.closed),
  };
  for (const alarm of alarms) {
    const known = next.stored.get(alarm.id) ?? next.closed.get(alarm.id);
    const shown = next.unsaved.get(alarm.id);
    if (alarm.unsaved === true) {
      if (known !== undefined && known.version >= alarm.version) continue;
      if (shown === undefined || shown.version <= alarm.version) next.unsaved.set(alarm.id, alarm);
      continue;
    }
    // an equal version is news too: delivery marks change without one
    if (known !== undefined && known.version > alarm.version) continue;
    next.stored.delete(alarm.id);
    next.closed.delete(alarm.id);
    (alarm.operator === 'closed' ? next.closed : next.stored).set(alarm.id, alarm);
    if (shown !== undefined && shown.version <= alarm.version) next.unsaved.delete(alarm.id);
  }
  return { ...state, ...next, closed: newestOf(next.closed) };
}

function marked(alarm: Alarm): Alarm {
  return alarm.unsaved === true ? alarm : { ...alarm, unsaved: true };
}

function withOlder(state: LiveState, newestFirst: readonly Alarm[]): Alarms {
  const closed = new Map<string, Alarm>();
  for (const alarm of [...newestFirst].reverse()) {
    if (!state.closed.has(alarm.id) && !state.stored.has(alarm.id)) closed.set(alarm.id, alarm);
  }
  for (const [id, alarm] of state.closed) closed.set(id, alarm);
  return newestOf(closed);
}

function newestOf(closed: Map<string, Alarm>): Map<string, Alarm> {
  for (const id of closed.keys()) {
    if (closed.size <= CLOSED_KEPT) break;
    closed.delete(id);
  }
  return closed;
}
