import { randomBytes } from 'node:crypto';
import type { Role } from '../../contract/alarm.ts';
import { type Scope, userSchema } from '../../contract/site.ts';
import type { Database, RunResult, SqlValue } from '../journal/sqlite.ts';
import { readableCode } from './password-rules.ts';
import { hashPassword, personCost, verifyPassword } from './passwords.ts';
import type { SecondFactor } from './second-factor.ts';

/** Somebody who may sign in. */
export interface Person {
  user: string;
  name: string;
  role: Exclude<Role, 'system'>;
  /** Where they may do what their role may; absent: on the whole campus. */
  scope?: Scope;
}

/** What the gateway keeps of a person beside what an import says. */
export interface Account {
  /** Made or changed in the console: imports leave the person alone. */
  edited?: boolean;
  /** Somebody else knows the password: it must be changed before anything else. */
  mustChange?: boolean;
  /** May not sign in. */
  disabled?: boolean;
  /** Gone; kept so that an import does not bring them back, and for the name in old records. */
  removed?: boolean;
  factor?: SecondFactor;
  /** Personal code for duty checks, hashed. */
  dutyCode?: string;
}

/**
 * What is to be said of a change in the journal (`SYS.CFG`) and the audit: `by`, `act`, `what`, `person`. It is stored with the
 * change itself, so that a crash between the two files loses nothing.
 */
export type Note = Record<string, unknown>;

interface StoredPerson {
  person: Person;
  hash: string;
  account: Account;
}

/** The people of `site.db`. Reads are from memory; writes are on disk when their promise resolves. */
export class Users {
  readonly #db: Database;
  readonly #reload: () => Promise<void>;
  readonly #listeners = new Set<(user: string) => void>();
  readonly #noteListeners = new Set<() => void>();
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
    const rows = await this.#db.all<{ body: string; hash: string; account: string }>(
      'SELECT body, hash, account FROM user ORDER BY id',
    );
    const before = this.#people;
    this.#people = new Map(
      rows.map((row) => {
        const stored = storedPerson(row);
        return [stored.person.user, stored];
      }),
    );
    for (const [user, { person, hash }] of before) {
      const now = this.#people.get(user);
      if (now?.hash === hash && now.person.role === person.role && isActive(now)) continue;
      for (const listener of this.#listeners) listener(user);
    }
  }

  /**
   * Calls back for everybody who left or was disabled, or whose password or role has changed, by this process or another.
   * Returns the unsubscribe function.
   */
  onChange(listener: (user: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Everybody who is not gone, also who may not sign in at present. */
  list(): Person[] {
    return this.#listed().map(({ person }) => person);
  }

  /** Whoever may sign in. */
  person(user: string): Person | undefined {
    const stored = this.#people.get(user);
    return stored !== undefined && isActive(stored) ? stored.person : undefined;
  }

  /** What is kept beside; undefined: there is no such person, or they are gone. */
  account(user: string): Account | undefined {
    const stored = this.#people.get(user);
    return stored?.account.removed === true ? undefined : stored?.account;
  }

  /** Is the name in use, also by somebody who is gone? */
  isKnown(user: string): boolean {
    return this.#people.has(user);
  }

  /** Is there somebody with this role, able to sign in or not? */
  hasRole(role: Role): boolean {
    return this.#listed().some(({ person }) => person.role === role);
  }

  hasAdministrator(): boolean {
    return this.hasRole('administrator');
  }

  /** Must this person change their password before anything else? */
  mustChange(user: string): boolean {
    return this.#people.get(user)?.account.mustChange === true;
  }

  /** The person if the password is right. Takes as long for an unknown user. Counting failures is the caller's. */
  async verify(user: string, password: string): Promise<Person | undefined> {
    const stored = this.#people.get(user);
    const usable = stored !== undefined && isActive(stored) ? stored : undefined;
    const right = await verifyPassword(password, usable?.hash ?? (await this.#dummy));
    return right && this.#people.get(user)?.hash === stored?.hash ? usable?.person : undefined;
  }

  /** Adds a person. Rejects where the name is taken or not well formed. */
  async create(person: Person, password: string, account: Account = {}, note?: Note): Promise<Person> {
    const { user, name, role, scope } = userSchema.parse({ ...person, password });
    const added = { user, name, role, ...(scope === undefined ? {} : { scope }) };
    const hash = await hashPassword(password, personCost);
    await this.#insert(added, hash, account, false, note);
    return added;
  }

  /** Changes a password; rejects for an unknown user. The next import leaves it alone, unless the file changed it. */
  async setPassword(user: string, password: string, mustChange = false, note?: Note): Promise<void> {
    userSchema.shape.password.parse(password);
    const hash = await hashPassword(password, personCost);
    const { changes } = await this.#write(
      note,
      `UPDATE user SET hash = ?, account = json_set(account, '$.mustChange', json(?))
       WHERE id = ? AND account ->> 'removed' IS NULL`,
      hash,
      String(mustChange),
      user,
    );
    if (changes === 0) throw new Error(`there is no user "${user}"`);
    await this.load();
  }

  /** Changes what is known of a person; from now on imports leave them alone. Rejects for an unknown user. */
  async update(
    user: string,
    person: Person,
    account: { [Key in keyof Account]?: Account[Key] | undefined },
    note?: Note,
  ): Promise<void> {
    const stored = this.#people.get(user);
    if (stored === undefined) throw new Error(`there is no user "${user}"`);
    const kept = { ...stored.account, ...account, edited: true };
    await this.#write(
      note,
      'UPDATE user SET body = ?, account = ? WHERE id = ?',
      JSON.stringify(person),
      JSON.stringify(kept),
      user,
    );
    await this.#reload();
  }

  /** Changes only what is kept beside; undefined removes a member. */
  async updateAccount(
    user: string,
    change: { [Key in keyof Account]?: Account[Key] | undefined },
    note?: Note,
  ): Promise<void> {
    const stored = this.#people.get(user);
    if (stored === undefined) throw new Error(`there is no user "${user}"`);
    const account = JSON.stringify({ ...stored.account, ...change });
    await this.#write(note, 'UPDATE user SET account = ? WHERE id = ?', account, user);
    await this.load();
  }

  /**
   * The one-time code that makes the first administrator: 80 random bits, new with each start, in memory only and so
   * on no disk and in no backup. Undefined once there is an administrator.
   */
  ensureSetupCode(): string | undefined {
    if (this.hasAdministrator()) return undefined;
    this.#setupCode ??= readableCode(4);
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
    const note = { by: user, act: 'people.add', what: 'first administrator made', person: user };
    await this.#insert(person, hash, { edited: true }, true, note);
    this.#setupCode = undefined;
    return person;
  }

  /** Calls back when this process stored a note. */
  onNote(listener: () => void): void {
    this.#noteListeners.add(listener);
  }

  /** Notes of changes that are not in the journal yet, oldest first; also those of another process. */
  pending(): Promise<Array<{ id: number; body: string }>> {
    return this.#db.all('SELECT id, body FROM pending_act ORDER BY id');
  }

  /** The note is in the journal. */
  async noted(id: number): Promise<void> {
    await this.#db.run('DELETE FROM pending_act WHERE id = ?', id);
  }

  /** One change and its note, together. */
  async #write(note: Note | undefined, sql: string, ...values: SqlValue[]): Promise<RunResult> {
    const written = await this.#db.transaction(async (queries) => {
      const result = await queries.run(sql, ...values);
      if (note !== undefined && result.changes > 0)
        await queries.run('INSERT INTO pending_act (body) VALUES (?)', JSON.stringify(note));
      return result;
    });
    if (note !== undefined) for (const listener of this.#noteListeners) listener();
    return written;
  }

  #listed(): StoredPerson[] {
    return [...this.#people.values()].filter(({ account }) => account.removed !== true);
  }

  async #insert(
    person: Person,
    hash: string,
    account: Account,
    first: boolean,
    note: Note | undefined,
  ): Promise<void> {
    // In one statement with its condition: two requests at once make one administrator. Who is gone may come back.
    const { changes } = await this.#write(
      note,
      `INSERT INTO user (id, body, hash, account) SELECT ?1, ?2, ?3, ?5
       WHERE NOT EXISTS (SELECT 1 FROM user WHERE id = ?1 AND account ->> 'removed' IS NULL)
         AND NOT (?4 AND EXISTS (
           SELECT 1 FROM user WHERE body ->> 'role' = 'administrator' AND account ->> 'removed' IS NULL))
       ON CONFLICT (id) DO UPDATE SET body = excluded.body, hash = excluded.hash, account = excluded.account`,
      person.user,
      JSON.stringify(person),
      hash,
      first ? 1 : 0,
      JSON.stringify(account),
    );
    if (changes === 0) {
      await this.load();
      const taken = this.account(person.user) !== undefined;
      throw new Error(
        taken ? `the user name "${person.user}" is taken` : 'there is an administrator already',
      );
    }
    await this.#reload();
  }
}

function isActive({ account }: StoredPerson): boolean {
  return account.removed !== true && account.disabled !== true;
}

/** `must_change` of an import counts until the person has changed their password once. */
function storedPerson(row: { body: string; hash: string; account: string }): StoredPerson {
  const { must_change: mustChange, ...person } = JSON.parse(row.body) as Person & { must_change?: boolean };
  const account = JSON.parse(row.account) as Account;
  if (mustChange === true) account.mustChange ??= true;
  return { person, hash: row.hash, account };
}
