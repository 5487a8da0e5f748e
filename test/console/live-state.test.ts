import { describe, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import type { LiveFrame } from '../../contract/live.ts';
import { LIVE_HEARTBEAT_MS } from '../../contract/live-timing.ts';
import {
  alarmOf,
  emptyState,
  type LiveInput,
  type LiveState,
  openAlarms,
  recoveredAlarms,
  reduce,
} from '../../edge/console/live-state.ts';
import { anAlarm } from './alarms.ts';

const hello = (epoch: string, position = 10): LiveFrame => ({
  k: 'hello',
  position,
  epoch,
  oldest: 1,
  serverTime: '2025-11-24T02:00:00.000Z',
  hb: LIVE_HEARTBEAT_MS,
});
const snapshot = (position: number, ...alarms: Alarm[]): LiveFrame => ({ k: 'snapshot', position, alarms });
const commit = (position: number, ...alarms: Alarm[]): LiveFrame => ({
  k: 'commit',
  position,
  events: [],
  alarms,
});
const unsaved = (...alarms: Alarm[]): LiveFrame => ({ k: 'unsaved', alarms });
const play = (...inputs: LiveInput[]): LiveState => inputs.reduce(reduce, emptyState);
const shown = (state: LiveState): Array<[string, number, boolean]> =>
  openAlarms(state).map(({ id, version, unsaved: flag }) => [id, version, flag === true]);

const a = anAlarm({ id: 'a' });
const b = anAlarm({ id: 'b' });
const later = (alarm: Alarm, version: number, over: Partial<Alarm> = {}): Alarm => ({
  ...alarm,
  version,
  ...over,
});

describe('snapshot and commits', () => {
  test('a snapshot replaces everything that was open', () => {
    const state = play(hello('e'), snapshot(10, a), commit(11, b), snapshot(20, b));
    expect(shown(state)).toEqual([['b', 1, false]]);
    expect(state.position).toBe(20);
  });

  test('a commit brings new alarms and later versions', () => {
    const state = play(hello('e'), snapshot(10, a), commit(11, later(a, 2), b));
    expect(shown(state)).toEqual([
      ['a', 2, false],
      ['b', 1, false],
    ]);
    expect(state.position).toBe(11);
  });

  test('an older version that comes late changes nothing', () => {
    const state = play(
      hello('e'),
      snapshot(10, later(a, 3, { operator: 'confirmed' })),
      commit(11, later(a, 2)),
    );
    expect(alarmOf(state, 'a')?.operator).toBe('confirmed');
  });

  test('a delivery mark comes without a new version, and in a commit without rows', () => {
    const delivery = { province: { state: 'receipted' as const } };
    const state = play(hello('e'), snapshot(10, a), commit(10, later(a, 1, { delivery })));
    expect(alarmOf(state, 'a')?.delivery).toEqual(delivery);
    expect(state.position).toBe(10);
  });

  test('a closed alarm leaves the list, and no late frame brings it back', () => {
    const closed = later(a, 4, { operator: 'closed' });
    const state = play(hello('e'), snapshot(10, a), commit(11, closed), commit(11, later(a, 3)));
    expect(shown(state)).toEqual([]);
    expect(alarmOf(state, 'a')).toEqual(closed);
  });

  test('inputs never change the state they are given', () => {
    const before = play(hello('e'), snapshot(10, a));
    const copy = structuredClone(before);
    reduce(before, commit(11, later(a, 2, { operator: 'closed' }), b));
    reduce(before, unsaved(later(a, 2)));
    expect(before).toEqual(copy);
  });
});

describe('what is not saved', () => {
  test('is shown at once, marked, and replaced by the commit of the same version', () => {
    const waiting = play(hello('e'), snapshot(10), unsaved(a));
    expect(shown(waiting)).toEqual([['a', 1, true]]);
    expect(shown(reduce(waiting, commit(11, a)))).toEqual([['a', 1, false]]);
  });

  test('stays over an older version that is stored meanwhile', () => {
    const state = play(hello('e'), snapshot(10), unsaved(a), unsaved(later(a, 2)), commit(11, a));
    expect(shown(state)).toEqual([['a', 2, true]]);
  });

  test('does not hide what is stored already', () => {
    const state = play(hello('e'), snapshot(10, later(a, 2)), unsaved(a));
    expect(shown(state)).toEqual([['a', 2, false]]);
  });

  test('is also marked in a commit or a snapshot of the gateway', () => {
    const flagged = later(a, 1, { unsaved: true });
    expect(shown(play(hello('e'), snapshot(10, flagged)))).toEqual([['a', 1, true]]);
    expect(shown(play(hello('e'), snapshot(10), commit(10, flagged)))).toEqual([['a', 1, true]]);
  });

  test('a lost unsaved change gives way to the stored alarm when the gateway is back', () => {
    const state = play(hello('e'), snapshot(10, a), unsaved(later(a, 2, { operator: 'acknowledged' })));
    expect(shown(reduce(state, hello('e')))).toEqual([['a', 1, false]]);
  });

  test('an unsaved close takes the card away', () => {
    const state = play(hello('e'), snapshot(10, a), unsaved(later(a, 2, { operator: 'closed' })));
    expect(shown(state)).toEqual([]);
  });
});

describe('resuming', () => {
  test('in the same journal it goes on where it was; in another it asks for a snapshot', () => {
    const state = play(hello('e'), snapshot(10, a));
    expect(reduce(state, hello('e', 15)).position).toBe(10);
    expect(reduce(state, hello('other', 15)).position).toBeUndefined();
  });

  test('after a refused position it asks for a snapshot, and keeps the cards until then', () => {
    const state = play(hello('e'), snapshot(10, a), { k: 'resync' });
    expect(state.position).toBeUndefined();
    expect(shown(state)).toEqual([['a', 1, false]]);
  });

  test('a replayed commit changes nothing', () => {
    const state = play(hello('e'), snapshot(10), commit(11, a), commit(12, later(a, 2)));
    const again = [commit(11, a), commit(12, later(a, 2))].reduce(reduce, state);
    expect(shown(again)).toEqual([['a', 2, false]]);
    expect(again.position).toBe(12);
  });
});

describe('answers and lists', () => {
  test('the answer to an action counts as news of the gateway', () => {
    const state = play(hello('e'), snapshot(10, a), {
      k: 'answer',
      alarm: later(a, 2, { operator: 'acknowledged' }),
    });
    expect(alarmOf(state, 'a')?.operator).toBe('acknowledged');
    expect(alarmOf(reduce(state, commit(11, a)), 'a')?.operator).toBe('acknowledged');
  });

  test('an answer that is not stored is shown unsaved', () => {
    const state = play(hello('e'), snapshot(10, a), { k: 'answer', alarm: later(a, 2, { unsaved: true }) });
    expect(shown(state)).toEqual([['a', 2, true]]);
  });

  test('recovered: severity 3-4, closed by itself, seen by nobody; the last first', () => {
    const closedAt = (at: string) => ({
      operator: 'closed' as const,
      steps: { close: { by: 'gateway', at } },
    });
    const first = anAlarm({ id: '1', severity: 3, ...closedAt('2025-11-24T02:10:00.000Z') });
    const second = anAlarm({ id: '2', severity: 4, ...closedAt('2025-11-24T02:20:00.000Z') });
    const seen = anAlarm({
      id: '3',
      severity: 3,
      operator: 'closed',
      steps: { acknowledge: { by: 'zhang', at: first.lastAt } },
    });
    const urgent = anAlarm({ id: '4', severity: 2, operator: 'closed' });
    const state = play(
      hello('e'),
      snapshot(10),
      { k: 'closed', alarms: [first, seen, urgent] },
      commit(11, second),
    );
    expect(recoveredAlarms(state).map(({ id }) => id)).toEqual(['2', '1']);
  });

  test('a list of closed alarms does not undo what came live', () => {
    const state = play(hello('e'), snapshot(10, a), {
      k: 'closed',
      alarms: [later(a, 1, { operator: 'closed' })],
    });
    expect(shown(state)).toEqual([['a', 1, false]]);
  });

  test('only so many closed alarms are kept, the last ones', () => {
    const many = Array.from({ length: 400 }, (_, n) => anAlarm({ id: `c${n}`, operator: 'closed' }));
    const state = play(hello('e'), snapshot(10), commit(11, ...many));
    expect(state.closed.size).toBe(300);
    expect(state.closed.has('c399')).toBe(true);
    expect(state.closed.has('c0')).toBe(false);
  });
});
