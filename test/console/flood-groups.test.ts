import { expect, test } from 'vitest';
import { orderedRows } from '../../edge/console/alarm-order.ts';
import { grouped, isFlood } from '../../edge/console/flood-groups.ts';
import { anAlarm } from './alarms.ts';

const at = (minute: number) => `2026-09-01T08:0${minute}:00.000Z`;
const now = Date.parse(at(9));
const many = [
  anAlarm({ id: 'late', severity: 3, place: 'lab', firstAt: at(2) }),
  anAlarm({ id: 'first', severity: 4, place: 'lab', firstAt: at(1) }),
  anAlarm({ id: 'gate', severity: 3, place: 'gate', firstAt: at(3) }),
  anAlarm({ id: 'panic', severity: 1, place: 'lab', firstAt: at(4) }),
  anAlarm({ id: 'silent', severity: 1, silent: true, place: 'lab', firstAt: at(4) }),
  anAlarm({ id: 'door', severity: 2, operator: 'acknowledged', place: 'lab', firstAt: at(5) }),
  anAlarm({ id: 'drill', severity: 3, mode: 'drill', place: 'lab', firstAt: at(6) }),
];

const shape = (isFlooded: boolean) =>
  grouped(orderedRows(many, now), isFlooded).map(({ first, behind }) => [
    first.alarm.id,
    ...behind.map((row) => row.alarm.id),
  ]);

test('without a flood every alarm has a card', () => {
  expect(shape(false)).toHaveLength(many.length);
  expect(shape(false).every((group) => group.length === 1)).toBe(true);
});

test('in a flood the first of a place stands for what is not urgent there; severity 1 and 2 always stand alone', () => {
  const groups = shape(true);
  expect(groups).toContainEqual(['first', 'late']);
  for (const id of ['panic', 'silent', 'door', 'drill', 'gate']) expect(groups).toContainEqual([id]);
  expect(groups.flat().sort()).toEqual(many.map(({ id }) => id).sort());
});

test('a device that chatters is no flood, nor one that is over', () => {
  const flood = anAlarm({ type: 'SYS.FLOOD', condition: 'active' });
  const { device, ...campus } = flood;
  expect(isFlood(campus as typeof flood)).toBe(true);
  expect(isFlood({ ...flood, device: 'd1' })).toBe(false);
  expect(isFlood({ ...campus, condition: 'returned' } as typeof flood)).toBe(false);
});
