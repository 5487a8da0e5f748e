import type { Alarm, Role, Transition, TransitionAction } from '../../contract/alarm.ts';
import type { Event } from '../../contract/event.ts';

/** One step in the life of one alarm: the alarm after it, and the transition to store and send. */
export interface Change {
  /** Without `delivery` and `unsaved`: those are views, not history. */
  alarm: Alarm;
  transition: Transition;
}

/** Who makes a change: a person at a station, or the `system` for devices, timers and the gateway. */
export interface Author {
  /** User name, or `device:{id}`, `timer`, `gateway`. */
  actor: string;
  role: Role;
  station: string;
  second?: string;
}

/** The gateway itself: automatic closing, a dead bridge. */
export const gatewayAuthor: Author = { actor: 'gateway', role: 'system', station: 'gateway' };
/** A time is up. */
export const timerAuthor: Author = { ...gatewayAuthor, actor: 'timer' };

/** The device behind an event, or the gateway for its own. */
export function authorOf(event: Event): Author {
  const { device } = event.origin;
  return device === undefined ? gatewayAuthor : { ...gatewayAuthor, actor: `device:${device}` };
}

/** The first change of an alarm. */
export function opened(alarm: Alarm, author: Author): Change {
  return { alarm, transition: transitionOf(undefined, alarm, 'raise', author) };
}

/** The next version of an alarm; a key of `patch` that is undefined is removed from it. */
export function changed(
  before: Alarm,
  patch: Partial<Alarm>,
  action: TransitionAction,
  author: Author,
  words: { reason?: string | undefined; note?: string | undefined } = {},
): Change {
  const { delivery, unsaved, sameSince, ...history } = before;
  const alarm: Alarm = { ...history, ...patch, version: before.version + 1 };
  for (const key of Object.keys(patch) as (keyof Alarm)[]) {
    if (patch[key] === undefined) delete (alarm as Partial<Alarm>)[key];
  }
  const transition = transitionOf(before, alarm, action, author);
  if (words.reason !== undefined) transition.reason = words.reason;
  if (words.note !== undefined) transition.note = words.note;
  return { alarm, transition };
}

function transitionOf(
  before: Alarm | undefined,
  alarm: Alarm,
  action: TransitionAction,
  author: Author,
): Transition {
  return {
    alarmId: alarm.id,
    version: alarm.version,
    action,
    ...author,
    ...(before !== undefined && { from: axes(before) }),
    to: axes(alarm),
    alarm,
  };
}

function axes({ condition, operator, latched }: Alarm): Transition['to'] {
  return { condition, operator, latched };
}

/** An instant of the contract from milliseconds since 1970. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
