import type { Alarm } from '../../contract/alarm.ts';
import { eventType } from '../../contract/event-type.ts';
import { instant } from './change.ts';
import { dueOf, type ServiceLevels } from './service-levels.ts';

/** Nobody has it (any more): it sounds, and what people have time for begins anew. `now` in milliseconds since 1970. */
export function unhandled(alarm: Alarm, now: number, levels: ServiceLevels): Partial<Alarm> {
  const kind = eventType(alarm.type)?.kind;
  return {
    operator: 'new',
    acknowledgedAt: undefined,
    owner: undefined,
    proposal: undefined,
    silencedUntil: undefined,
    newSince: instant(now),
    due: kind && dueOf({ kind, mode: alarm.mode }, alarm.severity, now, levels),
    overdue: undefined,
    escalation: undefined,
  };
}

/** Somebody looked at it, and it is not over: that it is told again is news. */
export function isOnlyTaken({ operator }: Pick<Alarm, 'operator'>): boolean {
  return operator === 'acknowledged' || operator === 'confirmed';
}
