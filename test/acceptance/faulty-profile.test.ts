import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli } from '../simulators/cli.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('faulty-profile');
const folder = join(dir, 'profiles');
let gateway: Gateway;
let installer: Session;
let live: LiveClient;
let device: MqttClient;

/** A profile of the site; the key at line 5 is right, or not. */
function buttonProfile(id: string, key: 'emit' | 'emitt'): string {
  return `id: ${id}
version: 1
match: { topic: '${id}/{device}' }
map:
  - { when: { path: pressed, in: [true] }, ${key}: { type: EMG.PANIC, edge: pulse } }
samples:
  - topic: ${id}/b1
    payload: { pressed: true }
    expect: { status: mapped, events: [{ type: EMG.PANIC, edge: pulse }] }
`;
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'good.yaml'), buttonProfile('site.good', 'emit'));
  writeFileSync(join(folder, 'bad.yaml'), buttonProfile('site.bad', 'emitt'));
  const site = testCampus(1);
  gateway = await startGateway({
    dir,
    config: { profiles: { dir: 'profiles' } },
    site: {
      ...site,
      devices: [
        ...(site.devices as object[]),
        { id: 'b1', name: '按钮', profile: 'site.good', slot: 'lab-sos', user: 'io-1' },
      ],
    },
  });
  installer = await signIn(gateway.url, 'installer', passwords.installer);
  live = await LiveClient.connect(await signIn(gateway.url, 'guard', passwords.guard));
  device = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    protocolVersion: 4,
    clientId: 'io-1',
    username: 'io-1',
    password: passwords.device,
    reconnectPeriod: 0,
  });
});

afterAll(async () => {
  await device?.endAsync(true);
  live?.close();
  await gateway?.process.stop();
  remove();
});

function press(): Promise<unknown> {
  return device.publishAsync('site.good/b1', '{"pressed":true}', { qos: 1 });
}

function faults(file: string): string[] {
  return gateway.process.lines.filter((line) => line.includes(file) && line.includes('has a fault'));
}

async function profileIds(): Promise<string[]> {
  const { body } = await installer.call('GET', '/api/v1/profiles');
  return (body as { profiles: { id: string }[] }).profiles.map(({ id }) => id);
}

interface Unread {
  id: string;
  device?: string;
  count: number;
  detail?: string;
  samples?: { text?: string }[];
}

async function unread(): Promise<Unread | undefined> {
  const { body } = await installer.call('GET', '/api/v1/inbox?show=unreadable');
  return (body as { entries: Unread[] }).entries.find((entry) => entry.device === 'b1');
}

test('a profile with a fault is named by file, line, column and key, and the others serve their devices', async () => {
  expect(faults('bad.yaml').join('\n')).toMatch(/bad\.yaml:5:\d+ map\[0\]\.emitt/);
  const ids = await profileIds();
  expect(ids).toContain('site.good');
  expect(ids).toContain('io.wired');
  expect(ids).not.toContain('site.bad');
  await press();
  await live.alarm('the press', ({ type, device: id }) => type === 'EMG.PANIC' && id === 'b1');
});

test('`profiles check` names the same fault at the same place, and the good file beside it is good', async () => {
  const bad = await cli(['profiles', 'check', join(folder, 'bad.yaml')]);
  expect(bad.code).toBe(1);
  expect(`${bad.stdout}${bad.stderr}`).toMatch(/bad\.yaml:5:\d+ map\[0\]\.emitt/);
  const good = await cli(['profiles', 'check', join(folder, 'good.yaml')]);
  expect({ code: good.code, stderr: good.stderr }).toEqual({ code: 0, stderr: '' });
});

test('a profile that is broken while the gateway runs is named, and its last good form still raises alarms', async () => {
  writeFileSync(join(folder, 'good.yaml'), buttonProfile('site.good', 'emitt'));
  gateway.process.child.kill('SIGHUP');
  await waitFor('the fault', () => faults('good.yaml').length > 0);
  expect(faults('good.yaml').join('\n')).toMatch(/good\.yaml:5:\d+ map\[0\]\.emitt/);
  const before = live.events().filter(({ event }) => event.type === 'EMG.PANIC').length;
  await press();
  await waitFor(
    'the press',
    () => live.events().filter(({ event }) => event.type === 'EMG.PANIC').length > before,
  );
});

test('a profile that is mended serves its devices after SIGHUP, beside one that still has its fault', async () => {
  writeFileSync(join(folder, 'bad.yaml'), buttonProfile('site.bad', 'emit'));
  gateway.process.child.kill('SIGHUP');
  await waitFor('site.bad', async () => (await profileIds()).includes('site.bad'));
  expect(await profileIds()).toContain('site.good');
});

test('what a profile cannot read is counted for its device; the last three are kept, with the reason', async () => {
  for (let n = 1; n <= 5; n++) {
    await device.publishAsync('site.good/b1', `{"pressed": tru${n}`, { qos: 1 });
    // samples of a burst are not replaced
    await waitFor('the sample', async () => (await unread())?.count === n);
    await new Promise((resolve) => setTimeout(resolve, 120));
  }
  const entry = await unread();
  expect(entry).toMatchObject({ device: 'b1', count: 5 });
  expect(entry?.detail ?? '').not.toBe('');
  const { body } = await installer.call('GET', `/api/v1/inbox/${entry?.id}`);
  const texts = (body as Unread).samples?.map(({ text }) => text);
  expect(texts?.toSorted()).toEqual(['{"pressed": tru3', '{"pressed": tru4', '{"pressed": tru5']);
  const journaled = live
    .events()
    .filter(({ event }) => event.type === 'DEV.UNMAPPED' && event.data.origin.device === 'b1');
  expect(journaled, 'once, not once a message').toHaveLength(1);
});
