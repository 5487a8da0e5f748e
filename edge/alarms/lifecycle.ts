import type { Alarm } from '../../contract/alarm.ts';
import type { Event } from '../../contract/event.ts';
import type { EventType } from '../../contract/event-type.ts';
import type { Change } from './change.ts';
import { cleared } from './condition.ts';
import { modeClass, opensAlarms } from './key.ts';
import { attached, type RaiseContext, raised } from './raise.ts';

export { applyAction } from './actions.ts';
export type { Change } from './change.ts';
export type { ActResult } from './refusal.ts';
export type { Actor } from './rights.ts';

/** What a disarmable type is measured by, until zones arrive: a slot is armed always or never. */
export type Armed = 'always' | 'never';

export interface LifecycleContext extends RaiseContext {
  /** Of the event's slot; `disarmable` types raise only where it is `always`. */
  armed: Armed;
}

const nothing: readonly Change[] = Object.freeze([]);

/**
 * What an event makes of the newest open alarm of its key (CONTRACT section 4): its changes in order, mostly none.
 * `current`: that alarm, or undefined. Pure.
 */
export function applyEvent(
  current: Alarm | undefined,
  event: Event,
  type: EventType,
  context: LifecycleContext,
): readonly Change[] {
  if (!opensAlarms(event.kind)) return nothing;
  const alarm = current !== undefined && belongs(current, event) ? current : undefined;
  switch (event.edge) {
    case 'raise':
    case 'pulse':
      if (type.disarmable && context.armed !== 'always') return nothing;
      return raised(alarm, event, type, context);
    case 'clear':
      return cleared(alarm, event, context.now);
    case 'update':
      return attached(alarm, event);
  }
}

/** Closed alarms are history, and real, drill and test never touch each other. */
function belongs(alarm: Alarm, event: Event): boolean {
  return alarm.operator !== 'closed' && modeClass(alarm.mode) === modeClass(event.mode);
}
