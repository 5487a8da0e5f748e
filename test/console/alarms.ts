import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../contract/alarm.ts';

/** A panic alarm nobody has taken yet, but for what the test says. */
export function anAlarm(over: Partial<Alarm> = {}): Alarm {
  return {
    id: uuidv7(),
    version: 1,
    type: 'EMG.PANIC',
    subject: 'panic-301',
    severity: 1,
    condition: 'returned',
    latched: true,
    operator: 'new',
    count: 1,
    firstAt: '2025-11-24T02:00:00.000Z',
    lastAt: '2025-11-24T02:00:00.000Z',
    mode: 'live',
    freshness: 'live',
    lifeSafety: true,
    raisedBy: uuidv7(),
    ...over,
  };
}
