import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { AlarmActionRequest, Role } from '../../contract/alarm.ts';
import type { Actor } from '../alarms/rights.ts';
import type { RecordAudit } from '../audit/entry.ts';
import { inScope } from '../registry/scope.ts';
import type { Person, SiteDirectory, Users } from './ports.ts';
import { ProblemError } from './problem.ts';
import { newToken, sameSecret } from './secret.ts';
import type { Session } from './sessions.ts';
import type { SignIn } from './sign-in.ts';

/** How long a request for a second person stands, and how long its codes work: 3 min. */
const REQUEST_TTL_MS = 180_000;
/** Requests at once; of one person, the oldest gives way to a new one. */
const MAX_OF_PERSON = 5;
/** Wrong codes for one request; then it is void. 5 of a million. */
const MAX_WRONG = 5;

/** What takes two, as the request that it is for names it. */
export const secondActSchema = z
  .string()
  .regex(
    /^(?:reset|close|isolate|arm|stay|bypass|walk-test|handover|command:[a-z][a-z0-9_]{0,39})$/,
    '须为 reset、close、isolate、arm、stay、bypass、walk-test、handover 或 command:{命令} 之一 / must be one of reset, close, isolate, arm, stay, bypass, walk-test, handover, command:{name}',
  );

/** What two people do together: an act (`close`, `isolate`, `command:siren_on`) on the id of something, somewhere. */
export interface Subject {
  act: string;
  on: string;
  place?: string | undefined;
  unit?: string | undefined;
}

interface Consent {
  user: string;
  name: string;
  code: string;
}

interface SecondRequest extends Subject {
  id: string;
  by: Pick<Session, 'user' | 'name' | 'role' | 'station'>;
  /** Wall clock, for people; monotonic, for the time-out; milliseconds. */
  at: number;
  endsAt: number;
  consents: Map<string, Consent>;
  wrong: number;
}

/** A request as the console shows it. */
export interface SecondRequestView {
  id: string;
  act: string;
  on: string;
  place?: string;
  by: { user: string; name: string; role: Role; station?: string };
  at: string;
  /** Seconds left. */
  leftS: number;
  /** Who has a code for it. */
  agreed: Array<{ user: string; name: string }>;
}

/** Who may stand as the second person from afar: those who may on the spot. */
const secondRoles: readonly Role[] = ['guard', 'shift-leader'];

export interface SecondPersonsOptions {
  signIn: Pick<SignIn, 'check'>;
  users: Pick<Users, 'person'>;
  directory: Pick<SiteDirectory, 'place'>;
  clock: () => number;
  monotonic: () => number;
  record: RecordAudit;
  /** The number of requests has changed. */
  onChange?: () => void;
}

/**
 * The second person of what takes two (CONTRACT section 4): with their password in the request itself, or from afar. From
 * afar, the first person asks, the second one, signed in elsewhere, reads what is asked and is given a code of six digits,
 * and tells it. A code is good for this act on this thing by this person, once, for three minutes. Kept in memory only: a
 * restart voids them.
 */
export class SecondPersons {
  readonly #o: SecondPersonsOptions;
  readonly #requests = new Map<string, SecondRequest>();

  constructor(options: SecondPersonsOptions) {
    this.#o = options;
  }

  /**
   * The second person named by a request, verified. Throws `second-person-needed`, `sign-in-failed` or
   * `too-many-attempts`. What they may stand for is the rights table's to say, and so is whether they are needed at all.
   */
  async check(
    session: Pick<Session, 'user' | 'role' | 'station'>,
    second: NonNullable<AlarmActionRequest['second']>,
    address: string,
    subject: Subject,
  ): Promise<NonNullable<Actor['second']>> {
    if (second.user === session.user) throw needed(text.samePerson);
    const person =
      second.code === undefined
        ? await this.#onTheSpot(second.user, second.password, address)
        : this.#fromAfar(session, second.user, second.code, address, subject);
    if (!inScope(person.scope, subject, this.#o.directory)) throw needed(text.outOfScope);
    return { user: person.user, role: person.role };
  }

  /** Asks for a second person from afar. The same again is a new request in place of the old one. */
  ask(session: Session, { act, on, place, unit }: Subject): SecondRequestView {
    this.#prune();
    const own = [...this.#requests.values()].filter(({ by }) => by.user === session.user);
    const same = own.find((request) => request.act === act && request.on === on);
    const oldest = own.length >= MAX_OF_PERSON ? own[0] : undefined;
    for (const old of [same, oldest]) if (old !== undefined) this.#requests.delete(old.id);
    const { user, name, role, station } = session;
    const request: SecondRequest = {
      id: newToken(),
      act,
      on,
      place,
      unit,
      by: { user, name, role, ...(station === undefined ? {} : { station }) },
      at: this.#o.clock(),
      endsAt: this.#o.monotonic() + REQUEST_TTL_MS,
      consents: new Map(),
      wrong: 0,
    };
    this.#requests.set(request.id, request);
    this.#o.onChange?.();
    return this.#view(request);
  }

  /** Requests that a person made, or may answer; oldest first. `isShown` hides what their station must not see. */
  list(session: Session, isShown: (subject: Subject) => boolean): SecondRequestView[] {
    this.#prune();
    return [...this.#requests.values()]
      .filter((request) => request.by.user === session.user || this.#mayAnswer(session, request))
      .filter(isShown)
      .map((request) => this.#view(request));
  }

  /** Gives a person the code for a request; a new one each time, the last one holds. Throws `not-possible`. */
  consent(
    session: Session,
    id: string,
    isShown: (subject: Subject) => boolean,
  ): Subject & { code: string; leftS: number } {
    this.#prune();
    const request = this.#requests.get(id);
    if (request === undefined || !isShown(request)) throw new ProblemError('not-possible', text.gone);
    if (request.by.user === session.user) throw needed(text.samePerson);
    if (!this.#mayAnswer(session, request)) throw new ProblemError('not-allowed', text.notYou);
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    request.consents.set(session.user, { user: session.user, name: session.name, code });
    this.#o.onChange?.();
    return { act: request.act, on: request.on, code, leftS: this.#leftS(request) };
  }

  /** Takes a request back; only who made it can. */
  withdraw(session: Session, id: string): void {
    const request = this.#requests.get(id);
    if (request?.by.user !== session.user) return;
    this.#requests.delete(id);
    this.#o.onChange?.();
  }

  /** This person was disabled, or is another since: what they asked for and agreed to is void. */
  forget(user: string): void {
    for (const [id, { by, consents }] of this.#requests) {
      consents.delete(user);
      if (by.user === user) this.#requests.delete(id);
    }
    this.#o.onChange?.();
  }

  async #onTheSpot(user: string, password: string | undefined, address: string): Promise<Person> {
    if (password === undefined) throw needed(text.nothingGiven);
    return this.#o.signIn.check(user, password, address, 'second-person');
  }

  #fromAfar(
    { user, role, station }: Pick<Session, 'user' | 'role' | 'station'>,
    second: string,
    code: string,
    address: string,
    { act, on }: Subject,
  ): Person {
    this.#prune();
    const request = [...this.#requests.values()].find(
      (one) => one.by.user === user && one.act === act && one.on === on,
    );
    const consent = request?.consents.get(second);
    const person = this.#o.users.person(second);
    const right = consent !== undefined && sameSecret(consent.code, code);
    const result = right && person !== undefined ? 'done' : 'failed';
    const known = person === undefined ? {} : { second: { user: second, role: person.role } };
    const detail = { of: act };
    this.#o.record({ user, role, station, address, act: 'second.code', on, result, ...known, detail });
    if (!right || person === undefined) {
      if (request !== undefined && ++request.wrong >= MAX_WRONG) this.#requests.delete(request.id);
      throw new ProblemError('sign-in-failed', text.wrongCode);
    }
    this.#requests.delete(request?.id ?? '');
    this.#o.onChange?.();
    return person;
  }

  #mayAnswer({ user, role, scope }: Session, request: SecondRequest): boolean {
    if (request.by.user === user || !secondRoles.includes(role)) return false;
    return inScope(scope, request, this.#o.directory);
  }

  #view({ id, act, on, place, by, at, endsAt: _, consents, ...rest }: SecondRequest): SecondRequestView {
    return {
      id,
      act,
      on,
      ...(place === undefined ? {} : { place }),
      by,
      at: new Date(at).toISOString(),
      leftS: this.#leftS({ ...rest, endsAt: _ }),
      agreed: [...consents.values()].map(({ user, name }) => ({ user, name })),
    };
  }

  #leftS({ endsAt }: Pick<SecondRequest, 'endsAt'>): number {
    return Math.max(0, Math.ceil((endsAt - this.#o.monotonic()) / 1000));
  }

  #prune(): void {
    const now = this.#o.monotonic();
    for (const [id, { endsAt }] of this.#requests) if (endsAt <= now) this.#requests.delete(id);
  }
}

function needed(detail: { zh: string; en: string }): ProblemError {
  return new ProblemError('second-person-needed', detail);
}

const text = {
  samePerson: {
    zh: '第二人须为另一名值班人员，请其本人输入用户名和密码，或由其在别处取得确认码。',
    en: 'The second person must be somebody else: let them type their own user name and password, or get a code elsewhere.',
  },
  nothingGiven: {
    zh: '请第二人输入密码；人不在场时，请其在别处登录取得 6 位确认码并告知您。',
    en: 'Let the second person type their password; if they are elsewhere, let them sign in there and tell you the code of 6 digits.',
  },
  wrongCode: {
    zh: '确认码不正确、已用过或已超过 3 分钟，请重新申请第二人确认。',
    en: 'The code is wrong, used, or older than 3 minutes: ask the second person again.',
  },
  outOfScope: {
    zh: '第二人不负责此处，请由负责此处的人员确认。',
    en: 'The second person is not responsible for this place: ask somebody who is.',
  },
  gone: {
    zh: '该确认请求已撤回、已用过或已超过 3 分钟，请对方重新申请。',
    en: 'This request was withdrawn, used, or is older than 3 minutes: let them ask again.',
  },
  notYou: {
    zh: '您的岗位或责任范围不能确认此操作。',
    en: 'With your role or scope you cannot confirm this.',
  },
} as const;
