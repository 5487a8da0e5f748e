import { createHmac, randomBytes } from 'node:crypto';
import type { BrokerAccess, BrokerAccount } from '../adapters/mqtt/options.ts';
import { verifyPassword } from './passwords.ts';

/** Verifications at a time: each keeps a thread of Node's pool busy, and SQLite commits with the same four. */
const RUNNING = 2;
/** Verifications that wait; beyond, a client is refused and comes again. */
const WAITING = 5_000;
/** Of one user: whoever floods one name delays nobody else. */
const WAITING_PER_USER = 4;
/** Wrong passwords remembered: what misconfigured devices repeat every few seconds. */
const WRONG_REMEMBERED = 1_000;

/** What the registry knows of a broker account. */
export interface AccountRecord {
  account: BrokerAccount;
  hash: string;
}

/** `account` is undefined when there is none any more. */
export type AccountListener = (
  user: string,
  account: BrokerAccount | undefined,
  passwordChanged: boolean,
) => void;

/**
 * Checks users and passwords of the broker. A password that was checked once is remembered under a keyed hash, so
 * that 1,000 reconnects are not 1,000 scrypt runs; a changed password or a restart forgets it.
 */
export class BrokerAccounts implements BrokerAccess {
  readonly #find: (user: string) => AccountRecord | undefined;
  readonly #key = randomBytes(32);
  /** Right password of each user, as a name. */
  readonly #right = new Map<string, string>();
  readonly #wrong = new Set<string>();
  readonly #perUser = new Map<string, number>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(find: (user: string) => AccountRecord | undefined) {
    this.#find = find;
  }

  /**
   * The account if the password is right. Names of devices are no secret: an unknown one is refused at once.
   * Rejects when too many wait.
   */
  async authenticate(user: string, password: Buffer | undefined): Promise<BrokerAccount | undefined> {
    const record = this.#find(user);
    if (record === undefined || password === undefined || password.length === 0) return undefined;
    const name = this.#nameOf(record.hash, password);
    const right = this.#known(user, name) ?? (await this.#check(user, password, record.hash, name));
    if (!right) return undefined;
    // The account may have gone or changed while its password was checked.
    const now = this.#find(user);
    return now?.hash === record.hash ? now.account : undefined;
  }

  certified(user: string): BrokerAccount | undefined {
    return this.#find(user)?.account;
  }

  #known(user: string, name: string): boolean | undefined {
    if (this.#right.get(user) === name) return true;
    return this.#wrong.has(name) ? false : undefined;
  }

  async #check(user: string, password: Buffer, hash: string, name: string): Promise<boolean> {
    const mine = this.#perUser.get(user) ?? 0;
    if (this.#queue.length >= WAITING || mine >= WAITING_PER_USER) {
      throw new Error(`too many sign-ins of "${user}" wait for their password check`);
    }
    this.#perUser.set(user, mine + 1);
    await this.#turn();
    try {
      // Another connection of the same device may have been first.
      const known = this.#known(user, name);
      if (known !== undefined) return known;
      const right = await verifyPassword(password.toString('utf8'), hash);
      this.#remember(user, name, right);
      return right;
    } finally {
      this.#next();
      const left = (this.#perUser.get(user) ?? 1) - 1;
      if (left === 0) this.#perUser.delete(user);
      else this.#perUser.set(user, left);
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < RUNNING) this.#running += 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** Hands the turn on, so that nobody slips in between. */
  #next(): void {
    const next = this.#queue.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }

  #remember(user: string, name: string, right: boolean): void {
    if (right) {
      this.#right.set(user, name);
      return;
    }
    const [oldest] = this.#wrong;
    if (this.#wrong.size >= WRONG_REMEMBERED && oldest !== undefined) this.#wrong.delete(oldest);
    this.#wrong.add(name);
  }

  /** Neither password nor hash can be read back from memory; a new hash makes a new name. */
  #nameOf(hash: string, password: Buffer): string {
    return createHmac('sha256', this.#key).update(hash).update('\0').update(password).digest('base64');
  }
}
