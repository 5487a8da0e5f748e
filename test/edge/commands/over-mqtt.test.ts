import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEdgeConfig } from '../../../config/edge.ts';
import type { CloudEvent } from '../../../contract/cloud-event.ts';
import { type App, startApp } from '../../../edge/app.ts';
import { type Session, signIn, writeGatewayConfig } from '../../simulators/gateway.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { passwords, testCampus } from '../../simulators/test-campus.ts';
import { waitFor } from '../../simulators/wait.ts';

const logger = pino({ level: 'silent' });

let folder: ReturnType<typeof tempDir>;
let app: App;
let leader: Session;
const clients: MqttClient[] = [];

beforeEach(async () => {
  folder = tempDir('commands');
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site: testCampus(1) }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  app = await startApp(loaded.value, logger);
  leader = await signIn(app.consoleUrl, 'leader', passwords.leader);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  await app.stop();
  folder.remove();
});

async function connect(clientId: string, clean = true): Promise<MqttClient> {
  const client = await mqtt.connectAsync(app.mqttEndpoints[0] as string, {
    clientId,
    clean,
    username: 'z2m',
    password: passwords.bridge,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

interface Heard {
  topic: string;
  payload: string;
  packet: IPublishPacket;
}

function hear(client: MqttClient): Heard[] {
  const heard: Heard[] = [];
  client.on('message', (topic, payload, packet) => {
    heard.push({ topic, payload: payload.toString(), packet });
  });
  return heard;
}

function command(who: Session, name: string, body: unknown = {}, device = 'lab-smoke-1') {
  return who.call('POST', `/api/v1/devices/${device}/commands/${name}`, body);
}

async function records(): Promise<CloudEvent[]> {
  const { body } = await leader.call('GET', '/api/v1/events?type=DEV.OUTPUT');
  return (body as { events: { event: CloudEvent }[] }).events.map(({ event }) => event);
}

test('the bridge hears the command of its device on its topic, and the journal has who did it', async () => {
  const bridge = await connect('z2m');
  await bridge.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  const heard = hear(bridge);
  const answer = await command(leader, 'siren_on', { args: { duration: 20 } });
  expect(answer).toMatchObject({ status: 200, body: { result: 'sent' } });
  await waitFor('the command', () => heard.length > 0);
  expect(heard[0]).toMatchObject({ topic: 'zigbee2mqtt/lab_smoke/set', packet: { retain: false } });
  expect(JSON.parse(heard[0]?.payload ?? '')).toMatchObject({
    warning: { mode: 'emergency', duration: 20 },
  });
  expect((await records())[0]?.data).toMatchObject({
    origin: { device: 'lab-smoke-1', place: 'lab' },
    data: {
      command: 'siren_on',
      actor: 'leader',
      role: 'shift-leader',
      station: 'security-room',
      result: 'sent',
    },
  });
  // our own command is no message of an unknown device
  const installer = await signIn(app.consoleUrl, 'installer', passwords.installer);
  expect((await installer.call('GET', '/api/v1/inbox')).body).toMatchObject({ entries: [] });
});

test('a command to a device that is away is refused, and nothing waits for it in its session', async () => {
  const before = await connect('z2m', false);
  await before.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  await before.endAsync(true);
  await waitFor('the broker to know', async () =>
    /^campus_clients 0$/m.test(await (await fetch(`${app.consoleUrl}/metrics`)).text()),
  );
  expect(await command(leader, 'unlock')).toMatchObject({
    status: 409,
    body: { code: 'not-possible', detail: expect.stringContaining('不在线') },
  });
  // another connection of the same account hears it; the session that is away must not get it later
  const other = await connect('z2m-other');
  await other.subscribeAsync('zigbee2mqtt/lab_smoke/set', { qos: 1 });
  const otherHeard = hear(other);
  expect(await command(leader, 'unlock')).toMatchObject({ status: 200 });
  await waitFor('the command', () => otherHeard.length > 0);
  const back = await connect('z2m', false);
  const heard = hear(back);
  // what waited for it would come before this
  await back.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  expect(await command(leader, 'lock')).toMatchObject({ status: 200 });
  await waitFor('the next command', () => heard.length > 0);
  expect(heard.map(({ payload }) => JSON.parse(payload))).toEqual([{ state: 'LOCK' }]);
  expect((await records()).map(({ data }) => (data.data as { reason?: string }).reason)).toEqual([
    undefined,
    undefined,
    'not-connected',
  ]);
});

test('a device that is connected but does not listen is told as such', async () => {
  await connect('z2m');
  expect(await command(leader, 'siren_off')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('没有订阅') },
  });
});

test('a guard sounds a siren only together with the shift leader', async () => {
  const bridge = await connect('z2m');
  await bridge.subscribeAsync('zigbee2mqtt/+/set');
  const heard = hear(bridge);
  const guard = await signIn(app.consoleUrl, 'guard', passwords.guard);
  expect(await command(guard, 'siren_on')).toMatchObject({
    status: 409,
    body: { code: 'second-person-needed' },
  });
  const second = { user: 'leader', password: passwords.leader };
  expect(await command(guard, 'siren_on', { second })).toMatchObject({ status: 200 });
  await waitFor('the command', () => heard.length > 0);
  expect((await records()).map(({ data }) => data.data)).toMatchObject([
    { actor: 'guard', second: 'leader', result: 'sent' },
    { actor: 'guard', result: 'refused', reason: 'second-person-needed' },
  ]);
  expect(heard).toHaveLength(1);
});
