import type { Alarm, AlarmAction, Role } from '../../contract/alarm.ts';

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
  /** Why there is no next step although the alarm is open. */
  readonly waiting: 'return' | 'leader' | undefined;
}

const handlers: readonly Role[] = ['guard', 'shift-leader'];

/** Which actions this role sees on this alarm (CONTRACT section 4), the next step of its handling first. */
export function offers(alarm: Alarm, role: Role, sounding: boolean): Offers {
  if (!handlers.includes(role) || alarm.operator === 'closed') return nothing;
  const leads = role === 'shift-leader';
  const mayRelease = leads || alarm.severity >= 3;
  const dispose: Offer = { action: 'dispose', propose: !leads && alarm.severity <= 2 };
  const silence = sounding ? [plain('silence')] : [];
  switch (alarm.operator) {
    case 'new':
      return { primary: plain('acknowledge'), others: silence, waiting: undefined };
    case 'disposed':
      return release(alarm, mayRelease);
    default: {
      const steps = stepsOf(alarm).map(plain);
      const adopt = leads && alarm.proposal !== undefined;
      // a fault or a low battery is not a case to send somebody to
      const short = alarm.severity >= 3 || steps.length === 0;
      const order = adopt || short ? [dispose, ...steps] : [...steps, dispose];
      return { primary: order[0], others: [...order.slice(1), ...silence], waiting: undefined };
    }
  }
}

const nothing: Offers = { primary: undefined, others: [], waiting: undefined };

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

function release({ condition, latched }: Alarm, mayRelease: boolean): Offers {
  if (condition !== 'returned') return { ...nothing, waiting: 'return' };
  if (!mayRelease) return { ...nothing, waiting: 'leader' };
  return { ...nothing, primary: plain(latched ? 'reset' : 'close') };
}
