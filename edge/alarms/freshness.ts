import type { Event } from '../../contract/event.ts';
import type { EventType } from '../../contract/event-type.ts';

type Stamp = Pick<Event, 'edge' | 'freshness'>;

/**
 * May this raise or pulse open an alarm where none is active (CONTRACT section 3, "Freshness")?
 * Stored news that does not concern life opens a card only while it tells of the present: tamper, intrusion of an
 * armed zone, and faults found at start.
 */
export function opens({ edge, freshness }: Stamp, type: EventType): boolean {
  if (freshness === 'live') return true;
  if (edge === 'pulse') return type.lifeSafety && freshness !== 'replay';
  if (type.lifeSafety || type.kind === 'tamper' || type.code.startsWith('INT.')) return true;
  return type.kind === 'fault' && freshness !== 'late';
}

/** Is it news of its own, even of a state that is active already? A restated state is none. */
export function isNews({ freshness }: Stamp, type: EventType): boolean {
  return freshness === 'live' || (type.lifeSafety && freshness === 'late');
}

/** May it sound? Everything about life, and everything that happens now. */
export function wakes({ freshness }: Stamp, type: EventType): boolean {
  return freshness === 'live' || type.lifeSafety;
}

/** Does this clear tell of a time before the alarm's last trigger? Then it clears nothing. */
export function isOvertaken({ freshness, occurredAt }: Event, lastAt: string): boolean {
  const stored = freshness === 'late' || freshness === 'replay';
  return stored && Date.parse(occurredAt) < Date.parse(lastAt);
}
