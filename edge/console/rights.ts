import type { Alarm, AlarmAction, Role } from '../../contract/alarm.ts';
import { mayBeIsolated, mayBeShelved, wasLookedAt } from '../../contract/isolation.ts';

/** What a button on an alarm does. `propose` is a disposition that the shift leader decides. */
export interface Offer {
  readonly action: AlarmAction;
  readonly propose: boolean;
}

/** The next steps of an alarm. The gateway judges again; what it would refuse anyway is not offered. */
export interface Offers {
  /** The step that comes next; undefined: nothing for this person to do. */
  readonly primary: Offer | undefined;
  readonly others: readonly Offer[];
  /** Seldom wanted, and not on the card: to put it aside, or to isolate its detector. */
  readonly aside: readonly Offer[];
  /** Why there is no next step although the alarm is open. */
  readonly waiting: 'return' | 'leader' | undefined;
}

const handlers: readonly Role[] = ['guard', 'shift-leader'];

/** Which actions this role sees on this alarm (CONTRACT section 4), the next step of its handling first. */
export function offers(alarm: Alarm, role: Role, sounding: boolean): Offers {
  if (!handlers.includes(role) || alarm.operator === 'closed') return nothing;
  const next = withReal(nextSteps(alarm, role, sounding), alarm);
  if (role !== 'shift-leader') return next;
  return { ...next, others: [...next.others, ...backSteps(alarm)], aside: asideSteps(alarm) };
}

/** One key turns a drill or test into a real alarm, in whatever state it is. */
function withReal(next: Offers, { mode }: Alarm): Offers {
  return mode === 'live' ? next : { ...next, others: [plain('make-real'), ...next.others] };
}

function nextSteps(alarm: Alarm, role: Role, sounding: boolean): Offers {
  const leads = role === 'shift-leader';
  const mayRelease = leads || alarm.severity >= 3;
  const dispose: Offer = { action: 'dispose', propose: !leads && alarm.severity <= 2 };
  const silence = sounding ? [plain('silence')] : [];
  switch (alarm.operator) {
    case 'new':
      return { ...nothing, primary: plain('acknowledge'), others: silence };
    case 'disposed':
      return release(alarm, mayRelease);
    default: {
      const steps = stepsOf(alarm).map(plain);
      const adopt = leads && alarm.proposal !== undefined;
      // a fault or a low battery is not a case to send somebody to
      const short = alarm.severity >= 3 || steps.length === 0;
      const order = adopt || short ? [dispose, ...steps] : [...steps, dispose];
      return { ...nothing, primary: order[0], others: [...order.slice(1), ...silence] };
    }
  }
}

const nothing: Offers = { primary: undefined, others: [], aside: [], waiting: undefined };

function plain(action: AlarmAction): Offer {
  return { action, propose: false };
}

function stepsOf({ operator, confirmation }: Alarm): AlarmAction[] {
  const confirm: AlarmAction[] = confirmation === undefined ? ['confirm'] : [];
  switch (operator) {
    case 'acknowledged':
      return [...confirm, 'dispatch'];
    case 'confirmed':
      return ['dispatch'];
    case 'dispatched':
      return ['arrive', ...confirm];
    default:
      return [];
  }
}

/** Protection that was given up can be had back with one press. */
function backSteps({ shelved, isolated }: Alarm): Offer[] {
  return [
    ...(shelved === undefined ? [] : [plain('unshelve')]),
    ...(isolated === undefined ? [] : [plain('restore')]),
  ];
}

function asideSteps(alarm: Alarm): Offer[] {
  const { operator, shelved, isolated } = alarm;
  const shelve = mayBeShelved(alarm) && operator !== 'disposed' && shelved === undefined;
  const several = (alarm.sources?.length ?? 0) > 1;
  const isolate = mayBeIsolated(alarm) && wasLookedAt(alarm) && isolated === undefined && !several;
  return [...(shelve ? [plain('shelve')] : []), ...(isolate ? [plain('isolate')] : [])];
}

function release({ condition, latched, isolated }: Alarm, mayRelease: boolean): Offers {
  if (condition !== 'returned' && isolated === undefined) return { ...nothing, waiting: 'return' };
  if (!mayRelease) return { ...nothing, waiting: 'leader' };
  return { ...nothing, primary: plain(latched ? 'reset' : 'close') };
}
