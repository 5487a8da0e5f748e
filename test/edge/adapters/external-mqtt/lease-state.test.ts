import { expect, test } from 'vitest';
import { LeaseState, readLeaseWord } from '../../../../edge/adapters/external-mqtt/lease-state.ts';

const LIFE = 15_000;

test('without a word of another gateway a gateway works', () => {
  expect(new LeaseState('a').role(0)).toBe('active');
});

test('a valid lease of another one makes it stand by, an expired one does not', () => {
  const state = new LeaseState('b');
  state.heard({ gateway: 'a' }, LIFE, 0);
  expect(state.role(LIFE - 1)).toBe('standby');
  expect(state.other(LIFE - 1)).toBe('a');
  expect(state.role(LIFE)).toBe('active');
});

test('renewals prolong it; a word that waited at the broker is worth what is left of it', () => {
  const state = new LeaseState('b');
  state.heard({ gateway: 'a' }, LIFE, 0);
  state.heard({ gateway: 'a' }, LIFE, 5_000);
  expect(state.role(19_999)).toBe('standby');
  const late = new LeaseState('b');
  late.heard({ gateway: 'a' }, 2_000, 0);
  expect(late.role(2_000)).toBe('active');
  late.heard({ gateway: 'a' }, 0, 3_000);
  expect(late.role(3_000)).toBe('active');
});

test('of two claims at a time the first counts, at both gateways', () => {
  const [a, b] = [new LeaseState('a'), new LeaseState('b')];
  for (const state of [a, b]) {
    state.heard({ gateway: 'a' }, LIFE, 0);
    state.heard({ gateway: 'b' }, LIFE, 1);
  }
  expect([a.role(2), b.role(2)]).toEqual(['active', 'standby']);
});

test('a gateway that slept finds that another one has taken over', () => {
  const a = new LeaseState('a');
  a.heard({ gateway: 'a' }, LIFE, 0);
  // it wakes at 40 s and reads what came: first the claim of b, then its own belated one
  a.heard({ gateway: 'b' }, LIFE, 40_000);
  a.heard({ gateway: 'a' }, LIFE, 40_001);
  expect(a.role(40_002)).toBe('standby');
});

test('bug: two gateways that both held the lease worked beside each other for good', () => {
  const [a, b] = [new LeaseState('a'), new LeaseState('b')];
  a.heard({ gateway: 'a' }, LIFE, 0);
  b.heard({ gateway: 'b' }, LIFE, 0);
  // both renew, and hear each other
  for (const now of [1_000, 6_000]) {
    for (const state of [a, b]) {
      state.heard({ gateway: 'a' }, LIFE, now);
      state.heard({ gateway: 'b' }, LIFE, now);
    }
  }
  expect([a.role(6_001), b.role(6_001)]).toEqual(['active', 'standby']);
  // now one alone renews
  for (const state of [a, b]) state.heard({ gateway: 'a' }, LIFE, 11_000);
  expect([a.role(25_999), b.role(25_999)]).toEqual(['active', 'standby']);
});

test('one claim that came too late makes nobody stand by, however often that happens', () => {
  const b = new LeaseState('b');
  for (const now of [0, LIFE, 2 * LIFE, 3 * LIFE]) {
    b.heard({ gateway: 'b' }, LIFE + 1, now);
    if (now % (2 * LIFE) === 0) b.heard({ gateway: 'a' }, LIFE, now + 1);
    expect(b.role(now + 2)).toBe('active');
  }
});

test('only the holder can give it back', () => {
  const state = new LeaseState('c');
  state.heard({ gateway: 'a' }, LIFE, 0);
  state.heard({ gateway: 'b', released: true }, LIFE, 1);
  expect(state.role(2)).toBe('standby');
  state.heard({ gateway: 'a', released: true }, LIFE, 3);
  expect(state.role(4)).toBe('active');
});

test('a claim keeps its run and its time; one that is none of ours counts as a word without', () => {
  const claim = { run: 'r', sentAt: 5 };
  expect(readLeaseWord(Buffer.from(JSON.stringify({ gateway: 'a', claim })))).toEqual({
    gateway: 'a',
    claim,
  });
  expect(readLeaseWord(Buffer.from('{"gateway":"a","claim":{"run":1}}'))).toEqual({ gateway: 'a' });
});

test.each(['', 'x', '[]', 'null', '{}', '{"gateway":7}'])('%j is no word of the lease', (text) => {
  expect(readLeaseWord(Buffer.from(text))).toBeUndefined();
});
