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
