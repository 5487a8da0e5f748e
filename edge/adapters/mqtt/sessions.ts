import type { Connection } from './connection.ts';
import { InboundQos2 } from './qos2.ts';

interface Session {
  readonly user: string;
  /** Ends with its connection. */
  readonly clean: boolean;
  readonly qos2: InboundQos2;
  connection: Connection | undefined;
}

/** Which user each client identifier belongs to, while it is connected or its session is kept. */
export class SessionBook {
  readonly #sessions = new Map<string, Session>();
  readonly #maxKept: number;
  readonly #forgotten: (clientId: string) => void;

  /** `forgotten` is told of each kept session that had to make room. */
  constructor(maxKept: number, forgotten: (clientId: string) => void) {
    this.#maxKept = maxKept;
    this.#forgotten = forgotten;
  }

  /**
   * Takes the client identifier for a connection, continuing the session of the same user or ending it (`clean`).
   * False if it belongs to another user.
   */
  claim(clientId: string, user: string, clean: boolean, connection: Connection): boolean {
    const found = this.#sessions.get(clientId);
    if (found !== undefined && found.user !== user) return false;
    const continued = found !== undefined && !found.clean && !clean;
    const session: Session = {
      user,
      clean,
      qos2: continued ? found.qos2 : new InboundQos2(),
      connection,
    };
    connection.replaces = found?.connection;
    connection.qos2 = session.qos2;
    this.#put(clientId, session);
    return true;
  }

  connectionOf(clientId: string): Connection | undefined {
    return this.#sessions.get(clientId)?.connection;
  }

  /** The connection has ended: its session ends or is kept. */
  release(clientId: string, connection: Connection): void {
    const found = this.#sessions.get(clientId);
    if (found?.connection !== connection) return; // taken over by a newer connection
    found.connection = undefined;
    if (found.clean) this.#sessions.delete(clientId);
    else this.#put(clientId, found); // to the end: the longest away comes first
  }

  #put(clientId: string, session: Session): void {
    this.#sessions.delete(clientId);
    this.#sessions.set(clientId, session);
    if (this.#sessions.size <= this.#maxKept) return;
    for (const [id, { connection }] of this.#sessions) {
      if (connection !== undefined || id === clientId) continue;
      this.#sessions.delete(id);
      this.#forgotten(id);
      return;
    }
  }
}
