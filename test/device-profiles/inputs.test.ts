import { describe, expect, test } from 'vitest';
import { Bench, profileOf } from './helpers.ts';

describe('an entry that names its input', () => {
  const profile = profileOf(`
match: { topic: 'a/{device}' }
meanings: { none: DEV.INPUT, panic: EMG.PANIC }
map:
  - { input: '{reader}-{door}', when: { path: s, in: [on] }, emit: { type: { input: means }, edge: raise, flip: polarity } }
  - { input: '{reader}-{door}', when: { path: s, in: [off] }, emit: { type: { input: means }, edge: clear, flip: polarity } }`);
  const bench = () => new Bench(profile, 'a/1', { inputs: { 'R1-2': { means: 'panic', polarity: 'nc' } } });

  test('has its meaning and polarity', () => {
    expect(bench().told({ s: 'off', reader: 'R1', door: 2 })).toEqual(['EMG.PANIC#R1-2 raise live live']);
  });

  test('speaks for the device itself where the name is absent', () => {
    expect(bench().told({ s: 'on', reader: 'R1' })).toEqual(['DEV.INPUT raise live live']);
    expect(bench().told({ s: 'on', reader: { x: 1 }, door: 2 })).toEqual(['DEV.INPUT raise live live']);
  });

  test('bug: the registered input had no room after 512 others of its device', () => {
    const told = bench();
    for (let n = 0; n < 600; n++) told.told({ s: 'on', reader: 'X', door: n });
    expect(told.told({ s: 'off', reader: 'R1', door: 2 })).toEqual(['EMG.PANIC#R1-2 raise live live']);
  });

  test('loses no alarm for an odd name', () => {
    expect(bench().told({ s: 'on', reader: '/门/', door: '\u0000' })).toEqual([
      'DEV.INPUT#门_-_ raise live live',
    ]);
  });
});

test('keys by a pattern are inputs, and keys that others read are left to them', () => {
  const profile = profileOf(`
match: { topic: 'a/{device}' }
map:
  - { each: { key: 'contact_{n}' }, when: { in: [false] }, emit: { type: ACC.DOOR, edge: raise } }
  - { each: { key: 'contact_{n}' }, when: { in: [true] }, emit: { type: ACC.DOOR, edge: clear } }
  - { each: { in: p, key: 'input:{n}' }, when: { path: state, in: [true] }, emit: { type: INT.AREA, edge: raise } }
known: [contact_mode]`);
  const bench = new Bench(profile, 'a/1');
  expect(bench.told({ contact_left: false, contact_mode: 'x', contact_: false })).toEqual([
    'ACC.DOOR#left raise live live',
  ]);
  expect(bench.last?.unknown).toBeUndefined();
  expect(bench.told({ p: { 'input:1': { state: true }, 'switch:2': { state: true } } })).toEqual([
    'INT.AREA#1 raise live live',
  ]);
  const hostile = '{"contact___proto__":false,"p":{"input:__proto__":{"state":true}}}';
  expect(bench.send(hostile)).toMatchObject({ drafts: [], unknown: 2 });
});
