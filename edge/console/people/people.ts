import type { Role } from '../../../contract/alarm.ts';
import type { Scope } from '../../../contract/site.ts';
import { type Answer, call } from '../api.ts';

/** A role somebody can sign in with. */
export type SignInRole = Exclude<Role, 'system'>;

/** A person as the gateway lists them. */
export interface PersonRow {
  readonly user: string;
  readonly name: string;
  readonly role: SignInRole;
  readonly scope?: Scope;
  readonly disabled: boolean;
  readonly mustChange: boolean;
  readonly secondFactor: boolean;
  readonly sessions: number;
}

export interface PeopleList {
  readonly people: readonly PersonRow[];
  readonly places: ReadonlyArray<{ id: string; name: string; parent?: string }>;
  readonly units: ReadonlyArray<{ id: string; name: string }>;
}

/** Roles in the order in which they are offered. */
export const offeredRoles: readonly SignInRole[] = [
  'guard',
  'shift-leader',
  'installer',
  'administrator',
  'security-administrator',
  'auditor',
  'kiosk',
];

export interface PersonForm {
  user: string;
  name: string;
  role: SignInRole;
  scope: Scope | null;
}

export function listPeople(): Promise<Answer<PeopleList>> {
  return call('GET', 'users');
}

/** Adds a person; the answer holds the one-time password, once. */
export function addPerson({ scope, ...person }: PersonForm): Promise<Answer<{ password: string }>> {
  return call('POST', 'users', scope === null ? person : { ...person, scope });
}

export function changePerson(
  user: string,
  change: Partial<Omit<PersonForm, 'user'>> & { disabled?: boolean },
): Promise<Answer<unknown>> {
  return call('PATCH', pathOf(user), change);
}

export function removePerson(user: string): Promise<Answer<unknown>> {
  return call('DELETE', pathOf(user));
}

export function resetPassword(user: string): Promise<Answer<{ password: string }>> {
  return call('POST', `${pathOf(user)}/password`);
}

export function removeFactor(user: string): Promise<Answer<unknown>> {
  return call('DELETE', `${pathOf(user)}/second-factor`);
}

export function signOutEverywhere(user: string): Promise<Answer<unknown>> {
  return call('DELETE', `${pathOf(user)}/sessions`);
}

/** A scope as people write it: the names of its places and units. */
export function scopeText({ places, units }: PeopleList, scope: Scope | undefined): string | undefined {
  if (scope === undefined) return undefined;
  const nameOf = (all: ReadonlyArray<{ id: string; name: string }>, id: string): string =>
    all.find((one) => one.id === id)?.name ?? id;
  return [
    ...(scope.places ?? []).map((id) => nameOf(places, id)),
    ...(scope.units ?? []).map((id) => nameOf(units, id)),
  ].join('、');
}

/** Names from the uppermost place that says something down to this one. */
export function placePath({ places }: Pick<PeopleList, 'places'>, id: string): string {
  const names: string[] = [];
  let place = places.find((one) => one.id === id);
  for (let depth = 0; place !== undefined && depth < 8; depth++) {
    const { parent, name } = place;
    // the campus is the same for all of them
    if (parent !== undefined || names.length === 0) names.unshift(name);
    place = parent === undefined ? undefined : places.find((one) => one.id === parent);
  }
  return names.join(' / ');
}

function pathOf(user: string): string {
  return `users/${encodeURIComponent(user)}`;
}
