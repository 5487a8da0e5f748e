import { expect, test } from 'vitest';
import { ClockWatch } from '../../../edge/ops/clock-watch.ts';

const noon = Date.parse('2026-11-24T12:00:00Z');

function watchAt(start: number) {
  const clock = { wall: start, monotonic: 0 };
  const watch = new ClockWatch(
    () => clock.wall,
    () => clock.monotonic,
  );
  return { clock, watch };
}

test('a clock that runs with the monotonic one is in sync and has no step', () => {
  const { clock, watch } = watchAt(noon);
  clock.wall += 1_000;
  clock.monotonic += 1_003;
  expect(watch.tick()).toBe(0);
  expect(watch.quality()).toBe('sync');
});

test('a step of two hours is told with its size, and holdover lasts ten minutes', () => {
  const { clock, watch } = watchAt(noon);
  clock.wall -= 7_200_000;
  clock.monotonic += 1_000;
  expect(watch.tick()).toBe(-7_201_000);
  expect(watch.quality()).toBe('holdover');
  clock.wall += 600_001;
  clock.monotonic += 600_001;
  expect(watch.tick()).toBe(0);
  expect(watch.quality()).toBe('sync');
});

test('1970 is never in sync', () => {
  const { watch } = watchAt(1_000);
  expect(watch.quality()).toBe('unsync');
});

test('a clock behind what the last run stored is unsync until it has caught up', () => {
  const clock = { wall: noon, monotonic: 0 };
  const watch = new ClockWatch(
    () => clock.wall,
    () => clock.monotonic,
    noon + 7_200_000,
  );
  expect([watch.quality(), watch.behindMs]).toEqual(['unsync', 7_200_000]);
  clock.wall += 3_600_000;
  clock.monotonic += 3_600_000;
  watch.tick();
  expect([watch.quality(), watch.behindMs]).toEqual(['unsync', 3_600_000]);
  // a time source sets it right
  clock.wall += 3_700_000;
  clock.monotonic += 1_000;
  watch.tick();
  expect([watch.quality(), watch.behindMs]).toEqual(['holdover', 0]);
  clock.wall += 600_000;
  clock.monotonic += 600_000;
  watch.tick();
  expect(watch.quality()).toBe('sync');
});

test('a step back to another wrong time does not make a clock plausible that is behind the journal', () => {
  const clock = { wall: noon, monotonic: 0 };
  const watch = new ClockWatch(
    () => clock.wall,
    () => clock.monotonic,
    noon + 7_200_000,
  );
  clock.wall -= 600_000;
  clock.monotonic += 700_000;
  watch.tick();
  expect(watch.quality()).toBe('unsync');
});

test('a journal written by a clock that ran ahead does not make a right clock wrong for ever: after a day it stands', () => {
  const clock = { wall: noon, monotonic: 0 };
  const watch = new ClockWatch(
    () => clock.wall,
    () => clock.monotonic,
    noon + 8 * 365 * 86_400_000,
  );
  for (let minutes = 0; minutes < 24 * 60; minutes++) {
    expect(watch.quality()).toBe('unsync');
    clock.wall += 60_000;
    clock.monotonic += 60_000;
    watch.tick();
  }
  expect([watch.quality(), watch.behindMs]).toEqual(['sync', 0]);
});

test('a start some seconds before the last row is no fault: clocks are disciplined', () => {
  expect(
    new ClockWatch(
      () => noon,
      () => 0,
      noon + 4_000,
    ).quality(),
  ).toBe('sync');
});
