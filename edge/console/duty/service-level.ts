import type { Alarm, ServiceLevel } from '../../../contract/alarm.ts';
import { isQuiet } from '../../../contract/sounding.ts';

/** What people have to do next on an alarm, and by when; undefined: nothing has a time, or it was missed or done. */
export function nextLevel(alarm: Alarm): { level: ServiceLevel; at: string } | undefined {
  const { due, overdue, operator, confirmation, proposal } = alarm;
  if (due === undefined || proposal !== undefined || isQuiet(alarm)) return undefined;
  const taken = operator === 'new' || operator === 'acknowledged';
  if (taken && overdue?.handle === undefined) return { level: 'handle', at: due.handle };
  const somebodyGoes = taken || operator === 'confirmed' || operator === 'dispatched';
  if (!somebodyGoes || confirmation?.how === 'on-site' || overdue?.scene !== undefined) return undefined;
  return { level: 'scene', at: due.scene };
}
