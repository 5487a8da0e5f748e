import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { Bench, profileOf } from './helpers.ts';

const yaml = `
match: { topic: 'a/{device}' }
settings: { inverted: { type: boolean, default: false } }
readings: [{ path: t, name: temperature, unit: Cel }]
tables:
  codes:
    '5-75': { type: ACC.GRANT, edge: pulse, data: { how: card } }
    '5-76': { type: ACC.DENY, edge: pulse, readings: [temperature] }
    '5-8': { type: ACC.DOOR, edge: raise, flip: inverted }
    '5-9': { type: ACC.DOOR, edge: clear, flip: inverted }
    '5-1': { ignore: true }
  flags:
    'true': { type: FIR.SMOKE, edge: raise, source: s, input: { text: gate } }
    'FALSE': { type: FIR.SMOKE, edge: clear, source: s, input: { text: gate } }
    '7': { type: DEV.TAMPER, edge: pulse }
map:
  - when: { text: '{major}-{minor}', table: codes }
    input: door
    emit: { data: { door: { path: door } }, readings: [] }
  - { when: { path: flag, table: flags } }`;

const bench = (settings = {}) => new Bench(profileOf(yaml), 'a/1', settings);

test('a row says what its code means, with the defaults of its entry', () => {
  const reader = bench();
  expect(reader.told({ major: 5, minor: 75, door: 2, t: 20 })).toEqual(['ACC.GRANT#2 pulse live live']);
  expect(reader.last?.drafts[0]).toMatchObject({ data: { how: 'card', door: 2 } });
  expect(reader.last?.drafts[0]).not.toHaveProperty('readings');
  reader.send({ major: 5, minor: 76, t: 20 });
  expect(reader.last?.drafts[0]).toMatchObject({ readings: [{ name: 'temperature' }] });
});

test('a code that is not in the table is unknown, one that is ignored is not', () => {
  expect(bench().send({ major: 5, minor: 99 })).toMatchObject({ status: 'unmapped', unknown: 1 });
  expect(bench().send({ major: 5, minor: 1 })).toMatchObject({ status: 'mapped', drafts: [] });
  for (const major of ['__proto__', 'constructor', null, {}])
    expect(bench().send({ major, minor: 1 }).drafts).toEqual([]);
});

test('booleans and numbers are looked up by their text, letters without regard to case', () => {
  const device = bench();
  expect(device.told({ flag: true })).toEqual(['FIR.SMOKE#gate raise live live']);
  expect(device.told({ flag: 'False' })).toEqual(['FIR.SMOKE#gate clear live live']);
  expect(device.told({ flag: 7 })).toEqual(['DEV.TAMPER pulse live live']);
});

test('rows of one condition keep its state, and flip', () => {
  const door = bench({ inverted: true });
  expect(door.told({ major: 5, minor: 8 })).toEqual(['ACC.DOOR clear live live']);
  expect(door.told({ major: 5, minor: 9 })).toEqual(['ACC.DOOR raise live live']);
  expect(door.told({ major: 5, minor: 9 })).toEqual([]);
});

describe('lint', () => {
  const sample = `samples: [{ topic: a/1, payload: { major: 5, minor: 75 }, expect: { status: mapped, events: [{}] } }]\n`;
  const report = (text: string) => {
    const { faults, notes } = lint(loadProfile(`id: a.b\nversion: 1${text}\n${sample}`, 'a.yaml', 'site'));
    return { faults: faults.map(formatFault).join('\n'), notes: notes.map(({ path }) => path) };
  };

  test('one note for rows that say the same, none where one of them is reached', () => {
    expect(report(yaml).notes).toEqual([
      'map[1]',
      'tables.codes.5-76',
      'tables.codes.5-8',
      'tables.codes.5-9',
      'tables.codes.5-1',
      'tables.flags.7',
      'tables.flags.true',
      'tables.flags.FALSE',
    ]);
  });

  test.each([
    ['table: codes }', 'table: code }', 'map[0].when.table: there is no table "code"; did you mean "codes"?'],
    [
      "'5-76': { type: ACC.DENY, edge: pulse, ",
      "'5-76': { type: ACC.DENY, ",
      'tables.codes.5-76: says too little; add "edge: pulse"',
    ],
    ['type: DEV.TAMPER', 'type: DEV.TAMPR', 'did you mean "DEV.TAMPER"?'],
    ["'7': {", "'False': {", 'is the same code as "FALSE"'],
    ['readings: [temperature]', 'readings: [heat]', 'there is no reading "heat"'],
    [
      'edge: raise, flip',
      'edge: clear, flip',
      'tables.codes.5-8: is never reached: nothing raises what it clears',
    ],
  ])('%s -> %s', (from, to, expected) => {
    expect(report(yaml.replace(from, to)).faults).toContain(expected);
  });
});
