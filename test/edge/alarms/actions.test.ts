import { describe, expect, test } from 'vitest';
import { alarmActionSchema, transitionSchema } from '../../../contract/alarm.ts';
import { isSounding } from '../../../contract/sounding.ts';
import { actorOf, guard, guard2, leader, Play, pair, T0 } from './play.ts';

/** A severity 1 alarm in the state that the last of these steps leaves. */
function panic(...steps: ('acknowledge' | 'confirm' | 'dispatch' | 'arrive' | 'dispose')[]) {
  const play = new Play();
  const { id } = play.raise('EMG.PANIC');
  for (const step of steps) play.done(id, step, leader, { how: 'video', verdict: 'real' });
  return { play, id };
}

const refusal = (result: object) => ('refused' in result ? result.refused : 'done');

describe('silence', () => {
  test.each([
    [undefined, 30_000],
    [T0 + 10_000, 10_000],
    [T0 + 3_600_000, 30_000],
  ])('until %s lasts %i ms: never more than 30 s', (until, lasts) => {
    const { play, id } = panic();
    play.done(id, 'silence', guard, {
      until: until === undefined ? undefined : new Date(until).toISOString(),
    });
    const alarm = play.alarm(id);
    expect(isSounding(alarm, T0 + lasts - 1)).toBe(false);
    expect(isSounding(alarm, T0 + lasts)).toBe(true);
    expect(alarm.operator).toBe('new');
  });

  test('again extends to 30 s from now at most; the same request sent twice does not', () => {
    const { play, id } = panic();
    play.done(id, 'silence', guard);
    play.now += 20_000;
    expect(refusal(play.act(id, 'silence', guard, { version: 1 }))).toBe('already-done');
    expect(play.done(id, 'silence', guard).silencedUntil).toBe('2026-09-01T08:00:50.000Z');
  });

  test('ends when the clock is set back: neither eight hours nor years of silence', () => {
    const { play, id } = panic();
    play.done(id, 'silence', guard);
    expect(isSounding(play.alarm(id), T0 - 8 * 3_600_000)).toBe(true);
    const taken = panic('acknowledge');
    const alarm = taken.play.alarm(taken.id);
    expect(isSounding(alarm, T0 - 8 * 3_600_000)).toBe(true);
    expect(isSounding(alarm, T0 - 60_000)).toBe(false);
  });

  test('in the past is invalid, on a disposed alarm pointless', () => {
    const { play, id } = panic();
    expect(refusal(play.act(id, 'silence', guard, { until: new Date(T0).toISOString() }))).toBe('invalid');
    play.done(id, 'dispose', leader, { verdict: 'real' });
    expect(refusal(play.act(id, 'silence', guard))).toBe('not-possible');
  });
});

describe('acknowledge', () => {
  test('stops the sound and names the owner; without a dispatch within 3 min it sounds again', () => {
    const { play, id } = panic();
    play.now += 4_000;
    play.done(id, 'silence', guard2);
    const alarm = play.done(id, 'acknowledge', guard);
    const at = '2026-09-01T08:00:04.000Z';
    expect(alarm).toMatchObject({ operator: 'acknowledged', acknowledgedAt: at, owner: 'li' });
    expect(alarm.steps?.acknowledge).toEqual({ by: 'li', at });
    expect(alarm).not.toHaveProperty('silencedUntil');
    expect(isSounding(alarm, play.now)).toBe(false);
    expect(isSounding(alarm, play.now + 180_001)).toBe(true);
    expect(isSounding(play.done(id, 'dispatch', guard), play.now + 180_001)).toBe(false);
  });

  test('of what another person took says so', () => {
    const { play, id } = panic();
    play.done(id, 'acknowledge', guard);
    const result = play.act(id, 'acknowledge', guard2);
    expect(result).toMatchObject({ refused: 'not-possible', alarm: { owner: 'li' } });
  });
});

describe('confirm', () => {
  test('needs how, and says how and by whom', () => {
    const { play, id } = panic();
    expect(refusal(play.act(id, 'confirm', guard))).toBe('invalid');
    expect(play.done(id, 'confirm', guard, { how: 'phone' })).toMatchObject({
      operator: 'confirmed',
      confirmation: { how: 'phone', by: 'li', at: '2026-09-01T08:00:00.000Z' },
      acknowledgedAt: '2026-09-01T08:00:00.000Z',
    });
  });

  test('after the dispatch adds to it and takes nothing back', () => {
    const { play, id } = panic('dispatch');
    expect(play.done(id, 'confirm', guard, { how: 'on-site' })).toMatchObject({
      operator: 'dispatched',
      confirmation: { how: 'on-site' },
      owner: 'wang',
    });
  });
});

describe('the order of handling', () => {
  const from = {
    new: [],
    acknowledged: ['acknowledge'],
    confirmed: ['confirm'],
    dispatched: ['dispatch'],
    'on-scene': ['arrive'],
    disposed: ['dispose'],
  } as const;
  test.each([
    ['new', 'acknowledged confirmed dispatched on-scene disposed'],
    ['acknowledged', '- confirmed dispatched on-scene disposed'],
    ['confirmed', '- confirmed dispatched on-scene disposed'],
    ['dispatched', '- dispatched - on-scene disposed'],
    ['on-scene', '- on-scene - - disposed'],
    ['disposed', '- - - - disposed'],
  ] as const)('from %s goes forward only: %s', (state, targets) => {
    const got = (['acknowledge', 'confirm', 'dispatch', 'arrive', 'dispose'] as const).map((action) => {
      const { play, id } = panic(...from[state]);
      const other = action === 'dispose' ? { ...leader, user: 'zhao' } : guard;
      const result = play.act(id, action, other, { how: 'on-site', verdict: 'false' });
      if ('refused' in result) expect(result.refused).toBe('not-possible');
      return 'refused' in result ? '-' : result.alarm.operator;
    });
    expect(got.join(' ')).toBe(targets);
  });

  test('dispatch, arrive and dispose acknowledge what was new', () => {
    for (const action of ['dispatch', 'arrive', 'dispose'] as const) {
      const { play, id } = panic();
      const alarm = play.done(id, action, leader, { verdict: 'real' });
      expect(alarm.steps?.acknowledge, action).toEqual({ by: 'wang', at: '2026-09-01T08:00:00.000Z' });
      expect(alarm.acknowledgedAt).toBeDefined();
    }
  });
});

describe('dispose', () => {
  test('needs a verdict', () => {
    const { play, id } = panic();
    expect(refusal(play.act(id, 'dispose', leader))).toBe('invalid');
  });

  test.each([
    // type, verdict, code sent, code stored
    ['EMG.PANIC', 'real', '100200', '100200'],
    ['EMG.PANIC', 'real', '990000*', '990000'],
    ['EMG.PANIC', 'real', '100200*', undefined],
    ['EMG.PANIC', 'real', '123456', undefined],
    ['FIR.SMOKE', 'real', '990000*', undefined],
  ] as const)('%s %s with %s stores %s; undefined: refused', (type, verdict, policeCode, stored) => {
    const play = new Play();
    const { id } = play.raise(type);
    const result = play.act(id, 'dispose', leader, { verdict, policeCode });
    if (stored === undefined) expect(result).toMatchObject({ refused: 'invalid' });
    else expect(play.alarm(id).disposition?.policeCode).toBe(stored);
  });

  test.each([
    ['FIR.SMOKE', 'real', '400100'],
    ['FIR.SMOKE', 'false', undefined],
    ['EMG.PANIC', 'real', undefined],
  ] as const)(
    '%s %s without a code stores %s: a star is confirmed by a person only',
    (type, verdict, stored) => {
      const play = new Play();
      const { id } = play.raise(type);
      expect(play.done(id, 'dispose', leader, { verdict }).disposition?.policeCode).toBe(stored);
    },
  );

  test('by a guard on severity 1-2 proposes; the leader who gives no verdict accepts it', () => {
    const { play, id } = panic();
    const note = 'pressed by mistake';
    const proposed = play.done(id, 'dispose', guard, { verdict: 'false', note });
    expect(proposed).toMatchObject({
      operator: 'acknowledged',
      proposal: { verdict: 'false', note, by: 'li' },
    });
    expect(proposed).not.toHaveProperty('disposition');
    expect(play.transitions.at(-1)).toMatchObject({ action: 'propose', actor: 'li', note });
    expect(isSounding(proposed, play.now + 180_001)).toBe(true);
    const disposed = play.done(id, 'dispose', leader);
    expect(disposed).toMatchObject({
      operator: 'disposed',
      disposition: { verdict: 'false', note, by: 'wang' },
    });
    expect(disposed).not.toHaveProperty('proposal');
    expect(refusal(play.act(id, 'dispose', leader, { version: 2 }))).toBe('already-done');
    expect(refusal(play.act(id, 'dispose', guard, { verdict: 'real' }))).toBe('not-possible');
  });

  test('by the leader with another verdict consumes the proposal', () => {
    const { play, id } = panic();
    play.done(id, 'dispose', guard, { verdict: 'false', policeCode: '990000' });
    const alarm = play.done(id, 'dispose', leader, { verdict: 'real' });
    expect(alarm.disposition).toEqual({ verdict: 'real', by: 'wang', at: '2026-09-01T08:00:00.000Z' });
    expect(alarm).not.toHaveProperty('proposal');
  });

  test('by a guard on severity 3-4 disposes', () => {
    const play = new Play();
    const { id } = play.raise('VEH.UNAUTH');
    expect(play.done(id, 'dispose', guard, { verdict: 'nuisance' }).operator).toBe('disposed');
  });

  test('can be corrected until the alarm is closed', () => {
    const { play, id } = panic('dispose');
    expect(refusal(play.act(id, 'dispose', leader, { verdict: 'real', version: 1 }))).toBe('already-done');
    expect(play.done(id, 'dispose', leader, { verdict: 'false' }).disposition?.verdict).toBe('false');
  });
});

describe('reset', () => {
  test('is refused while the condition is active or unknown', () => {
    const { play, id } = panic('acknowledge');
    expect(refusal(play.act(id, 'reset', pair))).toBe('condition-active');
    play.lose('d1');
    expect(refusal(play.act(id, 'reset', pair))).toBe('not-possible');
    play.send('EMG.PANIC', 'clear');
    expect(play.done(id, 'reset', pair)).toMatchObject({ latched: false, operator: 'acknowledged' });
    expect(play.transitions.at(-1)).toMatchObject({ action: 'reset', actor: 'wang', second: 'li' });
  });

  test('needs somebody to have taken the alarm', () => {
    const { play, id } = panic();
    play.send('EMG.PANIC', 'clear');
    expect(play.act(id, 'reset', pair)).toMatchObject({
      refused: 'not-possible',
      detail: { en: expect.stringContaining('acknowledge it first') },
    });
  });

  test('is asked for again after a new trigger', () => {
    const play = new Play();
    const { id } = play.raise('INT.24H');
    play.done(id, 'acknowledge', guard);
    for (let n = 0; n < 2; n++) {
      play.send('INT.24H', 'clear');
      expect(play.done(id, 'reset', leader).latched).toBe(false);
      expect(play.raise('INT.24H').latched).toBe(true);
    }
  });

  test('needs a latch', () => {
    const play = new Play();
    const { id } = play.raise('DEV.FAULT');
    play.done(id, 'acknowledge', guard);
    expect(refusal(play.act(id, 'reset', guard))).toBe('not-possible');
  });
});

describe('close', () => {
  test('needs returned, reset and disposed, whatever the order they come in', () => {
    const { play, id } = panic('acknowledge');
    const attempt = () => {
      const result = play.act(id, 'close', pair);
      return 'refused' in result ? `${result.refused}: ${result.detail.en}` : 'done';
    };
    expect(attempt()).toMatch(/^not-possible: .*verdict/);
    play.done(id, 'dispose', leader, { verdict: 'real' });
    expect(attempt()).toMatch(/^condition-active: .*normal/);
    play.lose('d1');
    expect(attempt()).toMatch(/^not-possible: .*connection/);
    play.send('EMG.PANIC', 'clear');
    expect(attempt()).toMatch(/^not-possible: .*reset it/);
    play.done(id, 'reset', pair);
    expect(attempt()).toBe('done');
    expect(play.alarm(id).steps?.close).toEqual({ by: 'wang', at: '2026-09-01T08:00:00.000Z', second: 'li' });
    expect(play.book.open()).toEqual([]);
    expect(play.book.closed().map((alarm) => alarm.id)).toEqual([id]);
    expect(play.book.recovered()).toEqual([]);
  });

  test('is final: nothing but already-done for who did it', () => {
    const { play, id } = panic('dispose');
    play.send('EMG.PANIC', 'clear');
    play.done(id, 'reset', pair);
    play.done(id, 'close', pair);
    expect(refusal(play.act(id, 'close', leader, { version: 1 }))).toBe('already-done');
    for (const action of alarmActionSchema.options) {
      const result = play.act(id, action, guard2, { how: 'phone', verdict: 'false' });
      expect(refusal(result), action).toMatch(/not-possible|not-allowed/);
    }
  });
});

describe('a request', () => {
  test('of the same person, done already, is already-done before the version is compared', () => {
    const { play, id } = panic();
    const request = { version: 1, how: 'video', verdict: 'real' } as const;
    for (const action of ['acknowledge', 'confirm', 'dispatch', 'arrive', 'dispose'] as const) {
      play.done(id, action, leader, { ...request, version: play.alarm(id).version });
      const { version } = play.alarm(id);
      expect(play.act(id, action, leader, request), action).toMatchObject({
        refused: 'already-done',
        alarm: { id, version },
      });
      expect(refusal(play.act(id, action, { ...leader, user: 'zhao' }, request)), action).toBe(
        'version-conflict',
      );
    }
    play.send('EMG.PANIC', 'clear');
    for (const action of ['reset', 'close'] as const) {
      play.done(id, action, pair);
      expect(refusal(play.act(id, action, leader, request)), action).toBe('already-done');
    }
  });

  test('of a guard who proposed the same is already-done', () => {
    const { play, id } = panic();
    play.done(id, 'dispose', guard, { verdict: 'false' });
    expect(refusal(play.act(id, 'dispose', guard, { verdict: 'false', version: 1 }))).toBe('already-done');
    expect(refusal(play.act(id, 'dispose', guard, { verdict: 'real', version: 1 }))).toBe('version-conflict');
  });

  test('to acknowledge again after a new trigger is a new one', () => {
    const { play, id } = panic();
    play.done(id, 'acknowledge', guard);
    play.raise('EMG.PANIC');
    expect(refusal(play.act(id, 'acknowledge', guard, { version: 2 }))).toBe('version-conflict');
    expect(play.done(id, 'acknowledge', guard).operator).toBe('acknowledged');
  });

  test('on another version conflicts and carries the alarm as it is now', () => {
    const { play, id } = panic();
    play.raise('EMG.PANIC');
    expect(play.act(id, 'acknowledge', guard, { version: 1 })).toMatchObject({
      refused: 'version-conflict',
      alarm: { version: 2, count: 2 },
    });
    expect(refusal(play.act(id, 'acknowledge', guard, { version: 3 }))).toBe('version-conflict');
  });

  test('for an alarm that is not there names it unknown', () => {
    expect(refusal(new Play().act('nobody', 'acknowledge', guard))).toBe('unknown-alarm');
  });

  test('make-real ends a drill alarm as real, whatever version was seen; a live one is real already', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { mode: 'drill' });
    expect(refusal(play.act(id, 'make-real', actorOf('installer')))).toBe('not-allowed');
    expect(play.done(id, 'make-real', guard, { version: 9 })).toMatchObject({
      mode: 'drill',
      operator: 'closed',
      condition: 'active',
      disposition: { verdict: 'real', by: guard.user },
    });
    expect(refusal(play.act(id, 'make-real', guard))).toBe('already-done');
    expect(refusal(play.act(id, 'make-real', leader))).toBe('not-possible');
    const live = panic();
    expect(refusal(live.play.act(live.id, 'make-real', leader))).toBe('not-possible');
  });

  test('leaves actor, role, station, reason and note in a valid transition', () => {
    const { play, id } = panic();
    play.done(id, 'acknowledge', guard, { reason: 'on duty', note: 'seen' });
    const transition = play.transitions.at(-1);
    expect(transition).toMatchObject({
      actor: 'li',
      role: 'guard',
      station: 'gate',
      reason: 'on duty',
      note: 'seen',
      from: { operator: 'new' },
      to: { operator: 'acknowledged' },
    });
    expect(transitionSchema.parse(transition)).toEqual(transition);
  });

  test('follows the same rules on a test alarm', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { mode: 'test' });
    play.send('EMG.PANIC', 'clear', { mode: 'test' });
    play.done(id, 'dispose', leader, { verdict: 'test' });
    expect(refusal(play.act(id, 'reset', leader))).toBe('second-person-needed');
    play.done(id, 'reset', pair);
    expect(play.done(id, 'close', pair).operator).toBe('closed');
  });
});
