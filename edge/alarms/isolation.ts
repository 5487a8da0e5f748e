import type { Alarm, Isolation } from '../../contract/alarm.ts';
import { mayBeIsolated, wasLookedAt } from '../../contract/isolation.ts';
import { ISOLATE_MAX_MS } from '../../contract/sounding.ts';
import { type Author, type Change, changed, gatewayAuthor, instant, timerAuthor } from './change.ts';
import { refuse, text } from './refusal.ts';
import type { ServiceLevels } from './service-levels.ts';
import { endOfShelving, faultOfPause, pausedMs } from './shelving.ts';
import { type Act, step, tookStep, withStep } from './step.ts';
import { isOnlyTaken, unhandled } from './unhandled.ts';

/**
 * One false-prone detector is isolated: what it says is recorded and shown on one card, without sound, until the time is
 * up or somebody restores it. It may be closed although the device is stuck.
 */
export const isolate: Act = {
  isDone: ({ alarm, actor, request }) =>
    request.version !== alarm.version && alarm.isolated?.by === actor.user,
  obstacle: (a) => {
    const { alarm, request } = a;
    if (alarm.operator === 'closed') return refuse('not-possible', text.closed);
    if (!mayBeIsolated(alarm)) return refuse('not-possible', text.neverIsolated);
    if ((alarm.sources?.length ?? 0) > 1) return refuse('not-possible', text.severalDetectors);
    if (!wasLookedAt(alarm)) return refuse('not-possible', text.lookFirst);
    if (request.patrol === undefined || request.patrol.trim() === '')
      return refuse('invalid', text.patrolMissing);
    return faultOfPause(a, ISOLATE_MAX_MS, text.isolateTooLong);
  },
  apply: (a) => {
    const { alarm, request, actor, now } = a;
    const isolated: Isolation = {
      at: instant(now),
      until: request.until as string,
      reason: (request.reason as string).trim(),
      patrol: (request.patrol as string).trim(),
      by: actor.user,
      second: actor.second?.user as string,
    };
    return step(a, { ...endOfIsolation(alarm, now), isolated, silencedUntil: undefined });
  },
};

/** The detector counts again before its time. */
export const restore: Act = {
  isDone: (a) => a.alarm.isolated === undefined && tookStep(a, 'restore'),
  obstacle: ({ alarm }) =>
    alarm.isolated === undefined ? refuse('not-possible', text.notIsolated) : undefined,
  apply: (a) => {
    const patch = { ...heardAgain(a.alarm, a.now, a.levels), ...endOfIsolation(a.alarm, a.now) };
    return step(a, withStep(a, { ...patch, steps: a.alarm.steps }, 'restore'));
  },
};

/** One more alarm of a detector that is isolated. */
export function isolatedToo(alarm: Alarm, isolated: Isolation): Change {
  return changed(alarm, { isolated }, 'isolate', gatewayAuthor, { reason: isolated.reason });
}

/** The isolation ended with its time, with another alarm of the same detector, or because another detector spoke. */
export function isolationOver(
  alarm: Alarm,
  now: number,
  levels: ServiceLevels,
  { author = timerAuthor, reason }: { author?: Author; reason?: string } = {},
): Change[] {
  if (alarm.isolated === undefined) return [];
  const patch = { ...heardAgain(alarm, now, levels), ...endOfIsolation(alarm, now) };
  return [changed(alarm, patch, 'restore', author, { reason })];
}

/** What nobody has dealt with yet is as if it had come now. */
function heardAgain(alarm: Alarm, now: number, levels: ServiceLevels): Partial<Alarm> {
  const isStill = alarm.condition !== 'returned' && isOnlyTaken(alarm);
  return alarm.operator === 'new' || isStill ? unhandled(alarm, now, levels) : {};
}

function endOfIsolation(alarm: Alarm, now: number): Partial<Alarm> {
  const { isolated, unprotectedMs = 0 } = alarm;
  if (isolated === undefined) return endOfShelving(alarm, now);
  return { isolated: undefined, unprotectedMs: unprotectedMs + pausedMs(isolated, now) };
}
