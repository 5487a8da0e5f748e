import { describe, expect, test } from 'vitest';
import { alarmSchema, transitionSchema } from '../../../contract/alarm.ts';
import { eventTypes } from '../../../contract/event-type.ts';
import { mayBeIsolated } from '../../../contract/isolation.ts';
import { isSounding } from '../../../contract/sounding.ts';
import { guard, leader, pair, T0 } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const hour = 3_600_000;
const until = (ms: number) => new Date(T0 + ms).toISOString();
const wanted = { until: until(hour), reason: '厨房油烟，维修已派', patrol: '保安王某每 30 分钟查看一次' };

function smoke(): { play: WatchedPlay; id: string } {
  const play = new WatchedPlay();
  play.send('FIR.SMOKE', 'raise');
  const { id } = play.open('FIR.SMOKE');
  play.done(id, 'confirm', guard, { how: 'on-site' });
  return { play, id };
}

describe('to isolate a detector', () => {
  test('takes a leader, a second person, a reason, an end and a patrol, and is told as FIR.SHIELD', () => {
    const { play, id } = smoke();
    expect(play.act(id, 'isolate', guard, wanted)).toMatchObject({ refused: 'not-allowed' });
    expect(play.act(id, 'isolate', leader, wanted)).toMatchObject({ refused: 'second-person-needed' });
    const { patrol, reason, ...rest } = wanted;
    expect(play.act(id, 'isolate', pair, { ...rest, reason })).toMatchObject({ refused: 'invalid' });
    expect(play.act(id, 'isolate', pair, { ...rest, patrol })).toMatchObject({ refused: 'invalid' });
    const tooLong = { ...wanted, until: until(24 * hour + 1) };
    expect(play.act(id, 'isolate', pair, tooLong)).toMatchObject({ refused: 'invalid' });
    expect(play.eventsOf('FIR.SHIELD')).toEqual([]);
    play.done(id, 'isolate', pair, wanted);
    expect(play.alarm(id).isolated).toMatchObject({ by: 'wang', second: 'li', patrol, reason });
    expect(alarmSchema.parse(play.alarm(id))).toEqual(play.alarm(id));
    expect(transitionSchema.parse(play.changes.at(-1)?.transition)).toMatchObject({
      action: 'isolate',
      second: 'li',
    });
    expect(play.eventsOf('FIR.SHIELD')).toMatchObject([
      {
        edge: 'raise',
        origin: { device: 'd1', slot: 'slot-d1' },
        data: { isolates: 'FIR.SMOKE', alarm: id, patrol },
      },
    ]);
    expect(play.watch.isolations.view()).toMatchObject([
      { alarm: id, type: 'FIR.SMOKE', until: until(hour) },
    ]);
  });

  test('never what a person presses, what is silent, nor a whole panel', () => {
    const possible = eventTypes.filter(({ code: type }) => mayBeIsolated({ type, mode: 'live' }));
    for (const type of possible) {
      expect(type).toMatchObject({ kind: 'alarm', lifeSafety: true });
      expect(type.silent).toBeUndefined();
      expect(type.code).not.toMatch(/^EMG\.|SOS|^FIR\.(?:MCP|HYDRANT|PANEL|CONFIRMED)$/);
    }
    expect(possible.map(({ code }) => code)).toContain('FIR.SMOKE');
    for (const type of ['EMG.PANIC', 'EMG.DURESS', 'FIR.MCP']) {
      const play = new WatchedPlay();
      play.send(type, 'raise');
      expect(play.act(play.open(type).id, 'isolate', pair, wanted)).toMatchObject({
        refused: 'not-possible',
      });
    }
  });
});

test('bug: a fire that nobody had looked at could be isolated, and so silenced', () => {
  const play = new WatchedPlay();
  play.send('FIR.SMOKE', 'raise');
  const { id } = play.open('FIR.SMOKE');
  const isolate = () => play.act(id, 'isolate', pair, wanted);
  expect(isolate()).toMatchObject({ refused: 'not-possible' });
  play.done(id, 'acknowledge', guard);
  expect(isolate()).toMatchObject({ refused: 'not-possible' });
  play.done(id, 'confirm', guard, { how: 'video' });
  // once more: who looked before has not seen this
  play.send('FIR.SMOKE', 'clear');
  play.send('FIR.SMOKE', 'raise');
  expect(isolate()).toMatchObject({ refused: 'not-possible' });
  play.done(id, 'confirm', leader, { how: 'on-site' });
  play.done(id, 'isolate', pair, wanted);
});

describe('while it is isolated', () => {
  test('its raises are recorded on one card without sound, and do not escalate', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
    play.send('FIR.SMOKE', 'clear');
    play.send('FIR.SMOKE', 'raise');
    expect(play.alarm(id)).toMatchObject({ count: 2, condition: 'active' });
    play.wait(10 * 60_000);
    expect(play.alarm(id).escalation).toBeUndefined();
    expect(play.alarm(id).overdue).toBeUndefined();
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
  });

  test('a stuck one is closed, and what it says then is a card without sound', () => {
    const { play, id } = smoke();
    play.done(id, 'dispose', leader, { verdict: 'equipment' });
    expect(play.act(id, 'reset', pair)).toMatchObject({ refused: 'condition-active' });
    play.done(id, 'isolate', pair, wanted);
    play.done(id, 'reset', pair);
    play.done(id, 'close', pair);
    expect(play.book.open()).toEqual([]);
    play.send('FIR.SMOKE', 'raise');
    const card = play.open('FIR.SMOKE');
    expect(card).toMatchObject({ operator: 'new', isolated: { patrol: wanted.patrol } });
    expect(isSounding(card, play.now)).toBe(false);
  });

  test('bug: another detector of the same slot was isolated with it', () => {
    const play = new WatchedPlay();
    play.send('FIR.SMOKE', 'raise', { slot: 'hall', input: '2' });
    const { id } = play.open('FIR.SMOKE');
    play.done(id, 'confirm', guard, { how: 'video' });
    play.done(id, 'isolate', pair, wanted);
    // the same one again is recorded
    play.send('FIR.SMOKE', 'clear', { slot: 'hall', input: '2' });
    play.send('FIR.SMOKE', 'raise', { slot: 'hall', input: '2' });
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
    play.send('FIR.SMOKE', 'raise', { slot: 'hall', device: 'd2', input: '4' });
    expect(play.alarm(id)).toMatchObject({ operator: 'new', count: 3 });
    expect(play.alarm(id).isolated).toBeUndefined();
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
    expect(play.watch.isolations.view()).toEqual([]);
    expect(play.eventsOf('FIR.SHIELD').at(-1)).toMatchObject({
      edge: 'clear',
      data: { by: 'device:d2', reason: 'another detector of the same slot is in alarm' },
    });
    play.wait(30_000);
    expect(play.alarm(id).escalation).toMatchObject({ step: 1 });
    // two that say the same are no false alarm of one
    play.done(id, 'confirm', guard, { how: 'on-site' });
    expect(play.act(id, 'isolate', pair, wanted)).toMatchObject({ refused: 'not-possible' });
  });

  test.each([['2'], [undefined]])(
    'of input %s that has returned, it is known which detector it is',
    (input) => {
      const play = new WatchedPlay();
      const about = { slot: 'hall', ...(input === undefined ? {} : { input }) };
      play.send('FIR.SMOKE', 'raise', about);
      play.send('FIR.SMOKE', 'clear', about);
      const { id } = play.open('FIR.SMOKE');
      play.done(id, 'dispose', leader, { verdict: 'nuisance' });
      play.done(id, 'isolate', pair, wanted);
      play.restart();
      play.send('FIR.SMOKE', 'raise', about);
      expect(isSounding(play.open('FIR.SMOKE'), play.now)).toBe(false);
      play.send('FIR.SMOKE', 'raise', { slot: 'hall', input: '3' });
      expect(isSounding(play.open('FIR.SMOKE'), play.now)).toBe(true);
      expect(play.watch.isolations.view()).toEqual([]);
    },
  );

  test('another detector, another type of it and a drill are not', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.send('FIR.SMOKE', 'raise', { device: 'd2' });
    play.send('FIR.HEAT', 'raise');
    play.send('FIR.SMOKE', 'raise', { mode: 'drill' });
    const others = play.book.open().filter((alarm) => alarm.id !== id);
    expect(others).toHaveLength(3);
    for (const alarm of others) expect(alarm.isolated).toBeUndefined();
  });
});

describe('the end of it', () => {
  test('comes by the timer with rows, the price and, for what nobody dealt with, the sound', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.wait(hour);
    expect(play.alarm(id)).toMatchObject({ operator: 'new', unprotectedMs: hour });
    expect(play.alarm(id).isolated).toBeUndefined();
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
    expect(play.eventsOf('FIR.SHIELD').at(-1)).toMatchObject({
      edge: 'clear',
      data: { by: 'timer', unprotectedMinutes: 60 },
    });
    expect(play.watch.isolations.view()).toEqual([]);
    play.wait(30_000);
    expect(play.alarm(id).escalation).toMatchObject({ step: 1 });
  });

  test('a leader alone may restore it earlier', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.wait(60_000);
    expect(play.act(id, 'restore', guard)).toMatchObject({ refused: 'not-allowed' });
    play.done(id, 'restore', leader);
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
    expect(play.eventsOf('FIR.SHIELD').at(-1)).toMatchObject({ edge: 'clear', data: { by: 'wang' } });
    expect(play.act(id, 'restore', leader)).toMatchObject({ refused: 'already-done' });
  });

  test('a detector that still holds after its alarm was closed opens one again, for people and not for machines', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.done(id, 'dispose', leader, { verdict: 'equipment' });
    play.done(id, 'reset', pair);
    play.done(id, 'close', pair);
    play.wait(hour);
    expect(play.eventsOf('FIR.SMOKE').at(-1)).toMatchObject({ edge: 'raise', freshness: 'initial' });
    const again = play.open('FIR.SMOKE');
    expect(again).toMatchObject({ operator: 'new', condition: 'active' });
    expect(isSounding(again, play.now)).toBe(true);
  });

  test('one that returned meanwhile opens nothing', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.send('FIR.SMOKE', 'clear');
    play.done(id, 'dispose', leader, { verdict: 'equipment' });
    play.done(id, 'reset', pair);
    play.done(id, 'close', pair);
    play.wait(2 * hour);
    expect(play.book.open()).toEqual([]);
  });

  test('a restart keeps it, no longer than it was given', () => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.restart(-24 * hour);
    play.send('FIR.SMOKE', 'raise');
    expect(isSounding(play.alarm(id), play.now)).toBe(false);
    play.wait(hour);
    expect(play.alarm(id).isolated).toBeUndefined();
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
  });

  test.each([2 * hour, -2 * hour, -56 * 365 * 24 * hour])('a clock step of %i ms moves nothing', (step) => {
    const { play, id } = smoke();
    play.done(id, 'isolate', pair, wanted);
    play.now += step;
    play.wait(hour - 1);
    expect(play.alarm(id).isolated).toBeDefined();
    play.wait(1);
    expect(play.alarm(id).isolated).toBeUndefined();
  });
});
