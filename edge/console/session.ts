import type { Role } from '../../contract/alarm.ts';
import { type Answer, call } from './api.ts';
import { recall, remember } from './preferences.ts';

/** Who is signed in on this screen, as the gateway says. */
export interface Session {
  readonly user: string;
  readonly name: string;
  readonly role: Role;
  readonly rights: readonly string[];
  /** Where this computer stands; undefined after a sign-in link. */
  readonly station?: string;
  /** The password was given by somebody else: nothing else is allowed before it is changed. */
  readonly mustChangePassword?: true;
  readonly secondFactor?: boolean;
}

export interface Credentials {
  user: string;
  password: string;
  station: string;
  /** Of an authenticator, where the gateway asks for it. */
  code?: string;
}

export interface FirstAdministrator {
  code: string;
  user: string;
  name: string;
  password: string;
}

/** The session of this browser; its answer's problem is `expired-session` where there is none. */
export function fetchSession(): Promise<Answer<Session>> {
  return call<Session>('GET', 'session');
}

/** Whether the first administrator has still to be made. */
export async function isSetUpNeeded(): Promise<boolean> {
  const { body } = await call<{ needed: boolean }>('GET', 'setup');
  return body?.needed === true;
}

/** Signs in, and remembers user and station on this computer; never the password. */
export async function signIn(credentials: Credentials): Promise<Answer<Session>> {
  const answer = await call<Session>('POST', 'session', credentials);
  if (answer.body !== undefined) {
    remember('user', credentials.user);
    remember('station', credentials.station);
  }
  return answer;
}

/** Makes the first administrator and signs in. */
export function setUp(administrator: FirstAdministrator): Promise<Answer<Session>> {
  return call<Session>('POST', 'setup', administrator);
}

export function signOut(): Promise<Answer<unknown>> {
  return call('DELETE', 'session');
}

/** What goes into the record as the place of an action. */
export function stationOf(session: Session, fallback: string): string {
  return session.station ?? recall('station') ?? fallback;
}

/** What the console asks of a session's rights. */
type Right =
  | 'people.manage'
  | 'people.add'
  | 'second-factor'
  | 'second.answer'
  | 'audit.read'
  | 'alarms.read'
  | 'alarms.act'
  | 'zones.act'
  | 'drills.read'
  | 'drills.run'
  | 'duty.read'
  | 'duty.work'
  | 'duty.check'
  | 'events.read'
  | 'campus.edit'
  | 'kpi.read'
  | 'video.view'
  | 'media.view'
  | 'inbox.read'
  | 'devices.read'
  | 'devices.command'
  | 'devices.credentials';

export function may({ rights }: Session, right: Right): boolean {
  return rights.includes(right);
}
