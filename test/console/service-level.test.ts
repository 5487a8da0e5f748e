import { expect, test } from 'vitest';
import { nextLevel } from '../../edge/console/duty/service-level.ts';
import { anAlarm } from './alarms.ts';

const due = { handle: '2025-11-24T02:03:00.000Z', scene: '2025-11-24T02:05:00.000Z' };
const at = '2025-11-24T02:04:00.000Z';

test('counts down to what has to be done next, until it is done or was missed', () => {
  const level = (over: Parameters<typeof anAlarm>[0]) => nextLevel(anAlarm({ due, ...over }))?.level;
  expect(level({})).toBe('handle');
  expect(level({ operator: 'acknowledged' })).toBe('handle');
  expect(level({ overdue: { handle: at } })).toBe('scene');
  expect(level({ operator: 'dispatched' })).toBe('scene');
  expect(level({ operator: 'on-scene' })).toBeUndefined();
  expect(level({ operator: 'confirmed', confirmation: { how: 'on-site', by: 'x', at } })).toBeUndefined();
  expect(level({ overdue: { handle: at, scene: at } })).toBeUndefined();
  expect(nextLevel(anAlarm())).toBeUndefined();
});
