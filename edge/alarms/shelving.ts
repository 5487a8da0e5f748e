import type { Alarm } from '../../contract/alarm.ts';
import { mayBeShelved } from '../../contract/isolation.ts';
import { SHELVE_MAX_MS } from '../../contract/sounding.ts';
import { type Change, changed, gatewayAuthor, instant, timerAuthor } from './change.ts';
import { isAtLeast } from './order.ts';
import { type Refusal, refuse, text } from './refusal.ts';
import type { ServiceLevels } from './service-levels.ts';
import { type Act, type Attempt, step, tookStep, withStep } from './step.ts';
import { isOnlyTaken, unhandled } from './unhandled.ts';

/**
 * Puts a severity 2-4 aside for a while: no sound, and it stays one card however often it comes and goes. It is tracked
 * meanwhile, and comes back by itself.
 */
export const shelve: Act = {
  isDone: ({ alarm, actor, request }) =>
    request.version !== alarm.version && alarm.shelved?.by === actor.user && !isOver(alarm.shelved.until, 0),
  obstacle: (a) => {
    if (a.alarm.severity === 1) return refuse('not-possible', text.neverShelved);
    if (!mayBeShelved(a.alarm)) return refuse('not-possible', text.neverAside);
    if (isAtLeast(a.alarm, 'disposed')) return refuse('not-possible', text.nothingToShelve);
    return faultOfPause(a, SHELVE_MAX_MS, text.shelveTooLong);
  },
  apply: (a) => {
    const { alarm, request, actor, now } = a;
    const shelved = {
      at: instant(now),
      until: request.until as string,
      reason: (request.reason as string).trim(),
      owner: request.owner?.trim() || actor.user,
      by: actor.user,
    };
    return step(a, { ...endOfShelving(alarm, now), shelved, silencedUntil: undefined });
  },
};

/** Back before its time. */
export const unshelve: Act = {
  isDone: (a) => a.alarm.shelved === undefined && tookStep(a, 'unshelve'),
  obstacle: ({ alarm }) =>
    alarm.shelved === undefined ? refuse('not-possible', text.notShelved) : undefined,
  apply: (a) => step(a, withStep(a, { ...endOfShelving(a.alarm, a.now), steps: a.alarm.steps }, 'unshelve')),
};

/** Reason and end of a pause in which nobody is warned; `maxMs` from now at most. */
export function faultOfPause(
  { request: { until, reason }, now }: Attempt,
  maxMs: number,
  tooLong: Parameters<typeof refuse>[1],
): Refusal | undefined {
  if (reason === undefined || reason.trim() === '') return refuse('invalid', text.reasonMissing);
  if (until === undefined || isOver(until, now)) return refuse('invalid', text.pauseUntil);
  return Date.parse(until) - now > maxMs ? refuse('invalid', tooLong) : undefined;
}

/** Not shelved any more, with the price: for how long nobody was warned. */
export function endOfShelving({ shelved, unprotectedMs = 0 }: Alarm, now: number): Partial<Alarm> {
  if (shelved === undefined) return {};
  return { shelved: undefined, unprotectedMs: unprotectedMs + pausedMs(shelved, now) };
}

/** How long a pause has lasted; a clock that was set makes it no longer than it was meant, and never negative. */
export function pausedMs({ at, until }: { at: string; until: string }, now: number): number {
  const from = Date.parse(at);
  return Math.max(0, Math.min(now, Date.parse(until)) - from);
}

/** The time is up. One of severity 2 that is not over sounds again. */
export function shelvingOver(alarm: Alarm, now: number, levels: ServiceLevels): Change[] {
  if (alarm.shelved === undefined) return [];
  const again = alarm.severity <= 2 && alarm.condition !== 'returned' && isOnlyTaken(alarm);
  const patch = { ...(again && unhandled(alarm, now, levels)), ...endOfShelving(alarm, now) };
  const over = changed(alarm, patch, 'unshelve', timerAuthor);
  return [over, ...closesItself(over.alarm, now)];
}

/** What returned while it was shelved or chattering was kept open: severity 3-4 without latch closes by itself now. */
export function closesItself(alarm: Alarm, now: number): Change[] {
  const { condition, severity, latched, operator, shelved, chattering } = alarm;
  if (condition !== 'returned' || severity <= 2 || latched || operator === 'closed') return [];
  if (shelved !== undefined || chattering !== undefined) return [];
  const steps = { ...alarm.steps, close: { by: gatewayAuthor.actor, at: instant(now) } };
  return [changed(alarm, { operator: 'closed', silencedUntil: undefined, steps }, 'close', gatewayAuthor)];
}

function isOver(until: string, now: number): boolean {
  return Date.parse(until) <= now;
}
