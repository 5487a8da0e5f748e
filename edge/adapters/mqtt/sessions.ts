import type { Connection } from './connection.ts';
import { InboundQos2 } from './qos2.ts';

interface Session {
  readonly id: string;
  readonly user: string;
  /** Ends with its connection. */
  readonly clean: boolean;
  readonly qos2: InboundQos2;
  connection: Connection | undefined;
}

/**
 * Names a session in this broker: each user has client identifiers of its own, so that nobody can end, take over or
 * squat the session of another. Neither part has U+0000.
 */
export function sessionId(user: string, clientId: string): string {
  return `${user}\0${clientId}`;
}

/** How many sessions are kept, those with a connection included. */
export interface SessionBounds {
  all: number;
  ofUser: number;
}

/** The sessions that are connected or kept. */
export class SessionBook {
  /** The longest away comes first. */
  readonly #sessions = new Map<string, Session>();
  readonly #ofUser = new Map<string, Map<string, Session>>();
  readonly #bounds: SessionBounds;
  readonly #forgotten: (id: string) => void;

  /** `forgotten` is told of each kept session that had to make room. */
  constructor(bounds: SessionBounds, forgotten: (id: string) => void) {
    this.#bounds = bounds;
    this.#forgotten = forgotten;
  }

  /** Takes the session for a connection of this user: continues it, or ends it (`clean`). */
  claim(id: string, user: string, clean: boolean, connection: Connection): void {
    const found = this.#sessions.get(id);
    const continued = found !== undefined && !found.clean && !clean;
    const session: Session = {
      id,
      user,
      clean,
      qos2: continued ? found.qos2 : new InboundQos2(),
      connection,
    };
    connection.replaces = found?.connection;
    connection.qos2 = session.qos2;
    this.#put(session);
  }

  connectionOf(id: string): Connection | undefined {
    return this.#sessions.get(id)?.connection;
  }

  /** Connections of a user, but for the one of this session. */
  othersOf(user: string, id: string): Connection[] {
    const others: Connection[] = [];
    for (const session of this.#ofUser.get(user)?.values() ?? [])
      if (session.connection !== undefined && session.id !== id) others.push(session.connection);
    return others;
  }

  /** The connection has ended: its session ends or is kept. */
  release(id: string, connection: Connection): void {
    const found = this.#sessions.get(id);
    if (found?.connection !== connection) return; // taken over by a newer connection
    found.connection = undefined;
    if (found.clean) this.#delete(found);
    else this.#put(found); // to the end: the longest away comes first
  }

  #put(session: Session): void {
    this.#delete(session);
    const { id, user } = session;
    this.#sessions.set(id, session);
    const own = this.#ofUser.get(user) ?? new Map<string, Session>();
    this.#ofUser.set(user, own.set(id, session));
    // its own first: whoever makes up ever new ones forgets nobody else's
    if (own.size > this.#bounds.ofUser) this.#forgetOne(own, id);
    if (this.#sessions.size > this.#bounds.all) this.#forgetOne(this.#sessions, id);
  }

  #forgetOne(sessions: ReadonlyMap<string, Session>, but: string): void {
    for (const session of sessions.values()) {
      if (session.connection !== undefined || session.id === but) continue;
      this.#delete(session);
      this.#forgotten(session.id);
      return;
    }
  }

  #delete({ id, user }: Session): void {
    this.#sessions.delete(id);
    const own = this.#ofUser.get(user);
    own?.delete(id);
    if (own?.size === 0) this.#ofUser.delete(user);
  }
}
