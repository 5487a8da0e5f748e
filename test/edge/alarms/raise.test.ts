import { describe, expect, test } from 'vitest';
import { alarmSchema, transitionSchema } from '../../../contract/alarm.ts';
import type { Freshness, Mode } from '../../../contract/event.ts';
import { eventType } from '../../../contract/event-type.ts';
import { isSounding } from '../../../contract/sounding.ts';
import { applyEvent } from '../../../edge/alarms/lifecycle.ts';
import { defaultServiceLevels } from '../../../edge/alarms/service-levels.ts';
import { actions, guard, leader, Play, T0 } from './play.ts';

const sounds = (play: Play, id: string) => isSounding(play.alarm(id), play.now);

describe('a raise', () => {
  test('opens an alarm with everything the card needs', () => {
    const play = new Play();
    const event = play.event('EMG.SILENT', 'raise', { slot: 'panic-3' });
    const [change] = play.book.onEvent(event, { armed: 'never' });
    expect(change?.alarm).toEqual({
      id: change?.alarm.id,
      version: 1,
      type: 'EMG.SILENT',
      subject: 'panic-3',
      severity: 1,
      condition: 'active',
      latched: true,
      operator: 'new',
      count: 1,
      firstAt: '2026-09-01T08:00:00.000Z',
      lastAt: '2026-09-01T08:00:00.000Z',
      mode: 'live',
      freshness: 'live',
      lifeSafety: true,
      silent: true,
      place: 'room-301',
      unit: 'lab',
      device: 'd1',
      slot: 'panic-3',
      sources: ['d1'],
      newSince: '2026-09-01T08:00:00.000Z',
      due: { handle: '2026-09-01T08:03:00.000Z', scene: '2026-09-01T08:05:00.000Z' },
      raisedBy: event.id,
      raisedSeq: event.seq,
    });
    expect(change?.transition).toEqual({
      alarmId: change?.alarm.id,
      version: 1,
      action: 'raise',
      actor: 'device:d1',
      role: 'system',
      station: 'gateway',
      to: { condition: 'active', operator: 'new', latched: true },
      alarm: change?.alarm,
    });
    expect(transitionSchema.parse(change?.transition)).toEqual(change?.transition);
    expect(alarmSchema.parse(change?.alarm)).toEqual(change?.alarm);
  });

  test.each([
    ['EMG.PANIC', 1],
    ['DEV.TAMPER', 1],
    ['DEV.OFFLINE', 1],
    ['DUTY.CHECK', 1],
    ['VID.MOTION', 0],
    ['RSK.HAZARD', 0],
    ['ALM.TRANSITION', 0],
  ])('of %s opens %i alarms: kinds event and record open none', (type, count) => {
    expect(new Play().send(type, 'raise')).toHaveLength(count);
  });

  test('takes the severity of the event, not of the type', () => {
    expect(new Play().raise('DEV.OFFLINE', { severity: 2 })).toMatchObject({
      severity: 2,
      lifeSafety: false,
    });
  });

  test('on an open alarm counts; the severity rises and never falls', () => {
    const play = new Play();
    const { id } = play.raise('ACC.HELD', { armed: 'always' });
    play.now += 5_000;
    play.raise('ACC.HELD', { armed: 'always', severity: 2 });
    play.now += 5_000;
    play.raise('ACC.HELD', { armed: 'always', severity: 4 });
    expect(play.alarm(id)).toMatchObject({
      version: 3,
      severity: 2,
      count: 3,
      firstAt: '2026-09-01T08:00:00.000Z',
      lastAt: '2026-09-01T08:00:10.000Z',
    });
    expect(play.transitions.map((t) => t.action)).toEqual(['raise', 'repeat', 'repeat']);
    expect(play.book.size).toBe(1);
  });

  test('of an older time leaves lastAt where it is', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC');
    play.raise('EMG.PANIC', { freshness: 'late', at: T0 - 60_000 });
    expect(play.alarm(id)).toMatchObject({ count: 2, lastAt: '2026-09-01T08:00:00.000Z' });
  });

  test.each(['acknowledge', 'confirm'] as const)(
    'on a severity 1 after %s: back to new, and it sounds',
    (act) => {
      const play = new Play();
      const { id } = play.raise('FIR.SMOKE');
      play.done(id, act, guard, { how: 'video' });
      expect(sounds(play, id)).toBe(false);
      play.raise('FIR.SMOKE');
      expect(play.alarm(id)).toMatchObject({ operator: 'new', condition: 'active' });
      expect(play.alarm(id)).not.toHaveProperty('acknowledgedAt');
      expect(play.alarm(id)).not.toHaveProperty('owner');
      expect(sounds(play, id)).toBe(true);
    },
  );

  test.each(['dispatch', 'arrive'] as const)('on a severity 1 after %s only counts', (act) => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE');
    const before = play.done(id, act, guard).operator;
    play.raise('FIR.SMOKE');
    expect(play.alarm(id)).toMatchObject({ operator: before, count: 2 });
  });

  test('on an acknowledged severity 2 only counts; one that rises from 3 to 2 sounds', () => {
    const play = new Play();
    const two = play.raise('INT.24H');
    play.done(two.id, 'acknowledge', guard);
    play.raise('INT.24H');
    expect(play.alarm(two.id).operator).toBe('acknowledged');
    const three = play.raise('DEV.OFFLINE');
    play.done(three.id, 'acknowledge', guard);
    play.raise('DEV.OFFLINE', { severity: 2 });
    expect(play.alarm(three.id).operator).toBe('new');
    expect(sounds(play, three.id)).toBe(true);
  });

  test('ends a silence: a new trigger of the zone sounds (GB 50394 5.2.3)', () => {
    const play = new Play();
    const { id } = play.raise('INT.24H');
    play.done(id, 'silence', guard);
    expect(sounds(play, id)).toBe(false);
    play.raise('INT.24H');
    expect(sounds(play, id)).toBe(true);
  });

  test('drops a proposal that was made before it', () => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE');
    expect(play.done(id, 'dispose', guard, { verdict: 'false' }).proposal?.verdict).toBe('false');
    play.raise('FIR.SMOKE');
    expect(play.alarm(id)).not.toHaveProperty('proposal');
  });

  test('after a return is active again, and latched again after a reset', () => {
    const play = new Play();
    const { id } = play.raise('INT.24H');
    play.send('INT.24H', 'clear');
    play.done(id, 'acknowledge', guard);
    expect(play.done(id, 'reset', leader).latched).toBe(false);
    play.raise('INT.24H');
    expect(play.alarm(id)).toMatchObject({ condition: 'active', latched: true });
    expect(play.alarm(id)).not.toHaveProperty('returnedAt');
  });

  test('on a disposed alarm opens a new one, linked; the disposed one stays listed until it is closed', () => {
    const play = new Play();
    const first = play.raise('INT.24H');
    play.done(first.id, 'dispose', leader, { verdict: 'false' });
    const second = play.raise('INT.24H');
    expect(second).toMatchObject({ previous: first.id, operator: 'new', count: 1, version: 1 });
    expect(play.book.open().map(({ id }) => id)).toEqual([first.id, second.id]);
    play.raise('INT.24H');
    expect(play.alarm(first.id).count).toBe(1);
    expect(play.alarm(second.id).count).toBe(2);
    // one clear returns both, so that the disposed one can be closed
    expect(actions(play.send('INT.24H', 'clear'))).toEqual(['return', 'return']);
    play.done(first.id, 'reset', leader);
    play.done(first.id, 'close', leader);
    expect(play.book.open().map(({ id }) => id)).toEqual([second.id]);
    play.raise('INT.24H');
    expect(play.alarm(second.id)).toMatchObject({ count: 3, condition: 'active' });
  });

  test('follows the disposed alarm that is still open when a newer one was closed', () => {
    const play = new Play();
    const first = play.raise('FIR.FAULT');
    play.done(first.id, 'dispose', leader, { verdict: 'equipment' });
    play.lose('d1');
    const second = play.send('FIR.FAULT', 'pulse')[0]?.alarm.id as string;
    play.done(second, 'dispose', leader, { verdict: 'equipment' });
    play.done(second, 'close', leader);
    expect(play.raise('FIR.FAULT').previous).toBe(first.id);
  });

  test('after closing opens an alarm without a link', () => {
    const play = new Play();
    const first = play.raise('DEV.FAULT');
    play.send('DEV.FAULT', 'clear');
    expect(play.raise('DEV.FAULT').id).not.toBe(first.id);
    expect(play.book.open()[0]).not.toHaveProperty('previous');
  });

  test('finds an unknown condition: it is active', () => {
    for (const freshness of ['live', 'late', 'replay', 'initial'] as const) {
      const play = new Play();
      const { id } = play.raise('FIR.SMOKE');
      play.done(id, 'acknowledge', guard);
      play.lose('d1');
      expect(play.alarm(id).condition).toBe('unknown');
      play.raise('FIR.SMOKE', { freshness });
      const isNews = freshness === 'live' || freshness === 'late';
      expect(play.alarm(id), freshness).toMatchObject({
        condition: 'active',
        operator: isNews ? 'new' : 'acknowledged',
        count: isNews ? 2 : 1,
      });
    }
  });

  test('carries the media of its event, each once', () => {
    const play = new Play();
    const shot = (id: string) =>
      ({ kind: 'snapshot', id, sha256: 'a'.repeat(64), at: '2026-09-01T08:00:00.000Z' }) as const;
    const { id } = play.raise('EMG.PANIC', { media: [shot('m1')] });
    expect(play.send('EMG.PANIC', 'update')).toEqual([]);
    expect(play.send('EMG.PANIC', 'update', { media: [shot('m1')] })).toEqual([]);
    expect(actions(play.send('EMG.PANIC', 'update', { media: [shot('m1'), shot('m2')] }))).toEqual([
      'attach',
    ]);
    expect(play.alarm(id)).toMatchObject({ version: 2, operator: 'new', count: 1 });
    expect(play.alarm(id).media?.map((item) => item.id)).toEqual(['m1', 'm2']);
    for (let n = 3; n < 60; n++) play.send('EMG.PANIC', 'update', { media: [shot(`m${n}`)] });
    expect(play.alarm(id).media).toHaveLength(32);
    expect(play.send('FIR.SMOKE', 'update', { media: [shot('m1')] })).toEqual([]);
  });
});

describe('a pulse', () => {
  test('opens with the condition returned, latched by its type', () => {
    const play = new Play();
    expect(actions(play.send('EMG.PANIC', 'pulse'))).toEqual(['raise']);
    expect(play.book.open()[0]).toMatchObject({
      condition: 'returned',
      latched: true,
      returnedAt: '2026-09-01T08:00:00.000Z',
    });
  });

  test('of severity 3 without latch stays until a person takes it: it has no return to close it', () => {
    const play = new Play();
    play.send('SCR.METAL', 'pulse');
    expect(play.book.open()[0]).toMatchObject({ latched: false, operator: 'new', condition: 'returned' });
  });

  test('on an open alarm counts and leaves the condition as it is', () => {
    for (const condition of ['active', 'unknown', 'returned'] as const) {
      const play = new Play();
      const { id } = play.raise('EMG.PANIC');
      play.done(id, 'acknowledge', guard);
      if (condition === 'unknown') play.lose('d1');
      if (condition === 'returned') play.send('EMG.PANIC', 'clear');
      play.send('EMG.PANIC', 'pulse');
      expect(play.alarm(id)).toMatchObject({ condition, count: 2, operator: 'new' });
    }
  });

  test('on a disposed alarm opens a new one, linked', () => {
    const play = new Play();
    const id = play.send('EMG.PANIC', 'pulse')[0]?.alarm.id as string;
    play.done(id, 'dispose', leader, { verdict: 'real' });
    expect(play.send('EMG.PANIC', 'pulse')[0]?.alarm.previous).toBe(id);
  });
});

describe('freshness limits machines, not people', () => {
  const stale: Freshness[] = ['late', 'replay', 'initial'];

  test.each(stale)('a life-safety raise that is %s opens, is flagged and sounds', (freshness) => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE', { freshness });
    expect(play.alarm(id).freshness).toBe(freshness);
    expect(sounds(play, id)).toBe(true);
  });

  test.each([
    ['live', 1],
    ['late', 1],
    ['initial', 1],
    ['replay', 0],
  ] as const)('a life-safety pulse that is %s opens %i', (freshness, count) => {
    const play = new Play();
    expect(play.send('EMG.PANIC', 'pulse', { freshness })).toHaveLength(count);
    expect(play.send('INT.24H', 'pulse', { freshness })).toHaveLength(freshness === 'live' ? 1 : 0);
  });

  test('a replayed pulse does not touch an open alarm either', () => {
    const play = new Play();
    play.raise('EMG.PANIC');
    expect(play.send('EMG.PANIC', 'pulse', { freshness: 'replay' })).toEqual([]);
  });

  test.each([
    // type, late, replay, initial
    ['VID.FALL', 0, 0, 0],
    ['ACC.FORCED', 0, 0, 0],
    ['DUTY.CHECK', 0, 0, 0],
    ['DEV.TAMPER', 1, 1, 1],
    ['INT.LINE', 1, 1, 1],
    ['INT.PERIM', 1, 1, 1],
    ['INT.24H', 1, 1, 1],
    ['DEV.BATT', 0, 1, 1],
    ['FIR.FAULT', 0, 1, 1],
  ])(
    'a stored raise of %s opens: late %i, replay %i, initial %i; a card without the siren',
    (type, ...counts) => {
      stale.forEach((freshness, i) => {
        const play = new Play();
        const changes = play.send(type, 'raise', { freshness, armed: 'always' });
        expect(changes, freshness).toHaveLength(counts[i] as number);
        for (const { alarm } of changes) expect(isSounding(alarm, play.now)).toBe(false);
      });
    },
  );

  test('a state told again is no trigger: after a restart an acknowledged fire stays acknowledged', () => {
    for (const freshness of ['replay', 'initial'] as const) {
      const play = new Play();
      const { id } = play.raise('FIR.SMOKE');
      play.done(id, 'acknowledge', guard);
      expect(play.send('FIR.SMOKE', 'raise', { freshness })).toEqual([]);
      play.done(id, 'dispose', leader, { verdict: 'real' });
      expect(play.send('FIR.SMOKE', 'raise', { freshness })).toEqual([]);
    }
  });

  test('a life-safety state that had returned opens or sounds again, whatever its freshness', () => {
    for (const freshness of stale) {
      const play = new Play();
      const { id } = play.raise('FIR.SMOKE');
      play.send('FIR.SMOKE', 'clear');
      play.done(id, 'acknowledge', guard);
      play.raise('FIR.SMOKE', { freshness });
      expect(sounds(play, id)).toBe(true);
      play.send('FIR.SMOKE', 'clear');
      play.done(id, 'dispose', leader, { verdict: 'real' });
      expect(play.raise('FIR.SMOKE', { freshness })).toMatchObject({ previous: id, operator: 'new' });
    }
  });

  test('a disposed fire whose bridge died opens anew when the state comes back', () => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE');
    play.done(id, 'dispose', leader, { verdict: 'false' });
    play.lose('d1');
    expect(play.raise('FIR.SMOKE', { freshness: 'initial' })).toMatchObject({
      previous: id,
      operator: 'new',
    });
  });

  test('stored news of other types updates the state of an open alarm and wakes nobody', () => {
    const play = new Play();
    const { id } = play.raise('ACC.FORCED');
    play.send('ACC.FORCED', 'clear');
    play.done(id, 'acknowledge', guard);
    play.send('ACC.FORCED', 'raise', { freshness: 'late', severity: 1 });
    expect(play.alarm(id)).toMatchObject({ condition: 'active', operator: 'acknowledged' });
    play.send('ACC.FORCED', 'clear', { freshness: 'late' });
    play.done(id, 'dispose', leader, { verdict: 'false' });
    play.send('ACC.FORCED', 'raise', { freshness: 'late' });
    expect(play.alarm(id)).toMatchObject({ condition: 'active', operator: 'disposed' });
    expect(play.book.size).toBe(1);
  });

  test('a late raise counts again where it concerns life, and is only recorded where it does not', () => {
    const play = new Play();
    play.raise('FIR.SMOKE');
    expect(actions(play.send('FIR.SMOKE', 'raise', { freshness: 'late' }))).toEqual(['repeat']);
    play.raise('INT.24H');
    expect(play.send('INT.24H', 'raise', { freshness: 'late' })).toEqual([]);
  });

  test('the first live trigger of a card that never sounded sounds, though it was acknowledged', () => {
    const play = new Play();
    const { id } = play.raise('INT.24H', { freshness: 'initial' });
    expect(sounds(play, id)).toBe(false);
    play.done(id, 'acknowledge', guard);
    play.raise('INT.24H');
    expect(play.alarm(id).freshness).toBe('live');
    expect(sounds(play, id)).toBe(true);
  });
});

describe('a disarmable type', () => {
  test('raises only where the slot is always armed; a clear always applies', () => {
    const play = new Play();
    expect(play.send('INT.AREA', 'raise')).toEqual([]);
    expect(play.send('INT.AREA', 'pulse')).toEqual([]);
    const { id } = play.raise('INT.AREA', { armed: 'always' });
    expect(play.send('INT.AREA', 'raise', { armed: 'never' })).toEqual([]);
    expect(actions(play.send('INT.AREA', 'clear', { armed: 'never' }))).toEqual(['return']);
    expect(play.alarm(id).condition).toBe('returned');
  });

  test('S2 S5: panic, fire, gas and tamper cannot be disarmed', () => {
    for (const type of ['EMG.PANIC', 'FIR.SMOKE', 'GAS.CO', 'DEV.TAMPER', 'INT.24H', 'INT.LINE']) {
      expect(new Play().send(type, 'raise', { armed: 'never' }), type).toHaveLength(1);
    }
  });
});

describe('mode classes', () => {
  const modes: [Mode, string][] = [
    ['live', 'real'],
    ['drill', 'drill'],
    ['test', 'test'],
    ['walktest', 'test'],
  ];

  test('real, drill and test never touch each other', () => {
    for (const [first, firstClass] of modes) {
      for (const [second, secondClass] of modes) {
        const play = new Play();
        const { id } = play.raise('FIR.SMOKE', { mode: first });
        const before = play.alarm(id);
        const same = firstClass === secondClass;
        expect(actions(play.send('FIR.SMOKE', 'clear', { mode: second }))).toEqual(same ? ['return'] : []);
        const [change] = play.send('FIR.SMOKE', 'raise', { mode: second });
        expect(change?.transition.action, `${first} then ${second}`).toBe(same ? 'repeat' : 'raise');
        if (!same) expect(play.alarm(id)).toEqual(before);
      }
    }
  });

  test('the pure function keeps them apart even when it is handed the wrong alarm', () => {
    const play = new Play();
    const real = play.raise('FIR.SMOKE');
    const type = eventType('FIR.SMOKE')!;
    const newId = () => play.newId();
    const context = { now: T0, newId, levels: defaultServiceLevels, armed: 'never' } as const;
    const drill = play.event('FIR.SMOKE', 'raise', { mode: 'drill' });
    expect(applyEvent(real, drill, type, context)[0]?.transition.action).toBe('raise');
    expect(applyEvent(real, { ...drill, edge: 'clear' }, type, context)).toEqual([]);
  });

  test('a test makes a card and no sound', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { mode: 'test' });
    expect(sounds(play, id)).toBe(false);
  });
});
