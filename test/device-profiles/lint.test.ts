import { describe, expect, test } from 'vitest';
import { formatFault } from '../../config/fault.ts';
import { lint } from '../../device-profiles/lint.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';

const head = `id: acme.smoke
version: 1
match:
  - { name: state, topic: 'acme/{device}' }
  - { name: alive, topic: 'acme/{device}/alive', text: state }
settings:
  kind: { type: string, enum: [door, zone], default: door }
  limit: { type: number, default: 3 }
meanings: { none: DEV.INPUT, door: ACC.DOOR, zone: INT.DOOR }
`;
const map = `map:
  - on: state
    when: { path: smoke, in: [true] }
    emit: { type: FIR.SMOKE, edge: raise }
  - on: state
    when: { path: smoke, in: [false] }
    emit: { type: FIR.SMOKE, edge: clear }
`;
const samples = `samples:
  - messages:
      - { topic: acme/1, payload: { smoke: true }, expect: { status: mapped, events: [{ type: FIR.SMOKE }] } }
      - { topic: acme/1, payload: { smoke: false }, expect: { status: mapped, events: [{ edge: clear }] } }
      - { topic: acme/1/alive, payload: up, expect: { status: unmapped } }
`;

function report(text: string) {
  const { faults, notes } = lint(loadProfile(text, 'acme.yaml', 'site'));
  return {
    faults: faults.map((fault) => formatFault(fault).replace(/^acme\.yaml:(\d+):\d+/, '$1')),
    notes: notes.map(({ path }) => path),
  };
}

const more = (entry: string) => report(head + map + entry + samples).faults.join('\n');

test('a good profile has neither faults nor notes', () => {
  expect(report(head + map + samples)).toEqual({ faults: [], notes: [] });
});

test('a file that could not be read keeps its faults', () => {
  expect(report('id: x').faults.length).toBeGreaterThan(0);
});

describe('an entry that can never act is a fault', () => {
  test.each([
    [
      'no such form',
      `  - on: stat\n    when: { path: x, in: [1] }\n    emit: { type: EMG.PANIC, edge: pulse }\n`,
      'map[2].on: is never reached: no form is named so; write one of state, alive',
    ],
    [
      'said before',
      `  - on: state\n    when: { path: smoke, in: [true, 1] }\n    emit: { type: FIR.SMOKE, edge: raise }\n`,
      'map[2]: is never reached for true: map[0] says the same',
    ],
    [
      'contradiction',
      `  - on: state\n    when: { path: smoke, in: [true] }\n    emit: { type: FIR.SMOKE, edge: clear }\n`,
      'map[2]: says clear for true, map[0] says raise',
    ],
    [
      'else of nothing left',
      `  - on: state\n    when: { path: smoke, in: [true] }\n    else: true\n    emit: { type: EMG.PANIC, edge: pulse }\n`,
      'map[2]: is never reached: map[0] takes all its values',
    ],
    [
      'no number',
      `  - when: { path: x, above: 9, below: 3 }\n    emit: { type: LAB.TEMP, edge: raise }\n`,
      'map[2].when: is never reached: no number is in it',
    ],
    [
      'nothing to clear',
      `  - when: { path: x, in: [1] }\n    emit: { type: LAB.TEMP, edge: clear }\n`,
      'map[2]: is never reached: nothing raises what it clears',
    ],
    [
      'never cleared',
      `  - when: { path: x, in: [1] }\n    emit: { type: FIR.SMOKE, edge: raise }\n`,
      'map[2]: nothing clears what "x" raises',
    ],
  ])('%s', (_name, entry, expected) => {
    expect(more(entry)).toContain(expected);
  });

  test('a form behind a more general one', () => {
    const text = (head + map + samples).replace(
      "  - { name: state, topic: 'acme/{device}' }\n  - { name: alive, topic: 'acme/{device}/alive', text: state }",
      "  - { name: state, topic: 'acme/{device+}' }\n  - { name: alive, topic: 'acme/{device+}/alive', text: state }",
    );
    expect(report(text).faults.join('\n')).toContain(
      'match[1]: is never reached: "acme/{device+}" before it',
    );
  });

  test('an entry that no sample reaches is a note', () => {
    const entry = `  - { when: { path: x, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }\n`;
    expect(report(head + map + entry + samples)).toEqual({ faults: [], notes: ['map[2]'] });
  });
});

describe('an entry that refers to what is not there', () => {
  test.each([
    [
      `  - { when: { path: x, above: { setting: max } }, emit: { type: LAB.TEMP, edge: raise } }\n`,
      'map[2].when.above.setting: there is no setting "max"',
    ],
    [
      `  - { when: { path: x, above: { setting: kind } }, emit: { type: LAB.TEMP, edge: raise } }\n`,
      'setting "kind" must be of type number',
    ],
    [
      `  - { when: { path: x, in: { setting: kind } }, emit: { type: LAB.TEMP, edge: raise } }\n`,
      'setting "kind" must be of type object',
    ],
    [
      `  - { when: { path: x, in: [1] }, if: { setting: q, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }\n`,
      'there is no setting "q"',
    ],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: EMG.PANIC, edge: pulse, readings: [t] } }\n`,
      'there is no reading "t"',
    ],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: { input: means }, edge: raise } }\n`,
      'only an input of "each" or "input" has a meaning',
    ],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: EMG.PANIC, edge: raise, flip: polarity } }\n`,
      'only an input has a polarity',
    ],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: EMG.PANIC, edge: raise, flip: kind } }\n`,
      'setting "kind" must be of type boolean',
    ],
  ])('%#', (entry, expected) => {
    expect(more(entry)).toContain(expected);
  });
});

describe('an entry that says what it cannot mean', () => {
  test.each([
    [`  - { when: { path: x }, emit: { type: EMG.PANIC, edge: raise } }\n`, 'any value would raise'],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: ACC.GRANT, edge: raise } }\n`,
      'ACC.GRANT is momentary',
    ],
    [
      `  - { when: { path: x, in: [1] }, emit: { type: EMG.PANIC, edge: raise, by: 2 } }\n`,
      'is for edge "update" only',
    ],
  ])('%#', (entry, expected) => {
    expect(more(entry)).toContain(expected);
  });

  test('what is masked must not be used', () => {
    const entry = `  - { when: { path: x, in: [1] }, emit: { type: ACC.DENY, edge: pulse, data: { pin: { path: pin } } } }\n`;
    const text = `${head}${map}${entry}mask: [pin, card]\nreadings: [{ path: card.no, name: card }]\ndedup: { by: ['path:pin'] }\n${samples}`;
    const found = report(text).faults.join('\n');
    expect(found).toContain('map[2].emit.data.pin: "pin" is masked');
    expect(found).toContain('readings[0].path: "card.no" is masked');
    expect(found).toContain('dedup.by[0]: "pin" is masked');
  });

  test('a default that its own schema refuses', () => {
    const text = (head + map + samples).replace('default: door', 'default: window');
    expect(report(text).faults).toEqual([
      expect.stringContaining('settings.kind.default: must be one of door, zone'),
    ]);
  });

  test('a device name that the topic does not have', () => {
    const text = (head + map + samples).replace('map:', "device: '{serial}'\nmap:");
    expect(report(text).faults.join('\n')).toContain('match[0].topic: has no {serial}');
  });

  test('with "state" and a device that repeats everything, all must be followed', () => {
    const text = (head + map + samples).replace('map:', 'state: [nope]\nrepublishes: true\nmap:');
    const { faults, notes } = report(text);
    expect(faults.join('\n')).toContain('must be in "state"');
    expect(notes).toEqual(['state[0]']);
  });
});

describe('samples are replayed', () => {
  test.each([
    [
      'events: [{ type: FIR.SMOKE }]',
      'events: [{ type: FIR.HEAT }]',
      'samples[0].messages[0].expect.events[0].type: expected "FIR.HEAT", became "FIR.SMOKE"',
    ],
    [
      'events: [{ type: FIR.SMOKE }]',
      'events: []',
      'samples[0].messages[0].expect.events: expected 0 events, became 1: FIR.SMOKE raise',
    ],
    [
      'payload: { smoke: true }',
      'payload: { smoke: 7 }',
      'expected mapped, became unmapped because a value of "smoke" is not known',
    ],
    [
      'events: [{ edge: clear }]',
      'device: 2, events: [{ edge: clear }]',
      'samples[0].messages[1].expect.device',
    ],
    ['payload: { smoke: true }', "payload: '{', receivedAt: never", 'receivedAt "never" is no time'],
    [
      'status: mapped',
      'unknown: 2, status: mapped',
      'samples[0].messages[0].expect.unknown: expected 2, became 0',
    ],
  ])('%s -> %s', (from, to, expected) => {
    expect(report((head + map + samples).replace(from, to)).faults.join('\n')).toContain(expected);
  });

  test('a fault is shown at the line of what was expected', () => {
    const text = (head + map + samples).replace(
      'events: [{ type: FIR.SMOKE }]',
      'events: [{ type: FIR.HEAT }]',
    );
    const line = text.split('\n').findIndex((row) => row.includes('FIR.HEAT')) + 1;
    expect(report(text).faults).toEqual([expect.stringMatching(new RegExp(`^${line} `))]);
  });
});

test('the profile of the contract, as it is written there, is good', () => {
  const text = `id: z2m.smoke
version: 3
match: { topic: 'zigbee2mqtt/{device}', has: [smoke] }
device: '{device}'
settings: { press: { type: object, default: { double: EMG.PANIC } } }
state: [smoke, tamper]
republishes: true
map:
  - when: { path: smoke, in: [true, alarm] }
    emit: { type: FIR.SMOKE, edge: raise }
  - when: { path: smoke, in: [false, normal] }
    emit: { type: FIR.SMOKE, edge: clear }
readings: [{ path: temperature, name: temperature, unit: Cel }]
dedup: { by: ['path:event_id'], window: 10m }
mask: [action_code]
samples:
  - topic: zigbee2mqtt/hall
    payload: '{"smoke":"ALARM","temperature":31,"event_id":"e1"}'
    expect:
      status: mapped
      events: [{ type: FIR.SMOKE, edge: raise, freshness: initial, dedupKey: e1, readings: [{ value: 31 }] }]
`;
  expect(report(text).faults).toEqual([]);
});
