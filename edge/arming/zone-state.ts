import type { Event } from '../../contract/event.ts';
import type { ArmMode, Bypass, ZoneMode, ZonePhase } from '../../contract/zone.ts';
import type { Armed } from '../alarms/lifecycle.ts';
import type { KeptDeadline } from '../ops/deadline.ts';

/** What an entry or exit delay keeps back of one source: its first signal, and whether it has cleared since. */
export interface Held {
  raise: Event;
  clear?: Event;
}

/** A zone as it is kept over restarts. Never changed in place. */
export interface ZoneState {
  readonly mode: ZoneMode;
  readonly phase: ZonePhase;
  /** Rises with what people and schedules do, not with delays and alarms. */
  readonly version: number;
  /** When the mode was set, ISO 8601, and by whom: a user name or `schedule`. */
  readonly since: string;
  readonly by: string;
  /** End of the exit or entry delay. */
  readonly deadline?: KeptDeadline;
  readonly held: readonly Held[];
  readonly bypasses: readonly Bypass[];
}

/** A zone that nobody has ever armed. */
export function disarmedState(at: string): ZoneState {
  return {
    mode: 'disarmed',
    phase: 'disarmed',
    version: 0,
    since: at,
    by: 'gateway',
    held: [],
    bypasses: [],
  };
}

/** Where a signal comes from, as its zone sees it. */
export interface Point {
  slot: string;
  /** On the way in and out. */
  entry: boolean;
  /** Not watched in stay mode. */
  offInStay: boolean;
}

/** What a step does: the state after it, and what has to be alarmed now that was kept back before. */
export interface Step {
  state: ZoneState;
  /** In order; the first of a pair is a raise or pulse, the second its clear. */
  judge: readonly Event[];
}

/** Is a signal of this point watched? By-passed slots and those off in stay mode are not, nor is anything while disarmed. */
export function isWatched({ mode, bypasses }: ZoneState, { slot, offInStay }: Point): boolean {
  if (mode === 'disarmed' || (mode === 'stay' && offInStay)) return false;
  return !bypasses.some((bypass) => bypass.slot === slot);
}

/** Arms, or changes the mode while armed. `exit` undefined: nothing of the zone is on the way out. Pure. */
export function armed(
  state: ZoneState,
  mode: ArmMode,
  { by, at, exit, bypasses }: { by: string; at: string; exit: KeptDeadline | undefined; bypasses: Bypass[] },
): ZoneState {
  const { deadline: _, ...rest } = state;
  return {
    ...rest,
    mode,
    phase: exit === undefined ? 'armed' : 'exit',
    version: state.version + 1,
    since: at,
    by,
    held: [],
    bypasses: [...state.bypasses, ...bypasses],
    ...(exit === undefined ? {} : { deadline: exit }),
  };
}

/** Disarms: what a delay kept back is no alarm any more, and every by-pass ends. Only ever called for a person. Pure. */
export function disarmed(state: ZoneState, { by, at }: { by: string; at: string }): ZoneState {
  return { ...disarmedState(at), version: state.version + 1, by };
}

/**
 * What a signal of a disarmable type at a point means now: `verdict` for the alarm lifecycle. A signal that is kept back
 * is `never` for now, and judged by `elapsed`. `entryDelay`: a deadline to begin with; undefined: no delay. Pure.
 */
export function signalled(
  state: ZoneState,
  event: Event,
  point: Point,
  entryDelay: () => KeptDeadline | undefined,
): { state: ZoneState; verdict: Armed } {
  if (!isWatched(state, point)) return { state, verdict: 'never' };
  if (event.edge === 'clear') return { state: withClear(state, event), verdict: 'always' };
  if (event.edge === 'update') return { state, verdict: 'always' };
  // what is tested, drilled or only told again opens no door and starts no delay
  if (event.mode !== 'live') return { state, verdict: 'always' };
  if (point.entry && (state.phase === 'exit' || state.phase === 'entry')) {
    return { state: withRaise(state, event), verdict: 'never' };
  }
  if (event.freshness !== 'live') return { state, verdict: 'always' };
  const deadline = point.entry && state.phase === 'armed' ? entryDelay() : undefined;
  if (deadline !== undefined) {
    return { state: withRaise({ ...state, phase: 'entry', deadline }, event), verdict: 'never' };
  }
  const alarms = state.phase === 'armed';
  return { state: alarms ? { ...state, phase: 'alarm' } : state, verdict: 'always' };
}

/**
 * The delay is over. After an exit delay, what is still open on the way out is an alarm; after an entry delay, everything
 * that came in is. Pure.
 */
export function elapsed(state: ZoneState): Step {
  const { deadline: _, ...rest } = state;
  const alarming =
    state.phase === 'exit'
      ? state.held.filter(({ clear, raise }) => clear === undefined && raise.edge === 'raise')
      : state.held;
  const judge = alarming.flatMap(({ raise, clear }) => (clear === undefined ? [raise] : [raise, clear]));
  return { state: { ...rest, phase: judge.length > 0 ? 'alarm' : 'armed', held: [] }, judge };
}

/** Takes a slot out of the watch until the zone is disarmed. Pure. */
export function bypassed(state: ZoneState, bypass: Bypass): ZoneState {
  return {
    ...state,
    version: state.version + 1,
    held: state.held.filter(({ raise }) => raise.origin.slot !== bypass.slot),
    bypasses: [...state.bypasses, bypass],
  };
}

/** Puts a slot back into the watch. Pure. */
export function unbypassed(state: ZoneState, slot: string): ZoneState {
  return {
    ...state,
    version: state.version + 1,
    bypasses: state.bypasses.filter((bypass) => bypass.slot !== slot),
  };
}

/** Same source, same type: one entry, so that a door that flaps all through a delay stays one. */
function isOf({ raise }: Held, event: Event): boolean {
  return (
    raise.type === event.type &&
    raise.origin.device === event.origin.device &&
    raise.origin.slot === event.origin.slot &&
    raise.input === event.input
  );
}

function withRaise(state: ZoneState, event: Event): ZoneState {
  const known = state.held.find((held) => isOf(held, event));
  if (known === undefined) return { ...state, held: [...state.held, { raise: event }] };
  if (event.edge === 'pulse' || known.clear === undefined) return state;
  return { ...state, held: state.held.map((held) => (held === known ? { raise: held.raise } : held)) };
}

function withClear(state: ZoneState, event: Event): ZoneState {
  const known = state.held.find((held) => isOf(held, event));
  if (known === undefined || known.clear !== undefined || known.raise.edge === 'pulse') return state;
  return {
    ...state,
    held: state.held.map((held) => (held === known ? { ...held, clear: event } : held)),
  };
}
