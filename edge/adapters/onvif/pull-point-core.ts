import { jitterAboveFirst } from '../../../contract/back-off.ts';
import type { FailureKind } from './failure.ts';
import { mayHaveHappened } from './failure.ts';

/** The one thing to do next. `wait` for milliseconds; `commit`: wait for the sink, at most `withinMs`. */
export type Action =
  | { do: 'wait'; ms: number; why: Wait }
  | { do: 'clock' }
  | { do: 'find' }
  | { do: 'create'; terminationMs: number }
  | { do: 'synchronise' }
  | { do: 'pull' }
  | { do: 'commit'; withinMs: number }
  | { do: 'renew'; terminationMs: number }
  | { do: 'unsubscribe' };

/** `pace`: between two pulls of a session; every other one is a back-off step. */
export type Wait = 'start' | 'back-off' | 'refused' | 'unsupported' | 'orphans' | 'pace';

/** What became of an action. */
export type Result =
  | { is: 'done' }
  | { is: 'created' | 'renewed'; grantedMs: number | undefined }
  | { is: 'pulled'; notifications: number }
  | { is: 'committed'; all: boolean }
  | { is: 'failed'; kind: FailureKind };

export interface CoreOptions {
  backOff: { firstMs: number; maxMs: number };
  refusedMs: number;
  pullMs: number;
  answerMs: number;
  terminationMs: number;
  maxOrphans: number;
  startingMs: number;
  /** Before the first attempt. */
  startMs: number;
  /** A subscription of before that is still to be ended, and when it ends by itself. */
  leftUntil?: number | undefined;
  /** 0 to 1; for the jitter. */
  random: () => number;
}

interface Subscription {
  madeAt: number;
  /** What the device grants at a time. */
  lifeMs: number;
  /** It has ended by itself then; on some devices pulls prolong it, too. */
  endsAt: number;
  renewAt: number;
  /** Its first pull without news has come: what is `Initialized` from now on is news. */
  isCaughtUp: boolean;
  /** The device knows no Renew: we pull until it says that it is gone. */
  isRenewable: boolean;
  /** It gave something since it was last taken up: worth taking up again after a lost answer. */
  isTrusted: boolean;
}

const made: Subscription = {
  madeAt: 0,
  lifeMs: 0,
  endsAt: 0,
  renewAt: 0,
  isCaughtUp: false,
  isRenewable: true,
  isTrusted: false,
};

/** Pause after pulls that come back at once and empty: a device that does so is busy, or does not wait. */
const PACE = { firstMs: 100, maxMs: 500 };

/**
 * The life of one device's pull point as a state machine: it says what to do, is told what became of it, and says what
 * to do next. One action at a time, so there is never more than one known subscription; a failure always ends in a wait,
 * so no order of faults makes it fast or stops it. No clock and no I/O of its own: `now` is monotonic milliseconds.
 *
 * start -> wait -> clock -> [unsubscribe] -> find -> create -> synchronise -> pull <-> commit, renew, wait (pace)
 *           ^                                    any failure                             |
 *           +----------------------------------------------------------------------------+
 */
export class PullPointCore {
  readonly #o: CoreOptions;
  #doing: Action;
  #failures = 0;
  #subscription: Subscription | undefined;
  /** When subscriptions that may exist there without us knowing end by themselves. */
  #orphans: number[] = [];
  /** The last create was lost: the next one asks for a short life until it is renewed. */
  #isCreateLost = false;
  #isFound = false;
  #skipsSynchronise = false;
  /**
   * The credentials were taken since they were last refused: a refusal may be a clock or a nonce that moved. A pull proves
   * them, and so does a subscription that was made, once until the next pull.
   */
  #isForgiven = false;
  #refusalsSincePull = 0;
  /** The subscription is that of before the last failure, and has given nothing since. */
  #isResuming = false;
  /** What was pulled waits for the sink, also while the subscription is renewed. */
  #isCommitting = false;
  #sessionAt = 0;
  #pullAt = 0;
  #fastPulls = 0;

  constructor(options: CoreOptions) {
    this.#o = options;
    this.#doing = { do: 'wait', ms: options.startMs, why: 'start' };
    const { leftUntil: endsAt } = options;
    if (endsAt !== undefined) this.#subscription = { ...made, endsAt, renewAt: endsAt };
  }

  /** What is being done. */
  get action(): Action {
    return this.#doing;
  }

  /** When the known subscription ends by itself. */
  get endsAt(): number | undefined {
    return this.#subscription?.endsAt;
  }

  /** It is known and at work. */
  get isInSession(): boolean {
    if (this.#subscription === undefined) return false;
    const { do: what } = this.#doing;
    return (
      what === 'pull' ||
      what === 'commit' ||
      what === 'renew' ||
      (what === 'wait' && this.#doing.why === 'pace')
    );
  }

  /** Lost subscriptions that may still live there. */
  get orphans(): number {
    return this.#orphans.length;
  }

  /** What is `Initialized` now is the beginning of the subscription. */
  isStarting(now: number): boolean {
    const subscription = this.#subscription;
    return (
      subscription !== undefined && !subscription.isCaughtUp && now - subscription.madeAt < this.#o.startingMs
    );
  }

  /** Takes the result of the last action; returns the next one. */
  next(result: Result, now: number): Action {
    this.#doing = this.#after(result, now);
    if (this.#doing.do === 'pull') this.#pullAt = now;
    return this.#doing;
  }

  #after(result: Result, now: number): Action {
    if (result.is === 'failed') return this.#failed(result.kind, now);
    switch (this.#doing.do) {
      case 'wait':
        return this.#doing.why === 'pace' ? this.#pullOrRenew(now) : { do: 'clock' };
      case 'clock':
        return this.#begin(now);
      case 'unsubscribe':
        this.#subscription = undefined;
        return this.#create(now);
      case 'find':
        this.#isFound = true;
        return this.#create(now);
      case 'create':
        this.#isCreateLost = false;
        if (this.#refusalsSincePull === 0) this.#isForgiven = true;
        this.#subscribed(result, now);
        return this.#resynchronise(now);
      case 'synchronise':
        return { do: 'pull' };
      case 'pull':
        return this.#pulled(result.is === 'pulled' ? result.notifications : 0, now);
      case 'commit': {
        const isAll = result.is === 'committed' && result.all;
        if (isAll) return this.#pullOrRenew(now);
        return this.#mustRenew(now) ? this.#renew() : this.#commit(now);
      }
      case 'renew':
        if (result.is === 'renewed') this.#prolong(result.grantedMs, now);
        return this.#isCommitting ? this.#commit(now) : { do: 'pull' };
    }
  }

  /** The device answers: goes on with the subscription that is left, or makes one. */
  #begin(now: number): Action {
    this.#sessionAt = now;
    this.#fastPulls = 0;
    const subscription = this.#subscription;
    if (subscription !== undefined && now >= subscription.endsAt) this.#subscription = undefined;
    if (this.#subscription === undefined) return this.#create(now);
    if (!this.#subscription.isTrusted) return { do: 'unsubscribe' };
    // what the device kept for us meanwhile is worth more than a fresh start; once
    this.#subscription.isTrusted = false;
    this.#isResuming = true;
    return this.#resynchronise(now);
  }

  #create(now: number): Action {
    this.#isResuming = false;
    this.#orphans = this.#orphans.filter((endsAt) => endsAt > now);
    if (this.#orphans.length >= this.#o.maxOrphans)
      return { do: 'wait', ms: Math.min(...this.#orphans) - now, why: 'orphans' };
    if (!this.#isFound) return { do: 'find' };
    return { do: 'create', terminationMs: this.#firstLife() };
  }

  /** After a lost one a short life: it is renewed to the whole at once, and one more that is lost ends soon. */
  #firstLife(): number {
    const { terminationMs, pullMs, answerMs } = this.#o;
    if (!this.#isCreateLost) return terminationMs;
    return Math.min(terminationMs, Math.ceil((1.5 * pullMs + answerMs) / 1_000) * 1_000);
  }

  #subscribed(result: Result, now: number): void {
    this.#subscription = { ...made, madeAt: now };
    const asked = this.#doing.do === 'create' ? this.#doing.terminationMs : this.#o.terminationMs;
    this.#prolong(result.is === 'created' ? (result.grantedMs ?? asked) : asked, now);
  }

  #prolong(grantedMs: number | undefined, now: number): void {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const ms = grantedMs ?? this.#o.terminationMs;
    subscription.lifeMs = ms;
    subscription.endsAt = now + ms;
    subscription.renewAt = now + ms / 3;
  }

  #resynchronise(now: number): Action {
    if (!this.#skipsSynchronise) return { do: 'synchronise' };
    this.#skipsSynchronise = false;
    return this.#pullOrRenew(now);
  }

  #pulled(notifications: number, now: number): Action {
    const subscription = this.#subscription;
    if (subscription !== undefined) {
      subscription.isTrusted = true;
      subscription.endsAt = Math.max(subscription.endsAt, now + subscription.lifeMs);
    }
    this.#isResuming = false;
    this.#isForgiven = true;
    this.#refusalsSincePull = 0;
    // one answer is not yet a session that works
    if (now - this.#sessionAt >= this.#o.pullMs) this.#failures = 0;
    if (notifications > 0) {
      this.#fastPulls = 0;
      this.#isCommitting = true;
      return this.#commit(now);
    }
    if (subscription !== undefined) subscription.isCaughtUp = true;
    if (now - this.#pullAt >= Math.min(PACE.maxMs, this.#o.pullMs / 2)) {
      this.#fastPulls = 0;
      return this.#pullOrRenew(now);
    }
    const ms = Math.min(PACE.maxMs, PACE.firstMs * 2 ** this.#fastPulls++, this.#o.pullMs);
    return { do: 'wait', ms, why: 'pace' };
  }

  #commit(now: number): Action {
    const renewAt = this.#subscription?.isRenewable === true ? this.#subscription.renewAt : now + 60_000;
    return { do: 'commit', withinMs: Math.max(10, renewAt - now) };
  }

  #mustRenew(now: number): boolean {
    return this.#subscription?.isRenewable === true && now >= this.#subscription.renewAt;
  }

  #pullOrRenew(now: number): Action {
    this.#isCommitting = false;
    return this.#mustRenew(now) ? this.#renew() : { do: 'pull' };
  }

  #renew(): Action {
    return { do: 'renew', terminationMs: this.#o.terminationMs };
  }

  #failed(kind: FailureKind, now: number): Action {
    const { do: what } = this.#doing;
    // the next attempt begins with a question that changes nothing
    if (kind === 'rejected') this.#isFound = false;
    const isAnswered = kind === 'fault' || kind === 'unsupported' || kind === 'declined';
    if (kind === 'gone') {
      this.#subscription = undefined;
      // it ended while we were away
      if (this.#isResuming && (what === 'synchronise' || what === 'pull')) return this.#create(now);
    }
    switch (what) {
      case 'clock':
        // some devices want credentials even for this, or answer nonsense: the rest may work
        if (isAnswered || kind === 'rejected' || kind === 'http' || kind === 'malformed')
          return this.#begin(now);
        break;
      case 'unsubscribe':
        if ((isAnswered && kind !== 'declined') || kind === 'gone') {
          this.#subscription = undefined;
          return this.#create(now);
        }
        // with the right credentials it can still be ended
        if (kind !== 'rejected') this.#abandon(now);
        break;
      case 'create':
        // it may live at another path since an update
        this.#isFound = false;
        if (mayHaveHappened(kind)) {
          this.#isCreateLost = true;
          this.#orphans.push(
            now + this.#o.answerMs + (this.#doing.do === 'create' ? this.#doing.terminationMs : 0),
          );
        }
        break;
      case 'synchronise':
        if (isAnswered) return this.#pullOrRenew(now);
        // it may want more rights than pulling does
        if (kind === 'rejected') this.#skipsSynchronise = true;
        break;
      case 'renew':
        if (isAnswered && this.#subscription !== undefined) {
          this.#subscription.isRenewable = false;
          return this.#isCommitting ? this.#commit(now) : { do: 'pull' };
        }
        break;
      case 'pull':
        if (this.#subscription !== undefined && isAnswered) this.#subscription.isTrusted = false;
        // what cannot be read may be the state of something: what happens next must come all the same
        if (kind === 'malformed') this.#skipsSynchronise = true;
        break;
      default: // a wait or a commit that failed: a fault of ours, or the gateway stops
    }
    return this.#wait(kind, what);
  }

  #wait(kind: FailureKind, what: Action['do']): Action {
    this.#isCommitting = false;
    this.#isResuming = false;
    const { backOff, refusedMs, random } = this.#o;
    const slowly = refusedMs * (1 + 0.1 * random());
    const isForgiven = this.#isForgiven;
    if (kind === 'rejected') {
      this.#isForgiven = false;
      this.#refusalsSincePull++;
    }
    if (kind === 'rejected' && !isForgiven) return { do: 'wait', ms: slowly, why: 'refused' };
    if (kind === 'unsupported' && (what === 'find' || what === 'create'))
      return { do: 'wait', ms: slowly, why: 'unsupported' };
    const ms = jitterAboveFirst(this.#failures, backOff, random);
    this.#failures++;
    return { do: 'wait', ms, why: 'back-off' };
  }

  /** Nobody ends it any more: it lives on there until its termination time. */
  #abandon(now: number): void {
    const endsAt = this.#subscription?.endsAt ?? now;
    if (endsAt > now) this.#orphans.push(endsAt);
    this.#subscription = undefined;
  }
}
