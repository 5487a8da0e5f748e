import { describe, expect, test } from 'vitest';
import { checkSettings } from '../../device-profiles/settings.ts';
import { Bench, builtinProfile, profileOf } from './helpers.ts';

const told = (id: string, topic: string, payload: unknown, settings = {}) => {
  const bench = new Bench(builtinProfile(id), topic, settings);
  const result = bench.send(payload);
  return {
    status: result.status,
    events: result.drafts.map(({ type }) => type),
    counted: (result.unknown ?? 0) + (result.strange?.length ?? 0),
  };
};

const panic = { inputs: { '1': { means: 'panic' }, '200': { means: 'panic' } } };

describe('bug: a key that only begins like a sensor was taken for one', () => {
  test.each<[string, unknown]>([
    ['smoke', { smoke: false, smoke_sensitivity: 1 }],
    ['smoke', { smoke: false, smoke_led: 'ON' }],
    ['smoke', { smoke: false, smoke_low_battery: true }],
    ['smoke', { smoke: false, smoke_test: true }],
    ['occupancy', { occupancy: false, occupancy_led: true }],
    ['occupancy', { occupancy: false, occupancy_timeout_1: 1 }],
    ['water', { water_leak: false, water_leak_sensitivity: 1 }],
    ['contact', { contact: true, contact_sensor: false }],
  ])('zigbee2mqtt %s %j', (_name, payload) => {
    const result = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall').send(payload);
    expect(result.drafts.filter(({ edge }) => edge === 'raise')).toEqual([]);
    expect(result.strange).toHaveLength(1);
  });

  test('endpoints are sensors as before', () => {
    const bench = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/hall');
    expect(bench.told({ smoke_1: true, smoke_l2: true, smoke_left: true })).toEqual([
      'FIR.SMOKE#1 raise live initial',
      'FIR.SMOKE#l2 raise live initial',
      'FIR.SMOKE#left raise live initial',
    ]);
  });
});

describe('bug: what was not read was ignored, and in no inbox', () => {
  const status = (more: object) => ({ method: 'NotifyStatus', params: { ts: 1_767_225_600, ...more } });
  test.each<[string, string, unknown]>([
    ['shelly.gen2', 's/events/rpc', status({ 'smoke:1': { id: 1, alarm: true } })],
    ['shelly.gen2', 's/events/rpc', status({ 'co:0': { alarm: true } })],
    ['shelly.gen2', 's/events/rpc', status({ 'smoke:0': true })],
    ['shelly.gen2', 's/events/rpc', { method: 'NotifyStatus', params: [] }],
    ['io.kincony', 'server/A/state', { input1: { state: 1 } }],
    ['tasmota.device', 'tele/zb/SENSOR', { ZbReceived: { '0x1234': { Device: '0x1234', Smoke: 1 } } }],
    ['tasmota.device', 'tele/zb/SENSOR', { ZbReceived: { '0x1234': { 'EF00/0101': 1 } } }],
    [
      'huawei.iotda',
      '$oc/devices/h/sys/properties/report',
      { services: [{ service_id: 'Smoke', properties: { smoke_status: 1 } }] },
    ],
    [
      'huawei.iotda',
      '$oc/devices/h/sys/events/up',
      { services: [{ service_id: 'x', event_type: 'smoke_alarm', paras: {} }] },
    ],
    ['io.usr', 'usr/u/up', { params: { r_data: [{ name: 'DI1', val: 1 }] } }],
    ['frigate.server', 'frigate/events', { type: 'new' }],
    ['lorawan.chirpstack', 'application/a/device/24e124756e049564/event/up', { object: 'x' }],
    ['lorawan.chirpstack', 'application/a/device/24e124756e049564/event/up', { object: { type: 'sos' } }],
    ['esp-rfid.door', 'esprfid/gate/send', { foo: 1 }],
  ])('%s %s %j', (id, topic, payload) => {
    expect(told(id, topic, payload, panic)).toMatchObject({ status: 'unmapped', events: [] });
  });

  test.each([
    ['shelly.gen2', 's/events/rpc', '{"src":"s","meth'],
    ['frigate.server', 'frigate/reviews', '{"type":"n'],
    ['tuya.device', 'tylink/d1/thing/property/report', '{"d'],
    ['huawei.iotda', '$oc/devices/h/sys/properties/report', '{"s'],
    ['zigbee2mqtt.bridge', 'zigbee2mqtt/bridge/state', '{"sta'],
    ['dahua.event', 'amcrest2mqtt/c1/event', '{"Co'],
    ['esp-rfid.door', 'esprfid/gate/send', '{"type":"WARN","src":"tam'],
  ])('cut off: %s %s', (id, topic, payload) => {
    expect(told(id, topic, payload)).toMatchObject({ status: 'undecodable', events: [] });
  });

  test('a list of one without its brackets is read', () => {
    const status = { code: 'smoke_sensor_status', value: 'alarm' };
    expect(told('tuya.device', 'tuya/d1/report', { status })).toMatchObject({ events: ['FIR.SMOKE'] });
  });

  test('a bare value, and a switch in an answer, are read', () => {
    expect(told('io.kincony', 'KC868/A/STATE', { input1: true }, panic).events).toEqual(['EMG.PANIC']);
    expect(told('tasmota.device', 'stat/b/RESULT', { Switch1: 'ON' }, panic).events).toEqual(['EMG.PANIC']);
    expect(told('tasmota.device', 'stat/b/SWITCH1', 'ON', panic).events).toEqual(['EMG.PANIC']);
  });
});

describe('bug: keys within keys', () => {
  const profile = profileOf(`
match: { name: m, topic: 't/{device}' }
known: [seq, 'parts.fan:{n}', 'parts.io:{n}.id']
settings: { named: { type: boolean, default: false } }
meanings: { none: DEV.INPUT, panic: EMG.PANIC }
map:
  - { each: { in: parts, key: 'io:{n}', names: ['#'] }, when: { path: on, in: [true] }, emit: { type: { input: means }, edge: raise } }
  - { each: { in: parts, key: 'io:{n}', names: ['#'] }, when: { path: on, in: [false] }, emit: { type: { input: means }, edge: clear } }
  - { each: props, when: { in: [1] }, if: { setting: named, in: [true] }, emit: { type: { input: means }, edge: raise } }
  - { each: props, when: { in: [0] }, if: { setting: named, in: [true] }, emit: { type: { input: means }, edge: clear } }
  - { when: { text: '{a}-{b}', in: ['1-1'] }, emit: { type: EMG.PANIC, edge: pulse } }
`);
  const of = (payload: unknown, settings = {}) => new Bench(profile, 't/x', settings).send(payload);

  test('are known by their names and patterns, or are strange', () => {
    expect(of({ seq: 1, parts: { 'fan:1': { speed: 3 } } }).status).toBe('ignored');
    expect(of({ parts: { 'io:1': { id: 1, on: true, alarm: true } } }).strange).toEqual([
      'parts.io:{n}.alarm',
    ]);
    expect(of({ parts: { 'io:x': { on: true } } }).status).toBe('unmapped');
    expect(of({ parts: { 'io:1': true } }).status).toBe('unmapped');
    expect(of({ parts: 7 }).status).toBe('unmapped');
    expect(of({ parts: {} }).status).toBe('ignored');
  });

  test('that only a setting would read are strange without it', () => {
    expect(of({ props: { smoke: 1 } }).status).toBe('unmapped');
    expect(of({ props: { smoke: 1 } }, { named: true }).status).toBe('mapped');
  });

  test('that only stand beside others are no news alone, and not ignored', () => {
    expect(of({ a: 1 }).status).toBe('unmapped');
    expect(of({ a: 1, b: 1 }).status).toBe('mapped');
  });

  test('are bounded: a device may make up ever new ones', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 1]));
    expect(of({ ...many, parts: { 'io:1': { on: true } } }).strange).toHaveLength(64);
  });
});

describe('bug: the second of two values in one message hid the first', () => {
  test('inputs of a list are read in order, whoever else speaks of them', () => {
    const profile = profileOf(`
match: { name: m, topic: 't/{device}' }
meanings: { none: DEV.INPUT }
map:
  - { each: { in: list, input: id }, when: { path: v, in: [1] }, emit: { type: { input: means }, edge: raise } }
  - { each: { in: list, input: id }, when: { path: v, in: [0] }, emit: { type: { input: means }, edge: clear } }
  - { each: ch, when: { in: [1] }, emit: { type: { input: means }, edge: raise } }
  - { each: ch, when: { in: [0] }, emit: { type: { input: means }, edge: clear } }
`);
    const bench = new Bench(profile, 't/x');
    expect(
      bench.told({
        list: [
          { id: 1, v: 0 },
          { id: 1, v: 1 },
        ],
      }),
    ).toEqual(['DEV.INPUT#1 clear live live', 'DEV.INPUT#1 raise live live']);
  });

  test('pairs of key and value', () => {
    const profile = profileOf(`
match: { name: m, topic: 't/{device}', decode: key-value }
map:
  - { when: { path: sos, in: ['1'] }, emit: { type: EMG.PANIC, edge: raise } }
  - { when: { path: sos, in: ['0'] }, emit: { type: EMG.PANIC, edge: clear } }
`);
    expect(new Bench(profile, 't/x').told('sos=1&sos=0')).toEqual([
      'EMG.PANIC raise live live',
      'EMG.PANIC clear live live',
    ]);
  });
});

describe('bug: a value that is neither yes nor no said nothing at an input with a meaning', () => {
  test.each([2, -1, 0.5, ''])('plain.json %j', (smoke) => {
    const settings = { inputs: { smoke: { means: 'smoke' } } };
    expect(told('plain.json', 'lab/7', { smoke }, settings)).toMatchObject({ events: [], counted: 1 });
    expect(told('plain.json', 'lab/7', { smoke })).toMatchObject({ status: 'mapped', counted: 0 });
  });

  test('an entity that is no binary sensor', () => {
    const settings = { inputs: { alarm: { means: 'smoke' } } };
    const topic = 'node/text_sensor/alarm/state';
    expect(told('esphome.node', topic, 'FIRE', settings)).toMatchObject({ status: 'unmapped', counted: 1 });
    expect(told('esphome.node', topic, 'FIRE').counted).toBe(0);
  });
});

test('bug: the event of a Shelly alarm was ignored, so that a lost notification was a lost fire', () => {
  const bench = new Bench(builtinProfile('shelly.gen2'), 's/events/rpc');
  const event = (name: string) => ({
    method: 'NotifyEvent',
    params: { ts: 1_767_225_600, events: [{ component: 'smoke:0', id: 0, event: name }] },
  });
  expect(bench.told(event('alarm')).map((text) => text.slice(0, 15))).toEqual(['FIR.SMOKE raise']);
  const status = { method: 'NotifyStatus', params: { ts: 1_767_225_600, 'smoke:0': { id: 0, alarm: true } } };
  expect(bench.told(status)).toEqual([]);
  expect(bench.told(event('alarm_off')).map((text) => text.slice(0, 15))).toEqual(['FIR.SMOKE clear']);
});

describe('bug: names of inputs that no message can have were accepted', () => {
  const faults = (id: string, ...names: string[]) =>
    checkSettings(builtinProfile(id).definition, {
      inputs: Object.fromEntries(names.map((name) => [name, { means: 'panic' }])),
    }).map(({ message }) => message);

  test('with the right name', () => {
    expect(faults('io.wired', '1', '16')).toEqual([]);
    expect(faults('io.wired', '01', 'DI1', '1#', 'ch 1', 'gate')).toEqual([
      ...Array.from({ length: 4 }, () => 'no message of this profile names an input so; did you mean "1"?'),
      'no message of this profile names an input so; write one of 1, 2, 3 ...',
    ]);
    expect(faults('sparkplug.device', 'Inputs_Smoke')).toEqual([]);
    expect(faults('sparkplug.device', 'Inputs/Smoke')).toEqual([
      'no message can name an input so; write "Inputs_Smoke"',
    ]);
  });
});

describe('bug: a clock that stands still swallowed the second alarm', () => {
  test.each(['1970-01-01T08:00:00+08:00', '0000-00-00T00:00:00', '2025-01-01T08:00:00+08:00'])(
    '%s',
    (trigger) => {
      const bench = new Bench(builtinProfile('hikvision.alarm-host'), 'hikvision/ax-1/event');
      const send = (code: number, minutes: number) =>
        bench
          .send(
            { eventType: 'cidEvent', CIDEvent: { code, standardCIDcode: code, zone: 1, trigger } },
            { receivedAt: Date.UTC(2026, 5, 1) + minutes * 60_000 },
          )
          .drafts.map(({ type, edge, dedupKey }) => [type, edge, dedupKey]);
      const press = ['EMG.PANIC', 'pulse', undefined];
      expect([...send(1120, 0), ...send(1120, 60)]).toEqual([press, press]);
      expect(
        [send(1110, 70), send(3110, 80), send(1110, 90)].flat().map(([, edge, key]) => [edge, key]),
      ).toEqual([
        ['raise', undefined],
        ['clear', undefined],
        ['raise', undefined],
      ]);
    },
  );

  test('a date before 2020 is no key of any profile', () => {
    const profile = profileOf(`
match: { name: m, topic: 't/{device}' }
dedup: { by: ['path:at'] }
map: [{ when: { path: sos, in: [1] }, emit: { type: EMG.PANIC, edge: pulse } }]
`);
    const key = (at: string) => new Bench(profile, 't/x').send({ sos: 1, at }).drafts[0]?.dedupKey;
    expect(key('1970-01-01 08:00:00')).toBeUndefined();
    expect(key('2000/01/01 00:00:00')).toBeUndefined();
    expect(key('2026-01-01 08:00:00')).toBeDefined();
  });
});

test('bug: a test flag that never ends hid a real alarm for ever', () => {
  const bench = new Bench(builtinProfile('zigbee2mqtt.device'), 'zigbee2mqtt/h');
  const at = (minutes: number) =>
    bench.told({ smoke: true, test: true }, { receivedAt: Date.UTC(2026, 0, 1) + minutes * 60_000 });
  expect(at(0)).toEqual(['FIR.SMOKE raise test initial']);
  expect(at(5)).toEqual([]);
  expect(at(11)).toHaveLength(1);
  expect(bench.last?.drafts[0]).toMatchObject({ type: 'FIR.SMOKE', edge: 'raise', mode: 'live' });
  expect(at(60)).toEqual([]);
});

test.each(['io.wired', 'io.usr', 'io.flat', 'io.moxa', 'io.kincony', 'plain.text', 'plain.json'])(
  'bug: the silence of %s could not be supervised',
  (id) => {
    expect(builtinProfile(id).heartbeatMs({ heartbeat: '2m' })).toBe(120_000);
  },
);
