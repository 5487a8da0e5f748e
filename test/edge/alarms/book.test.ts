import { describe, expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { guard, leader, Play, T0 } from './play.ts';

describe('the open list', () => {
  test('has the most urgent first, then the oldest, and follows a risen severity', () => {
    const play = new Play();
    const names: Record<string, string> = {};
    for (const [name, type] of [
      ['offline', 'DEV.OFFLINE'],
      ['tamper', 'DEV.TAMPER'],
      ['fire', 'FIR.SMOKE'],
      ['panic', 'EMG.PANIC'],
    ] as const) {
      names[play.raise(type).id] = name;
      play.now += 1_000;
    }
    const list = () => play.book.open().map(({ id }) => names[id]);
    expect(list()).toEqual(['fire', 'panic', 'tamper', 'offline']);
    play.raise('DEV.OFFLINE', { severity: 2 });
    expect(list()).toEqual(['fire', 'panic', 'offline', 'tamper']);
    play.raise('DEV.TAMPER', { severity: 1 });
    expect(list()).toEqual(['tamper', 'fire', 'panic', 'offline']);
    expect(play.book.size).toBe(4);
  });

  test('stays sorted and complete over thousands of alarms in any order', () => {
    const play = new Play();
    const types = ['DEV.OFFLINE', 'DEV.CLOCK', 'DEV.TAMPER', 'FIR.SMOKE'];
    for (let n = 0; n < 3_000; n++) {
      play.send(types[(n * 7) % 4]!, 'raise', { device: `d${n}`, at: T0 + ((n * 7_919) % 3_001) });
    }
    for (let n = 0; n < 3_000; n += 3) play.send(types[(n * 7) % 4]!, 'clear', { device: `d${n}` });
    const open = play.book.open();
    const sorted = [...open].sort(
      (a, b) =>
        a.severity - b.severity || Date.parse(a.firstAt) - Date.parse(b.firstAt) || (a.id < b.id ? -1 : 1),
    );
    expect(open.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
    expect(open).toHaveLength(3_000 - play.book.recovered().length);
    expect(play.book.recovered()).toHaveLength(500);
  });

  test('S3: several alarms at once are all shown', () => {
    const play = new Play();
    for (let n = 0; n < 500; n++) play.send('INT.24H', 'raise', { device: `d${n}` });
    expect(play.book.size).toBe(500);
  });
});

describe('recently closed alarms', () => {
  test('are kept for 24 hours, the last first', () => {
    const play = new Play();
    for (const device of ['d1', 'd2']) {
      play.raise('DEV.FAULT', { device });
      play.now += 1_000;
      play.send('DEV.FAULT', 'clear', { device });
    }
    expect(play.book.closed().map(({ device }) => device)).toEqual(['d2', 'd1']);
    const first = play.book.closed()[1]!;
    expect(play.act(first.id, 'close', guard)).toMatchObject({ refused: 'not-possible' });
    play.now = T0 + 1_000 + 86_400_001;
    expect(play.book.closed().map(({ device }) => device)).toEqual(['d2']);
    expect(play.book.get(first.id)).toBeUndefined();
    expect(play.act(first.id, 'close', guard)).toMatchObject({ refused: 'unknown-alarm' });
  });

  test('are at most 1,000; open ones are never dropped', () => {
    const play = new Play();
    for (let n = 0; n < 1_100; n++) {
      play.send('DEV.FAULT', 'raise', { device: `d${n}` });
      play.send('FIR.SMOKE', 'raise', { device: `d${n}` });
      play.send('DEV.FAULT', 'clear', { device: `d${n}` });
    }
    expect(play.book.closed()).toHaveLength(1_000);
    expect(play.book.closed().at(-1)?.device).toBe('d100');
    expect(play.book.size).toBe(1_100);
  });
});

describe('restore', () => {
  test('takes over the alarms of the last run in any order, and life goes on', () => {
    const play = new Play();
    const first = play.raise('INT.24H');
    play.done(first.id, 'dispose', leader, { verdict: 'false' });
    // a late device clock: the follower's time lies before that of its predecessor
    const second = play.raise('INT.24H', { at: T0 - 60_000 });
    play.raise('DEV.FAULT');
    play.send('DEV.FAULT', 'clear');
    const alarms = [...play.book.open(), ...play.book.closed()];
    for (const order of [alarms, [...alarms].reverse()]) {
      const next = new Play();
      next.now = T0 + 60_000;
      next.book.restore(order);
      expect(next.book.open()).toEqual(play.book.open());
      expect(next.book.closed()).toEqual(play.book.closed());
      expect(next.send('INT.24H', 'raise')[0]?.alarm).toMatchObject({ id: second.id, count: 2, version: 2 });
      expect(next.send('INT.24H', 'clear')).toHaveLength(2);
    }
  });

  test('drops views: what was unsaved or delivered then says nothing now', () => {
    const play = new Play();
    const alarm: Alarm = {
      ...play.raise('EMG.PANIC'),
      unsaved: true,
      delivery: { old: { state: 'receipted' } },
    };
    const next = new Play(['province']);
    next.book.restore([alarm]);
    expect(next.alarm(alarm.id)).not.toHaveProperty('unsaved');
    expect(next.alarm(alarm.id).delivery).toEqual({ province: { state: 'pending' } });
  });
});

describe('fold', () => {
  test('of a transition that is known already changes nothing', () => {
    const play = new Play();
    play.raise('EMG.PANIC');
    const { id } = play.raise('EMG.PANIC');
    for (const transition of play.transitions) {
      expect(play.book.fold(transition)).toEqual(play.alarm(id));
    }
    expect(play.alarm(id).version).toBe(2);
  });
});

describe('delivery', () => {
  test('is pending with everybody at once, then follows the receipts of each; no version, no transition', () => {
    const play = new Play(['province', 'police']);
    const a = play.raise('EMG.PANIC', { device: 'd1' });
    const b = play.raise('DEV.OFFLINE', { device: 'd2' });
    expect(a.delivery).toEqual({ province: { state: 'pending' }, police: { state: 'pending' } });
    const asked: object[] = [];
    const altered = play.book.setDelivery(
      'province',
      (raise) => {
        asked.push(raise);
        return raise.lane === 'a' ? 'receipted' : 'pending';
      },
      T0 + 5_000,
    );
    expect(asked).toEqual([
      { lane: 'a', seq: 1, type: 'EMG.PANIC', severity: 1, mode: 'live' },
      { lane: 'e', seq: 2, type: 'DEV.OFFLINE', severity: 3, mode: 'live' },
    ]);
    expect(altered.map(({ id }) => id)).toEqual([a.id]);
    expect(play.alarm(a.id)).toMatchObject({
      version: 1,
      delivery: {
        province: { state: 'receipted', at: '2026-09-01T08:00:05.000Z' },
        police: { state: 'pending' },
      },
    });
    expect(play.book.open()[0]).toEqual(play.alarm(a.id));
    expect(play.alarm(b.id).delivery?.province).toEqual({ state: 'pending' });
    expect(play.transitions).toHaveLength(2);
  });

  test('looks only at what is not receipted yet, and keeps the time of the first receipt', () => {
    const play = new Play(['province']);
    for (let n = 0; n < 100; n++) play.send('EMG.PANIC', 'raise', { device: `d${n}` });
    play.book.setDelivery('province', ({ seq }) => (seq <= 90 ? 'receipted' : 'pending'), T0);
    let asked = 0;
    const count = () => {
      asked++;
      return 'receipted' as const;
    };
    expect(play.book.setDelivery('province', count, T0 + 9_000)).toHaveLength(10);
    expect(asked).toBe(10);
    expect(play.book.setDelivery('province', count, T0 + 10_000)).toEqual([]);
    expect(play.book.open()[0]?.delivery?.province?.at).toBe('2026-09-01T08:00:00.000Z');
  });

  test('survives transitions and closing, and is in none of them', () => {
    const play = new Play(['province']);
    const { id } = play.raise('DEV.FAULT');
    play.book.setDelivery('province', () => 'receipted', T0);
    expect(play.done(id, 'acknowledge', guard).delivery?.province?.state).toBe('receipted');
    play.send('DEV.FAULT', 'clear');
    expect(play.alarm(id)).toMatchObject({
      operator: 'closed',
      delivery: { province: { state: 'receipted' } },
    });
    for (const { alarm } of play.transitions) expect(alarm).not.toHaveProperty('delivery');
  });

  test('can fail, and be receipted after all; undefined takes the mark away', () => {
    const play = new Play(['police']);
    const { id } = play.raise('EMG.PANIC');
    play.book.setDelivery('police', () => 'failed', T0);
    expect(play.alarm(id).delivery?.police?.state).toBe('failed');
    play.book.setDelivery('police', () => 'receipted');
    expect(play.alarm(id).delivery?.police).toEqual({ state: 'receipted' });
    const other = play.raise('DEV.FAULT');
    play.book.setDelivery('police', () => undefined);
    expect(play.alarm(other.id).delivery).toEqual({});
  });

  test('a recipient that is new learns of every alarm, closed ones included', () => {
    const play = new Play();
    play.raise('EMG.PANIC');
    play.raise('DEV.FAULT');
    play.send('DEV.FAULT', 'clear');
    const altered = play.book.setDelivery('county', () => 'pending', T0);
    expect(altered.map(({ delivery }) => delivery)).toEqual([
      { county: { state: 'pending' } },
      { county: { state: 'pending' } },
    ]);
    expect(play.raise('FIR.SMOKE').delivery).toEqual({ county: { state: 'pending' } });
  });
});

describe('cost', () => {
  test('an event of a kind that opens no alarm allocates nothing: it answers with the same empty list', () => {
    const play = new Play();
    const event = play.event('VID.MOTION', 'raise');
    const first = play.book.onEvent(event, { armed: 'never' });
    expect(first).toEqual([]);
    expect(play.book.onEvent(event, { armed: 'never' })).toBe(first);
  });

  test('an unknown type is stored, never judged', () => {
    const book = new AlarmBook({ clock: () => T0, newId: () => 'x', eventType: () => undefined });
    expect(book.onEvent(new Play().event('EMG.PANIC', 'raise'), { armed: 'always' })).toEqual([]);
  });
});
