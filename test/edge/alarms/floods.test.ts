import { describe, expect, test } from 'vitest';
import { isSounding } from '../../../contract/sounding.ts';
import { guard, leader } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const minute = 60_000;
const edges = (play: WatchedPlay, device?: string) =>
  play
    .eventsOf('SYS.FLOOD')
    .filter(({ origin }) => origin.device === device)
    .map(({ edge }) => edge);

describe('a flood', () => {
  test('is more than 10 new alarms in 10 minutes, told once, and over when no more come', () => {
    const play = new WatchedPlay();
    for (let i = 0; i < 10; i++) play.send('FIR.DOOR', 'raise', { device: `t${i}` });
    expect(edges(play)).toEqual([]);
    for (let i = 10; i < 40; i++) play.send('FIR.DOOR', 'raise', { device: `t${i}` });
    expect(edges(play)).toEqual(['raise']);
    play.wait(10 * minute - 1);
    expect(edges(play)).toEqual(['raise']);
    play.wait(1);
    expect(edges(play)).toEqual(['raise', 'clear']);
  });

  test('repeats, drills and silent alarms do not count', () => {
    const play = new WatchedPlay();
    for (let i = 0; i < 30; i++) play.send('DEV.TAMPER', 'raise');
    for (let i = 0; i < 30; i++) play.send('FIR.SMOKE', 'raise', { device: `s${i}`, mode: 'drill' });
    for (let i = 0; i < 30; i++) play.send('EMG.DURESS', 'raise', { device: `p${i}` });
    expect(edges(play)).toEqual([]);
  });

  test('of the last run ends with the start', () => {
    const play = new WatchedPlay();
    for (let i = 0; i < 11; i++) play.send('FIR.DOOR', 'raise', { device: `t${i}` });
    play.restart();
    play.wait(0);
    expect(edges(play)).toEqual(['raise', 'clear']);
  });
});

describe('a source that chatters', () => {
  function chattering(type = 'INT.PERIM'): WatchedPlay {
    const play = new WatchedPlay();
    for (let i = 0; i < 12; i++) {
      play.send(type, 'raise');
      play.send(type, 'clear');
      play.wait(1_000);
    }
    return play;
  }

  test('is shut after 10 raises in 5 minutes: recorded, marked, told as a fault of the device that sounds nowhere', () => {
    const play = chattering();
    const alarm = play.open('INT.PERIM');
    expect(alarm.chattering).toBeDefined();
    expect(alarm.count).toBe(11);
    expect(play.eventsOf('INT.PERIM').filter(({ edge }) => edge === 'raise')).toHaveLength(12);
    expect(edges(play, 'd1')).toEqual(['raise']);
    const fault = play.book.open().find(({ type }) => type === 'SYS.FLOOD');
    expect(fault).toMatchObject({ severity: 3, device: 'd1' });
    expect(fault && isSounding(fault, play.now)).toBe(false);
  });

  test('opens no new card, not even after its alarm was closed', () => {
    const play = chattering();
    const { id } = play.open('INT.PERIM');
    play.done(id, 'dispose', leader, { verdict: 'nuisance' });
    play.send('INT.PERIM', 'raise');
    play.send('INT.PERIM', 'clear');
    play.done(id, 'reset', leader);
    play.done(id, 'close', leader);
    play.send('INT.PERIM', 'raise');
    expect(play.book.open().map(({ type }) => type)).toEqual(['SYS.FLOOD']);
  });

  test('comes back by itself when it has been calm, and says what it still holds', () => {
    const play = chattering();
    const { id } = play.open('INT.PERIM');
    play.done(id, 'dispose', leader, { verdict: 'nuisance' });
    play.done(id, 'reset', leader);
    play.done(id, 'close', leader);
    play.send('INT.PERIM', 'raise');
    play.wait(5 * minute - 1);
    expect(edges(play, 'd1')).toEqual(['raise']);
    play.wait(1);
    expect(edges(play, 'd1')).toEqual(['raise', 'clear']);
    const again = play.open('INT.PERIM');
    expect(again).toMatchObject({ operator: 'new', condition: 'active' });
    expect(isSounding(again, play.now)).toBe(true);
  });

  test('of severity 3 keeps one card instead of many, which closes by itself afterwards', () => {
    const play = new WatchedPlay({ times: { chatter: { count: 3, windowMs: minute, calmMs: minute } } });
    for (let i = 0; i < 30; i++) {
      play.send('FIR.DOOR', 'raise');
      play.send('FIR.DOOR', 'clear');
    }
    expect(play.book.open().filter(({ type }) => type === 'FIR.DOOR')).toHaveLength(1);
    expect(play.book.closed()).toHaveLength(3);
    play.wait(minute);
    expect(play.book.open()).toEqual([]);
  });

  test('does not silence another source of the same slot', () => {
    const play = chattering();
    const { id } = play.open('INT.PERIM');
    play.done(id, 'dispose', leader, { verdict: 'nuisance' });
    play.send('INT.PERIM', 'raise', { device: 'd2', slot: 'slot-d1' });
    expect(isSounding(play.open('INT.PERIM'), play.now)).toBe(true);
  });

  test.each(['EMG.PANIC', 'FIR.SMOKE', 'AUD.BULLY', 'GAS.CO'])('%s is heard each time', (type) => {
    const play = new WatchedPlay();
    for (let i = 0; i < 40; i++) {
      play.send(type, 'raise');
      play.send(type, 'clear');
    }
    expect(play.open(type)).toMatchObject({ count: 40 });
    expect(play.open(type).chattering).toBeUndefined();
    expect(edges(play, 'd1')).toEqual([]);
  });

  test('a restart keeps it from being forgotten and ends it early', () => {
    const play = chattering();
    const { id } = play.open('INT.PERIM');
    play.done(id, 'dispose', leader, { verdict: 'nuisance' });
    play.done(id, 'reset', leader);
    play.done(id, 'close', leader);
    play.send('INT.PERIM', 'raise');
    play.restart();
    play.wait(0);
    expect(play.open('INT.PERIM')).toMatchObject({ operator: 'new', condition: 'active' });
    expect(edges(play, 'd1')).toEqual(['raise', 'clear']);
    expect(play.states.size).toBe(0);
  });
});

describe('one press that is reported on two ways', () => {
  test('counts once while nobody has taken it', () => {
    const play = new WatchedPlay();
    play.send('EMG.PANIC', 'pulse');
    play.send('EMG.PANIC', 'pulse', { echo: true });
    expect(play.open('EMG.PANIC').count).toBe(1);
    expect(play.eventsOf('EMG.PANIC')).toHaveLength(2);
  });

  test('is a press of its own once somebody has taken or silenced the first', () => {
    const play = new WatchedPlay();
    play.send('EMG.PANIC', 'pulse');
    const { id } = play.open('EMG.PANIC');
    play.done(id, 'acknowledge', guard);
    play.send('EMG.PANIC', 'pulse', { echo: true });
    expect(play.alarm(id)).toMatchObject({ operator: 'new', count: 2 });
    play.done(id, 'silence', guard);
    play.send('EMG.PANIC', 'pulse', { echo: true });
    expect(isSounding(play.alarm(id), play.now)).toBe(true);
  });
});
