import { expect, test } from 'vitest';
import { Bench, profileOf } from './helpers.ts';

const module = (bits: string) =>
  new Bench(
    profileOf(`
match: { topic: 'io/{device}' }
device: '{device}'
map:
  - { when: { path: DI, bit: 1${bits}, in: [1] }, emit: { type: EMG.PANIC, edge: raise } }
  - { when: { path: DI, bit: 1${bits}, in: [0] }, emit: { type: EMG.PANIC, edge: clear } }`),
    'io/m',
  );
const said = (bits: string, DI: unknown) => {
  const bench = module(bits);
  const told = bench.told({ DI });
  return told[0]?.split(' ')[1] ?? bench.last?.status;
};

test.each(['00000010', '10', '0000', '01', '07', '0x0A', '0b10', '1e1', ''])(
  'a text of bits was read as a decimal number, a false panic: %j is unknown until the profile says how',
  (text) => {
    expect(said('', text)).toBe('unmapped');
  },
);

test.each([
  [2, 'raise'],
  [10, 'raise'],
  [13, 'clear'],
  ['2', 'raise'],
  ['13', 'clear'],
  ['0', 'clear'],
  ['1', 'clear'],
])('a whole number, as a number or as a text that can be nothing else: %j', (value, edge) => {
  expect(said('', value)).toBe(edge);
});

test.each([
  [', bits: left', '01000000', 'raise'],
  [', bits: left', '00000010', 'clear'],
  [', bits: right', '00000010', 'raise'],
  [', bits: right', '01000000', 'clear'],
  // its leading zeros were left out
  [', bits: right', '1', 'clear'],
  [', bits: hex', '0x0A', 'raise'],
  [', bits: hex', '02', 'raise'],
  [', bits: hex', '10', 'clear'],
  [', bits: left', 2, 'raise'],
])('as the profile says (%s): %j', (bits, value, edge) => {
  expect(said(bits, value)).toBe(edge);
});

test('a bit that a row does not have clears nothing', () => {
  const bench = module(', bits: left');
  expect(bench.told({ DI: '01' })).toEqual(['EMG.PANIC raise live live']);
  expect(bench.told({ DI: '0' })).toEqual([]);
});

test.each([
  [', bits: left', '0120'],
  [', bits: right', 'on'],
  [', bits: hex', '0xZZ'],
])('what is no row of bits is an unknown value (%s): %j', (bits, text) => {
  expect(said(bits, text)).toBe('unmapped');
});
