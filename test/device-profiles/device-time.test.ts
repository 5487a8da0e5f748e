import { expect, test } from 'vitest';
import { readDeviceTime } from '../../device-profiles/device-time.ts';

const iso = (
  value: unknown,
  format: Parameters<typeof readDeviceTime>[1] = 'auto',
  zone = 'Asia/Shanghai',
) => {
  const time = readDeviceTime(value, format, zone);
  return time === undefined
    ? undefined
    : `${new Date(time.at).toISOString()}${time.zoneless ? ' zoneless' : ''}`;
};

test.each([
  ['2026-01-01T08:00:00+08:00', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T00:00:00.1234567Z', '2026-01-01T00:00:00.123Z'],
  ['2026-01-01T08:00:00+0800', '2026-01-01T00:00:00.000Z'],
  ['2025-12-31T19:30:00-04:30', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01 08:00:00', '2026-01-01T00:00:00.000Z zoneless'],
  ['2026/1/1 8:00', '2026-01-01T00:00:00.000Z zoneless'],
  ['2026-01-01 08:00:00 CST', '2026-01-01T00:00:00.000Z zoneless'],
  ['2026-01-01 00:00:00 UTC', '2026-01-01T00:00:00.000Z'],
  [1_767_225_600, '2026-01-01T00:00:00.000Z'],
  [1_767_225_600_000, '2026-01-01T00:00:00.000Z'],
  ['1767225600', '2026-01-01T00:00:00.000Z'],
  [1_767_225_600.25, '2026-01-01T00:00:00.250Z'],
])('%j is %s', (value, expected) => {
  expect(iso(value)).toBe(expected);
});

test.each([
  ['0000-00-00T00:00:00'],
  ['0000-00-00 00:00:00'],
  ['1970-01-01T00:00:00Z'],
  [0],
  [12],
  ['2000-01-01T00:00:00Z'],
  ['2026-02-30T00:00:00Z'],
  ['2026-01-01T25:00:00Z'],
  ['2026-01-01T00:61:00Z'],
  ['2026-01-01 08:00:00 PM'],
  ['tomorrow'],
  [''],
  [null],
  [true],
  [{}],
  [Number.NaN],
  [Number.POSITIVE_INFINITY],
  [-1],
  [9e99],
])('%j is no time', (value) => {
  expect(iso(value)).toBeUndefined();
});

test('a format that is given is kept to', () => {
  expect(iso(1_767_225_600, 'epoch-ms')).toBeUndefined();
  expect(iso(1_767_225_600, 'iso')).toBeUndefined();
  expect(iso(1_767_225_600_000, 'epoch-s')).toBeUndefined();
});

test('zones with summer time, on both sides of the change', () => {
  expect(iso('2026-03-29 01:59:59', 'auto', 'Europe/Berlin')).toBe('2026-03-29T00:59:59.000Z zoneless');
  expect(iso('2026-03-29 03:00:00', 'auto', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z zoneless');
  expect(iso('2026-07-01 12:00:00', 'auto', 'Europe/Berlin')).toBe('2026-07-01T10:00:00.000Z zoneless');
  expect(iso('2026-01-01 12:00:00', 'auto', 'America/St_Johns')).toBe('2026-01-01T15:30:00.000Z zoneless');
});

test('ISO 8601 without its marks, with and without a zone', () => {
  expect(iso('20260101T000000Z')).toBe('2026-01-01T00:00:00.000Z');
  expect(iso('20260101T080000')).toBe('2026-01-01T00:00:00.000Z zoneless');
  expect(iso('20261301T000000Z')).toBeUndefined();
  expect(iso('20260101')).toBeUndefined();
});
