import type { Text } from '../../contract/text.ts';
import { AttemptLimit } from '../api/attempts.ts';
import { MoveRefusal } from '../pipeline/move-refusal.ts';
import { hashPassword, personCost, verifyPassword } from '../registry/passwords.ts';
import { text } from './text.ts';

/** What is kept of people's codes, hashed. */
export interface CodeStore {
  verify(user: string, password: string): Promise<unknown>;
  account(user: string): { dutyCode?: string | undefined } | undefined;
  updateAccount(user: string, change: { dutyCode: string }): Promise<void>;
}

/** Personal codes (4 to 6 digits) that answer a duty check. */
export class DutyCodes {
  readonly #store: CodeStore;
  readonly #limit: AttemptLimit;

  constructor(store: CodeStore, monotonic: () => number) {
    this.#store = store;
    this.#limit = new AttemptLimit(monotonic);
  }

  has(user: string): boolean {
    return this.#store.account(user)?.dutyCode !== undefined;
  }

  /** Sets a person's own code. Throws `sign-in-failed`, `too-many-attempts` or `invalid`. */
  async set(user: string, password: string, code: string): Promise<void> {
    if (isWeak(code)) throw new MoveRefusal('invalid', text.weakCode);
    await this.#attempt(`password ${user}`, text.wrongPassword, async () =>
      Boolean(await this.#store.verify(user, password)),
    );
    await this.#store.updateAccount(user, { dutyCode: await hashPassword(code, personCost) });
  }

  /** Resolves when it is theirs. Throws `not-possible`, `sign-in-failed` or `too-many-attempts`. */
  async check(user: string, code: string): Promise<void> {
    const hash = this.#store.account(user)?.dutyCode;
    if (hash === undefined) throw new MoveRefusal('not-possible', text.noCode);
    await this.#attempt(`code ${user}`, text.wrongCode, () => verifyPassword(code, hash));
  }

  async #attempt(key: string, wrong: Text, right: () => Promise<boolean>): Promise<void> {
    if (!this.#limit.take(key).allowed) throw new MoveRefusal('too-many-attempts', text.tooMany);
    if (!(await right())) throw new MoveRefusal('sign-in-failed', wrong);
    this.#limit.forgive(key);
  }
}

/** One digit again and again, or digits in a row. */
function isWeak(code: string): boolean {
  return /^(\d)\1*$/.test(code) || '01234567890'.includes(code) || '09876543210'.includes(code);
}
