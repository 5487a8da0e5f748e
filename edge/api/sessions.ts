import type { Scope } from '../../contract/site.ts';
import type { KeptSession, Person, SignInRole, Users } from './ports.ts';
import { newToken, tokenHash } from './secret.ts';
import type { Remains, SessionKeeper } from './session-keeper.ts';

/** Time-outs (STANDARDS S19), milliseconds. */
export interface SessionLimits {
  /** Without a request; on duty the open live feed counts as one. */
  idleMs: number;
  /** From sign-in to the next; a shift of 12 h and its handover. */
  absoluteMs: number;
}

export const defaultSessionLimits: SessionLimits = { idleMs: 1_800_000, absoluteMs: 46_800_000 };

/** A kiosk has nobody to sign in again: 30 days. */
const KIOSK_ABSOLUTE_MS = 2_592_000_000;
/** Sessions of one user; the oldest ends when another opens. */
const MAX_PER_USER = 20;
/** How often timed-out sessions are ended and last uses are stored: what a crash may cost of an idle time. */
const SWEEP_MS = 60_000;

/** Whose screen must not go dark while they watch it, and whose console is there to be heard. */
export const onDuty: ReadonlySet<SignInRole> = new Set(['guard', 'shift-leader', 'kiosk']);

/** Somebody who is signed in. */
export interface Session {
  readonly user: string;
  readonly name: string;
  readonly role: SignInRole;
  /** Where they may do what their role may; absent: on the whole campus. */
  scope?: Scope | undefined;
  /** Where they sit, and the place of that desk. */
  readonly station?: string;
  readonly place?: string;
  /** Monotonic times, milliseconds. */
  readonly endsAt: number;
  seenAt: number;
  /** Of the last request; unknown after a restart until there is one. */
  address?: string | undefined;
}

export interface SessionsOptions {
  users: Pick<Users, 'person'>;
  /** Somebody else knows their password: they may do nothing but change it. */
  mustChange?: (user: string) => boolean;
  limits: SessionLimits;
  monotonic: () => number;
  /** Carries sessions over a restart; absent: a restart ends them. */
  keeper?: SessionKeeper;
}

/** Sessions on the server. Looked up in memory, where time-outs run on the monotonic clock; of tokens only hashes. */
export class Sessions {
  readonly #o: SessionsOptions;
  readonly #byHash = new Map<string, Session>();
  readonly #hashes = new WeakMap<Session, string>();
  readonly #ended = new Set<(session: Session) => void>();
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: SessionsOptions) {
    this.#o = options;
  }

  /** Takes over what the last run left, and begins to look for time-outs. */
  async start(): Promise<void> {
    for (const kept of (await this.#o.keeper?.load()) ?? []) this.#resume(kept);
    this.#sweeping = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** Stores what is to be stored; the sessions go on with the next run. */
  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    await this.sweep();
  }

  /** Ends what has timed out and stores last uses. Called every minute. */
  async sweep(): Promise<void> {
    for (const [hash, session] of this.#byHash) if (!this.#holds(session)) this.#end(hash, session);
    this.#o.keeper?.seen(this.#byHash);
    await this.#o.keeper?.stored();
  }

  /** Resolves when a restart would know the session, or after a second. */
  async open(
    person: Person,
    station?: string,
    place?: string,
    address?: string,
  ): Promise<{ token: string; session: Session }> {
    this.#prune(person.user);
    const now = this.#o.monotonic();
    const token = newToken();
    const session: Session = {
      user: person.user,
      name: person.name,
      role: person.role,
      ...(person.scope === undefined ? {} : { scope: person.scope }),
      ...(station === undefined ? {} : { station }),
      ...(place === undefined ? {} : { place }),
      endsAt: now + this.absoluteMs(person.role),
      seenAt: now,
      address,
    };
    const hash = tokenHash(token);
    this.#add(hash, session);
    this.#o.keeper?.opened(hash, session);
    await this.#o.keeper?.stored();
    return { token, session };
  }

  /** The session of a token, and notes that it is used; undefined once it has ended. */
  find(token: string, address?: string): Session | undefined {
    const hash = tokenHash(token);
    const session = this.#byHash.get(hash);
    if (session === undefined) return undefined;
    if (!this.#holds(session)) {
      this.#end(hash, session);
      return undefined;
    }
    session.seenAt = this.#o.monotonic();
    if (address !== undefined) session.address = address;
    return session;
  }

  /** Somebody else knows the password of this session's person: nothing but changing it is allowed. */
  mustChange({ user }: Session): boolean {
    return this.#o.mustChange?.(user) === true;
  }

  /** Where somebody is, by the session that they used last at this station. */
  addressOf(user: string, station: string | undefined): string | undefined {
    let latest: Session | undefined;
    for (const session of this.#byHash.values()) {
      const fits =
        session.user === user && (station === undefined || (session.station ?? station) === station);
      if (fits && session.seenAt >= (latest?.seenAt ?? 0)) latest = session;
    }
    return latest?.address;
  }

  /** Called with every heartbeat of a live feed: false once the session has ended. */
  watches(session: Session): boolean {
    const hash = this.#hashes.get(session);
    if (hash === undefined || !this.#byHash.has(hash)) return false;
    if (!this.#holds(session)) {
      this.#end(hash, session);
      return false;
    }
    if (onDuty.has(session.role)) session.seenAt = this.#o.monotonic();
    return true;
  }

  /** Ended at once; resolves when a restart would know, or after a second. */
  async end(token: string): Promise<void> {
    const hash = tokenHash(token);
    const session = this.#byHash.get(hash);
    if (session === undefined) return;
    this.#end(hash, session);
    await this.#o.keeper?.stored();
  }

  /** Password or role changed, the person left, or signs out everywhere. Answers how many sessions that were. */
  endUser(user: string): number {
    let ended = 0;
    for (const [hash, session] of this.#byHash) {
      if (session.user !== user) continue;
      this.#end(hash, session);
      ended++;
    }
    return ended;
  }

  /** Sessions of each person that hold. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { user } of this.#byHash.values()) counts.set(user, (counts.get(user) ?? 0) + 1);
    return counts;
  }

  onEnd(listener: (session: Session) => void): void {
    this.#ended.add(listener);
  }

  /** Longest life of a session of this role, milliseconds. */
  absoluteMs(role: SignInRole): number {
    return role === 'kiosk' ? KIOSK_ABSOLUTE_MS : this.#o.limits.absoluteMs;
  }

  #holds(session: Session): boolean {
    const now = this.#o.monotonic();
    if (now - session.seenAt > this.#o.limits.idleMs) return false;
    if (now > session.endsAt) return false;
    const person = this.#o.users.person(session.user);
    // a scope that was changed holds at once, without a new sign-in
    session.scope = person?.scope;
    return person?.role === session.role;
  }

  #prune(user: string): void {
    let own = 0;
    for (const [hash, session] of this.#byHash) {
      if (!this.#holds(session)) this.#end(hash, session);
      else if (session.user === user) own++;
    }
    if (own < MAX_PER_USER) return;
    for (const [hash, session] of this.#byHash) {
      if (session.user !== user) continue;
      this.#end(hash, session);
      return;
    }
  }

  #resume({ hash, user, station, place, idleMs, leftMs }: KeptSession & Remains): void {
    const person = this.#o.users.person(user);
    if (person === undefined) return;
    const now = this.#o.monotonic();
    const session: Session = {
      user,
      name: person.name,
      role: person.role,
      ...(person.scope === undefined ? {} : { scope: person.scope }),
      ...(station === undefined ? {} : { station }),
      ...(place === undefined ? {} : { place }),
      endsAt: now + Math.min(leftMs, this.absoluteMs(person.role)),
      // a duty screen that waited for the gateway was watched all the time
      seenAt: onDuty.has(person.role) ? now : now - idleMs,
    };
    this.#add(hash, session);
  }

  #add(hash: string, session: Session): void {
    this.#byHash.set(hash, session);
    this.#hashes.set(session, hash);
  }

  #end(hash: string, session: Session): void {
    this.#byHash.delete(hash);
    this.#o.keeper?.ended(hash);
    for (const listener of this.#ended) listener(session);
  }
}
