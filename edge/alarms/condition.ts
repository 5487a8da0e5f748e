import type { Alarm } from '../../contract/alarm.ts';
import type { Event } from '../../contract/event.ts';
import { authorOf, type Change, changed, gatewayAuthor, instant } from './change.ts';
import { isOvertaken } from './freshness.ts';
import { heldAfter } from './sources.ts';

/**
 * A clear: the condition returns once no other source holds the alarm active. Severity 3-4 without latch then closes
 * by itself, into the recovered list; severity 1-2 never does (GB 50394 5.2.3).
 */
export function cleared(current: Alarm | undefined, event: Event, now: number): Change[] {
  if (current === undefined || current.condition === 'returned') return [];
  if (isOvertaken(event, current.lastAt)) return [];
  const sources = heldAfter(current, event);
  if (sources === undefined) return [];
  if (sources.length > 0) return [changed(current, { sources }, 'ease', authorOf(event))];
  const back = { condition: 'returned', returnedAt: event.occurredAt, sources: undefined } as const;
  const returned = changed(current, back, 'return', authorOf(event));
  if (current.severity <= 2 || current.latched) return [returned];
  const steps = { ...current.steps, close: { by: gatewayAuthor.actor, at: instant(now) } };
  return [
    returned,
    changed(returned.alarm, { operator: 'closed', silencedUntil: undefined, steps }, 'close', gatewayAuthor),
  ];
}

/** The bridge to the device is dead: what was active is unknown now. Clears nothing. */
export function lost(alarm: Alarm): Change[] {
  if (alarm.condition !== 'active' || alarm.operator === 'closed') return [];
  return [changed(alarm, { condition: 'unknown' }, 'lose', gatewayAuthor)];
}
