import { describe, expect, test } from 'vitest';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { formatProfileFault } from '../../device-profiles/profile-fault.ts';

const good = `id: acme.smoke
version: 1
match: { topic: 'acme/{device}', has: [smoke] }
map:
  - when: { path: smoke, in: [true] }
    emit: { type: FIR.SMOKE, edge: raise }
  - when: { path: smoke, in: [false] }
    emit: { type: FIR.SMOKE, edge: clear }
readings: [{ path: t, name: temperature, unit: Cel }]
samples:
  - topic: acme/1
    payload: '{"smoke":true}'
    expect: { status: mapped, events: [{ type: FIR.SMOKE, edge: raise }] }
`;

const faults = (text: string) => {
  const loaded = loadProfile(text, 'acme.yaml', 'site');
  return loaded.faults.map(formatProfileFault);
};

test('the form of the contract is read: one form without a list, map, samples', () => {
  const loaded = loadProfile(good, 'acme.yaml', 'site');
  expect(loaded.faults).toEqual([]);
  expect(loaded.profile).toMatchObject({
    id: 'acme.smoke',
    republishes: false,
    dedupWindowMs: 600_000,
    origin: 'site',
  });
  expect(loaded.profile?.match('acme/7')).toMatchObject({
    deviceKey: '7',
    captures: { device: '7' },
    ignore: false,
  });
});

describe('a fault says where it is and what to write', () => {
  test.each([
    [
      'type: FIR.SMOKE, edge: raise }\n  -',
      'type: FIR.SMOK, edge: raise }\n  -',
      'acme.yaml:6:13 map[0].emit.type: "FIR.SMOK" is no event type; did you mean "FIR.SMOKE"?',
    ],
    [
      'unit: Cel',
      'unit: Celsius',
      'acme.yaml:9:42 readings[0].unit: "Celsius" is no unit of the list; write one of %LEL',
    ],
    ['version: 1', 'verson: 1', 'acme.yaml:2:1 verson: there is no such key'],
    ['version: 1\n', '', 'acme.yaml:1:1 version: is missing'],
    ["'acme/{device}'", "'acme/+'", 'acme.yaml:3:10 match[0].topic: write a named capture'],
    [
      'path: smoke, in: [false]',
      'path: __proto__.smoke, in: [false]',
      'acme.yaml:7:13 map[1].when.path: "__proto__" is never read from a payload',
    ],
    ['in: [false]', 'is: [false]', 'acme.yaml:7:26 map[1].when.is: there is no such key'],
    ['edge: clear', 'edge: end', 'acme.yaml:8:30 map[1].emit.edge: Invalid option'],
    ['id: acme.smoke', 'id: Acme Smoke', 'acme.yaml:1:1 id: must be 1-64 of a-z'],
    [/samples:[\s\S]*/, 'samples: []\n', 'acme.yaml:10:1 samples: at least one sample is needed'],
    [/samples:[\s\S]*/, '', 'acme.yaml:1:1 samples: is missing'],
    [
      'when: { path: smoke, in: [true] }',
      'when: { in: [true] }',
      'acme.yaml:5:5 map[0].when: "path" is missing',
    ],
    [
      '    emit: { type: FIR.SMOKE, edge: clear }\n',
      '',
      'acme.yaml:7:5 map[1]: must have either "emit" or "ignore: true"',
    ],
    ['status: mapped', 'status: ok', 'acme.yaml:13:15 samples[0].expect.status: Invalid option'],
    ['version: 1', 'version: 1\nversion: 2', 'acme.yaml:3:1 not YAML: Map keys must be unique'],
    ['map:', 'map: [', 'not YAML'],
    [/[\s\S]*/, '', 'acme.yaml:1:1'],
    [/[\s\S]*/, 'just text', 'acme.yaml:1:1'],
  ])('%s -> %s', (from, to, expected) => {
    const text = good.replace(from, to);
    expect(text).not.toBe(good);
    expect(faults(text).join('\n')).toContain(expected);
  });

  test('all of them at once', () => {
    const text = good.replace('FIR.SMOKE, edge: raise', 'FIR.NONE, edge: up').replace('unit: Cel', 'unit: F');
    expect(faults(text).length).toBeGreaterThanOrEqual(3);
  });
});

test('a billion laughs are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghij'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`),
  ].join('\n');
  const start = performance.now();
  expect(faults(bomb).join('\n')).toContain('not YAML');
  expect(performance.now() - start).toBeLessThan(2_000);
});
