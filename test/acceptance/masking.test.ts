import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeFrame } from '../../cloud-bridge/frame-codec.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { messagesOf } from '../../device-profiles/replay.ts';
import { builtin } from '../device-profiles/helpers.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { type ReceiverProcess, startReceiver, waitForReceived } from '../simulators/receiver.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { Plants, plantAt } from './planted.ts';

/** Longer than what the inbox keeps of a payload, and than what the broker takes. */
const LONG_BYTES = 40_000;
const MAX_PAYLOAD = 128 * 1024;

interface Message {
  topic: string;
  payload: string | Buffer;
  retain?: boolean;
}

interface Planted {
  profile: CompiledProfile;
  devices: Map<string, Record<string, unknown> | undefined>;
  messages: Message[];
}

// what comes over MQTT: a camera is asked, and says nothing here
const masking = builtin
  .list()
  .filter(({ definition }) => definition.mask.length > 0 && definition.source === 'mqtt');
const plants = new Plants();

/** A sample of each topic, with a plant at each masked path, in every form in which it may arrive. */
function plantIn(profile: CompiledProfile): Planted {
  const devices: Planted['devices'] = new Map();
  const messages: Message[] = [];
  const seen = new Set<string>();
  for (const sample of profile.definition.samples) {
    for (const { topic, payload } of messagesOf(sample)) {
      const key = profile.match(topic)?.deviceKey;
      const body = bodyOf(payload);
      if (key === undefined || body === undefined || 'command' in sample) continue;
      if (!devices.has(key)) devices.set(key, sample.settings);
      const isNew = !seen.has(topic);
      seen.add(topic);
      const where = (kind: string) => `${profile.id} ${topic}, ${kind}`;
      const planted = (kind: string) => {
        const own = new Where(plants, where(kind));
        return profile.definition.mask.reduce((one, path) => plantAt(one, path, own), body);
      };
      messages.push({ topic, payload: JSON.stringify(planted('as it is')) });
      if (!isNew) continue;
      const cut = JSON.stringify(planted('cut off'));
      messages.push(
        { topic, payload: JSON.stringify(planted('retained')), retain: true },
        { topic, payload: cut.slice(0, -2) },
        { topic, payload: JSON.stringify({ list: [planted('in a list')], nobody: 'knows this' }) },
        { topic, payload: JSON.stringify({ nested: JSON.stringify(planted('in a text')) }) },
        {
          topic,
          payload: JSON.stringify({
            data: Buffer.from(JSON.stringify(planted('in base64'))).toString('base64'),
          }),
        },
        {
          topic,
          payload: JSON.stringify({
            ...(planted('before') as object),
            pad: ' '.repeat(LONG_BYTES),
            ...(planted('after') as object),
          }),
        },
        { topic: topic.replace(key, `stranger-${key}`), payload: JSON.stringify(planted('of a stranger')) },
        {
          topic: topic.replace(key, `stranger-${key}`),
          payload: JSON.stringify(planted('of a stranger, cut')).slice(0, -3),
        },
      );
    }
  }
  return { profile, devices, messages };
}

/** The same plants, with where they were put. */
class Where extends Plants {
  readonly #all: Plants;
  readonly #where: string;

  constructor(all: Plants, where: string) {
    super();
    this.#all = all;
    this.#where = where;
  }

  override at(path: string, present: unknown): unknown {
    return this.#all.at(`${path} in ${this.#where}`, present);
  }
}

function bodyOf(payload: unknown): object | undefined {
  if (typeof payload === 'object' && payload !== null) return payload;
  if (typeof payload !== 'string') return undefined;
  try {
    const body: unknown = JSON.parse(payload);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** What any device may send before anybody wrote a profile for it. */
function strangers(): Message[] {
  const keys = [
    ...['card', 'card_no', 'cardNo', 'cardNumber', 'uid', 'idCard', 'phone', 'mobile'],
    ...['pin', 'pinCode', 'pin_code', 'password', 'passwd', 'userCode', 'user_code', 'action_code'],
    ...['holder', 'holderName', 'username', 'userName', 'personName', 'employeeName', 'plateNumber'],
    ...['卡号', '姓名', '身份证号', '手机号码', 'name', 'owner', 'student', 'studentNo', 'tag', 'xingming'],
  ];
  const body = (kind: string) =>
    Object.fromEntries(keys.map((key) => [key, plants.at(`${key} of an unknown device, ${kind}`, '')]));
  const topic = 'nobody/knows/this';
  return [
    { topic: `${topic}/plain`, payload: JSON.stringify({ event: 'swipe', ...body('plain') }) },
    {
      topic: `${topic}/user`,
      payload: JSON.stringify({ user: { name: plants.name('name of a user'), valid: true } }),
    },
    {
      topic: `${topic}/coded`,
      payload: JSON.stringify({ list: [{ code: 'userName', value: plants.name('value of a code') }] }),
    },
    { topic: `${topic}/look`, payload: JSON.stringify({ x: plants.card('a key that says nothing') }) },
    { topic: `${topic}/number`, payload: plants.card('a plain number') },
    { topic: `${topic}/tag`, payload: plants.name('a plain name on a topic of tags') },
    { topic: `${topic}/deep`, payload: JSON.stringify({ a: [{ b: body('deep') }] }) },
    { topic: `${topic}/text`, payload: JSON.stringify({ data: JSON.stringify(body('in a text')) }) },
    { topic: `${topic}/cut`, payload: JSON.stringify(body('cut off')).slice(0, -4) },
    { topic: `${topic}/kept`, payload: JSON.stringify(body('retained')), retain: true },
    {
      topic: `${topic}/pairs`,
      payload: Object.entries(body('pairs'))
        .map(([key, value]) => `${key}=${value}`)
        .join('&'),
    },
    {
      topic: `${topic}/odd`,
      payload: Buffer.concat([Buffer.from(JSON.stringify(body('odd'))), Buffer.from([0xff, 0xfe])]),
    },
  ];
}

const wrong: string[] = [];

/** Fails with what was found and where it had been planted. */
function mustBeClean(what: string, content: string | Buffer): void {
  const found = plants.foundIn(Buffer.from(content));
  if (found.length > 0)
    wrong.push(`${what}: ${found.length} values, such as ${found.slice(0, 4).join('; ')}`);
}

describeWithPeer('mosquitto', 'card numbers, PINs and names', () => {
  const { dir, remove } = tempDir('masking');
  const stops: Array<() => Promise<unknown> | unknown> = [];
  const families = masking.map(plantIn);
  let gateway: Gateway;
  let receiver: ReceiverProcess;
  let printed = '';
  const feeds: LiveClient[] = [];
  const frames: Buffer[] = [];
  let installer: Session;
  let guard: Session;
  let device: MqttClient;
  let sent = 0;

  beforeAll(async () => {
    const province = await startMosquitto(requirePeer('mosquitto'), dir, { verbose: false });
    stops.push(() => province.process.stop());
    const tap = await mqtt.connectAsync(province.url, { protocolVersion: 5 });
    stops.push(() => tap.endAsync(true));
    tap.on('message', (_topic, payload) => frames.push(payload));
    await tap.subscribeAsync('#');
    receiver = await startReceiver(dir, province.url);
    stops.push(() => receiver.process.stop());
    gateway = await startGateway({
      dir,
      site: campusOf(families),
      config: {
        log: { level: 'trace' },
        mqtt: { listeners: [{ host: '127.0.0.1', port: 0 }], max_payload: MAX_PAYLOAD, max_rate: 10_000 },
        uplinks: [{ recipient: 'province', url: province.url }],
      },
    });
    stops.push(() => gateway.process.stop());
    printed = gateway.process.lines.join('\n');
    for (const stream of [gateway.process.child.stdout, gateway.process.child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
    installer = await signIn(gateway.url, 'installer', passwords.installer);
    guard = await signIn(gateway.url, 'guard', passwords.guard);
    for (const person of [guard, installer]) feeds.push(await LiveClient.connect(person));
    device = await open();
    await sendAll();
    const marker = await feeds[0]?.event('the marker', ({ type }) => type === 'EMG.PANIC');
    await waitForReceived(receiver, 'gw-test', 'the marker', ({ id }) => id === marker?.event.id);
  }, 180_000);

  afterAll(async () => {
    await device?.endAsync(true);
    for (const feed of feeds) feed.close();
    for (const stop of stops.reverse()) await stop();
    remove();
  });

  function open(): Promise<MqttClient> {
    return mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
      protocolVersion: 4,
      clientId: 'everything',
      username: 'everything',
      password: passwords.device,
      reconnectPeriod: 0,
    });
  }

  async function sendAll(): Promise<void> {
    const all = [...families.flatMap(({ messages }) => messages), ...strangers()];
    for (const { topic, payload, retain = false } of all) {
      await device.publishAsync(topic, payload, { qos: 1, retain });
      sent++;
    }
    // refused: too long, and not allowed
    const tooLong = await open().catch(() => undefined);
    const card = plants.card('a payload that is too long');
    tooLong?.on('error', () => undefined);
    tooLong?.publish('nobody/long', `{"card":"${card}","pad":"${' '.repeat(MAX_PAYLOAD)}"}`, { qos: 1 });
    device = await reopened(device);
    tooLong?.end(true);
    await device.publishAsync('forbidden/topic', JSON.stringify({ pin: plants.pin('forbidden') }), {
      qos: 1,
    });
    await device.publishAsync('io/io-1/state', JSON.stringify({ ch: { 1: 'alarm' }, seq: 1 }), { qos: 1 });
  }

  /** The connection ends with a refused packet, or when another takes its name. */
  async function reopened(before: MqttClient): Promise<MqttClient> {
    await waitFor('the refusal', async () =>
      /refused_total\{reason="too-large"\} [1-9]/.test(await (await fetch(`${gateway.url}/metrics`)).text()),
    );
    await before.endAsync(true);
    return open();
  }

  async function everyPage(who: Session, path: string, list: string, next: string): Promise<string> {
    let text = '';
    for (let after = ''; ; ) {
      const { body } = await who.call('GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${after}`);
      text += JSON.stringify(body);
      const page = body as Record<string, unknown>;
      if (page[next] === undefined || !Array.isArray(page[list])) return text;
      after = `&before=${String(page[next])}`;
    }
  }

  test('the messages were read, and what nobody reads is shown', async () => {
    expect(masking.length).toBeGreaterThan(8);
    expect(sent).toBeGreaterThan(150);
    expect(plants.size).toBeGreaterThan(1_000);
    console.log(`masking: ${plants.size} values planted in ${sent} messages of ${masking.length} profiles`);
    const events = await everyPage(guard, '/api/v1/events', 'events', 'next');
    for (const type of ['ACC.GRANT', 'DEV.UNMAPPED']) expect(events).toContain(`"type":"${type}"`);
    const inbox = await everyPage(installer, '/api/v1/inbox', 'entries', 'next');
    expect(inbox).toContain('nobody/knows/this/plain');
  });

  test('are in no log line, at the lowest level', () => {
    expect(printed, 'the level is set').toContain('"level":20');
    mustBeClean('log', printed);
    expect(wrong.splice(0)).toEqual([]);
  });

  test('are in no answer of the API, for installer and guard, nor in the metrics', async () => {
    for (const [who, session] of Object.entries({ guard, installer })) {
      mustBeClean(`events (${who})`, await everyPage(session, '/api/v1/events', 'events', 'next'));
      for (const path of [
        'alarms?state=all&limit=1000',
        'site',
        'devices',
        'status',
        'profiles',
        'inbox/ignored',
      ])
        mustBeClean(`${path} (${who})`, JSON.stringify(await session.call('GET', `/api/v1/${path}`)));
      const devices = (await session.call('GET', '/api/v1/devices')).body as { devices: { id: string }[] };
      for (const { id } of devices.devices)
        mustBeClean(
          `device ${id} (${who})`,
          JSON.stringify(await session.call('GET', `/api/v1/devices/${id}`)),
        );
    }
    expect((await guard.call('GET', '/api/v1/inbox')).status).toBe(403);
    mustBeClean('metrics', await (await fetch(`${gateway.url}/metrics`)).text());
    expect(wrong.splice(0)).toEqual([]);
  });

  test('are in nothing that the inbox shows, of registered and of unknown devices', async () => {
    const list = await everyPage(installer, '/api/v1/inbox', 'entries', 'next');
    mustBeClean('inbox', list);
    const ids = new Set([...list.matchAll(/"id":"([\w-]{16})"/g)].map(([, id]) => id as string));
    expect(ids.size).toBeGreaterThan(10);
    let masked = 0;
    for (const id of ids) {
      const text = JSON.stringify(await installer.call('GET', `/api/v1/inbox/${id}`));
      if (text.includes('***')) masked++;
      mustBeClean(`inbox ${/"channel":"([^"]*)"/.exec(text)?.[1]}`, text);
    }
    expect(masked, 'what is masked is seen to be masked').toBeGreaterThan(5);
    expect(wrong.splice(0)).toEqual([]);
  });

  test('are in no frame of the live feed', () => {
    for (const [i, feed] of feeds.entries()) {
      expect(feed.events().length).toBeGreaterThan(10);
      mustBeClean(`live feed ${i}`, JSON.stringify(feed.frames));
    }
    expect(wrong.splice(0)).toEqual([]);
  });

  test('are not on the way to the province, and not in its store', async () => {
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) {
      mustBeClean('frame', frame);
      if (frame.subarray(0, 4).toString() === 'CSF1')
        mustBeClean('frame', JSON.stringify(await decodeFrame(frame)));
    }
    for (const file of readdirSync(dir).filter((name) => name.startsWith('receiver.db')))
      mustBeClean(file, readFileSync(join(dir, file)));
    expect(wrong.splice(0)).toEqual([]);
  });

  test('are in no file of the gateway: journal, its log, registry, quarantine', () => {
    const folders = [gateway.dataDir, join(gateway.dataDir, 'quarantine')].filter((path) => existsSync(path));
    const files = folders.flatMap((path) =>
      readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'reserve')
        .map(({ name }) => join(path, name)),
    );
    expect(files.some((file) => file.endsWith('journal.db'))).toBe(true);
    for (const file of files) mustBeClean(file, readFileSync(file));
    expect(wrong.splice(0)).toEqual([]);
  });
});

/** A device for each key of the samples, all of one account that may say anything of theirs. */
function campusOf(families: readonly Planted[]): Record<string, unknown> {
  const site = testCampus(1);
  const roots = new Set(
    families.flatMap(({ messages }) => messages.map(({ topic }) => topic.split('/', 1)[0] as string)),
  );
  const devices = families.flatMap(({ profile, devices: keys }, f) =>
    [...keys].map(([key, settings], i) => ({
      id: `m-${f}-${i}`,
      name: `${profile.id} ${i}`,
      profile: profile.id,
      key,
      user: 'everything',
      ...inputsAndSettings(settings),
    })),
  );
  const publish = [...roots, 'nobody', 'io'].map((root) => `${root}/#`);
  return {
    ...site,
    devices: [...(site.devices as object[]), ...devices],
    credentials: [
      ...(site.credentials as object[]),
      { user: 'everything', password: passwords.device, publish, subscribe: [] },
    ],
  };
}

function inputsAndSettings(settings: Record<string, unknown> = {}): Record<string, unknown> {
  const { inputs, ...rest } = settings;
  return { ...(inputs === undefined ? {} : { inputs }), settings: rest };
}
