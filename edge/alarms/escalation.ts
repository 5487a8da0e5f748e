import type { Alarm, ServiceLevel } from '../../contract/alarm.ts';
import { isQuiet } from '../../contract/sounding.ts';
import { type Change, changed, instant, timerAuthor } from './change.ts';
import { isMet } from './service-levels.ts';

/** Steps of the ladder: second station and louder, shift leader, security chief and county. */
const STEPS = 3;

/** A real severity 1 that nobody has taken. Drills and tests wake nobody further up. */
export function isUntaken(alarm: Alarm): boolean {
  return alarm.severity === 1 && alarm.mode === 'live' && alarm.operator === 'new' && !isQuiet(alarm);
}

/** The step that comes next, 1 to 3; undefined: nobody is left to tell, or somebody has it. */
export function nextStep(alarm: Alarm): number | undefined {
  const step = (alarm.escalation?.step ?? 0) + 1;
  return isUntaken(alarm) && step <= STEPS ? step : undefined;
}

/** One step further up. */
export function escalated(alarm: Alarm, now: number): Change[] {
  const step = nextStep(alarm);
  if (step === undefined) return [];
  return [changed(alarm, { escalation: { step, at: instant(now) } }, 'escalate', timerAuthor)];
}

/** Is this level still to be met, and not missed yet? */
export function isRunning(alarm: Alarm, level: ServiceLevel): boolean {
  const { due, overdue, operator } = alarm;
  if (due === undefined || overdue?.[level] !== undefined || operator === 'closed') return false;
  return !isQuiet(alarm) && !isMet(alarm, level);
}

/** The level was missed. */
export function missed(alarm: Alarm, level: ServiceLevel, now: number): Change[] {
  if (!isRunning(alarm, level)) return [];
  const overdue = { ...alarm.overdue, [level]: instant(now) };
  return [changed(alarm, { overdue }, 'overdue', timerAuthor, { reason: level })];
}
