import type { Alarm } from './alarm.ts';
import type { EventTypeCode } from './event-type.ts';

/**
 * What a single detector says of danger to life, and may say falsely. Nothing that a person presses, and nothing that
 * stands for more than one detector, a whole fire panel for instance.
 */
const detectors: ReadonlySet<EventTypeCode> = new Set([
  'FIR.SMOKE',
  'FIR.HEAT',
  'FIR.FLAME',
  'FIR.FLOW',
  'GAS.COMBUSTIBLE',
  'GAS.TOXIC',
  'GAS.O2',
  'GAS.CO',
  'VID.FIRE',
  'VID.ROOF',
  'WTR.DROWN',
]);

/**
 * Has somebody looked and said so, since it last became `new`: confirmed, or disposed of? Nobody isolates what may be a fire
 * that nobody has seen.
 */
export function wasLookedAt({
  operator,
  confirmation,
  disposition,
}: Pick<Alarm, 'operator' | 'confirmation' | 'disposition'>): boolean {
  if (operator === 'new' || operator === 'acknowledged') return false;
  return confirmation !== undefined || disposition !== undefined;
}

/** What says that alarms do not get through, or that nobody hears them: put aside, it would hide those that come later. */
const neverAside: ReadonlySet<string> = new Set<EventTypeCode>(['SYS.UNDELIVERED', 'SYS.NO_SOUND']);

/** May this alarm be shelved (CONTRACT section 4)? Severity 2-4. */
export function mayBeShelved({ type, severity }: Pick<Alarm, 'type' | 'severity'>): boolean {
  return severity > 1 && !neverAside.has(type);
}

/** May the detector of this alarm be isolated (CONTRACT section 4)? A real alarm of a detector, which nobody pressed. */
export function mayBeIsolated({ type, mode }: Pick<Alarm, 'type' | 'mode'>): boolean {
  return mode === 'live' && detectors.has(type);
}
