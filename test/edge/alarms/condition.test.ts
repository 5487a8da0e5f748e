import { describe, expect, test } from 'vitest';
import { actions, guard, leader, Play, T0 } from './play.ts';

describe('a clear', () => {
  test('with no open alarm changes nothing', () => {
    expect(new Play().send('FIR.SMOKE', 'clear')).toEqual([]);
  });

  test('sets returned once, and touches neither handling nor latch', () => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE');
    play.now += 1_000;
    const [change, ...rest] = play.send('FIR.SMOKE', 'clear');
    expect(rest).toEqual([]);
    expect(change?.transition).toMatchObject({
      action: 'return',
      version: 2,
      actor: 'device:d1',
      role: 'system',
      from: { condition: 'active', operator: 'new', latched: true },
      to: { condition: 'returned', operator: 'new', latched: true },
    });
    expect(play.alarm(id).returnedAt).toBe('2026-09-01T08:00:01.000Z');
    expect(play.send('FIR.SMOKE', 'clear')).toEqual([]);
  });

  test('of severity 3-4 without latch closes it by itself, into the recovered list', () => {
    const play = new Play();
    const { id } = play.raise('DEV.OFFLINE');
    const changes = play.send('DEV.OFFLINE', 'clear');
    expect(actions(changes)).toEqual(['return', 'close']);
    expect(changes[1]?.transition).toMatchObject({
      version: 3,
      actor: 'gateway',
      role: 'system',
      from: { condition: 'returned', operator: 'new' },
      to: { condition: 'returned', operator: 'closed' },
    });
    expect(play.book.open()).toEqual([]);
    expect(play.book.recovered().map((alarm) => alarm.id)).toEqual([id]);
    play.done(id, 'acknowledge', guard);
    expect(play.alarm(id)).toMatchObject({ operator: 'closed', version: 4 });
    expect(play.book.recovered()).toEqual([]);
    expect(play.book.closed()).toHaveLength(1);
  });

  test.each([
    ['ENV.WATER', 3, true],
    ['DEV.CLOCK', 4, true],
    ['VEH.UNAUTH', 3, false],
    ['FIR.FAULT', 2, false],
    ['SYS.STORAGE', 2, false],
    ['FIR.SMOKE', 1, false],
  ])('of %s, severity %i, closes it: %s', (type, severity, closes) => {
    const play = new Play();
    expect(play.raise(type).severity).toBe(severity);
    expect(actions(play.send(type, 'clear'))).toEqual(closes ? ['return', 'close'] : ['return']);
  });

  test('of severity 1-2 closes nothing by itself, even disposed and without a latch', () => {
    const play = new Play();
    const { id } = play.raise('FIR.FAULT');
    play.done(id, 'dispose', leader, { verdict: 'equipment' });
    play.send('FIR.FAULT', 'clear');
    expect(play.alarm(id).operator).toBe('disposed');
  });

  test('closes by the risen severity, not by the first', () => {
    const play = new Play();
    play.raise('DEV.OFFLINE');
    play.raise('DEV.OFFLINE', { severity: 2 });
    expect(actions(play.send('DEV.OFFLINE', 'clear'))).toEqual(['return']);
  });

  test.each([
    ['late', -1, false],
    ['replay', -1, false],
    ['late', 0, true],
    ['initial', -1, true],
    ['live', -1, true],
  ] as const)('that is %s and %i s from the last trigger clears: %s', (freshness, seconds, clears) => {
    const play = new Play();
    play.raise('FIR.SMOKE');
    const changes = play.send('FIR.SMOKE', 'clear', { freshness, at: T0 + seconds * 1_000 });
    expect(changes).toHaveLength(clears ? 1 : 0);
  });
});

describe('a dead bridge', () => {
  test('makes what was active unknown and clears nothing', () => {
    const play = new Play();
    const active = play.raise('FIR.SMOKE', { device: 'd1' });
    const returned = play.raise('FIR.SMOKE', { device: 'd2' });
    play.send('FIR.SMOKE', 'clear', { device: 'd2' });
    const elsewhere = play.raise('FIR.SMOKE', { device: 'd3' });
    const minor = play.raise('DEV.BATT', { device: 'd1' });
    expect(actions(play.lose('d1', 'd2'))).toEqual(['lose', 'lose']);
    expect(play.alarm(active.id)).toMatchObject({ condition: 'unknown', operator: 'new', version: 2 });
    expect(play.alarm(minor.id).condition).toBe('unknown');
    expect(play.alarm(returned.id).condition).toBe('returned');
    expect(play.alarm(elsewhere.id).condition).toBe('active');
    expect(play.lose('d1', 'd2')).toEqual([]);
    expect(play.lose()).toEqual([]);
  });

  test('a clear after it returns the alarm; then severity 3-4 closes by itself', () => {
    const play = new Play();
    play.raise('DEV.BATT');
    play.lose('d1');
    expect(actions(play.send('DEV.BATT', 'clear', { freshness: 'initial' }))).toEqual(['return', 'close']);
  });
});
