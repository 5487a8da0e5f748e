import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import type { Alarm } from '../../contract/alarm.ts';
import { siteSchema } from '../../contract/site.ts';
import { type App, startApp } from '../../edge/app.ts';
import { Registry } from '../../edge/registry/registry.ts';
import { IoModule } from '../simulators/devices.ts';
import { signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';

const logger = pino({ level: 'silent' });
const waiting = { timeout: 10_000, interval: 50 };

let folder: ReturnType<typeof tempDir>;
let config: EdgeConfig;
let app: App;
let cookie: string;
let module: IoModule | undefined;

beforeEach(async () => {
  folder = tempDir('released');
  config = configure(testCampus(2));
  app = await startApp(config, logger);
  ({ cookie } = await signIn(app.consoleUrl, 'guard', passwords.guard));
});

afterEach(async () => {
  await module?.stop();
  await app.stop();
  folder.remove();
});

function configure(site: Record<string, unknown>): EdgeConfig {
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return loaded.value;
}

/** What `devices import --replace` of another process does. */
async function replaceSite(
  change: (devices: Array<{ id: string; inputs?: object }>) => unknown[],
): Promise<void> {
  const site = testCampus(2);
  const devices = change(site.devices as Array<{ id: string; inputs?: object }>);
  const registry = await Registry.open({ file: join(config.data_dir, 'site.db'), logger });
  await registry.importSite(siteSchema.parse({ ...site, devices }), { replace: true });
  await registry.close();
}

/** Smoke at input 2 of `io-1`, and its alarm. */
async function burn(): Promise<Alarm> {
  module = await IoModule.connect(
    Number(new URL(app.mqttEndpoints[0] as string).port),
    'io-1',
    passwords.device,
  );
  await module.set(2, 'alarm');
  const [smoke] = await smokes();
  if (smoke === undefined) throw new Error('no alarm');
  expect(smoke).toMatchObject({ condition: 'active', sources: ['io-1#2'] });
  return smoke;
}

async function smokes(): Promise<Alarm[]> {
  const response = await fetch(`${app.consoleUrl}/api/v1/alarms?state=open`, { headers: { cookie } });
  const { alarms } = (await response.json()) as { alarms: Alarm[] };
  return alarms.filter(({ type }) => type === 'FIR.SMOKE');
}

async function alarm(id: string): Promise<Alarm | undefined> {
  return (await smokes()).find((one) => one.id === id);
}

test('an alarm held by a device that is removed returns, and still waits for people', async () => {
  const { id } = await burn();
  await replaceSite((devices) => devices.filter((one) => one.id !== 'io-1'));
  await vi.waitFor(async () => expect(await alarm(id)).toMatchObject({ condition: 'returned' }), waiting);
  expect(await alarm(id)).toMatchObject({ operator: 'new', latched: true });

  // installed again while it still burns: news, not a repetition
  await replaceSite((devices) => devices);
  await vi.waitFor(async () => {
    await module?.report();
    expect(await alarm(id)).toMatchObject({ condition: 'active', count: 2 });
  }, waiting);
});

test('an alarm held by an input that watches another slot now returns, and burns there', async () => {
  const { id } = await burn();
  await replaceSite((devices) =>
    devices.map((one) =>
      one.id === 'io-1' ? { ...one, inputs: { 2: { slot: 'lab-smoke', means: 'smoke' } } } : one,
    ),
  );
  await vi.waitFor(async () => expect(await alarm(id)).toMatchObject({ condition: 'returned' }), waiting);
  await module?.report();
  const there = (await smokes()).find(({ subject }) => subject === 'lab-smoke');
  expect(there).toMatchObject({ condition: 'active', operator: 'new' });
});

test('an alarm held by an input that means something else now returns', async () => {
  const { id } = await burn();
  await replaceSite((devices) =>
    devices.map((one) =>
      one.id === 'io-1' ? { ...one, inputs: { 2: { slot: 'io-1-smoke', means: 'water' } } } : one,
    ),
  );
  await vi.waitFor(async () => expect(await alarm(id)).toMatchObject({ condition: 'returned' }), waiting);
});

test('an alarm of a device removed while the gateway was stopped returns at the next start', async () => {
  const { id } = await burn();
  await module?.stop();
  module = undefined;
  await app.stop();
  await replaceSite((devices) => devices.filter((one) => one.id !== 'io-1'));
  app = await startApp({ ...config, site: { ...config.site, import: undefined } }, logger);
  await vi.waitFor(async () => expect(await alarm(id)).toMatchObject({ condition: 'returned' }), waiting);
});

test('a device whose profile has a fault holds its alarm', async () => {
  const { id } = await burn();
  await replaceSite((devices) =>
    devices.map((one) => (one.id === 'io-1' ? { ...one, profile: 'no.such.profile' } : one)),
  );
  await vi.waitFor(async () => {
    const response = await fetch(`${app.consoleUrl}/api/v1/devices`, { headers: { cookie } });
    expect(await response.text()).toContain('no.such.profile');
  }, waiting);
  await module?.report();
  expect(await alarm(id)).toMatchObject({ condition: 'active' });
});
