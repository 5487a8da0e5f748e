import { describe, expect, test } from 'vitest';
import { plainNumber } from '../../device-profiles/plain-number.ts';
import { Bench, profileOf } from './helpers.ts';

test.each([
  ['23.5', 23.5],
  ['-4', -4],
  [7, 7],
  ['1e999', undefined],
  ['0x10', undefined],
  ['', undefined],
  [' 5 ', undefined],
  ['1,5', undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [true, undefined],
])('%j as a plain number is %j', (value, expected) => {
  expect(plainNumber(value)).toBe(expected);
});

const bench = (entry: string) =>
  new Bench(profileOf(`match: { topic: 'a/{device}' }\nmap: [${entry}]`), 'a/1');

test('a text that is a plain number is compared, any other is unknown', () => {
  const hot = bench('{ when: { path: t, above: 60 }, emit: { type: FIR.HEAT, edge: raise } }');
  for (const t of ['1e999', '0x50', '', ' 95 '])
    expect(hot.send({ t })).toMatchObject({ drafts: [], unknown: 1 });
  expect(hot.told({ t: '20.0' })).toEqual([]);
  expect(hot.told({ t: '61.5' })).toEqual(['FIR.HEAT raise live live']);
});

describe('further conditions', () => {
  const door = () =>
    bench(`{ when: { path: type, in: [smoke] }, and: [{ path: state, in: [active] }, { path: test, missing: true }],
      emit: { type: FIR.SMOKE, edge: pulse } }`);

  test('must all hold', () => {
    expect(door().told({ type: 'smoke', state: 'Active' })).toEqual(['FIR.SMOKE pulse live live']);
  });

  test.each([[{ state: 'over' }], [{}], [{ state: 'active', test: null }]])(
    '%j makes nothing known',
    (rest) => {
      expect(door().send({ type: 'smoke', ...rest })).toMatchObject({ status: 'unmapped', drafts: [] });
    },
  );

  test('are within the element, and "$." is from the top', () => {
    const list =
      bench(`{ each: di, when: { path: v, in: [1] }, and: [{ path: ok, in: [true] }, { path: $.q, in: [192] }],
      emit: { type: INT.AREA, edge: raise } }`);
    const di = [{ v: 1, ok: true }, { v: 1 }];
    expect(list.told({ di, q: 0 })).toEqual([]);
    expect(list.told({ di, q: 192 })).toEqual(['INT.AREA#1 raise live live']);
  });
});

test('any value that is not empty is a card that was read', () => {
  const reader = bench('{ when: { path: card, any: true }, emit: { type: DEV.INPUT, edge: pulse } }');
  expect(reader.told({ card: 'x' })).toHaveLength(1);
  for (const card of ['', ' ', null, {}, []]) expect(reader.told({ card })).toEqual([]);
});

test('one bit of a whole number', () => {
  const zone = bench(
    '{ when: { path: z, bit: 2, in: [1] }, emit: { type: DEV.TAMPER, edge: pulse } }, { when: { path: z, bit: 2, in: [0] }, ignore: true }',
  );
  expect(zone.told({ z: 5 })).toEqual(['DEV.TAMPER pulse live live']);
  expect(zone.send({ z: 3 })).toMatchObject({ status: 'mapped', drafts: [] });
  for (const z of [-4, 1.5, 'x', 2 ** 60])
    expect(zone.send({ z })).toMatchObject({ drafts: [], unknown: 2 - 1 });
});

test('a press that is repeated with the same counter is told once', () => {
  const button = bench('{ when: { path: e, in: [S] }, emit: { type: EMG.PANIC, edge: pulse, once: cnt } }');
  expect(button.told({ e: 'S', cnt: 7 })).toHaveLength(1);
  expect(button.told({ e: 'S', cnt: 7 })).toEqual([]);
  expect(button.told({ e: 'S', cnt: 8 })).toHaveLength(1);
});

test('places with one source replace each other', () => {
  const both = new Bench(
    profileOf(`
match: { topic: 'a/{device}' }
map:
  - { when: { path: a, in: [1] }, emit: { type: FIR.SMOKE, edge: raise, source: s } }
  - { when: { path: a, in: [0] }, emit: { type: FIR.SMOKE, edge: clear, source: s } }
  - { when: { path: b, in: [1] }, emit: { type: FIR.SMOKE, edge: raise, source: s } }
  - { when: { path: b, in: [0] }, emit: { type: FIR.SMOKE, edge: clear, source: s } }`),
    'a/1',
  );
  expect(both.told({ a: 1 })).toEqual(['FIR.SMOKE raise live live']);
  expect(both.told({ b: 1 })).toEqual([]);
  expect(both.told({ b: 0 })).toEqual(['FIR.SMOKE clear live live']);
});
