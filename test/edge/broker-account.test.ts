import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import { type App, startApp } from '../../edge/app.ts';
import { writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';

const logger = pino({ level: 'silent' });

let folder: ReturnType<typeof tempDir>;
let app: App;
let device: MqttClient;

beforeEach(async () => {
  folder = tempDir('account');
  app = await startApp(configure({}), logger);
  device = await connect(passwords.device);
});

afterEach(async () => {
  await device.endAsync(true);
  await app.stop();
  folder.remove();
});

/** The test campus with something else in the account of `io-1`. */
function configure(change: Record<string, unknown>): EdgeConfig {
  const site = testCampus(1);
  const credentials = (site.credentials as { user: string }[]).map((one) =>
    one.user === 'io-1' ? { ...one, ...change } : one,
  );
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site: { ...site, credentials } }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return loaded.value;
}

function connect(password: string): Promise<MqttClient> {
  return mqtt.connectAsync(app.mqttEndpoints[0] as string, {
    clientId: 'io-1',
    username: 'io-1',
    password,
    reconnectPeriod: 0,
  });
}

async function counted(reason: string): Promise<number> {
  const metrics = await (await fetch(`${app.consoleUrl}/metrics`)).text();
  return Number(new RegExp(`campus_refused_total\\{reason="${reason}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
}

test('who is connected with a password that was changed is disconnected, and the old one is refused', async () => {
  const closed = new Promise<void>((resolve) => device.once('close', resolve));
  await app.reload(configure({ password: 'another-in-the-test' }), []);
  await closed;
  await expect(connect(passwords.device)).rejects.toThrow(/bad user|not authorized/i);
  device = await connect('another-in-the-test');
});

test('rights that were taken away are gone for a device that is connected', async () => {
  await device.publishAsync('io/io-1/state', '{"ch":{"1":"normal"}}', { qos: 1 });
  await app.reload(configure({ publish: ['io/elsewhere/#'] }), []);
  await device.publishAsync('io/io-1/state', '{"ch":{"1":"alarm"}}', { qos: 1 });
  await vi.waitFor(async () => expect(await counted('not-allowed')).toBe(1));
  expect(device.connected).toBe(true);
});

test('rights that were added are there without a new connection', async () => {
  await device.publishAsync('other/x', 'a', { qos: 1 });
  expect(await counted('not-allowed')).toBe(1);
  await app.reload(configure({ publish: ['io/io-1/#', 'other/#'] }), []);
  await device.publishAsync('other/x', 'b', { qos: 1 });
  expect(await counted('not-allowed')).toBe(1);
  expect(device.connected).toBe(true);
});
