import type { ProblemCode } from '../../contract/problem.ts';
import { type Scope, scopeSchema } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import { passwordText, readableCode, weaknessOf } from './password-rules.ts';
import { type NewFactor, newFactor, newRecoveryCodes, stepOf, withoutRecovery } from './second-factor.ts';
import type { Note, Person, Users } from './users.ts';

/** What is asked for cannot be; nothing was changed. */
export class PeopleRefusal extends Error {
  override readonly name = 'PeopleRefusal';
  readonly code: ProblemCode;
  readonly detail: Text;
  /** Of `invalid`: the member that is wrong. */
  readonly path: string | undefined;

  constructor(code: ProblemCode, detail: Text, path?: string) {
    super(detail.en);
    this.code = code;
    this.detail = detail;
    this.path = path;
  }
}

/** A person as whoever keeps the people sees them. */
export interface PersonView extends Person {
  disabled: boolean;
  /** Has a password that somebody else gave. */
  mustChange: boolean;
  secondFactor: boolean;
}

/** Who does it, and where. */
export interface By extends Pick<Person, 'user' | 'role'> {
  station?: string | undefined;
}

/** What is said of a change: never a password or a secret. */
function note({ user, role, station }: By, act: string, what: string, more: Note): Note {
  return { by: user, role, ...(station === undefined ? {} : { station }), act, what, ...more };
}

export interface PeopleOptions {
  users: Users;
  /** Is there such a place, such a unit? */
  directory: {
    place(id: string): { parent?: string | undefined } | undefined;
    unit(id: string): unknown;
  };
  /** Wall clock, milliseconds since 1970: for codes of authenticators. */
  clock: () => number;
  /** Name of the gateway in an authenticator. */
  issuer: string;
}

/** Roles that may have a second factor: whoever can change what the gateway is. Guards sign in at a shared desk. */
const factorRoles: ReadonlySet<Person['role']> = new Set([
  'installer',
  'administrator',
  'security-administrator',
  'auditor',
]);

/**
 * Changes people (CONTRACT section 4: users and rights are the security administrator's). The first security administrator
 * is made by an administrator, once; afterwards only security administrators make others. Nobody changes their own role or
 * removes themselves, and the last security administrator who can sign in cannot be taken away.
 */
export class People {
  readonly #o: PeopleOptions;
  #turn: Promise<unknown> = Promise.resolve();
  /** Secrets shown and not yet confirmed with a code, by user. */
  readonly #offered = new Map<string, string>();
  /** The last step taken, where it could not be written. */
  readonly #steps = new Map<string, number>();

  constructor(options: PeopleOptions) {
    this.#o = options;
  }

  list(): PersonView[] {
    return this.#o.users.list().map((person) => this.#view(person));
  }

  /** Until then an administrator makes one. */
  get needsSecurityAdministrator(): boolean {
    return !this.#o.users.hasRole('security-administrator');
  }

  /** Adds a person with a one-time password, which is shown once. */
  add(person: Person, by: By): Promise<{ person: PersonView; password: string }> {
    return this.#inTurn(async () => {
      const first = by.role === 'administrator';
      if (first && (person.role !== 'security-administrator' || !this.needsSecurityAdministrator))
        throw new PeopleRefusal('not-allowed', text.onlyFirst);
      if (this.#o.users.account(person.user) !== undefined)
        throw new PeopleRefusal('invalid', text.taken, 'user');
      this.#checkScope(person.scope);
      const password = readableCode(3);
      const said = note(by, 'people.add', 'person added', aboutOf(person));
      await this.#o.users.create(person, password, { edited: true, mustChange: true }, said);
      return { person: this.#view(person), password };
    });
  }

  /** Changes name, role or scope (`null`: the whole campus). Answers what they were. */
  change(
    user: string,
    change: {
      name?: string | undefined;
      role?: Person['role'] | undefined;
      scope?: Scope | null | undefined;
    },
    by: By,
  ): Promise<{ person: PersonView; was: Person }> {
    return this.#inTurn(async () => {
      const was = this.#find(user);
      const role = change.role ?? was.role;
      if (role !== was.role) {
        if (user === by.user) throw new PeopleRefusal('not-possible', text.self);
        this.#keepLast(was);
      }
      const scope = change.scope === undefined ? was.scope : (change.scope ?? undefined);
      this.#checkScope(scope);
      const person: Person = { user, name: change.name ?? was.name, role, ...(scope && { scope }) };
      const said = note(by, 'people.change', 'person changed', { ...aboutOf(person), was: aboutOf(was) });
      // a role without a second factor would have no way to give its code
      await this.#o.users.update(user, person, factorRoles.has(role) ? {} : { factor: undefined }, said);
      return { person: this.#view(person), was };
    });
  }

  /** Lets a person sign in no more, or again. */
  setDisabled(user: string, disabled: boolean, by: By): Promise<PersonView> {
    return this.#inTurn(async () => {
      const person = this.#find(user);
      if (disabled) {
        if (user === by.user) throw new PeopleRefusal('not-possible', text.self);
        this.#keepLast(person);
      }
      const act = disabled ? 'people.disable' : 'people.enable';
      const said = note(by, act, disabled ? 'person disabled' : 'person enabled', { person: user });
      await this.#o.users.update(user, person, { disabled }, said);
      return this.#view(person);
    });
  }

  /** Removes a person for good; their name stays in the records. An import does not bring them back. */
  remove(user: string, by: By): Promise<void> {
    return this.#inTurn(async () => {
      const person = this.#find(user);
      if (user === by.user) throw new PeopleRefusal('not-possible', text.self);
      this.#keepLast(person);
      const said = note(by, 'people.remove', 'person removed', aboutOf(person));
      await this.#o.users.update(user, person, { disabled: true, removed: true, factor: undefined }, said);
    });
  }

  /** A new one-time password, shown once; what they had is refused from now on. */
  resetPassword(user: string, by: By): Promise<string> {
    return this.#inTurn(async () => {
      this.#find(user);
      const password = readableCode(3);
      const said = note(by, 'people.reset-password', 'password reset', { person: user });
      await this.#o.users.setPassword(user, password, true, said);
      return password;
    });
  }

  /** A person's own change; the present password was checked by the caller. */
  changeOwnPassword(by: By, password: string): Promise<void> {
    return this.#inTurn(async () => {
      const { user } = by;
      const weakness = weaknessOf(user, password);
      if (weakness !== undefined) throw new PeopleRefusal('invalid', passwordText[weakness], 'password');
      if ((await this.#o.users.verify(user, password)) !== undefined)
        throw new PeopleRefusal('invalid', text.samePassword, 'password');
      const said = note(by, 'account.password', 'password changed', { person: user });
      await this.#o.users.setPassword(user, password, false, said);
    });
  }

  /** A secret to scan; it counts once a code of it was given. */
  offerFactor(user: string): NewFactor {
    const person = this.#find(user);
    if (!factorRoles.has(person.role)) throw new PeopleRefusal('not-allowed', text.noFactorForRole);
    const factor = newFactor(user, this.#o.issuer);
    this.#offered.set(user, factor.secret);
    return factor;
  }

  /** Takes the offered secret into use with a first code of it. Answers the recovery codes, shown once. */
  confirmFactor(by: By, code: string): Promise<string[]> {
    return this.#inTurn(async () => {
      const { user } = by;
      const secret = this.#offered.get(user);
      if (secret === undefined) throw new PeopleRefusal('not-possible', text.notOffered);
      const step = stepOf({ secret, step: -1 }, code, this.#o.clock());
      if (step === undefined) throw new PeopleRefusal('invalid', text.wrongFirstCode, 'code');
      const { codes, hashes } = newRecoveryCodes();
      const said = note(by, 'account.second-factor', 'second factor set up', { person: user });
      await this.#o.users.updateAccount(user, { factor: { secret, step, recovery: hashes } }, said);
      this.#offered.delete(user);
      this.#steps.delete(user);
      return codes;
    });
  }

  /** Takes somebody's second factor away: their telephone is lost, or they want it no more. */
  removeFactor(user: string, by: By): Promise<void> {
    return this.#inTurn(async () => {
      this.#find(user);
      const said = note(by, 'people.second-factor', 'second factor removed', { person: user });
      await this.#o.users.updateAccount(user, { factor: undefined }, said);
      this.#steps.delete(user);
    });
  }

  mustChange(user: string): boolean {
    return this.#o.users.mustChange(user);
  }

  hasFactor(user: string): boolean {
    return this.#o.users.account(user)?.factor !== undefined;
  }

  /** Takes a code of the authenticator or a recovery code; each counts once, also over a restart. */
  takeCode(user: string, code: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const factor = this.#o.users.account(user)?.factor;
      if (factor === undefined) return false;
      const recovery = withoutRecovery(factor, code);
      if (recovery !== undefined) {
        await this.#o.users.updateAccount(user, { factor: { ...factor, recovery } });
        return true;
      }
      const last = Math.max(factor.step, this.#steps.get(user) ?? -1);
      const step = stepOf({ secret: factor.secret, step: last }, code, this.#o.clock());
      if (step === undefined) return false;
      this.#steps.set(user, step);
      // on a full disk an administrator must get in all the same; within this run the code is used up
      await this.#o.users.updateAccount(user, { factor: { ...factor, step } }).catch(() => undefined);
      return true;
    });
  }

  #find(user: string): Person {
    const person = this.#o.users.list().find((one) => one.user === user);
    if (person === undefined) throw new PeopleRefusal('unknown-person', text.unknown(user));
    return person;
  }

  #view(person: Person): PersonView {
    const account = this.#o.users.account(person.user);
    return {
      ...person,
      disabled: account?.disabled === true,
      mustChange: account?.mustChange === true,
      secondFactor: account?.factor !== undefined,
    };
  }

  /** Somebody who can give rights must be left. */
  #keepLast({ user, role }: Person): void {
    if (role !== 'security-administrator') return;
    const others = this.list().some(
      (one) => one.user !== user && one.role === 'security-administrator' && !one.disabled,
    );
    if (!others) throw new PeopleRefusal('not-possible', text.last);
  }

  #checkScope(scope: Scope | undefined): void {
    if (scope === undefined) return;
    scopeSchema.parse(scope);
    const { directory } = this.#o;
    const place = scope.places?.find((id) => directory.place(id) === undefined);
    if (place !== undefined) throw new PeopleRefusal('invalid', text.noPlace(place), 'scope.places');
    const unit = scope.units?.find((id) => directory.unit(id) === undefined);
    if (unit !== undefined) throw new PeopleRefusal('invalid', text.noUnit(unit), 'scope.units');
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

/** A person as the journal names them. */
function aboutOf({ user, role, scope }: Person): Note {
  return { person: user, as: role, ...(scope === undefined ? {} : { scope }) };
}

const text = {
  onlyFirst: {
    zh: '管理员只能创建首位安全管理员；此后人员和权限由安全管理员管理。',
    en: 'An administrator makes the first security administrator only; people and rights are then theirs.',
  },
  taken: { zh: '该用户名已被使用，请换一个', en: 'is taken: choose another' },
  self: {
    zh: '不能更改自己的岗位、停用或删除自己，请另一名安全管理员操作。',
    en: 'Nobody changes their own role, disables or removes themselves: let another security administrator do it.',
  },
  last: {
    zh: '这是最后一名可登录的安全管理员，请先添加另一名。',
    en: 'This is the last security administrator who can sign in: add another one first.',
  },
  samePassword: { zh: '须与当前密码不同', en: 'must differ from the present one' },
  noFactorForRole: {
    zh: '值班岗位不使用动态验证码；仅安装人员、管理员、安全管理员、审计员可启用。',
    en: 'Duty roles have no second factor; installers, administrators, security administrators and auditors may have one.',
  },
  notOffered: {
    zh: '请先获取二维码，再输入验证码。',
    en: 'Ask for a QR code first, then type its code.',
  },
  wrongFirstCode: {
    zh: '不正确；请检查手机时间后输入最新的 6 位验证码',
    en: 'is wrong: check the clock of the telephone and type the newest code of 6 digits',
  },
  unknown: (user: string): Text => ({
    zh: `没有用户“${user}”，请刷新列表。`,
    en: `There is no user "${user}": refresh the list.`,
  }),
  noPlace: (id: string): Text => ({ zh: `没有地点“${id}”`, en: `there is no place "${id}"` }),
  noUnit: (id: string): Text => ({ zh: `没有部门“${id}”`, en: `there is no unit "${id}"` }),
};
