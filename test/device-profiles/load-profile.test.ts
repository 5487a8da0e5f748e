import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';

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
  return loaded.faults.map(formatFault);
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
      'acme.yaml:6:19 map[0].emit.type: "FIR.SMOK" is no event type; did you mean "FIR.SMOKE"?',
    ],
    [
      'type: FIR.SMOKE, edge: raise }\n  -',
      'edge: raise }\n  -',
      'acme.yaml:6:5 map[0].emit.type: is missing; add "type: FIR.SMOKE"',
    ],
    [
      'type: FIR.SMOKE, edge: raise }\n  -',
      'type: { input: mean }, edge: raise }\n  -',
      'acme.yaml:6:28 map[0].emit.type.input: must be means (is "mean"); did you mean "means"?',
    ],
    [
      'type: FIR.SMOKE, edge: raise }\n  -',
      'type: FIR.SMOKE, edge: raise, data: { x: [1] } }\n  -',
      'acme.yaml:6:54 map[0].emit.data.x: must be a single value: text, a number, true, false or null (is a list)',
    ],
    [
      'unit: Cel',
      'unit: Celsius',
      'acme.yaml:9:48 readings[0].unit: "Celsius" is no unit of the list; did you mean "Cel"?',
    ],
    [
      'unit: Cel',
      'unit: 5',
      'acme.yaml:9:48 readings[0].unit: "5" is no unit of the list; write one of %LEL',
    ],
    [
      'version: 1',
      'version: "2"',
      'acme.yaml:2:10 version: must be a whole number from 1 (is "2"); write 2 without quotes',
    ],
    ['version: 1', 'verson: 1', 'acme.yaml:2:1 verson: is not a known key; did you mean "version"?'],
    ['version: 1\n', '', 'acme.yaml:1:1 version: is missing; add "version: 1"'],
    [
      "'acme/{device}'",
      "'acme/+'",
      'acme.yaml:3:17 match[0].topic: level "+" has no name (is "acme/+"); write a named capture, "{name}" or "{name+}"',
    ],
    ['has: [smoke]', 'has: smoke', 'acme.yaml:3:39 match[0].has: must be a list (is "smoke"); write [smoke]'],
    [
      'has: [smoke]',
      'ignore: false',
      'acme.yaml:3:42 match[0].ignore: must be true (is false); write true, or remove the key',
    ],
    [
      'path: smoke, in: [false]',
      'path: __proto__.smoke, in: [false]',
      'acme.yaml:7:19 map[1].when.path: "__proto__" is never read from a payload (is "__proto__.smoke"); write e.g. state.smoke',
    ],
    [
      'path: smoke, in: [false]',
      'path: 3, in: false',
      'acme.yaml:7:19 map[1].when.path: must be text of at most 200 characters or a list (is 3); put it in quotes: "3"',
    ],
    [
      'in: [false]',
      'in: false',
      'acme.yaml:7:30 map[1].when.in: must be a list or a mapping of keys and values (is false); write [false]',
    ],
    [
      'in: [false]',
      'above: "5"',
      'acme.yaml:7:33 map[1].when.above: must be a number or { setting: <name> } (is "5"); write 5 without quotes',
    ],
    ['in: [false]', 'is: [false]', 'acme.yaml:7:26 map[1].when.is: is not a known key'],
    [
      'edge: clear',
      'edge: end',
      'acme.yaml:8:36 map[1].emit.edge: must be raise, clear, pulse or update (is "end")',
    ],
    [
      'id: acme.smoke',
      'id: Acme Smoke',
      'acme.yaml:1:5 id: must be 1-64 of a-z, 0-9, ".", "_" and "-" (is "Acme Smoke"); write e.g. acme.smoke',
    ],
    [
      /samples:[\s\S]*/,
      'samples: []\n',
      'acme.yaml:10:10 samples: at least one sample is needed; add a captured payload and what it must become',
    ],
    [/samples:[\s\S]*/, '', 'acme.yaml:1:1 samples: is missing'],
    [
      'when: { path: smoke, in: [true] }',
      'when: { in: [true] }',
      'acme.yaml:5:11 map[0].when: "path" is missing (only "each" goes without); add e.g. "path: smoke"',
    ],
    [
      '    emit: { type: FIR.SMOKE, edge: clear }\n',
      '',
      'acme.yaml:7:5 map[1]: must have either "emit" or "ignore: true"; write one of the two',
    ],
    [
      'status: mapped',
      'status: ok',
      'acme.yaml:13:23 samples[0].expect.status: must be mapped, unmapped, undecodable or ignored (is "ok")',
    ],
    [
      'id: acme.smoke',
      'dedup: { by: [seq], window: 3600000 }\nid: acme.smoke',
      'acme.yaml:1:29 dedup.window: must be a duration (is 3600000); write e.g. 10m',
    ],
    [
      'id: acme.smoke',
      'dedup: { by: [seq], window: 10 min }\nid: acme.smoke',
      'acme.yaml:1:15 dedup.by[0]: must be "time", "said-time" or "path:<path>" (is "seq"); write e.g. path:event_id\nacme.yaml:1:29 dedup.window: must be a duration (is "10 min"); write e.g. 10m',
    ],
    [
      'id: acme.smoke',
      'test: { path: test, in: [true], for: }\nid: acme.smoke',
      'acme.yaml:1:33 test[0].for: is empty; write e.g. 10m or remove the key',
    ],
    [
      'id: acme.smoke',
      'meanings: { A B: FIR.SMOKE }\nid: acme.smoke',
      'acme.yaml:1:13 meanings["A B"]: must be 1-40 of a-z, 0-9, "-" and "_"; write e.g. panic',
    ],
    [
      'version: 1',
      'version: 1\nversion: 2',
      'acme.yaml:3:1 version: is given twice (first in line 2); keep one of the two',
    ],
    ['map:', 'map: [', 'acme.yaml:9:1 a "[" or "{" above is not closed; close it'],
    [/[\s\S]*/, '', 'acme.yaml:1:1 is empty'],
    [/[\s\S]*/, 'just text', 'acme.yaml:1:1 must be a mapping of keys and values (is "just text")'],
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

describe('of two forms of a sample the one with fewer faults is meant', () => {
  test('a single message', () => {
    const text = good
      .replace('status: mapped, events: [', 'status: ok, evnts: [')
      .replace('payload', 'pload');
    expect(faults(text)).toEqual([
      'acme.yaml:12:5 samples[0].pload: is not a known key; did you mean "payload"?',
      'acme.yaml:13:23 samples[0].expect.status: must be mapped, unmapped, undecodable or ignored (is "ok")',
      'acme.yaml:13:27 samples[0].expect.evnts: is not a known key; did you mean "events"?',
    ]);
  });

  test('a sequence', () => {
    const text = good.replace('  - topic: acme/1', '  - messages: [{ topic: acme/1 }]\n  - topic: acme/1');
    expect(faults(text)).toEqual([
      'acme.yaml:11:16 samples[0].messages[0].expect: is missing; add "expect: ..."',
    ]);
  });
});

test('faults above a broken line are named, none is guessed below', () => {
  expect(faults(good.replace('version: 1', 'verson: 1').replace('readings:', '\treadings:'))).toEqual([
    'acme.yaml:2:1 verson: is not a known key; did you mean "version"?',
    'acme.yaml:9:1 is indented with a tab; indent with spaces',
  ]);
});

test('what is no profile at all has 100 faults named, and how many follow', () => {
  const found = faults(good + Array.from({ length: 500 }, (_, i) => `k${i}: 1\n`).join(''));
  expect(found).toHaveLength(101);
  expect(found.at(-1)).toMatch(/^acme\.yaml:114:1 400 more faults follow from here on; /);
});
