import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('inbox');
const stops: Array<() => Promise<unknown> | unknown> = [];

let gateway: Gateway;
let installer: Session;
let live: LiveClient;
let bridge: MqttClient;

interface Entry {
  id: string;
  channel: string;
  best?: { profile: string; deviceKey: string };
}

beforeAll(async () => {
  gateway = await startGateway({ dir, site: testCampus(1) });
  stops.push(() => gateway.process.stop());
  installer = await signIn(gateway.url, 'installer', passwords.installer);
  live = await LiveClient.connect(await signIn(gateway.url, 'guard', passwords.guard));
  stops.push(() => live.close());
  bridge = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    clientId: 'z2m',
    username: 'z2m',
    password: passwords.bridge,
  });
  stops.push(() => bridge.endAsync(true));
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

function say(topic: string, payload: unknown): Promise<unknown> {
  return bridge.publishAsync(topic, JSON.stringify(payload), { qos: 1 });
}

async function inbox(): Promise<Entry[]> {
  return ((await installer.call('GET', '/api/v1/inbox')).body as { entries: Entry[] }).entries;
}

function entryOf(channel: string): Promise<Entry> {
  return waitFor(`${channel} in the inbox`, async () =>
    (await inbox()).find((entry) => entry.channel === channel),
  );
}

test('an unknown smoke detector is found, adopted, and its next alarm is on the live feed within a second', async () => {
  await say('zigbee2mqtt/dorm-508', { smoke: false, battery: 97 });
  const { id } = await entryOf('zigbee2mqtt/dorm-508');
  await waitFor('the console to be told', () =>
    live.frames.some(({ frame }) => frame.k === 'status' && frame.inbox?.unknown === 1),
  );
  const detail = (await installer.call('GET', `/api/v1/inbox/${id}`)).body as {
    candidates: {
      profile: string;
      deviceKey: string;
      score: number;
      reads: { type: string; edge: string }[];
    }[];
  };
  expect(detail.candidates[0]).toMatchObject({ profile: 'zigbee2mqtt.device', deviceKey: 'dorm-508' });
  expect(detail.candidates[0]?.score).toBeGreaterThan(0.6);
  expect(detail.candidates[0]?.reads[0]).toMatchObject({ type: 'FIR.SMOKE', edge: 'clear' });

  const adopted = await installer.call('POST', `/api/v1/inbox/${id}/adopt`, {
    profile: 'zigbee2mqtt.device',
    name: '508 宿舍烟感',
    place: 'lab',
  });
  expect(adopted.status).toBe(201);
  expect(await inbox()).toEqual([]);

  const began = performance.now();
  await say('zigbee2mqtt/dorm-508', { smoke: true, battery: 97 });
  const alarm = await live.alarm(
    'smoke',
    ({ type, device }) => type === 'FIR.SMOKE' && device === 'dorm-508',
    1_000,
  );
  console.log(`unknown, adopted, on fire, on the live feed: ${Math.round(performance.now() - began)} ms`);
  expect(alarm).toMatchObject({ slot: 'dorm-508', place: 'lab', severity: 1 });
  expect(live.events().find(({ event }) => event.type === 'SYS.CFG')?.event).toMatchObject({
    data: { data: { by: 'installer', what: 'device registered', device: 'dorm-508' } },
  });
});

test('an ignored device is out of the inbox until that is revoked', async () => {
  await say('zigbee2mqtt/neighbour', { contact: true });
  const { id } = await entryOf('zigbee2mqtt/neighbour');
  expect((await installer.call('POST', `/api/v1/inbox/${id}/dismiss`, {})).status).toBe(200);
  await say('zigbee2mqtt/neighbour', { contact: false });
  await say('zigbee2mqtt/other', { contact: false });
  await entryOf('zigbee2mqtt/other');
  expect((await inbox()).map(({ channel }) => channel)).toEqual(['zigbee2mqtt/other']);
  expect((await installer.call('DELETE', `/api/v1/inbox/ignored/${id}`)).status).toBe(204);
  await say('zigbee2mqtt/neighbour', { contact: true });
  await entryOf('zigbee2mqtt/neighbour');
});

test('no card number, PIN or name that a stranger sends is in the API or the log', async () => {
  const planted = ['6222021234567890', '471199', '李小明测试'];
  const [card, pin, name] = planted;
  await say('zigbee2mqtt/strange-keypad', { action: 'disarm', action_code: pin });
  await say('zigbee2mqtt/strange-reader', { card_no: card, nested: { person_name: name, pin }, x: 1 });
  const answers = [await installer.call('GET', '/api/v1/inbox')];
  for (const channel of ['zigbee2mqtt/strange-keypad', 'zigbee2mqtt/strange-reader']) {
    const { id } = await entryOf(channel);
    answers.push(await installer.call('GET', `/api/v1/inbox/${id}`));
  }
  const text = `${JSON.stringify(answers)}\n${gateway.process.lines.join('\n')}`;
  for (const secret of planted) expect(text).not.toContain(secret);
});
