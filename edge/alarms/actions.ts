import type { Alarm, AlarmAction, AlarmActionRequest, Confirmation, Steps } from '../../contract/alarm.ts';
import { isSilenced, SILENCE_MAX_MS } from '../../contract/sounding.ts';
import { type Change, instant } from './change.ts';
import { dispose, propose } from './disposition.ts';
import { isolate, restore } from './isolation.ts';
import { makeReal } from './make-real.ts';
import { isAtLeast } from './order.ts';
import { type ActResult, type Refusal, refuse, text } from './refusal.ts';
import { type Actor, may } from './rights.ts';
import { defaultServiceLevels, type ServiceLevels } from './service-levels.ts';
import { closesItself, endOfShelving, shelve, unshelve } from './shelving.ts';
import { type Act, type Attempt, step, taken, tookStep, withStep } from './step.ts';

/**
 * What a person does to an alarm (CONTRACT section 4): one change, or why not and what to do next. Pure.
 *
 * Order of the answers: what the same person did already is `already-done` whatever the version; then rights, version,
 * the request itself, the state of the alarm, the second person.
 * `now` in milliseconds since 1970.
 */
export function applyAction(
  alarm: Alarm,
  action: AlarmAction,
  request: AlarmActionRequest,
  actor: Actor,
  { now, levels = defaultServiceLevels }: { now: number; levels?: ServiceLevels },
): ActResult {
  const result = attempted({ alarm, action, request, actor, now, levels });
  if ('refused' in result) return { ...result, alarm };
  const changes = [result, ...(action === 'unshelve' ? closesItself(result.alarm, now) : [])];
  return { changes, alarm: changes.at(-1)?.alarm ?? result.alarm };
}

function attempted(attempt: Attempt): Change | Refusal {
  const { alarm, action, actor } = attempt;
  const permission = may(actor, action, alarm);
  const act = permission.right === 'proposes' ? propose : acts[action];
  if (act.isDone(attempt)) return refuse('already-done', text.alreadyDone);
  if (permission.right === 'refused') return refuse('not-allowed', permission.detail);
  // nobody is kept from calling for help by somebody else's click
  if (action !== 'make-real' && !isUpToDate(attempt))
    return refuse('version-conflict', text.versionConflict(alarm));
  const obstacle = act.obstacle(attempt);
  if (obstacle !== undefined) return obstacle;
  if (permission.right === 'second-person') return refuse('second-person-needed', permission.detail);
  return act.apply(attempt);
}

/** A picture that came meanwhile changes nothing that a person acts upon. */
function isUpToDate({ alarm: { version, sameSince = version }, request }: Attempt): boolean {
  return request.version >= sameSince && request.version <= version;
}

const silence: Act = {
  // the same request sent twice; with the current version it is a new one, and extends
  isDone: (a) =>
    a.request.version !== a.alarm.version && isSilenced(a.alarm, a.now) && tookStep(a, 'silence'),
  obstacle: (a) => {
    const until = a.request.until;
    if (until !== undefined && Date.parse(until) <= a.now) return refuse('invalid', text.untilPast);
    return isAtLeast(a.alarm, 'disposed') ? notBackwards(a) : undefined;
  },
  apply: (a) => {
    const asked = a.request.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(a.request.until);
    const silencedUntil = instant(Math.min(asked, a.now + SILENCE_MAX_MS));
    return step(a, { silencedUntil, steps: steps(a, 'silence') });
  },
};

const acknowledge: Act = {
  isDone: (a) => isAtLeast(a.alarm, 'acknowledged') && tookStep(a, 'acknowledge'),
  obstacle: (a) => (a.alarm.operator === 'new' || isRecovered(a.alarm) ? undefined : notBackwards(a)),
  apply: (a) => step(a, taken(a, a.alarm.operator === 'closed' ? 'closed' : 'acknowledged')),
};

const confirm: Act = {
  isDone: ({ alarm, actor, request }) =>
    isAtLeast(alarm, 'confirmed') &&
    alarm.confirmation?.by === actor.user &&
    alarm.confirmation.how === request.how,
  obstacle: (a) => {
    if (a.request.how === undefined) return refuse('invalid', text.howMissing);
    return isAtLeast(a.alarm, 'disposed') ? notBackwards(a) : undefined;
  },
  apply: (a) => {
    const how = a.request.how as Confirmation['how'];
    const confirmation: Confirmation = { how, by: a.actor.user, at: instant(a.now) };
    // on the scene one may confirm what was dispatched unconfirmed: that takes nothing back
    const operator = isAtLeast(a.alarm, 'confirmed') ? a.alarm.operator : 'confirmed';
    return step(a, { ...taken(a, operator), confirmation });
  },
};

const dispatch: Act = {
  isDone: (a) => isAtLeast(a.alarm, 'dispatched') && tookStep(a, 'dispatch'),
  obstacle: (a) => (isAtLeast(a.alarm, 'dispatched') ? notBackwards(a) : undefined),
  apply: (a) => step(a, withStep(a, taken(a, 'dispatched'), 'dispatch')),
};

const arrive: Act = {
  isDone: (a) => isAtLeast(a.alarm, 'on-scene') && tookStep(a, 'arrive'),
  obstacle: (a) => (isAtLeast(a.alarm, 'on-scene') ? notBackwards(a) : undefined),
  apply: (a) => step(a, withStep(a, taken(a, 'on-scene'), 'arrive')),
};

const reset: Act = {
  isDone: (a) => !a.alarm.latched && tookStep(a, 'reset'),
  obstacle: (a) => {
    if (a.alarm.operator === 'closed') return refuse('not-possible', text.closed);
    if (!a.alarm.latched) return refuse('not-possible', text.noLatch);
    if (a.alarm.operator === 'new') return refuse('not-possible', text.acknowledgeFirst);
    return notReturned(a);
  },
  apply: (a) => step(a, { latched: false, steps: steps(a, 'reset') }),
};

const close: Act = {
  isDone: (a) => a.alarm.operator === 'closed' && tookStep(a, 'close'),
  obstacle: (a) => {
    if (a.alarm.operator === 'closed') return refuse('not-possible', text.closed);
    if (a.alarm.operator !== 'disposed') return refuse('not-possible', text.disposeFirst);
    return notReturned(a) ?? (a.alarm.latched ? refuse('not-possible', text.resetFirst) : undefined);
  },
  apply: (a) => step(a, { ...endOfShelving(a.alarm, a.now), operator: 'closed', steps: steps(a, 'close') }),
};

const acts = {
  silence,
  acknowledge,
  confirm,
  dispatch,
  arrive,
  dispose,
  reset,
  close,
  shelve,
  unshelve,
  isolate,
  restore,
  'make-real': makeReal,
};

/** Closed by itself on return, and nobody has seen it yet. */
export function isRecovered(alarm: Alarm): boolean {
  return (
    alarm.operator === 'closed' && alarm.disposition === undefined && alarm.steps?.acknowledge === undefined
  );
}

function notBackwards({ alarm }: Attempt): Refusal {
  return refuse('not-possible', alarm.operator === 'closed' ? text.closed : text.notBackwards(alarm));
}

/** A detector that is isolated may be stuck: somebody looks after the place instead. */
function notReturned({ alarm }: Attempt): Refusal | undefined {
  if (alarm.isolated !== undefined) return undefined;
  if (alarm.condition === 'active') return refuse('condition-active', text.stillActive);
  return alarm.condition === 'unknown' ? refuse('not-possible', text.conditionUnknown) : undefined;
}

function steps(a: Attempt, name: keyof Steps): Steps {
  return withStep(a, { steps: a.alarm.steps }, name).steps as Steps;
}
