import type { Person, Users } from './ports.ts';
import { newToken, tokenHash } from './secret.ts';

/** How long a sign-in link works: 15 min. */
export const LINK_TTL_MS = 900_000;

interface Link {
  user: string;
  until: number;
}

/** One-time sign-in links. Only the program itself makes them; no route does. */
export class SignInLinks {
  readonly #users: Pick<Users, 'person'>;
  readonly #monotonic: () => number;
  readonly #links = new Map<string, Link>();

  constructor(users: Pick<Users, 'person'>, monotonic: () => number) {
    this.#users = users;
    this.#monotonic = monotonic;
  }

  /** A token for this user. Throws when there is no such user. */
  issue(user: string, ttlMs: number = LINK_TTL_MS): string {
    if (this.#users.person(user) === undefined) {
      throw new Error(`no sign-in link for "${user}": there is no such user; import the site first`);
    }
    const token = newToken();
    this.#links.set(tokenHash(token), { user, until: this.#monotonic() + ttlMs });
    return token;
  }

  /** Whom the token signs in; it never works again. */
  use(token: string): Person | undefined {
    const hash = tokenHash(token);
    const link = this.#links.get(hash);
    this.#links.delete(hash);
    if (link === undefined || this.#monotonic() > link.until) return undefined;
    return this.#users.person(link.user);
  }
}
