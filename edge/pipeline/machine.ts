import type { Event, EventDraft, Origin } from '../../contract/event.ts';
import type { Armed, Change } from '../alarms/lifecycle.ts';

/** What a machine may add to the commit that is being built. Everything added becomes true together, or not at all. */
export interface Moves {
  /**
   * Stores an event of the gateway, or about a device; it goes through machines and alarms as any other does. `origin`
   * overrides where it happened, e.g. the place of a zone.
   */
  emit(draft: EventDraft, about?: { device?: string; origin?: Partial<Origin> }): Event;
  /** Changes of alarms, a transition row each. */
  change(changes: readonly Change[], cause?: string[]): void;
  /**
   * Lets an event that was stored earlier, and raised nothing then, raise now: an entry delay ran out. Machines `follow` it
   * once more, with what it has changed.
   */
  judge(event: Event, armed: Armed): void;
  /** A state for the next start, in the same commit; undefined removes it. */
  keep(key: string, value: string | undefined): void;
}

/**
 * A part of the gateway with a state of its own that events, people and time move: zones, drills, duty, escalation.
 * It runs inside the evaluation of a batch, so what it decides is in the commit of what caused it; it does no I/O, and
 * what it must know after a restart it keeps.
 */
export interface Machine {
  /**
   * Before an event is stored: may change what it counts as, e.g. its `mode` in a drill. `way`: adapter and device that
   * reported it; undefined: the gateway itself.
   */
  mark?(draft: EventDraft, origin: Origin, way?: string): void;
  /** After an event is stored, before it raises alarms: are the alarms of `disarmable` types awake here now? */
  armed?(event: Event): Armed | undefined;
  /** After an event and its alarms; a second time when it was held back, and is judged later. */
  follow?(event: Event, changes: readonly Change[], moves: Moves): void;
  /** When it has something to do without an event, on the monotonic clock (ms); undefined: nothing is waiting. */
  dueAt(): number | undefined;
  /** Does what is due. */
  act(moves: Moves): void;
}
