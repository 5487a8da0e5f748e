import { describe, expect, test } from 'vitest';
import { isSounding } from '../../../contract/sounding.ts';
import { guard, leader, T0 } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const hour = 3_600_000;
const until = (ms: number) => new Date(T0 + ms).toISOString();
const forAnHour = { until: until(hour), reason: '树枝遮挡，已约园林科' };

function perimeter(): { play: WatchedPlay; id: string } {
  const play = new WatchedPlay();
  play.send('INT.PERIM', 'raise');
  return { play, id: play.open('INT.PERIM').id };
}

describe('to shelve', () => {
  test('stops the sound, says who, why and until when, and takes nothing off the list', () => {
    const { play, id } = perimeter();
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
    play.done(id, 'shelve', leader, { ...forAnHour, owner: '园林科' });
    const alarm = play.alarm(id);
    expect(alarm.shelved).toEqual({
      at: until(0),
      until: until(hour),
      reason: '树枝遮挡，已约园林科',
      owner: '园林科',
      by: 'wang',
    });
    expect(isSounding(alarm, play.now)).toBe(false);
    expect(play.book.open().map((open) => open.id)).toContain(id);
  });

  test.each(['EMG.PANIC', 'FIR.SMOKE', 'EMG.DURESS'])('%s, severity 1, is refused', (type) => {
    const play = new WatchedPlay();
    play.send(type, 'raise');
    const { id } = play.open(type);
    expect(play.act(id, 'shelve', leader, forAnHour)).toMatchObject({ refused: 'not-possible' });
    expect(play.alarm(id).version).toBe(1);
  });

  test('a guard is told who may', () => {
    const { play, id } = perimeter();
    expect(play.act(id, 'shelve', guard, forAnHour)).toMatchObject({
      refused: 'not-allowed',
      detail: { zh: expect.stringContaining('带班班长') },
    });
  });

  test.each([
    ['no reason', { until: until(hour) }],
    ['a blank reason', { until: until(hour), reason: '  ' }],
    ['no end', { reason: 'x' }],
    ['an end that has passed', { until: until(-1), reason: 'x' }],
    ['more than 12 hours', { until: until(12 * hour + 1), reason: 'x' }],
  ])('with %s is invalid', (_, request) => {
    const { play, id } = perimeter();
    expect(play.act(id, 'shelve', leader, request)).toMatchObject({ refused: 'invalid' });
  });

  test('the same request sent twice is already done', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    expect(play.act(id, 'shelve', leader, { ...forAnHour, version: 1 })).toMatchObject({
      refused: 'already-done',
    });
  });
});

describe('while it is shelved', () => {
  test('it is tracked: it counts, returns and comes back on the same card', () => {
    const play = new WatchedPlay();
    play.send('FIR.DOOR', 'raise');
    const { id } = play.open('FIR.DOOR');
    play.done(id, 'shelve', leader, forAnHour);
    play.send('FIR.DOOR', 'clear');
    expect(play.alarm(id)).toMatchObject({ condition: 'returned', operator: 'new' });
    play.send('FIR.DOOR', 'raise');
    expect(play.alarm(id)).toMatchObject({ condition: 'active', count: 2 });
    expect(play.book.open().filter(({ type }) => type === 'FIR.DOOR')).toHaveLength(1);
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
  });

  test('a risen severity ends it at once: severity 1 is never shelved', () => {
    const { play, id } = perimeter();
    play.done(id, 'acknowledge', guard);
    play.done(id, 'shelve', leader, forAnHour);
    const event = play.send('INT.PERIM', 'clear');
    play.change(play.book.onEvent({ ...event, edge: 'raise', severity: 1 }, { armed: 'always' }));
    const alarm = play.alarm(id);
    expect(alarm).toMatchObject({ severity: 1, operator: 'new' });
    expect(alarm.shelved).toBeUndefined();
    expect(isSounding(alarm, play.now)).toBe(true);
  });

  test('a verdict ends it, so that the next trigger is heard', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.wait(60_000);
    play.done(id, 'dispose', leader, { verdict: 'nuisance' });
    expect(play.alarm(id)).toMatchObject({ operator: 'disposed', unprotectedMs: 60_000 });
    play.send('INT.PERIM', 'raise');
    expect(isSounding(play.open('INT.PERIM'), play.now)).toBe(true);
  });
});

describe('the end of it', () => {
  test('comes by the timer, with a row and the price', () => {
    const { play, id } = perimeter();
    play.done(id, 'acknowledge', guard);
    play.done(id, 'shelve', leader, forAnHour);
    play.wait(hour - 1);
    expect(play.alarm(id).shelved).toBeDefined();
    play.wait(1);
    expect(play.changes.at(-1)?.transition).toMatchObject({ action: 'unshelve', actor: 'timer' });
    expect(play.alarm(id)).toMatchObject({ unprotectedMs: hour, operator: 'new' });
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
  });

  test('closes what returned meanwhile and would have closed by itself', () => {
    const play = new WatchedPlay();
    play.send('FIR.DOOR', 'raise');
    const { id } = play.open('FIR.DOOR');
    play.done(id, 'shelve', leader, forAnHour);
    play.send('FIR.DOOR', 'clear');
    play.wait(hour);
    expect(play.alarm(id).operator).toBe('closed');
    expect(play.book.recovered().map((one) => one.id)).toEqual([id]);
  });

  test('a person may bring it back earlier, once', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.wait(10 * 60_000);
    play.done(id, 'unshelve', leader);
    expect(play.alarm(id)).toMatchObject({ unprotectedMs: 600_000, steps: { unshelve: { by: 'wang' } } });
    expect(play.act(id, 'unshelve', leader)).toMatchObject({ refused: 'already-done' });
    expect(play.act(id, 'unshelve', { ...leader, user: 'zhao' })).toMatchObject({ refused: 'not-possible' });
    play.wait(hour);
    expect(play.stored.filter((row) => row === 'ALM.TRANSITION unshelve')).toHaveLength(1);
  });

  test('shelved again, the price adds up', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.wait(hour);
    play.done(id, 'shelve', leader, { reason: 'x', until: until(3 * hour) });
    play.wait(2 * hour);
    expect(play.alarm(id).unprotectedMs).toBe(3 * hour);
  });

  test.each([2 * hour, -2 * hour, -56 * 365 * 24 * hour])('a clock step of %i ms moves nothing', (step) => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.now += step;
    play.wait(hour - 1);
    expect(play.alarm(id).shelved).toBeDefined();
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
    play.wait(1);
    expect(play.alarm(id).shelved).toBeUndefined();
    expect(play.alarm(id).unprotectedMs).toBeLessThanOrEqual(hour);
  });

  test('goes on after a restart, and never lasts longer than it was given', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.wait(hour / 2);
    play.restart(hour / 4);
    play.wait(hour / 4 - 1);
    expect(play.alarm(id).shelved).toBeDefined();
    play.wait(1);
    expect(play.alarm(id).shelved).toBeUndefined();
  });

  test('a clock set back while the gateway was off ends it no later than its whole time', () => {
    const { play, id } = perimeter();
    play.done(id, 'shelve', leader, forAnHour);
    play.restart(-24 * hour);
    play.wait(hour);
    expect(play.alarm(id).shelved).toBeUndefined();
  });
});
