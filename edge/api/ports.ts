import type { Alarm, AlarmAction, AlarmActionRequest, Role } from '../../contract/alarm.ts';
import type { ProblemCode } from '../../contract/problem.ts';
import type { Device, OrgUnit, Phone, Place, Scope, Slot } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import type { BrokerAccount } from '../adapters/mqtt/options.ts';
import type { HealthState } from '../adapters/onvif/health.ts';
import type { Actor } from '../alarms/rights.ts';
import type { RecordAudit } from '../audit/entry.ts';
import type { CommandDesk } from '../commands/desk.ts';
import type { AuditLine, AuditQuery } from '../journal/audit-rows.ts';
import type { AlarmQuery, EventQuery, StoredBody } from '../journal/reader.ts';
import type { IssuedCredential } from '../registry/device-credentials.ts';
import type { InboxDesk } from '../registry/inbox-desk.ts';
import type { People } from '../registry/people.ts';

/** A role somebody can sign in with. */
export type SignInRole = Exclude<Role, 'system'>;

/** Somebody who may sign in. */
export interface Person {
  user: string;
  name: string;
  role: SignInRole;
  /** Where they may do what their role may; absent: on the whole campus. */
  scope?: Scope;
}

/** The people of the registry. */
export interface Users {
  /** Checks a password. Takes as long for a user that does not exist; rejects only when it cannot tell. */
  verify(user: string, password: string): Promise<Person | undefined>;
  /** From memory: called for every request. */
  person(user: string): Person | undefined;
  /** Everybody who may sign in. */
  list(): readonly Person[];
  hasAdministrator(): boolean;
  /** Rejects when there is one already, or the user name is taken. */
  createAdministrator(administrator: { user: string; name: string; password: string }): Promise<Person>;
}

/** A session as it outlives a run of the gateway; of its token only the hash. Times in milliseconds since 1970. */
export interface KeptSession {
  hash: string;
  user: string;
  station?: string;
  place?: string;
  /** Last use. */
  seenAt: number;
  /** It is over then, however busy. */
  endsAt: number;
}

/** What became of sessions since the last write. */
export interface SessionChanges {
  opened: readonly KeptSession[];
  /** New times of sessions that are kept already; one that is not there (any more) is left out. */
  seen: readonly KeptSession[];
  /** Hashes. */
  ended: readonly string[];
}

/** Where sessions outlive a run of the gateway. */
export interface SessionStore {
  /** What the last run left, the oldest first. */
  load(): Promise<readonly KeptSession[]>;
  /** Stores all of it or nothing. A session of somebody who is gone is not stored. */
  write(changes: SessionChanges): Promise<void>;
}

/** What became of an action. `stored: false`: it holds and is shown, but the journal cannot write it yet. */
export type DeskResult =
  | { alarm: Alarm; stored: boolean }
  | { refused: ProblemCode; detail: Text; alarm?: Alarm };

/** Open alarms as they are now, evaluated but perhaps not yet on disk, and what can be done to them. */
export interface AlarmDesk {
  open(): readonly Alarm[];
  /** An open or recently closed alarm, with its delivery marks. */
  get(id: string): Alarm | undefined;
  /** Shown from the overlay: its last change is not on disk and storage is in trouble. */
  isUnsaved(id: string): boolean;
  /** `request.second` was verified and removed. Rejects when the gateway is stopping. */
  act(id: string, action: AlarmAction, request: AlarmActionRequest, actor: Actor): Promise<DeskResult>;
}

/** The journal's reader, newest first where nothing else is said. */
export interface JournalPort {
  /** Position of the newest row on disk. */
  position(): number;
  oldest(): Promise<number>;
  /** Rows after `position`, ascending; `position` of the answer is that of its last row. Commits are seen whole. */
  commitsSince(
    position: number,
    limit: number,
  ): Promise<{ position: number; bodies: string[]; alarms: Alarm[] }>;
  /** One short look at the next rows: a page without rows may still have a `next`. */
  page(query: EventQuery): Promise<{ rows: StoredBody[]; next?: number }>;
  alarm(id: string): Promise<Alarm | undefined>;
  /** Oldest first. */
  alarmHistory(id: string): Promise<StoredBody[]>;
  /** Ordered by id, newest first. */
  alarms(query: AlarmQuery): Promise<Alarm[]>;
}

/** What is known of a device's connection. */
export interface DeviceStatus {
  state: 'online' | 'offline' | 'unknown';
  /** Of a device that the gateway asks for its events: their channel. `reason` is for installers. */
  channel?: { state: HealthState; since: string; reason?: string };
  /** When it was last heard, ISO 8601. */
  lastAt?: string;
}

/** The campus as the registry knows it. */
export interface SiteDirectory {
  /** Changes with every import. */
  readonly version: string | number;
  places(): readonly Place[];
  units(): readonly OrgUnit[];
  slots(): readonly Slot[];
  devices(): readonly Device[];
  links(): ReadonlyArray<{ slot: string; cameras: readonly string[] }>;
  /** Whom to call, the first first. */
  phones(): readonly Phone[];
  place(id: string): Place | undefined;
  device(id: string): Device | undefined;
}

/** The inbox of unknown devices, and what people do with it. */
export type InboxPort = Pick<
  InboxDesk,
  | 'groups'
  | 'get'
  | 'counts'
  | 'evicted'
  | 'mqtt5'
  | 'judge'
  | 'offer'
  | 'isOver'
  | 'preview'
  | 'suggest'
  | 'adopt'
  | 'dismiss'
  | 'ignored'
  | 'revoke'
>;

/** Commands to devices. */
export type CommandPort = Pick<CommandDesk, 'commandsOf' | 'run' | 'refuse'>;

/** Accounts of devices at the broker. */
export interface CredentialPort {
  /** A new password, shown once. Rejects for an unknown device and for one behind a bridge. */
  issue(device: string, by: string): Promise<IssuedCredential>;
  /** Rights of an account. */
  account(user: string): Pick<BrokerAccount, 'publish' | 'subscribe'> | undefined;
}

/** Why the gateway is not ready for all of its work. */
export interface NotReady {
  /** `broker`, `journal`, `storage`, `console`... */
  part: string;
  detail: Text;
}

/** A failed sign-in, for SYS.LOGIN_FAIL. */
export interface SignInFailure {
  /** Only a user that exists: people type their password into the wrong field. */
  user?: string;
  address: string;
  how: 'password' | 'present-password' | 'second-factor' | 'second-person' | 'setup-code' | 'link';
  /** No further attempt is looked at for a while. */
  locked: boolean;
}

/** People, as the security administrator and they themselves change them. */
export type PeoplePort = Pick<
  People,
  | 'list'
  | 'needsSecurityAdministrator'
  | 'add'
  | 'change'
  | 'setDisabled'
  | 'remove'
  | 'resetPassword'
  | 'changeOwnPassword'
  | 'offerFactor'
  | 'confirmFactor'
  | 'removeFactor'
  | 'hasFactor'
  | 'takeCode'
  | 'mustChange'
>;

/** The audit. */
export interface AuditPort {
  record: RecordAudit;
  /** Newest first; a page may be empty and still have a `next`. */
  page(query: AuditQuery): Promise<{ lines: AuditLine[]; next?: number }>;
}
