import mqtt, { type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import { siteSchema } from '../../contract/site.ts';
import { type App, startApp } from '../../edge/app.ts';
import { checkSite } from '../../edge/registry/site-check.ts';
import { emptySite } from '../../edge/registry/site-file.ts';
import { type Session, signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

let folder: ReturnType<typeof tempDir>;
let app: App;
let installer: Session;
const clients: MqttClient[] = [];

beforeEach(async () => {
  folder = tempDir('commissioning');
  const site = testCampus(1) as { credentials: object[] };
  const publish = ['shellies/#', 'zigbee2mqtt/#', 'tele/#'];
  site.credentials.push(
    { user: 'commissioning', password: passwords.device, publish, commissioning: true },
    { user: 'unmarked', password: passwords.device, publish },
    { user: 'lab-9', password: passwords.device, publish: ['tele/{user}/#'] },
  );
  const file = writeGatewayConfig({ dir: folder.dir, site: site as unknown as Record<string, unknown> });
  const loaded = loadEdgeConfig(file);
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  app = await startApp(loaded.value, pino({ level: 'silent' }));
  installer = await signIn(app.consoleUrl, 'installer', passwords.installer);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.endAsync(true);
  await app.stop();
  folder.remove();
});

async function connect(user: string, password: string, clientId = user): Promise<MqttClient> {
  const client = await mqtt.connectAsync(app.mqttEndpoints[0] as string, {
    clientId,
    username: user,
    password,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

interface Adopted {
  status: number;
  body: { device: { id: string; user?: string; bridge?: string } };
}

/** Heard over this account, then registered as the inbox offers it. */
async function adoptOver(client: MqttClient, key: string): Promise<Adopted> {
  await client.publishAsync(`tele/${key}/LWT`, 'Online', { qos: 1 });
  const { id } = await waitFor(`${key} in the inbox`, async () => {
    const { body } = await installer.call('GET', '/api/v1/inbox');
    return (body as { entries: { id: string; channel: string }[] }).entries.find(({ channel }) =>
      channel.includes(key),
    );
  });
  const request = { profile: 'tasmota.device', name: key, place: 'lab' };
  return (await installer.call('POST', `/api/v1/inbox/${id}/adopt`, request)) as Adopted;
}

describe('adopting over the account of the day gave it to the first device', () => {
  test.each(['commissioning', 'unmarked'])('%s', async (user) => {
    const day = await connect(user, passwords.device);
    const { status, body } = await adoptOver(day, 'lab-2');
    expect(status).toBe(201);
    expect(body.device).not.toHaveProperty('user');

    const issued = await installer.call('POST', '/api/v1/devices/lab-2/credentials');
    expect(issued.body).toMatchObject({ user: 'lab-2', created: true, devices: ['lab-2'] });
    const { password, publish } = issued.body as { password: string; publish: string[] };
    expect(publish.length).toBeGreaterThan(0);
    for (const filter of publish) expect(filter).toContain('lab-2');
    // neither its connection nor its password was touched
    expect(day.connected).toBe(true);
    await connect(user, passwords.device, 'another');
    await (await connect('lab-2', password)).publishAsync('tele/lab-2/LWT', 'Online', { qos: 1 });
  });

  test('an account that is all of one device still becomes its own', async () => {
    const { body } = await adoptOver(await connect('lab-9', passwords.device), 'lab-9');
    expect(body.device).toMatchObject({ user: 'lab-9' });
  });

  test('nobody can name it as the account of a device', async () => {
    const day = await connect('commissioning', passwords.device);
    await day.publishAsync('tele/lab-3/LWT', 'Online', { qos: 1 });
    const { id } = await waitFor('lab-3 in the inbox', async () => {
      const { body } = await installer.call('GET', '/api/v1/inbox');
      return (body as { entries: { id: string }[] }).entries[0];
    });
    const request = { profile: 'tasmota.device', name: 'x', place: 'lab', user: 'commissioning' };
    expect(await installer.call('POST', `/api/v1/inbox/${id}/adopt`, request)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'user' }] },
    });
    const credentials = [{ user: 'day', password: 'a-long-password', commissioning: true }];
    const devices = [{ id: 'a', name: 'a', profile: 'tasmota.device', user: 'day' }];
    expect(checkSite(siteSchema.parse({ credentials, devices }), { existing: emptySite })).toMatchObject([
      { path: ['devices', 0, 'user'], message: '"day" is an account for commissioning, which devices share' },
    ]);
  });
});
