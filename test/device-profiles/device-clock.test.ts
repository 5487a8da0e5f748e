import { describe, expect, test } from 'vitest';
import { type ClockRecord, readClock } from '../../device-profiles/device-clock.ts';
import { T0 } from './helpers.ts';

const S = 1_000;
const HOUR = 3_600_000;
const proven: ClockRecord = { last: T0, proven: T0, ahead: 0 };

const read = (record: ClockRecord | undefined, at: number | undefined, receivedAt: number, stored = false) =>
  readClock(record, at === undefined ? undefined : { at, zoneless: false }, { receivedAt, stored }, 30 * S);

describe('a clock becomes sync', () => {
  test.each([[-5 * S], [0], [5 * S]])('by a live time %i ms from its receipt', (offset) => {
    const reading = read(undefined, T0 + offset, T0);
    expect(reading).toMatchObject({
      late: false,
      clock: { source: 'device', quality: 'sync', offsetMs: offset },
    });
    expect(reading.record).toBeDefined();
    expect(reading.occurredAt).toBeLessThanOrEqual(T0);
  });

  test.each([[-5 * S - 1], [5 * S + 1], [HOUR]])('but not by one %i ms off', (offset) => {
    expect(read(undefined, T0 + offset, T0)).toEqual({
      occurredAt: T0,
      late: false,
      record: undefined,
      clock: { source: 'device', quality: 'unsync', offsetMs: offset },
    });
  });

  test('nor by a message from a store, which may be as old as it says', () => {
    expect(read(undefined, T0, T0, true)).toMatchObject({ record: undefined, clock: { quality: 'unsync' } });
  });
});

describe('what a clock in sync proves', () => {
  test('older than 30 s is late; up to 30 s is live', () => {
    expect(read(proven, T0 + S, T0 + 31 * S)).toMatchObject({ late: false, occurredAt: T0 + S });
    expect(read(proven, T0 + S, T0 + 31 * S + 1)).toMatchObject({ late: true, occurredAt: T0 + S });
  });

  test('a clock known to run ahead is corrected by what it is ahead', () => {
    const { record } = read(undefined, T0 + 4 * S, T0);
    expect(record?.ahead).toBe(4 * S);
    expect(read(record, T0 + 14 * S, T0 + 60 * S)).toMatchObject({ late: true, occurredAt: T0 + 10 * S });
  });

  test('a message cannot come from the future', () => {
    expect(read(proven, T0 + 70 * S, T0 + 60 * S)).toMatchObject({
      occurredAt: T0 + 60 * S,
      late: false,
      record: proven,
      clock: { quality: 'holdover', offsetMs: 10 * S },
    });
  });

  test('history buffered for three days is late: the proof holds on the axis of the device', () => {
    expect(read(proven, T0 + HOUR, T0 + 72 * HOUR)).toMatchObject({ late: true, occurredAt: T0 + HOUR });
  });

  test('but a clock that drifted off unnoticed for a day proves nothing', () => {
    expect(read(proven, T0 + 25 * HOUR, T0 + 25 * HOUR + 40 * S)).toMatchObject({
      late: false,
      record: undefined,
      clock: { quality: 'unsync' },
    });
  });
});

describe('a step makes the clock unsync, and the receipt dates the message', () => {
  test.each([
    ['back by an hour', T0 - HOUR],
    ['back by 31 s', T0 - 31 * S],
    ['ahead by more than 5 min', T0 + 60 * S + 300 * S + 1],
  ])('%s', (_name, at) => {
    expect(read(proven, at, T0 + 60 * S)).toMatchObject({
      occurredAt: T0 + 60 * S,
      late: false,
      record: undefined,
      clock: { quality: 'unsync' },
    });
  });

  test('a time that is none, too', () => {
    expect(read(proven, undefined, T0)).toEqual({
      occurredAt: T0,
      late: false,
      record: undefined,
      clock: { source: 'device', quality: 'unsync' },
    });
  });

  test('messages that overtake each other by seconds are no step', () => {
    expect(read({ ...proven, last: T0 + 60 * S }, T0 + 50 * S, T0 + 62 * S)).toMatchObject({
      clock: { quality: 'sync' },
    });
  });

  test('what a store delivers is no step either', () => {
    expect(read(proven, T0 - HOUR, T0, true)).toMatchObject({ record: proven, occurredAt: T0 });
  });
});

test('the record is renewed at most every 10 s, so that not every message changes the state', () => {
  const first = read(undefined, T0, T0).record;
  expect(read(first, T0 + 10 * S, T0 + 10 * S).record).toBe(first);
  expect(read(first, T0 + 11 * S, T0 + 11 * S).record).toEqual({
    last: T0 + 11 * S,
    proven: T0 + 11 * S,
    ahead: 0,
  });
});
