import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FailureKind } from '../../../../edge/adapters/onvif/failure.ts';
import { mayHaveHappened } from '../../../../edge/adapters/onvif/failure.ts';
import {
  type Action,
  type CoreOptions,
  PullPointCore,
  type Result,
} from '../../../../edge/adapters/onvif/pull-point-core.ts';

const options: CoreOptions = {
  backOff: { firstMs: 1_000, maxMs: 60_000 },
  refusedMs: 60_000,
  pullMs: 8_000,
  answerMs: 5_000,
  terminationMs: 60_000,
  maxOrphans: 3,
  startingMs: 10_000,
  startMs: 0,
  random: () => 0.5,
};

const kinds: readonly FailureKind[] = [
  'unreachable',
  'ended',
  'timeout',
  'tls',
  'http',
  'declined',
  'malformed',
  'fault',
  'gone',
  'rejected',
  'unsupported',
  'program',
];

/** Actions that carry credentials. */
const asks: ReadonlySet<Action['do']> = new Set([
  'find',
  'create',
  'synchronise',
  'pull',
  'renew',
  'unsubscribe',
]);

/** A device whose every answer is drawn: what it holds, and what the core did to it. */
class Model {
  readonly core: PullPointCore;
  now = 0;
  /** Ends of the subscriptions that exist there; the last one may be the known one. */
  subscriptions: number[] = [];
  maxThere = 0;
  refusedInStep = 0;
  maxRefusedInStep = 0;
  createsInStep = 0;
  maxCreatesInStep = 0;
  pulls = 0;
  steps = 0;

  constructor(random: () => number = () => 0.5) {
    this.core = new PullPointCore({ ...options, random });
  }

  /** Carries out the present action; `failure` undefined: it works. */
  step(failure: FailureKind | undefined, notifications: number, tookMs: number): void {
    const action = this.core.action;
    this.now += action.do === 'wait' ? action.ms : tookMs;
    this.subscriptions = this.subscriptions.filter((endsAt) => endsAt > this.now);
    if (action.do === 'wait' && action.why !== 'pace') {
      this.refusedInStep = 0;
      this.createsInStep = 0;
      this.steps++;
    }
    const fails = action.do === 'wait' || action.do === 'commit' ? undefined : failure;
    this.core.next(this.#result(action, fails, notifications), this.now);
    this.maxThere = Math.max(this.maxThere, this.subscriptions.length);
    this.maxRefusedInStep = Math.max(this.maxRefusedInStep, this.refusedInStep);
    this.maxCreatesInStep = Math.max(this.maxCreatesInStep, this.createsInStep);
  }

  #result(action: Action, failure: FailureKind | undefined, notifications: number): Result {
    if (failure === 'rejected' && asks.has(action.do)) this.refusedInStep++;
    if (action.do === 'create') this.createsInStep++;
    const happened = failure === undefined || mayHaveHappened(failure);
    if (action.do === 'create' && happened) this.subscriptions.push(this.now + action.terminationMs);
    if (action.do === 'unsubscribe' && happened) this.subscriptions.pop();
    if (failure !== undefined) return { is: 'failed', kind: failure };
    switch (action.do) {
      case 'create':
        return { is: 'created', grantedMs: undefined };
      case 'renew':
        if (this.subscriptions.length > 0)
          this.subscriptions[this.subscriptions.length - 1] = this.now + 60_000;
        return { is: 'renewed', grantedMs: 60_000 };
      case 'pull':
        this.pulls++;
        return { is: 'pulled', notifications };
      case 'commit':
        return { is: 'committed', all: true };
      default:
        return { is: 'done' };
    }
  }

  /** Everything works from now on; milliseconds until the first pull that succeeds. */
  recover(): number {
    const { pulls, now } = this;
    for (let i = 0; i < 50 && this.pulls === pulls; i++) this.step(undefined, 0, 20);
    expect(this.pulls, 'it pulls again').toBeGreaterThan(pulls);
    return this.now - now;
  }
}

const fault = fc.record({
  kind: fc.option(fc.constantFrom(...kinds), { nil: undefined, freq: 1 }),
  notifications: fc.nat(3),
  tookMs: fc.constantFrom(1, 50, 8_000, 13_000),
});

describe('any order of faults', () => {
  test('never ends it, never makes two known subscriptions, never two refused attempts or two creates in a step', () => {
    fc.assert(
      fc.property(
        fc.array(fault, { maxLength: 120 }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        (faults, random) => {
          const model = new Model(() => random);
          for (const { kind, notifications, tookMs } of faults) model.step(kind, notifications, tookMs);
          expect(model.maxRefusedInStep).toBeLessThanOrEqual(1);
          expect(model.maxCreatesInStep).toBeLessThanOrEqual(1);
          // what is known, and what was lost
          expect(model.maxThere).toBeLessThanOrEqual(1 + options.maxOrphans);
          const waiting = model.core.action;
          const waitMs = waiting.do === 'wait' ? waiting.ms : 0;
          expect(model.recover()).toBeLessThanOrEqual(Math.max(waitMs, 65_000) + 1_000);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a fault of whatever kind is answered by a wait after a few calls at most', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 50, maxLength: 100 }), (faults) => {
        const model = new Model();
        let calls = 0;
        for (const kind of faults) {
          calls = model.core.action.do === 'wait' ? 0 : calls + 1;
          // the most that can answer with faults in one step: clock, unsubscribe, find or create
          expect(calls).toBeLessThanOrEqual(4);
          model.step(kind, 0, 1);
        }
      }),
    );
  });
});

/** Runs a script of results from the start; the actions that came before each. */
function run(script: ReadonlyArray<[FailureKind | undefined, number?]>, model = new Model()): string[] {
  return script.map(([kind, tookMs = 20]) => {
    const { action } = model.core;
    model.step(kind, 0, tookMs);
    return action.do === 'wait' ? action.why : action.do;
  });
}

describe('what comes after what', () => {
  test('a session: clock, find, create, synchronise, pull, renew', () => {
    const actions = run([
      [undefined],
      [undefined],
      [undefined],
      [undefined],
      [undefined],
      [undefined, 8_000],
      [undefined, 8_000],
      [undefined, 8_000],
      [undefined],
    ]);
    expect(actions).toEqual([
      'start',
      'clock',
      'find',
      'create',
      'synchronise',
      'pull',
      'pull',
      'pull',
      'renew',
    ]);
  });

  test('a lost answer: the subscription is taken up again, once, then made anew', () => {
    const ok: [undefined, number] = [undefined, 20];
    const actions = run([
      ok,
      ok,
      ok,
      ok,
      ok,
      [undefined, 8_000],
      ['ended'],
      ok,
      ok,
      ok,
      ['timeout'],
      ok,
      ok,
      ok,
      ok,
    ]);
    expect(actions.slice(6)).toEqual([
      'pull',
      'back-off',
      'clock',
      'synchronise',
      'pull',
      'back-off',
      'clock',
      'unsubscribe',
      'create',
    ]);
  });

  test('a subscription that ended while we were away is made anew in the same step', () => {
    const ok: [undefined, number] = [undefined, 20];
    const actions = run([ok, ok, ok, ok, ok, [undefined, 8_000], ['ended'], ok, ok, ['gone'], ok]);
    expect(actions.slice(7)).toEqual(['back-off', 'clock', 'synchronise', 'create']);
  });

  test('credentials refused at the beginning wait a minute, in a session first a moment', () => {
    const model = new Model();
    run([[undefined], [undefined], ['rejected']], model);
    expect(model.core.action).toMatchObject({ do: 'wait', why: 'refused' });
    expect((model.core.action as { ms: number }).ms).toBeGreaterThanOrEqual(60_000);
    run(
      [[undefined], [undefined], [undefined], [undefined], [undefined], [undefined, 8_000], ['rejected']],
      model,
    );
    expect(model.core.action).toMatchObject({ do: 'wait', why: 'back-off' });
    run([[undefined], [undefined], ['rejected']], model);
    expect(model.core.action).toMatchObject({ do: 'wait', why: 'refused' });
  });

  test('bug: one refusal at the first pull, after calls that were accepted, was told as wrong credentials', () => {
    const model = new Model();
    const upToPull: Array<[undefined]> = [[undefined], [undefined], [undefined], [undefined], [undefined]];
    run([...upToPull, ['rejected']], model);
    expect(model.core.action).toMatchObject({ do: 'wait', why: 'back-off' });
    // a device that makes pull points and never lets them be asked is told all the same
    for (let i = 0; i < 20; i++) {
      const { action } = model.core;
      if (action.do === 'wait' && action.why === 'refused') break;
      model.step(action.do === 'pull' ? 'rejected' : undefined, 0, 1);
    }
    expect(model.core.action).toMatchObject({ do: 'wait', why: 'refused' });
  });

  test('the wait grows from a second to a minute, and shrinks only after a session that worked', () => {
    const waits: number[] = [];
    const model = new Model(() => 1);
    for (let i = 0; i < 30; i++) {
      const { action } = model.core;
      if (action.do === 'wait' && action.why === 'back-off') waits.push(action.ms);
      model.step(action.do === 'clock' ? 'unreachable' : undefined, 0, 1);
    }
    expect(waits.slice(0, 8)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  test('pulls that come back at once are paced', () => {
    const model = new Model();
    run([[undefined], [undefined], [undefined], [undefined], [undefined]], model);
    const from = model.now;
    for (let i = 0; i < 100; i++) model.step(undefined, 0, 1);
    expect(model.now - from).toBeGreaterThan(20_000);
  });

  test('what is Initialized is the beginning for ten seconds or until an empty pull', () => {
    const model = new Model();
    run([[undefined], [undefined], [undefined], [undefined]], model);
    expect(model.core.isStarting(model.now)).toBe(true);
    expect(model.core.isStarting(model.now + 10_000)).toBe(false);
    run([[undefined], [undefined, 8_000]], model);
    expect(model.core.isStarting(model.now)).toBe(false);
  });
});
