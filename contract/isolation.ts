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

/** May the detector of this alarm be isolated (CONTRACT section 4)? A real alarm of a detector, which nobody pressed. */
export function mayBeIsolated({ type, mode }: Pick<Alarm, 'type' | 'mode'>): boolean {
  return mode === 'live' && detectors.has(type);
}
