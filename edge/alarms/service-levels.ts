import type { Alarm, ServiceLevel } from '../../contract/alarm.ts';
import type { Event, Severity } from '../../contract/event.ts';
import { instant } from './change.ts';
import { isAtLeast } from './order.ts';

/** How long people may take from the moment an alarm becomes `new` (STANDARDS S18), milliseconds. */
export type ServiceLevels = Readonly<Record<ServiceLevel, number>>;

export const defaultServiceLevels: ServiceLevels = { handle: 180_000, scene: 300_000 };

/** By when this alarm is to be handled; undefined: drills, tests, faults and what is not urgent have no such time. */
export function dueOf(
  { kind, mode }: Pick<Event, 'kind' | 'mode'>,
  severity: Severity,
  now: number,
  levels: ServiceLevels,
): Alarm['due'] {
  if (mode !== 'live' || severity > 2 || (kind !== 'alarm' && kind !== 'tamper')) return undefined;
  return { handle: instant(now + levels.handle), scene: instant(now + levels.scene) };
}

/**
 * Was it done? Handled: somebody did more than take it. On the scene: somebody is there, or found that nobody has to go.
 */
export function isMet(
  alarm: Pick<Alarm, 'operator' | 'proposal' | 'confirmation'>,
  level: ServiceLevel,
): boolean {
  const { proposal, confirmation } = alarm;
  if (level === 'handle') return isAtLeast(alarm, 'confirmed') || proposal !== undefined;
  if (isAtLeast(alarm, 'on-scene') || confirmation?.how === 'on-site') return true;
  return proposal !== undefined && proposal.verdict !== 'real';
}
