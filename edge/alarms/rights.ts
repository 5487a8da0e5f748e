import type { Alarm, AlarmAction, Role } from '../../contract/alarm.ts';
import type { Scope } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import { text } from './refusal.ts';

/** A signed-in person at a station, with the second person of the same request where there is one. */
export interface Actor {
  user: string;
  role: Role;
  station: string;
  /** Where they may act; absent: on the whole campus. */
  scope?: Scope;
  second?: { user: string; role: Role };
}

/**
 * A cell of the table. `second`: with a second person; `proposes`: the shift leader decides; `asks`, `consents`:
 * somebody else does it; `starts`: together with a consent; `own-scope`: within the person's places.
 */
type Right = 'yes' | 'no' | 'second' | 'proposes' | 'asks' | 'starts' | 'consents' | 'own-scope';

type Row = Readonly<Partial<Record<Role, Right>>>;

/**
 * Who may do what (CONTRACT section 4); a role that is not named may not. `handle`: silence, acknowledge, confirm,
 * dispatch, arrive; `release`: reset and close.
 */
export const rights = {
  handle: { guard: 'yes', 'shift-leader': 'yes' },
  'dispose-minor': { guard: 'yes', 'shift-leader': 'yes' },
  'dispose-major': { guard: 'proposes', 'shift-leader': 'yes' },
  'release-minor': { guard: 'yes', 'shift-leader': 'yes' },
  'release-2': { 'shift-leader': 'yes' },
  'release-1': { 'shift-leader': 'second' },
  shelve: { guard: 'asks', 'shift-leader': 'yes' },
  isolate: { guard: 'asks', 'shift-leader': 'second' },
  'make-real': { guard: 'yes', 'shift-leader': 'yes' },
  arm: { guard: 'own-scope', 'shift-leader': 'yes' },
  drill: { 'shift-leader': 'yes' },
  'walk-test': { guard: 'consents', 'shift-leader': 'yes', installer: 'starts' },
  devices: { installer: 'yes', administrator: 'yes' },
  people: { 'security-administrator': 'yes' },
} as const satisfies Record<string, Row>;

/** Roles that may stand as the second person: somebody on duty who can see the alarm. */
const secondRoles: readonly Role[] = ['guard', 'shift-leader'];

export type Permission =
  | { right: 'allowed' }
  /** The request needs a second person and has none, or not a fitting one. */
  | { right: 'second-person'; detail: Text }
  | { right: 'proposes' }
  | { right: 'refused'; detail: Text };

/** May this person do that to this alarm? */
export function may(actor: Actor, action: AlarmAction, alarm: Pick<Alarm, 'severity'>): Permission {
  const row: Row = rights[actOf(action, alarm)];
  switch (row[actor.role]) {
    case 'yes':
      return { right: 'allowed' };
    case 'proposes':
      return { right: 'proposes' };
    case 'second':
      return second(actor);
    default:
      return { right: 'refused', detail: text.notAllowed(holders(row)) };
  }
}

function actOf(action: AlarmAction, { severity }: Pick<Alarm, 'severity'>): keyof typeof rights {
  switch (action) {
    case 'dispose':
      return severity <= 2 ? 'dispose-major' : 'dispose-minor';
    case 'reset':
    case 'close':
      if (severity === 1) return 'release-1';
      return severity === 2 ? 'release-2' : 'release-minor';
    case 'shelve':
    case 'unshelve':
    // protection comes back without a second person
    case 'restore':
      return 'shelve';
    case 'isolate':
      return 'isolate';
    case 'make-real':
      return 'make-real';
    default:
      return 'handle';
  }
}

function second(actor: Actor): Permission {
  if (actor.second === undefined) return { right: 'second-person', detail: text.secondMissing };
  if (actor.second.user === actor.user) return { right: 'second-person', detail: text.secondIsFirst };
  if (!secondRoles.includes(actor.second.role)) return { right: 'second-person', detail: text.secondRole };
  return { right: 'allowed' };
}

function holders(row: Row): Role[] {
  return (Object.keys(row) as Role[]).filter((role) => row[role] === 'yes' || row[role] === 'second');
}
