import { randomBytes } from 'node:crypto';
import type { Role } from '../../contract/alarm.ts';
import { userSchema } from '../../contract/site.ts';
import type { Database } from '../journal/sqlite.ts';
import { hashPassword, personCost, verifyPassword } from './passwords.ts';

/** Somebody who may sign in. */
export interface Person {
  user: string;
  name: string;
  role: Exclude<Role, 'system'>;
}

/** Crockford's alphabet: no I, L, O, U to misread. */
const CODE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

interface StoredPerson {
  person: Person;
  hash: string;
}

/** The people of `site.db`. Reads are from memory; writes are on disk when their promise resolves. */
export class Users {
  readonly #db: Database;
  readonly #reload: () => Promise<void>;
  readonly #listeners = new Set<(user: string) => void>();
  #people = new Map<string, StoredPerson>();
  #setupCode: string | undefined;
  /** Verified instead of a hash that does not exist, so that an unknown user takes as long as a known one. */
  readonly #dummy = hashPassword(randomBytes(16).toString('hex'), personCost);

  /** `reload` runs after somebody was added and must call `load`: whoever else shows people reads them again. */
  constructor(db: Database, reload?: () => Promise<void>) {
    this.#db = db;
    this.#reload = reload ?? (() => this.load());
  }

  /** Reads the table again. */
  async load(): Promise<void> {
    const rows = await this.#db.all<{ body: string; hash: string }>(
      'SELECT body, hash FROM user ORDER BY id',
    );
    const people = rows.map(({ body, hash }) => ({ person: JSON.parse(body) as Person, hash }));
    const before = this.#people;
    this.#people = new Map(people.map((one) => [one.person.user, one]));
    for (const [user, { person, hash }] of before) {
      const now = this.#people.get(user);
      if (now?.hash === hash && now.person.role === person.role) continue;
      for (const listener of this.#listeners) listener(user);
    }
  }

  /**
   * Calls back for everybody who left, or whose password or role has changed, by this process or another. Returns the
   * unsubscribe function.
   */
  onChange(listener: (user: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  list(): Person[] {
    return [...this.#people.values()].map(({ person }) => person);
  }

  person(user: string): Person | undefined {
    return this.#people.get(user)?.person;
  }

  hasAdministrator(): boolean {
    return this.list().some(({ role }) => role === 'administrator');
  }

  /** The person if the password is right. Takes as long for an unknown user. Counting failures is the caller's. */
  async verify(user: string, password: string): Promise<Person | undefined> {
    const stored = this.#people.get(user);
    const right = await verifyPassword(password, stored?.hash ?? (await this.#dummy));
    return right && this.#people.get(user)?.hash === stored?.hash ? stored?.person : undefined;
  }

  /** Adds a person. Rejects where the name is taken or not well formed. */
  async create(person: Person, password: string): Promise<Person> {
    const { user, name, role } = userSchema.parse({ ...person, password });
    const hash = await hashPassword(password, personCost);
    await this.#insert({ user, name, role }, hash, false);
    return { user, name, role };
  }

  /** Changes a password; rejects for an unknown user. The next import leaves it alone, unless the file changed it. */
  async setPassword(user: string, password: string): Promise<void> {
    userSchema.shape.password.parse(password);
    const hash = await hashPassword(password, personCost);
    const { changes } = await this.#db.run('UPDATE user SET hash = ? WHERE id = ?', hash, user);
    if (changes === 0) throw new Error(`there is no user "${user}"`);
    await this.load();
  }

  /**
   * The one-time code that makes the first administrator: 80 random bits, new with each start, in memory only and so
   * on no disk and in no backup. Undefined once there is an administrator.
   */
  ensureSetupCode(): string | undefined {
    if (this.hasAdministrator()) return undefined;
    const letters = [...randomBytes(16)].map((byte) => CODE_LETTERS[byte % 32]).join('');
    this.#setupCode ??= letters.replace(/(.{4})(?=.)/g, '$1-');
    return this.#setupCode;
  }

  /** Makes the first administrator; the caller has checked the code. Rejects when there is one already. */
  async createAdministrator(administrator: {
    user: string;
    name: string;
    password: string;
  }): Promise<Person> {
    const { user, name, password } = administrator;
    userSchema.parse({ user, name, password, role: 'administrator' });
    const hash = await hashPassword(password, personCost);
    const person: Person = { user, name, role: 'administrator' };
    await this.#insert(person, hash, true);
    this.#setupCode = undefined;
    return person;
  }

  async #insert(person: Person, hash: string, first: boolean): Promise<void> {
    // In one statement with its condition: two requests at once make one administrator.
    const { changes } = await this.#db.run(
      `INSERT INTO user (id, body, hash) SELECT ?1, ?2, ?3
       WHERE NOT EXISTS (SELECT 1 FROM user WHERE id = ?1)
         AND NOT (?4 AND EXISTS (SELECT 1 FROM user WHERE body ->> 'role' = 'administrator'))`,
      person.user,
      JSON.stringify(person),
      hash,
      first ? 1 : 0,
    );
    if (changes === 0) {
      await this.load();
      const taken = this.#people.has(person.user);
      throw new Error(
        taken ? `the user name "${person.user}" is taken` : 'there is an administrator already',
      );
    }
    await this.#reload();
  }
}
