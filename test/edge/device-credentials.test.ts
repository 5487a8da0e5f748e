import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import { type App, startApp } from '../../edge/app.ts';
import { type Session, signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';

interface Issued {
  user: string;
  password: string;
  created: boolean;
  devices: string[];
  publish: string[];
}

let folder: ReturnType<typeof tempDir>;
let configFile: string;
let app: App;
let installer: Session;
let lines: string[];
const clients: MqttClient[] = [];

beforeEach(async () => {
  folder = tempDir('credentials');
  lines = [];
  const site = testCampus(2) as { credentials: { user: string }[]; devices: { id: string; user?: string }[] };
  // io-2 is registered, but has no account yet
  site.credentials = site.credentials.filter(({ user }) => user !== 'io-2');
  for (const device of site.devices) if (device.id === 'io-2') delete device.user;
  configFile = writeGatewayConfig({ dir: folder.dir, site: site as unknown as Record<string, unknown> });
  app = await start();
  installer = await signIn(app.consoleUrl, 'installer', passwords.installer);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  await app.stop();
  folder.remove();
});

function start(): Promise<App> {
  const loaded = loadEdgeConfig(configFile);
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return startApp(loaded.value, pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }));
}

async function connect(user: string, password: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(app.mqttEndpoints[0] as string, {
    clientId: `${user}-device`,
    username: user,
    password,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

async function issue(device: string): Promise<{ status: number; body: Issued }> {
  const { status, body } = await installer.call('POST', `/api/v1/devices/${device}/credentials`);
  return { status, body: body as Issued };
}

test('a new password works at once, the old one is refused, and the connection with it is closed', async () => {
  const old = await connect('io-1', passwords.device);
  const closed = new Promise<void>((resolve) => old.once('close', resolve));
  const { status, body } = await issue('io-1');
  expect(status).toBe(201);
  expect(body).toMatchObject({ user: 'io-1', created: false, devices: ['io-1'] });
  expect(body.password).toMatch(/^[2-9a-km-np-z]{5}(?:-[2-9a-km-np-z]{5}){3}$/);
  await closed;
  await expect(connect('io-1', passwords.device)).rejects.toThrow(/bad user|not authorized/i);
  const device = await connect('io-1', body.password);
  await device.publishAsync('io/io-1/state', '{"ch":{"1":"normal"}}', { qos: 1 });
});

test('a device without an account gets one, with the rights of its profile', async () => {
  const { body } = await issue('io-2');
  expect(body).toMatchObject({ user: 'io-2', created: true, publish: ['io/io-2/state', 'io/io-2/status'] });
  await connect('io-2', body.password);
});

test('an issued account outlives a restart and the import of a file that does not know it', async () => {
  const first = (await issue('io-1')).body;
  const second = (await issue('io-2')).body;
  await app.stop();
  app = await start();
  await connect('io-1', first.password);
  const device = await connect('io-2', second.password);
  await device.publishAsync('io/io-2/state', '{"ch":{"1":"normal"}}', { qos: 1 });
  await expect(connect('io-1', passwords.device)).rejects.toThrow(/bad user|not authorized/i);
});

test('the password is shown once: neither log nor database nor a later answer has it', async () => {
  const { body } = await issue('io-1');
  const again = await installer.call('GET', '/api/v1/devices/io-1');
  const stored = ['site.db', 'site.db-wal'].map((name) =>
    readFileSync(join(folder.dir, 'data', name)).toString('latin1'),
  );
  const text = [JSON.stringify(again), ...lines, ...stored].join('\n');
  expect(text).not.toContain(body.password);
  expect(lines.join('\n')).toContain('credential issued');
});

test('a device behind a bridge has no account of its own, and an unknown one is named', async () => {
  expect(await installer.call('POST', '/api/v1/devices/lab-smoke-1/credentials')).toMatchObject({
    status: 409,
    body: { code: 'not-possible', detail: expect.stringContaining('“z2m”') },
  });
  expect(await installer.call('POST', '/api/v1/devices/nobody/credentials')).toMatchObject({
    status: 404,
    body: { code: 'unknown-device' },
  });
});
