import { expect, test } from 'vitest';
import type { Phone, Place } from '../../contract/site.ts';
import { isAnswered } from '../../edge/console/campus/phone-hours.ts';
import { movedBy, placesIn, within } from '../../edge/console/campus/plan-points.ts';
import { Campus, emptySite } from '../../edge/console/campus.ts';

const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '学校' },
  { id: 'room-1', kind: 'room', name: '101', parent: 'floor-1' },
  { id: 'floor-1', kind: 'floor', name: '一层', parent: 'house', plan: { id: 'p', x: 0.2, y: 0.3 } },
  { id: 'house', kind: 'building', name: '教学楼', parent: 'campus' },
  { id: 'dorm', kind: 'building', name: '公寓', parent: 'campus' },
];
const phone = (id: string, more: Partial<Phone> = {}): Phone => ({
  id,
  name: id,
  number: '110',
  role: 'school',
  order: 1,
  ...more,
});
const campus = new Campus({
  ...emptySite,
  places,
  slots: [{ id: 'smoke', name: '烟感', place: 'room-1', unit: 'chemistry' }],
  phones: [
    phone('house', { places: ['house'] }),
    phone('unit', { places: ['dorm'], units: ['chemistry'] }),
    phone('dorm', { places: ['dorm'] }),
    phone('all'),
  ],
});

test('an alarm shows the telephones of what its place lies in, of its unit, and of everything, in their order', () => {
  expect(campus.phonesOf({ slot: 'smoke' }).map(({ id }) => id)).toEqual(['house', 'unit', 'all']);
  expect(campus.phonesOf({ place: 'dorm' }).map(({ id }) => id)).toEqual(['unit', 'dorm', 'all']);
  expect(campus.phonesOf({}).map(({ id }) => id)).toEqual(['all']);
});

test('an alarm is where its place is on a plan, or the nearest place around', () => {
  expect(campus.pointOf({ slot: 'smoke' })).toEqual({ id: 'p', x: 0.2, y: 0.3 });
  expect(campus.pointOf({ place: 'dorm' })).toBeUndefined();
  expect(campus.placePath('room-1')).toEqual(['教学楼', '一层', '101']);
});

test('a telephone is answered within its hours, also over midnight', () => {
  const night = phone('night', { hours: { from: '18:00', to: '07:30' } });
  expect(['17:59', '18:00', '00:10', '07:29', '07:30'].map((time) => isAnswered(night, time))).toEqual([
    false,
    true,
    true,
    true,
    false,
  ]);
  expect(isAnswered(phone('always'), '03:00')).toBe(true);
});

test('arrow keys move a point, farther with Shift, and never off the plan', () => {
  expect(movedBy('ArrowLeft', false, { x: 0.5, y: 0.5 })).toEqual({ x: 0.49, y: 0.5 });
  expect(movedBy('ArrowDown', true, { x: 0.5, y: 0.98 })).toEqual({ x: 0.5, y: 1 });
  expect(movedBy('Enter', false, { x: 0.5, y: 0.5 })).toBeUndefined();
  expect(within({ x: -3, y: Number.POSITIVE_INFINITY })).toEqual({ x: 0, y: 1 });
});

test('a plan shows its place and all that lies in it, whatever their order', () => {
  expect(placesIn(places, 'house').map(({ id }) => id)).toEqual(['room-1', 'floor-1', 'house']);
});
