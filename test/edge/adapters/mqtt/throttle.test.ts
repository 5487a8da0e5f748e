import { expect, test } from 'vitest';
import { FailureThrottle } from '../../../../edge/adapters/mqtt/throttle.ts';

function fail(throttle: FailureThrottle, times: number, user: (n: number) => string, now = 0): void {
  for (let n = 0; n < times; n++) throttle.failed('10.0.0.9', user(n), now);
}

test('the sixth attempt within a minute waits for its end', () => {
  const throttle = new FailureThrottle();
  fail(throttle, 4, () => 'io1');
  expect(throttle.blocks('10.0.0.9', 'io1', 1000)).toBe(false);
  fail(throttle, 1, () => 'io1');
  expect(throttle.blocks('10.0.0.9', 'io1', 1000)).toBe(true);
  expect(throttle.blocks('10.0.0.9', 'io1', 59_999)).toBe(true);
  expect(throttle.blocks('10.0.0.9', 'io1', 60_000)).toBe(false);
  throttle.failed('10.0.0.9', 'io1', 60_000);
  expect(throttle.blocks('10.0.0.9', 'io1', 60_001)).toBe(false);
});

test('neither another user of the address nor the user elsewhere is affected', () => {
  const throttle = new FailureThrottle();
  fail(throttle, 20, () => 'io1');
  expect(throttle.blocks('10.0.0.9', 'io2', 1)).toBe(false);
  expect(throttle.blocks('10.0.0.10', 'io1', 1)).toBe(false);
});

test('an address that tries many users is blocked, except for users known from there', () => {
  const throttle = new FailureThrottle();
  throttle.succeeded('10.0.0.9', 'io7');
  fail(throttle, 50, (n) => `guess-${n}`);
  expect(throttle.blocks('10.0.0.9', 'io2', 1)).toBe(true);
  expect(throttle.blocks('10.0.0.9', 'io7', 1)).toBe(false);
});

test('signing in forgets the failures before', () => {
  const throttle = new FailureThrottle();
  fail(throttle, 4, () => 'io1');
  throttle.succeeded('10.0.0.9', 'io1');
  fail(throttle, 4, () => 'io1');
  expect(throttle.blocks('10.0.0.9', 'io1', 1)).toBe(false);
});

test('is bounded', () => {
  const throttle = new FailureThrottle();
  for (let n = 0; n < 5; n++) throttle.failed('10.0.0.9', 'io1', 0);
  for (let n = 0; n < 20_000; n++) throttle.failed(`10.1.${n >> 8}.${n & 255}`, 'x', 0);
  expect(throttle.blocks('10.0.0.9', 'io1', 1)).toBe(false); // long pushed out
});
