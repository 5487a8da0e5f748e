import { connect } from 'node:net';
import mqtt, { type MqttClient } from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { metric as metricOf } from '../simulators/measures.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('hostile');
let gateway: Gateway;
let installer: Session;
let live: LiveClient;
let device: MqttClient;

beforeAll(async () => {
  gateway = await startGateway({ dir, site: testCampus(3) });
  installer = await signIn(gateway.url, 'installer', passwords.installer);
  live = await LiveClient.connect(await signIn(gateway.url, 'guard', passwords.guard));
  device = await open('io-1');
});

afterAll(async () => {
  await device?.endAsync(true);
  live?.close();
  await gateway?.process.stop();
  remove();
});

function open(id: string): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    protocolVersion: 4,
    clientId: id,
    username: id,
    password: passwords.device,
    reconnectPeriod: 0,
  });
}

interface Group {
  channel: string;
  reason: string;
  detail?: string;
  count: number;
}

async function inbox(): Promise<Group[]> {
  return ((await installer.call('GET', '/api/v1/inbox')).body as { entries: Group[] }).entries;
}

const metric = (name: string): Promise<number> => metricOf(gateway, name);

/** Sends raw bytes after a proper CONNECT; resolves when the broker closed or `untilQuiet` ms passed. */
function raw(id: string, bytes: Buffer): Promise<'closed' | 'open'> {
  return new Promise((resolve) => {
    const socket = connect(gateway.mqttPort, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('close', () => resolve('closed'));
    socket.write(
      mqttPacket.generate({
        cmd: 'connect',
        protocolId: 'MQTT',
        protocolVersion: 4,
        clean: true,
        clientId: id,
        keepalive: 60,
        username: id,
        password: Buffer.from(passwords.device),
      }),
    );
    socket.once('data', () => socket.write(bytes, () => setTimeout(() => resolve('open'), 2_000)));
  });
}

async function panicStillWorks(input: '1' | '2', type: string): Promise<void> {
  await device.publishAsync('io/io-1/state', JSON.stringify({ ch: { [input]: 'alarm' } }), { qos: 1 });
  await live.alarm(type, (alarm) => alarm.type === type);
}

test('truncated JSON, deep JSON, invalid UTF-8 and empty payloads are acknowledged, counted and shown with the reason', async () => {
  const before = await metric('campus_messages_total{status="undecodable"}');
  const payloads: Array<string | Buffer> = [
    '{"ch":{"1":"ala',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    '',
    'null',
    '"text"',
  ];
  // each resolves: a device must not retry a bad payload for ever
  for (const payload of payloads) await device.publishAsync('io/io-1/state', payload, { qos: 1 });
  await waitFor('the inbox to show them', async () =>
    (await inbox()).some((group) => group.channel === 'io/io-1/state' && group.count >= 4),
  );
  const groups = (await inbox()).filter((group) => group.channel === 'io/io-1/state');
  expect(groups.every((group) => (group.detail ?? '') !== '')).toBe(true);
  expect(await metric('campus_messages_total{status="undecodable"}')).toBeGreaterThanOrEqual(before + 3);
  expect(
    live.events().some(({ event }) => event.type === 'DEV.UNMAPPED'),
    'journaled too',
  ).toBe(true);
});

test('__proto__ and constructor keys change nothing and raise nothing', async () => {
  await device.publishAsync(
    'io/io-1/state',
    '{"__proto__":{"ch":{"1":"alarm"},"polluted":true},"constructor":{"prototype":{"polluted":true}},"ch":{"__proto__":"alarm","3":"normal"}}',
    { qos: 1 },
  );
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  expect(
    [...live.alarms.values()].filter((alarm) => alarm.device === 'io-1' && alarm.severity === 1),
  ).toEqual([]);
});

test('a payload of 10 MB is refused and counted without being buffered; the gateway goes on', async () => {
  const before = await metric('campus_refused_total{reason="too-large"}');
  const header = mqttPacket.generate({
    cmd: 'publish',
    topic: 'io/io-2/state',
    payload: Buffer.alloc(10 * 1024 * 1024, 0x20),
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  });
  expect(await raw('io-2', header)).toBe('closed');
  await waitFor('the count', async () => (await metric('campus_refused_total{reason="too-large"}')) > before);
});

test('a topic with invalid UTF-8 or U+0000 is refused and counted', async () => {
  const good = mqttPacket.generate({
    cmd: 'publish',
    topic: 'io/io-3/stXYe',
    payload: '{}',
    qos: 1,
    messageId: 1,
    dup: false,
    retain: false,
  });
  const at = good.indexOf('XY');
  for (const bytes of [
    [0xc3, 0x28],
    [0x00, 0x61],
  ]) {
    const bad = Buffer.from(good);
    bad.set(bytes, at);
    await raw('io-3', bad);
  }
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  const refused = text
    .split('\n')
    .filter((line) => /^campus_refused_total\{reason="[^"]*(topic|utf)/.test(line));
  expect(refused.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBeGreaterThanOrEqual(2);
});

test('a message of a device nobody registered is kept and shown', async () => {
  await device.publishAsync('io/io-1/unheard-of', 'x', { qos: 1 });
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    protocolVersion: 4,
    clientId: 'z2m-stranger',
    username: 'z2m',
    password: passwords.bridge,
    reconnectPeriod: 0,
  });
  await client.publishAsync('zigbee2mqtt/nobody_knows_me', '{"smoke":true}', { qos: 1 });
  await client.endAsync(true);
  await waitFor('the stranger in the inbox', async () =>
    (await inbox()).some(
      (group) => group.channel === 'zigbee2mqtt/nobody_knows_me' && group.reason === 'unknown-device',
    ),
  );
});

test('after all of it a panic and a smoke of the same device are alarms as ever', async () => {
  if (!device.connected) device = await open('io-1');
  await panicStillWorks('1', 'EMG.PANIC');
  await panicStillWorks('2', 'FIR.SMOKE');
  expect(gateway.process.child.exitCode).toBeNull();
});
