import type {
  Alarm,
  AlarmAction,
  AlarmActionRequest,
  OperatorState,
  Steps,
  TransitionAction,
} from '../../contract/alarm.ts';
import { type Change, changed, instant } from './change.ts';
import type { Refusal } from './refusal.ts';
import type { Actor } from './rights.ts';
import type { ServiceLevels } from './service-levels.ts';

/** A person's request, with all it is judged by. */
export interface Attempt {
  alarm: Alarm;
  action: AlarmAction;
  request: AlarmActionRequest;
  actor: Actor;
  now: number;
  levels: ServiceLevels;
}

/** One of the things a person can do. */
export interface Act {
  /** This person has done it: nothing would change. */
  isDone(a: Attempt): boolean;
  /** Why the request or the state of the alarm does not allow it. */
  obstacle(a: Attempt): Refusal | undefined;
  /** Called only when nothing stands against it. */
  apply(a: Attempt): Change;
}

export function tookStep({ alarm, actor }: Attempt, name: keyof Steps): boolean {
  return alarm.steps?.[name]?.by === actor.user;
}

/** A patch that also says who took this step, and when. */
export function withStep(a: Attempt, patch: Partial<Alarm>, name: keyof Steps): Partial<Alarm> {
  const { actor, now } = a;
  const entry = { by: actor.user, at: instant(now), ...(actor.second && { second: actor.second.user }) };
  return { ...patch, steps: { ...patch.steps, [name]: entry } };
}

/** The change a person makes. */
export function step(
  { alarm, action, request, actor }: Attempt,
  patch: Partial<Alarm>,
  as: TransitionAction = action,
): Change {
  const author = {
    actor: actor.user,
    role: actor.role,
    station: actor.station,
    ...(actor.second && { second: actor.second.user }),
  };
  return changed(alarm, patch, as, author, request);
}

/** The alarm is in somebody's hands: acknowledged by the first who does anything but silence it. */
export function taken({ alarm, actor, now }: Attempt, operator: OperatorState): Partial<Alarm> {
  const patch: Partial<Alarm> = { operator, silencedUntil: undefined };
  if (alarm.operator !== 'new' && alarm.operator !== 'closed') return { ...patch, steps: alarm.steps };
  const at = instant(now);
  return {
    ...patch,
    acknowledgedAt: at,
    owner: actor.user,
    steps: { ...alarm.steps, acknowledge: { by: actor.user, at } },
  };
}
