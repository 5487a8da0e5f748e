import { describe, expect, test } from 'vitest';
import { eventTypes } from '../../contract/event-type.ts';
import { parsePoliceSuggestion } from '../../contract/police-category.ts';
import { deliveries, freshnessMark } from '../../edge/console/alarm-facts.ts';
import { Campus } from '../../edge/console/campus.ts';
import { policeSuggestion } from '../../edge/console/event-types.ts';
import { ServerClock } from '../../edge/console/server-clock.ts';
import { clockText, durationParts } from '../../edge/console/time-text.ts';
import { devices, places, slots } from './stage-campus.ts';

describe('freshness', () => {
  test('a late alarm says by how much it was late', () => {
    // a UUIDv7 made at 02:04:12.000
    const id = `${Date.parse('2025-11-24T02:04:12.000Z').toString(16).padStart(12, '0')}`;
    const alarm = {
      id: `${id.slice(0, 8)}-${id.slice(8)}-7000-8000-000000000000`,
      firstAt: '2025-11-24T02:00:00.000Z',
      freshness: 'late' as const,
    };
    expect(freshnessMark(alarm)).toEqual({ mark: 'late', ageMs: 252_000 });
    expect(freshnessMark({ ...alarm, freshness: 'initial' })).toEqual({ mark: 'present' });
    expect(freshnessMark({ ...alarm, freshness: 'live' })).toBeUndefined();
  });

  test('a device clock ahead of ours makes no negative age', () => {
    const alarm = { id: '00000000-0001-7000-8000-000000000000', firstAt: '2025-11-24T02:00:00.000Z' };
    expect(freshnessMark({ ...alarm, freshness: 'late' })).toEqual({ mark: 'late', ageMs: 0 });
  });
});

test('failed deliveries stand before those under way', () => {
  const delivery = {
    province: { state: 'receipted' },
    county: { state: 'pending' },
    police: { state: 'failed' },
  } as const;
  expect(deliveries({ delivery }).map(({ recipient }) => recipient)).toEqual([
    'police',
    'county',
    'province',
  ]);
});

test('the police category proposed is that of the contract, for every type', () => {
  for (const { code, codes } of eventTypes) {
    expect(policeSuggestion({ type: code }), code).toEqual(parsePoliceSuggestion(codes.ga669_7));
  }
});

describe('names', () => {
  const campus = new Campus({ gateway: { name: '历下区实验小学' }, places, slots, devices });

  test('a place is named from its building down, without the campus', () => {
    expect(campus.placePath('dorm-508')).toEqual(['3 号学生公寓', '五层', '508 宿舍']);
    expect(campus.placePath('campus')).toEqual(['历下区实验小学']);
  });

  test('an alarm without a place stands where its slot is', () => {
    expect(campus.placeOf({ slot: 'gas-kitchen' })).toEqual(['食堂', '后厨']);
  });

  test('what is not known stands for itself', () => {
    expect(campus.placePath('nowhere')).toEqual(['nowhere']);
    expect(campus.deviceName('nobody')).toBe('nobody');
    expect(campus.slotName(undefined)).toBeUndefined();
  });

  test('places that are each other’s parents end somewhere', () => {
    const loop = new Campus({
      gateway: { name: '' },
      places: [
        { id: 'a', kind: 'room', name: 'A', parent: 'b' },
        { id: 'b', kind: 'room', name: 'B', parent: 'a' },
      ],
      slots: [],
      devices: [],
    });
    expect(loop.placePath('a')).toHaveLength(8);
  });
});

describe('times', () => {
  test('a duration has its two largest units', () => {
    expect(durationParts(42_900)).toEqual({ key: 's', values: { s: '42' } });
    expect(durationParts(725_000)).toEqual({ key: 'ms', values: { m: '12', s: '05' } });
    expect(durationParts(11_520_000)).toEqual({ key: 'hm', values: { h: '3', m: '12' } });
    expect(durationParts(187_200_000)).toEqual({ key: 'dh', values: { d: '2', h: '4' } });
    expect(durationParts(-5)).toEqual({ key: 's', values: { s: '0' } });
  });

  test('a time is that of the campus, with its day when that is not today', () => {
    const now = Date.parse('2025-11-24T02:00:00.000Z');
    expect(clockText('2025-11-23T18:13:05.000Z', now, 'Asia/Shanghai')).toBe('02:13:05');
    expect(clockText('2025-11-23T15:13:05.000Z', now, 'Asia/Shanghai')).toBe('11-23 23:13:05');
    expect(clockText('nonsense', now)).toBe('--:--:--');
  });

  test('the gateway’s clock goes on by what passes here, not by this computer’s clock', () => {
    let [monotonic, wall] = [500, 0];
    const clock = new ServerClock(
      () => monotonic,
      () => wall,
    );
    clock.set('2025-11-24T02:00:00.000Z');
    monotonic += 1_500;
    wall = 1e15;
    expect(new Date(clock.now()).toISOString()).toBe('2025-11-24T02:00:01.500Z');
    clock.set('nonsense');
    expect(new Date(clock.now()).toISOString()).toBe('2025-11-24T02:00:01.500Z');
  });
});
