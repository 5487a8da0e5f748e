import { expect, test } from 'vitest';
import type { Settings } from '../../device-profiles/settings.ts';
import { Bench, builtinProfile, T0 } from '../device-profiles/helpers.ts';
import { missOf } from './families-home/claims.ts';
import { shellyClaims } from './families-home/shelly.ts';
import { tasmotaClaims } from './families-home/tasmota.ts';
import { thingModelClaims } from './families-home/thing-models.ts';
import { tuyaClaims } from './families-home/tuya.ts';

const claims = [...tuyaClaims, ...thingModelClaims, ...shellyClaims, ...tasmotaClaims];
const families = [...new Set(claims.map(({ family }) => family))];

test('at least 99 % of the messages of each family become what their documentation says', () => {
  const lines: string[] = [];
  const misses: string[] = [];
  for (const family of families) {
    const own = claims.filter((claim) => claim.family === family);
    const missed = own.flatMap((claim) => missOf(claim) ?? []);
    misses.push(...missed);
    const share = 1 - missed.length / own.length;
    lines.push(
      `${family.padEnd(14)} ${String(own.length).padStart(4)} messages ${(100 * share).toFixed(1)} %`,
    );
    expect.soft(share, family).toBeGreaterThanOrEqual(0.99);
  }
  process.stdout.write(
    `${['', ...lines, `misses (${misses.length}):`, ...misses.map((miss) => `  ${miss}`)].join('\n')}\n`,
  );
});

const tuya = 'tuya/d/report';
const report = (code: string, value: unknown, t = T0) => ({ devId: 'd', status: [{ code, value, t }] });
const alink = '/sys/p/d/thing/event/property/post';
const post = (params: object) => ({ id: '1', params, method: 'thing.event.property.post' });

/** A bench of each family whose device has said that there is no smoke, and how it says that there is. */
const quiet = {
  tuya: () =>
    calm(
      'tuya.device',
      tuya,
      report('smoke_sensor_status', 'normal'),
      report('smoke_sensor_status', 'alarm'),
    ),
  alink: () => calm('alink.device', alink, post({ SmokeSensorState: 0 }), post({ SmokeSensorState: 1 })),
  onenet: () =>
    calm(
      'onenet.device',
      '$sys/p/d/thing/property/post',
      { id: '1', params: { SmokeSensorState: { value: 0 } } },
      { id: '2', params: { SmokeSensorState: { value: 1 } } },
    ),
  huawei: () =>
    calm(
      'huawei.iotda',
      '$oc/devices/d/sys/properties/report',
      { services: [{ service_id: 'smokeDetector', properties: { alarm: 0 } }] },
      { services: [{ service_id: 'smokeDetector', properties: { alarm: 1 } }] },
    ),
  gen1: () => calm('shelly.gen1', 'shellies/d/sensor/smoke', 'false', 'true'),
  gen2: () => calm('shelly.gen2', 'd/status/smoke:0', { id: 0, alarm: false }, { id: 0, alarm: true }),
  tasmota: () =>
    calm(
      'tasmota.device',
      'tele/d/SENSOR',
      { ZbReceived: { s: { Fire: 0 } } },
      { ZbReceived: { s: { Fire: 1 } } },
    ),
};

function calm(profile: string, topic: string, normal: unknown, alarm: unknown) {
  const bench = new Bench(builtinProfile(profile), topic);
  bench.send(normal);
  return { bench, normal, alarm };
}

test('no false alarm from the same alarm again, in any family', () => {
  for (const [family, make] of Object.entries(quiet)) {
    const { bench, alarm } = make();
    expect(bench.told(alarm), family).toHaveLength(1);
    for (let i = 0; i < 5; i++) expect(bench.told(alarm), family).toEqual([]);
  }
});

test('no false alarm from the retained store: what comes out of it is history', () => {
  for (const [family, make] of Object.entries(quiet)) {
    const { bench, alarm } = make();
    for (const { freshness } of bench.send(alarm, { stored: 'retained' }).drafts) {
      expect(freshness, family).toBe('replay');
    }
  }
});

test('no false alarm from a press out of the retained store', () => {
  const presses: [profile: string, topic: string, payload: unknown, settings?: Settings][] = [
    ['tuya.device', tuya, report('sos_state', true)],
    ['alink.device', alink, post({ EmergencyAlarm: 1 })],
    ['onenet.device', '$sys/p/d/thing/property/post', { params: { SOS: { value: 1 } } }],
    ['shelly.gen1', 'shellies/d/input_event/0', { event: 'L', event_cnt: 3 }, { press: { L: 'panic' } }],
    [
      'shelly.gen2',
      'd/events/rpc',
      {
        method: 'NotifyEvent',
        params: { ts: T0 / 1000, events: [{ component: 'input:0', id: 0, event: 'single_push' }] },
      },
      { inputs: { '0': { means: 'panic' } } },
    ],
    ['tasmota.device', 'tele/d/RESULT', { RfReceived: { Data: '4AF10A' } }, { codes: { '4AF10A': 'panic' } }],
  ];
  for (const [profile, topic, payload, settings] of presses) {
    const bench = new Bench(builtinProfile(profile), topic, settings);
    expect(bench.told(payload, { stored: 'retained' }), profile).toEqual([]);
    expect(bench.told(payload, { stored: 'queued' }), profile).toEqual([
      expect.stringMatching(/EMG\.PANIC.* pulse live late/),
    ]);
  }
});

test('no false alarm from a press that Gen 1 repeats every 30 s for an hour', () => {
  const bench = new Bench(builtinProfile('shelly.gen1'), 'shellies/d/input_event/0', {
    press: { SSS: 'panic' },
  });
  expect(bench.told({ event: 'SSS', event_cnt: 7 })).toHaveLength(1);
  for (let s = 30; s <= 3600; s += 30) {
    expect(bench.told({ event: 'SSS', event_cnt: 7 }, { receivedAt: T0 + 1000 * s })).toEqual([]);
  }
  expect(bench.told({ event: 'SSS', event_cnt: 8 }, { receivedAt: T0 + 3_700_000 })).toHaveLength(1);
});

test('no false alarm from a self-test, and a fire after it is real', () => {
  const bench = quiet.tuya().bench;
  const at = (seconds: number) => ({ receivedAt: T0 + 1000 * seconds });
  bench.send(report('self_checking', true), at(0));
  // only what changed is sent: the alarm comes alone
  expect(bench.told(report('smoke_sensor_status', 'alarm'), at(2))).toEqual(['FIR.SMOKE raise test live']);
  bench.send(report('smoke_sensor_status', 'normal'), at(4));
  bench.send(report('self_checking', false), at(5));
  expect(bench.told(report('smoke_sensor_status', 'alarm'), at(6))).toEqual(['FIR.SMOKE raise live live']);
});

test('no silence for a fire a minute after a self-test that never said its end', () => {
  const { bench } = quiet.tuya();
  bench.send(report('self_checking', true));
  const fire = report('smoke_sensor_status', 'alarm', T0 + 60_500);
  expect(bench.told(fire, { receivedAt: T0 + 61_000 })).toEqual(['FIR.SMOKE raise live live']);
});

test('no silence for a fire of one sub-device while another is tested', () => {
  const bench = new Bench(builtinProfile('alink.device'), '/sys/p/gw/thing/event/property/pack/post');
  const sub = (deviceName: string, properties: object) => ({
    identity: { productKey: 'p', deviceName },
    properties,
  });
  const told = bench.told({
    params: {
      subDevices: [
        sub('tested', { RemoteCheck: 1, SmokeSensorState: 1 }),
        sub('burning', { SmokeSensorState: 1 }),
      ],
    },
  });
  expect(told).toEqual(['FIR.SMOKE#tested raise test live', 'FIR.SMOKE#burning raise live live']);
});

test('no false alarm from muting, and muting ends no fire', () => {
  const tuyaFire = quiet.tuya();
  tuyaFire.bench.send(tuyaFire.alarm);
  expect(tuyaFire.bench.told(report('muffling', true))).toEqual(['DEV.MUTED raise live live']);
  expect(tuyaFire.bench.told(tuyaFire.normal)).toEqual(['FIR.SMOKE clear live live']);
  const alinkFire = quiet.alink();
  alinkFire.bench.send(alinkFire.alarm);
  expect(alinkFire.bench.told(post({ Mute: 1 }))).toEqual(['DEV.MUTED raise live live']);
  const shellyFire = quiet.gen2();
  shellyFire.bench.send(shellyFire.alarm);
  expect(shellyFire.bench.told({ id: 0, alarm: true, mute: true })).toEqual(['DEV.MUTED raise live live']);
});

test('no false alarm from history, and it changes nothing of the present', () => {
  const bench = new Bench(builtinProfile('alink.device'), '/sys/p/gw/thing/event/property/pack/post');
  const topic = '/sys/p/gw/thing/event/property/history/post';
  const identity = { productKey: 'p', deviceName: 'smoke-7' };
  const live = (value: number) => ({
    params: { subDevices: [{ identity, properties: { SmokeSensorState: value } }] },
  });
  const history = (...values: number[]) => ({
    params: [
      {
        identity,
        properties: values.map((value) => ({ SmokeSensorState: { value, time: T0 - 86_400_000 } })),
      },
    ],
  });
  expect(bench.told(live(0))).toEqual(['FIR.SMOKE#smoke-7 clear live live']);
  const { drafts } = bench.send(history(1), { topic });
  expect(drafts.map(({ freshness }) => freshness)).toEqual(['late']);
  // an old alarm does not hide a new one, and an old end does not end it
  expect(bench.told(live(1))).toEqual(['FIR.SMOKE#smoke-7 raise live live']);
  bench.send(history(1, 0), { topic });
  expect(bench.told(live(1))).toEqual([]);
  expect(bench.told(live(0))).toEqual(['FIR.SMOKE#smoke-7 clear live live']);
});

test('no silence for a press or an alarm that came and went within one message', () => {
  const both = (code: string, ...values: unknown[]) => ({
    devId: 'd',
    status: values.map((value, i) => ({ code, value, t: T0 + i })),
  });
  const bench = new Bench(builtinProfile('tuya.device'), tuya);
  expect(bench.told(both('sos_state', true, false))).toEqual(['EMG.PANIC pulse live live']);
  bench.send(report('smoke_sensor_status', 'normal'));
  expect(bench.told(both('smoke_sensor_status', 'alarm', 'normal'))).toEqual([
    'FIR.SMOKE raise live live',
    'FIR.SMOKE clear live live',
  ]);
});

test('no silence about a code or a topic that no entry knows: it is shown, not ignored', () => {
  const statusOf = (profile: string, topic: string, payload: unknown) =>
    new Bench(builtinProfile(profile), topic).send(payload).status;
  expect(statusOf('tuya.device', tuya, report('flame_state', 'alarm'))).toBe('unmapped');
  expect(statusOf('tuya.device', 'tylink/d/thing/data/batch_report', { msgId: '1', data: {} })).toBe(
    'unmapped',
  );
  expect(statusOf('alink.device', alink, post({ FlameState: 1 }))).toBe('unmapped');
  expect(statusOf('onenet.device', '$sys/p/d/thing/event/post', { params: { smoke: { value: {} } } })).toBe(
    'unmapped',
  );
  expect(statusOf('tasmota.device', 'tele/d/ZbSomething', { '0x43D0': { Fire: 1 } })).toBe('unmapped');
});

test('no false alarm from a value of no documentation, which is counted', () => {
  for (const [profile, topic, payload] of [
    ['tuya.device', tuya, report('smoke_sensor_status', 'on fire')],
    ['alink.device', alink, post({ SmokeSensorState: 3 })],
    ['shelly.gen1', 'shellies/d/sensor/gas', 'extreme'],
    ['shelly.gen2', 'd/status/smoke:0', { id: 0, alarm: 'yes' }],
    ['tasmota.device', 'tele/d/SENSOR', { ZbReceived: { s: { Fire: 'yes' } } }],
  ] as const) {
    const { drafts, status, unknown } = new Bench(builtinProfile(profile), topic).send(payload);
    expect({ drafts, status, unknown }, profile).toEqual({ drafts: [], status: 'unmapped', unknown: 1 });
  }
});

test('no end of an alarm from a missing key, in any family', () => {
  const others: Record<keyof typeof quiet, [topic: string | undefined, payload: unknown]> = {
    tuya: [undefined, report('va_temperature', 215)],
    alink: [undefined, post({ CurrentTemperature: 21 })],
    onenet: [undefined, { params: { CurrentTemperature: { value: 21 } } }],
    huawei: [undefined, { services: [{ service_id: 'smokeDetector', properties: { temperature: 21 } }] }],
    gen1: ['shellies/d/sensor/temperature', '21.5'],
    gen2: ['d/events/rpc', { method: 'NotifyStatus', params: { ts: T0 / 1000, wifi: { rssi: -60 } } }],
    tasmota: [undefined, { ZbReceived: { s: { BatteryPercentage: 90 } } }],
  };
  for (const [family, [topic, payload]] of Object.entries(others)) {
    const { bench, alarm, normal } = quiet[family as keyof typeof quiet]();
    bench.send(alarm);
    const told = bench.told(payload, topic === undefined ? {} : { topic });
    expect(
      told.filter((event) => event.startsWith('FIR.')),
      family,
    ).toEqual([]);
    expect(bench.told(normal), family).toHaveLength(1);
  }
});

test('no false alarm from gas as a number, unless the installer set a limit', () => {
  for (const [profile, topic, payload] of [
    ['tuya.device', tuya, report('gas_sensor_value', 1000)],
    ['tuya.device', tuya, report('co_value', 1000)],
    ['alink.device', alink, post({ GasConcentration: 5000, CONC: 900 })],
    [
      'huawei.iotda',
      '$oc/devices/d/sys/properties/report',
      { services: [{ service_id: 's', properties: { smokeConcentration: 5000 } }] },
    ],
    ['shelly.gen1', 'shellies/d/sensor/concentration', '9999'],
    ['tasmota.device', 'tele/d/SENSOR', { ANALOG: { MQX: 9999, A0: 1024 } }],
  ] as const) {
    expect(new Bench(builtinProfile(profile), topic).told(payload), profile).toEqual([]);
  }
  const limited = new Bench(builtinProfile('tasmota.device'), 'tele/d/SENSOR', {
    mq: 'gas',
    mq_alarm: 300,
    mq_clear: 200,
  });
  expect(limited.told({ ANALOG: { MQX: 299 } })).toEqual([]);
  expect(limited.told({ ANALOG: { MQX: 300 } })).toEqual(['GAS.COMBUSTIBLE raise live initial']);
});

test('no false alarm from warming up', () => {
  expect(new Bench(builtinProfile('tuya.device'), tuya).told(report('preheat', true))).toEqual([]);
  expect(new Bench(builtinProfile('shelly.gen1'), 'shellies/d/sensor/operation').told('warmup')).toEqual([]);
});

test('no second event where Shelly says the same on both topics', () => {
  const bench = new Bench(builtinProfile('shelly.gen2'), 'd/status/smoke:0');
  const rpc = (part: object) => ({
    method: 'NotifyStatus',
    params: { ts: T0 / 1000, 'smoke:0': { id: 0, ...part } },
  });
  const topic = 'd/events/rpc';
  bench.send({ id: 0, alarm: false });
  expect(bench.told(rpc({ alarm: true }), { topic })).toEqual(['FIR.SMOKE raise live live']);
  expect(bench.told({ id: 0, alarm: true })).toEqual([]);
  expect(bench.told({ id: 0, alarm: false })).toEqual(['FIR.SMOKE clear live live']);
  expect(bench.told(rpc({ alarm: false }), { topic })).toEqual([]);
  expect(bench.told({ id: 0, alarm: true })).toEqual(['FIR.SMOKE raise live live']);
});

test('no silence for a real fire learnt at the start, in any family', () => {
  for (const [family, make] of Object.entries(quiet)) {
    const { bench, alarm } = make();
    const first = new Bench(bench.profile, bench.topic);
    const [draft, ...rest] = first.send(alarm).drafts;
    expect(rest, family).toEqual([]);
    expect(draft, family).toMatchObject({ type: 'FIR.SMOKE', edge: 'raise', mode: 'live', severity: 1 });
    expect(['live', 'initial'], family).toContain(draft?.freshness);
  }
});

test('no silence for a panic that waited in a queue', () => {
  const bench = new Bench(builtinProfile('tuya.device'), tuya);
  expect(bench.told(report('sos_state', true), { stored: 'queued' })).toEqual(['EMG.PANIC pulse live late']);
});

test('no silence for a fire after its detector was replayed as quiet', () => {
  for (const [family, make] of Object.entries(quiet)) {
    const { bench, normal, alarm } = make();
    bench.send(normal, { stored: 'retained' });
    expect(bench.told(alarm), family).toEqual([expect.stringMatching(/^FIR\.SMOKE\S* raise live live$/)]);
  }
});

test('no card number leaves the profile', () => {
  const bench = new Bench(builtinProfile('tasmota.device'), 'tele/d/SENSOR');
  const { drafts } = bench.send({ PN532: { UID: '94D8FC5F', DATA: 'ZHANG' } });
  expect(drafts).toHaveLength(1);
  expect(JSON.stringify([drafts, bench.state])).not.toMatch(/94D8FC5F|ZHANG/);
});
