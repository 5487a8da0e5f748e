import { describe, expect, test } from 'vitest';
import { isLouder, isSounding } from '../../../contract/sounding.ts';
import { guard, leader } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const hour = 3_600_000;

function open(type: string, about: Parameters<WatchedPlay['send']>[2] = {}) {
  const play = new WatchedPlay();
  play.send(type, 'raise', about);
  return { play, id: play.open(type).id };
}

const steps = (play: WatchedPlay) =>
  play.changes
    .filter(({ transition }) => transition.action === 'escalate')
    .map(({ alarm }) => alarm.escalation?.step);

describe('escalation of a severity 1 that nobody has taken', () => {
  test('second station and louder after 30 s, shift leader after 60 s, security chief and county after 180 s', () => {
    const { play, id } = open('EMG.PANIC');
    play.wait(29_999);
    expect(steps(play)).toEqual([]);
    expect(isLouder(play.alarm(id))).toBe(false);
    play.wait(1);
    expect(steps(play)).toEqual([1]);
    expect(isLouder(play.alarm(id))).toBe(true);
    play.wait(30_000);
    expect(steps(play)).toEqual([1, 2]);
    play.wait(120_000);
    expect(steps(play)).toEqual([1, 2, 3]);
    expect(play.changes.at(-1)?.transition).toMatchObject({ actor: 'timer', role: 'system' });
    play.wait(hour);
    expect(steps(play)).toEqual([1, 2, 3]);
  });

  test('to silence it does not stop it, to take it does', () => {
    const { play, id } = open('FIR.SMOKE');
    play.done(id, 'silence', guard);
    play.wait(30_000);
    expect(steps(play)).toEqual([1]);
    play.done(id, 'acknowledge', guard);
    play.wait(hour);
    expect(steps(play)).toEqual([1]);
  });

  test('a new trigger after it was taken begins anew', () => {
    const { play, id } = open('EMG.PANIC');
    play.wait(60_000);
    play.done(id, 'acknowledge', guard);
    play.send('EMG.PANIC', 'raise');
    expect(play.alarm(id).escalation).toBeUndefined();
    play.wait(30_000);
    expect(steps(play)).toEqual([1, 2, 1]);
  });

  test('a trigger while nobody has taken it does not begin anew', () => {
    const { play } = open('EMG.PANIC');
    play.wait(20_000);
    play.send('EMG.PANIC', 'raise');
    play.wait(10_000);
    expect(steps(play)).toEqual([1]);
  });

  test.each(['INT.PERIM', 'DEV.TAMPER'])('%s of severity 2 does not escalate', (type) => {
    const { play } = open(type);
    play.wait(hour);
    expect(steps(play)).toEqual([]);
  });

  test.each(['drill', 'test', 'walktest'] as const)('a %s wakes nobody', (mode) => {
    const { play } = open('EMG.PANIC', { mode });
    play.wait(hour);
    expect(steps(play)).toEqual([]);
    expect(play.changes.filter(({ transition }) => transition.action === 'overdue')).toEqual([]);
  });

  test.each(['EMG.DURESS', 'EMG.SILENT', 'EMG.BULLY'])('%s escalates and is never heard', (type) => {
    const { play, id } = open(type);
    play.wait(200_000);
    expect(steps(play)).toEqual([1, 2, 3]);
    expect(isLouder(play.alarm(id))).toBe(false);
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
  });

  test.each([2 * hour, -2 * hour, -56 * 365 * 24 * hour])('a clock step of %i ms moves nothing', (step) => {
    const { play } = open('EMG.PANIC');
    play.wait(29_000);
    play.now += step;
    play.wait(999);
    expect(steps(play)).toEqual([]);
    play.wait(1);
    expect(steps(play)).toEqual([1]);
    play.wait(29_999);
    expect(steps(play)).toEqual([1]);
    play.wait(1);
    expect(steps(play)).toEqual([1, 2]);
  });

  test('a restart goes on where it was: what came due meanwhile follows at once, step by step', () => {
    const { play } = open('EMG.PANIC');
    play.wait(30_000);
    play.restart(45_000);
    play.wait(0);
    expect(steps(play)).toEqual([1, 2]);
    play.wait(104_999);
    expect(steps(play)).toEqual([1, 2]);
    play.wait(1);
    expect(steps(play)).toEqual([1, 2, 3]);
  });
});

describe('service levels (S18)', () => {
  const late = (play: WatchedPlay) =>
    play.changes
      .filter(({ transition }) => transition.action === 'overdue')
      .map(({ transition }) => transition.reason);

  test('handled within 3 min, on the scene within 5: each miss is a row and is counted', () => {
    const { play, id } = open('EMG.PANIC');
    play.done(id, 'acknowledge', guard);
    play.wait(179_999);
    expect(late(play)).toEqual([]);
    play.wait(1);
    expect(late(play)).toEqual(['handle']);
    play.wait(120_000);
    expect(late(play)).toEqual(['handle', 'scene']);
    expect(play.alarm(id).overdue).toEqual({
      handle: play.alarm(id).due?.handle,
      scene: play.alarm(id).due?.scene,
    });
    expect(play.watch.timers.missed).toEqual({ handle: 1, scene: 1 });
  });

  test('is kept by a dispatch and an arrival in time', () => {
    const { play, id } = open('INT.PERIM');
    play.wait(100_000);
    play.done(id, 'dispatch', guard);
    play.wait(150_000);
    play.done(id, 'arrive', guard);
    play.wait(hour);
    expect(late(play)).toEqual([]);
  });

  test('is kept by a verdict: nobody has to go', () => {
    const { play, id } = open('FIR.SMOKE');
    play.done(id, 'dispose', guard, { verdict: 'false' });
    expect(play.alarm(id).proposal).toBeDefined();
    play.wait(hour);
    expect(late(play)).toEqual([]);
    const other = open('FIR.SMOKE');
    other.play.done(other.id, 'dispose', leader, { verdict: 'nuisance' });
    other.play.wait(hour);
    expect(late(other.play)).toEqual([]);
  });

  test.each(['DEV.OFFLINE', 'SYS.UPLINK_LOST', 'FIR.DOOR'])('%s has none', (type) => {
    const { play, id } = open(type);
    expect(play.alarm(id).due).toBeUndefined();
    play.wait(hour);
    expect(late(play)).toEqual([]);
  });

  test('begins anew with a trigger that nobody has taken', () => {
    const { play, id } = open('EMG.PANIC');
    play.done(id, 'acknowledge', guard);
    play.wait(200_000);
    play.send('EMG.PANIC', 'raise');
    expect(play.alarm(id).overdue).toBeUndefined();
    expect(Date.parse(play.alarm(id).due?.handle ?? '')).toBe(play.now + 180_000);
    play.wait(180_000);
    expect(late(play)).toEqual(['handle', 'handle']);
  });
});
