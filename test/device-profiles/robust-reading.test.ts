import { describe, expect, test } from 'vitest';
import { decodePayload } from '../../device-profiles/payload.ts';
import { Bench, builtinProfile, profileOf, T0 } from './helpers.ts';

/** `消防` in GBK. */
const GBK = Buffer.from([0xcf, 0xfb, 0xb7, 0xc0]);
const json = (name: Buffer, rest: string) =>
  Buffer.concat([Buffer.from('{"name":"'), name, Buffer.from(`",${rest}`)]);

describe('texts of modules that know no better', () => {
  test('a NUL behind JSON or a text is left out', () => {
    expect(decodePayload(Buffer.from('{"DI1":1}\0\0'))).toEqual({ body: { DI1: 1 } });
    expect(decodePayload(Buffer.from('online\0'), 'state')).toEqual({ body: { state: 'online' } });
    // within a text it stays
    expect(decodePayload(Buffer.from('on\0line'), 'state')).toEqual({ body: { state: 'on\0line' } });
  });

  test('a name in GBK beside a contact does not hide the contact', () => {
    expect(decodePayload(json(GBK, '"DI1":1}'))).toEqual({ body: { name: '消防', DI1: 1 } });
    const settings = { inputs: { '1': { means: 'panic' } } };
    const module = new Bench(builtinProfile('io.flat'), 'dio/gate-1/up', settings);
    expect(module.told(json(GBK, '"DI1":1}'))).toEqual(['EMG.PANIC#1 raise live live']);
  });

  test.each(['{"a":nan}', '{"a":1,}', '{"a":NaN}'])('%s stays undecodable', (text) => {
    expect(decodePayload(Buffer.from(text))).toHaveProperty('fault');
  });

  test.each([[[0xff, 0xfe]], [[0x01, 0xd6, 0xd0]], [[0xd6]]])(
    'bytes that are no text are told so: %j',
    (bytes) => {
      expect(decodePayload(Buffer.from(bytes), 'state')).toEqual({
        fault: 'payload is neither valid UTF-8 nor GB 18030',
      });
    },
  );
});

describe('null is not there', () => {
  const map = `
match: { topic: 't/{device}' }
device: '{device}'
map:
  - { when: { path: smoke, in: [true] }, emit: { type: FIR.SMOKE, edge: raise } }
  - { when: { path: smoke, in: [false] }, emit: { type: FIR.SMOKE, edge: clear } }`;

  test('a cache that is empty yet is no news', () => {
    const bench = new Bench(profileOf(map), 't/a');
    expect(bench.send({ smoke: null })).toMatchObject({ status: 'ignored', drafts: [] });
    expect(bench.told({ smoke: true })).toEqual(['FIR.SMOKE raise live live']);
    // it clears nothing, either
    expect(bench.told({ smoke: null })).toEqual([]);
  });

  test('unless an entry lists it', () => {
    const bench = new Bench(profileOf(map.replace('in: [false]', 'in: [false, null]')), 't/a');
    expect(bench.told({ smoke: null })).toEqual(['FIR.SMOKE clear live live']);
  });
});

test('an object is none of the values of a key that other entries read within', () => {
  const bench = new Bench(
    profileOf(`
match: { topic: 't/{device}' }
device: '{device}'
map:
  - { when: { path: alarm, in: [heat] }, emit: { type: FIR.HEAT, edge: raise } }
  - { when: { path: alarm.type, in: [1] }, emit: { type: FIR.SMOKE, edge: raise } }`),
    't/a',
  );
  expect(bench.send({ alarm: { type: 1 } })).toMatchObject({
    status: 'mapped',
    drafts: [{ type: 'FIR.SMOKE' }],
  });
  expect(bench.last?.unknown).toBeUndefined();
});

test('a code or a press is found in whatever case, with 0x or without, with _ or a space', () => {
  const settings = { codes: { '4AF10A': 'smoke', '0xbeef': 'panic' } };
  const bridge = new Bench(builtinProfile('tasmota.device'), 'tele/rf/RESULT', settings);
  expect(bridge.told({ RfReceived: { Data: '0x4af10a' } })).toEqual(['FIR.SMOKE#0x4af10a pulse live live']);
  expect(bridge.told({ RfReceived: { Data: 'BEEF' } })).toEqual(['EMG.PANIC#BEEF pulse live live']);
  const topic = 'application/a/device/0101010101010101/event/up';
  const button = new Bench(builtinProfile('lorawan.chirpstack'), topic, {
    press: { 'Short Press': 'panic' },
  });
  expect(button.told({ object: { button_1_event: 'short_press' } })).toEqual(['EMG.PANIC#1 pulse live live']);
});

test('elements that name their input by the first of several keys', () => {
  const bench = new Bench(
    profileOf(`
match: { topic: 't/{device}' }
device: '{device}'
meanings: { none: DEV.INPUT }
map:
  - { each: { in: list, input: [id, name] }, when: { path: v, in: [1] }, emit: { type: { input: means }, edge: raise } }`),
    't/a',
  );
  const list = [
    { id: 7, name: 'x', v: 1 },
    { name: 'sys', v: 1 },
  ];
  expect(bench.told({ list })).toEqual(['DEV.INPUT#7 raise live live', 'DEV.INPUT#sys raise live live']);
});

describe('test flags', () => {
  const zigbee = (more: object) => ({ ZbReceived: { '0x1': { Fire: 1, ...more } } });
  const bridge = () => new Bench(builtinProfile('tasmota.device'), 'tele/z/SENSOR');

  test('bit 8 of the zone status makes a test, which hides no fire', () => {
    const bench = bridge();
    expect(bench.told(zigbee({ ZoneStatusChange: 257 }))[0]).toBe('FIR.SMOKE#0x1 raise test initial');
    expect(bench.told(zigbee({ ZoneStatusChange: 1 }))[0]).toMatch(/^FIR\.SMOKE#0x1 raise live/);
  });

  test('a flag that is stuck for ten minutes is not believed any more', () => {
    const bench = bridge();
    bench.told(zigbee({ Test: 1 }));
    const later = bench.told(zigbee({ Test: 1 }), { receivedAt: T0 + 601_000 });
    expect(later[0]).toMatch(/^FIR\.SMOKE#0x1 raise live/);
    const other = { ZbReceived: { '0x2': { Fire: 1, Test: 1 } } };
    expect(bench.told(other, { receivedAt: T0 + 602_000 })[0]).toMatch(/^FIR\.SMOKE#0x2 raise live/);
  });
});
