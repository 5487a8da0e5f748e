import type { Text } from '../../contract/text.ts';
import type { RecordAudit } from '../audit/entry.ts';
import { TooMuchWork, Turns } from '../ops/turns.ts';
import { passwordText, plainCode, weaknessOf } from '../registry/password-rules.ts';
import { AttemptLimit, type Permit } from './attempts.ts';
import type { PeoplePort, Person, SignInFailure, Users } from './ports.ts';
import { ProblemError } from './problem.ts';
import { sameSecret } from './secret.ts';

/** Password hashes computed at once: each holds one of the few threads that the journal commits on. */
const MAX_CHECKING = 2;
/** Sign-ins that may wait for their turn. */
const MAX_WAITING = 32;

export interface SignInOptions {
  users: Users;
  /** One-time code that makes the first administrator. */
  setupCode?: string;
  monotonic: () => number;
  onFailure: (failure: SignInFailure) => void;
  record: RecordAudit;
  /** Second factors and first passwords; absent: nobody has one. */
  people?: Pick<PeoplePort, 'hasFactor' | 'takeCode' | 'mustChange'>;
}

/** Checks who somebody is, slows down guessing, and reports failures. */
export class SignIn {
  readonly #o: SignInOptions;
  readonly #limit: AttemptLimit;
  readonly #turns = new Turns(MAX_CHECKING, MAX_WAITING);
  #settingUp = false;

  constructor(options: SignInOptions) {
    this.#o = options;
    this.#limit = new AttemptLimit(options.monotonic);
  }

  /**
   * The person of a user name and password, and of a code where they have a second factor. Throws `sign-in-failed`,
   * `second-factor-needed` or `too-many-attempts`.
   */
  async check(
    user: string,
    password: string,
    address: string,
    how: 'password' | 'second-person' | 'present-password' = 'password',
    code?: string,
  ): Promise<Person> {
    const key = `${address}\0${user}`;
    this.#permit(key, how, address, user);
    const person = await this.#inTurn(() => this.#o.users.verify(user, password));
    if (person === undefined) {
      this.#report(how, address, false, user);
      throw new ProblemError(
        'sign-in-failed',
        how !== 'second-person'
          ? { zh: '用户名或密码不正确，请重新输入。', en: 'User name or password is wrong; type both again.' }
          : {
              zh: '第二人的用户名或密码不正确，请其本人重新输入。',
              en: "The second person's user name or password is wrong; let them type both again.",
            },
      );
    }
    if (how === 'password') await this.#secondFactor(user, code, address);
    else if (how === 'second-person' && this.#o.people?.mustChange(user) === true)
      throw new ProblemError('second-person-needed', firstSignIn);
    this.#limit.forgive(key);
    return person;
  }

  /** Wrong codes count as wrong passwords do: they are behind the same limit. */
  async #secondFactor(user: string, code: string | undefined, address: string): Promise<void> {
    const { people } = this.#o;
    if (people?.hasFactor(user) !== true) return;
    if (code === undefined) {
      throw new ProblemError('second-factor-needed', {
        zh: '请输入手机验证器上的 6 位动态验证码，或一个恢复码。',
        en: 'Type the code of 6 digits of your authenticator, or a recovery code.',
      });
    }
    if (await people.takeCode(user, code)) return;
    this.#report('second-factor', address, false, user);
    throw new ProblemError('sign-in-failed', {
      zh: '动态验证码不正确或已用过，请等待下一个验证码后重试；手机时间须准确。',
      en: 'The code is wrong or was used: wait for the next one. The clock of your telephone must be right.',
    });
  }

  get setupNeeded(): boolean {
    return !this.#o.users.hasAdministrator();
  }

  /** Creates the first administrator with the one-time code. */
  async setUp(
    code: string,
    administrator: { user: string; name: string; password: string },
    address: string,
  ): Promise<Person> {
    if (!this.setupNeeded || this.#settingUp) {
      throw new ProblemError('not-possible', {
        zh: '管理员已存在，请直接登录。',
        en: 'There is an administrator already: sign in.',
      });
    }
    const key = `${address}\0\0setup`;
    this.#permit(key, 'setup-code', address);
    const expected = this.#o.setupCode;
    if (expected === undefined || !sameSecret(plainCode(expected), plainCode(code))) {
      this.#report('setup-code', address, false);
      throw new ProblemError('sign-in-failed', {
        zh: '初始化码不正确。它在网关首次启动时打印在日志中；重启网关可重新打印。',
        en: 'The set-up code is wrong. The gateway printed it when it started; restart it to print another.',
      });
    }
    if (this.#o.users.person(administrator.user) !== undefined) {
      throw fault('user', { zh: '该用户名已被使用，请换一个', en: 'is taken: choose another' });
    }
    const weakness = weaknessOf(administrator.user, administrator.password);
    if (weakness !== undefined) throw fault('password', passwordText[weakness]);
    this.#settingUp = true;
    try {
      const person = await this.#o.users.createAdministrator(administrator);
      this.#limit.forgive(key);
      return person;
    } finally {
      this.#settingUp = false;
    }
  }

  /** A link that does not work (any more). */
  badLink(address: string): ProblemError {
    this.#report('link', address, false);
    return new ProblemError('sign-in-failed', {
      zh: '登录链接无效、已用过或已过期，请使用新链接或直接登录。',
      en: 'This sign-in link is wrong, used or expired: ask for a new one, or sign in.',
    });
  }

  #permit(key: string, how: SignInFailure['how'], address: string, user?: string): void {
    const permit: Permit = this.#limit.take(key);
    if (permit.allowed) return;
    if (permit.first) this.#report(how, address, true, user);
    const retryAfterS = Math.max(1, Math.ceil(permit.retryAfterMs / 1000));
    const minutes = Math.ceil(retryAfterS / 60);
    throw new ProblemError(
      'too-many-attempts',
      {
        zh: `失败次数过多，请 ${minutes} 分钟后再试，或换一台电脑登录。`,
        en: `Too many failures: try again in ${minutes} min, or sign in at another computer.`,
      },
      { retryAfterS },
    );
  }

  #report(how: SignInFailure['how'], address: string, locked: boolean, user?: string): void {
    const known = user !== undefined && this.#o.users.person(user) !== undefined;
    const who = known ? { user } : {};
    this.#o.onFailure({ address, how, locked, ...who });
    const detail = { how, ...(locked ? { locked } : {}) };
    this.#o.record({
      ...who,
      address,
      act: 'session.sign-in',
      result: locked ? 'refused' : 'failed',
      detail,
    });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#turns.take(work);
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      throw new ProblemError(
        'too-many-attempts',
        { zh: '登录请求过多，请稍后再试。', en: 'Too many sign-ins at once: try again in a moment.' },
        { retryAfterS: 5 },
      );
    }
  }
}

function fault(path: string, message: Text): ProblemError {
  return new ProblemError(
    'invalid',
    { zh: '请求内容有误，请按 errors 逐项修改。', en: 'The request has faults; correct what errors names.' },
    { errors: [{ path, message }] },
  );
}

const firstSignIn: Text = {
  zh: '第二人尚未修改初始密码，请其先登录并修改。',
  en: 'The second person still has the password they were given: let them sign in and change it first.',
};
