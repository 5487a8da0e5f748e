import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import mqtt from 'mqtt';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../contract/cloud-event.ts';
import { packageFile } from '../../contract/package-root.ts';
import type { Crowd, CrowdOptions } from '../simulators/crowd.ts';
import type { Flooded, FloodOptions } from '../simulators/flooder.ts';
import {
  type Gateway,
  type GatewayOptions,
  type Session,
  signIn,
  startGateway,
} from '../simulators/gateway.ts';
import { metric, openFilesOf, rssOf } from '../simulators/measures.ts';
import { PanicButton } from '../simulators/panic-button.ts';
import { type RunningProcess, startProcess } from '../simulators/processes.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const full = process.env.FULL === '1';
const PRESSES = full ? 100 : 40;
/** Device to screen, whatever else happens. */
const SCREEN_MS = 2_000;
/** More than this, whatever devices do, is a leak; the young generation alone may grow by 192 MiB. */
const GROWN_MIB = 300;

/** Publishes where no profile looks, and for Zigbee devices that nobody registered. */
const stranger = { user: 'stranger', password: 'stranger-in-the-test' };

const { dir, remove } = tempDir('floods');
const running: RunningProcess[] = [];
let gateway: Gateway;
let guard: Session;
let installer: Session;
let button: PanicButton;

afterAll(remove);

/** A gateway of its own for the tests of a group, with the panic button that all of them press. */
function ownGateway(name: string, options: Partial<GatewayOptions> = {}): void {
  beforeAll(async () => {
    const site = testCampus(3);
    const accounts = [
      ...(site.credentials as object[]),
      { ...stranger, publish: ['#'], subscribe: ['odd/#'] },
    ];
    gateway = await startGateway({
      dir: join(dir, name),
      site: { ...site, credentials: accounts },
      ...options,
    });
    guard = await signIn(gateway.url, 'guard', passwords.guard);
    installer = await signIn(gateway.url, 'installer', passwords.installer);
    button = await PanicButton.open(gateway, guard);
  });
  afterEach(async () => {
    for (const process of running.splice(0)) await process.kill();
  });
  afterAll(async () => {
    button?.close();
    await gateway?.process.stop();
  });
}

/** Presses the button: every press is shown once, in order, and the journal has the same. */
async function mustArrive(what: string, presses = PRESSES): Promise<void> {
  button.shown.length = 0;
  const { p50, p99, max } = await button.press(presses);
  console.log(`${what}: press to live feed p50 ${p50}, p99 ${p99}, max ${max} ms (${presses} presses)`);
  const edges = button.shown.map(({ edge }) => edge);
  expect(edges).toEqual(Array.from({ length: 2 * presses }, (_, i) => (i % 2 === 0 ? 'raise' : 'clear')));
  const stored = await events('EMG.PANIC', 2 * presses);
  expect(stored.map(({ id }) => id)).toEqual(button.shown.map(({ id }) => id));
  expect(max).toBeLessThan(SCREEN_MS);
}

/** The last events of a type that the journal has, oldest first. */
async function events(type: string, limit: number): Promise<CloudEvent[]> {
  const found: CloudEvent[] = [];
  let before = '';
  do {
    const page = await guard.call(
      'GET',
      `/api/v1/events?type=${type}&limit=${limit - found.length}${before}`,
    );
    const { events: some, next } = page.body as { events: { event: CloudEvent }[]; next?: number };
    found.push(...some.map(({ event }) => event));
    before = next === undefined ? '' : `&before=${next}`;
  } while (before !== '' && found.length < limit);
  return found.reverse();
}

async function flood(options: Omit<FloodOptions, 'port'>): Promise<{ stop(): Promise<Flooded> }> {
  const script = packageFile('dist', 'test', 'simulators', 'flooder.js');
  const argument = JSON.stringify({ port: gateway.mqttPort, ...options } satisfies FloodOptions);
  const process = startProcess('node', [script, argument]);
  running.push(process);
  await process.line((line) => line === 'connected');
  const result = async () =>
    JSON.parse(await process.line((line) => line.startsWith('{'), 60_000)) as Flooded;
  return {
    stop: () => {
      if (options.count === undefined) process.child.kill('SIGTERM');
      return result();
    },
  };
}

const perSecond = (n: number, { seconds }: Flooded): number => Math.round(n / seconds);
const refused = (reason: string): Promise<number> =>
  metric(gateway, `campus_refused_total{reason="${reason}"}`);

/** Waits until the gateway has nothing left to do. */
function quiet(): Promise<unknown> {
  return waitFor(
    'the gateway to be done',
    async () => (await metric(gateway, 'campus_waiting')) === 0,
    30_000,
  );
}

describe('one client floods', () => {
  ownGateway('one');
  const mad = { user: 'io-2', password: passwords.device };
  const toggles = { topic: 'io/io-2/state', payload: '{"ch":{"5":"%s"},"seq":%n}' };

  test('20,000 messages a second of QoS 0, then QoS 1 as fast as acknowledged: a panic is as fast as ever', async () => {
    await mustArrive('unflooded');
    const before = rssOf(gateway);
    for (const qos of [0, 1] as const) {
      const paced = await metric(gateway, 'campus_paced');
      const flooding = await flood({ ...mad, ...toggles, qos, perSecond: 20_000 });
      await waitFor('the flood to be felt', async () => (await metric(gateway, 'campus_paced')) > paced);
      await mustArrive(`beside a flood of QoS ${qos}`);
      const flooded = await flooding.stop();
      const { wanted, sent, acked } = flooded;
      console.log(
        `flood of QoS ${qos}: ${perSecond(wanted, flooded)}/s wanted, ${perSecond(sent, flooded)}/s sent` +
          `${qos === 1 ? `, ${perSecond(acked, flooded)}/s acknowledged` : ''}, ` +
          `${(await metric(gateway, 'campus_paced')) - paced} had to wait`,
      );
      await quiet();
    }
    const after = rssOf(gateway);
    console.log(`memory: ${before} MiB before, ${after} MiB after`);
    expect(after - before).toBeLessThan(GROWN_MIB);
    const [dropped] = await events('SYS.DROPPED', 1);
    expect(dropped).toMatchObject({ edge: 'raise', data: { data: { tooFast: ['io-2'] } } });
    expect(await metric(gateway, 'campus_messages_total{status="dropped"}')).toBe(0);
  }, 120_000);

  test('a flood with QoS 1 is acknowledged, every message of it, and is in the journal', async () => {
    const count = 6_000;
    const head = await metric(gateway, 'campus_lane_e_seq');
    const account = { user: 'io-3', password: passwords.device };
    const { payload } = toggles;
    const flooding = await flood({ ...account, topic: 'io/io-3/state', payload, qos: 1, count });
    expect((await flooding.stop()).acked).toBe(count);
    expect((await metric(gateway, 'campus_lane_e_seq')) - head).toBeGreaterThanOrEqual(count);
  }, 60_000);
});

describe('strangers flood', () => {
  ownGateway('strangers');

  interface Inbox {
    entries: { channel: string; reason: string; count: number }[];
    unknown: number;
    evicted: number;
  }
  const inbox = async () =>
    (await installer.call('GET', '/api/v1/inbox?show=unknown&limit=200')).body as Inbox;

  test('thousands of unknown devices: the inbox stays within its bounds, and they cost nobody else a place', async () => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
      clientId: 'z2m',
      username: 'z2m',
      password: passwords.bridge,
    });
    await client.publishAsync('zigbee2mqtt/new_smoke', '{"smoke":false}', { qos: 1 });
    await client.endAsync();
    const before = rssOf(gateway);
    const count = full ? 40_000 : 8_000;
    const filler = 'x'.repeat(6_000);
    const flooding = await flood({
      ...stranger,
      topic: 'zigbee2mqtt/stranger-%n',
      payload: `{"smoke":true,"filler":"${filler}"}`,
      qos: 1,
      count,
    });
    await mustArrive('beside thousands of unknown devices');
    expect((await flooding.stop()).acked).toBe(count);
    const { unknown, evicted } = await inbox();
    const bytes = await metric(gateway, 'campus_inbox_bytes');
    console.log(
      `inbox: ${unknown} devices, ${bytes} bytes, ${evicted} evicted of ${count}; memory ${before} MiB, then ${rssOf(gateway)} MiB`,
    );
    expect(unknown).toBeLessThanOrEqual(1_000);
    expect(bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(unknown + evicted).toBe(count + 1);
    expect(await metric(gateway, 'campus_inbox_messages')).toBe(count + 1);
    expect(await metric(gateway, 'campus_inbox_evicted')).toBe(evicted);
    expect(await metric(gateway, 'campus_messages_total{status="unknown-device"}')).toBe(count + 1);
    const all = await installer.call('GET', '/api/v1/inbox?search=new_smoke');
    expect((all.body as Inbox).entries.map(({ channel }) => channel)).toEqual(['zigbee2mqtt/new_smoke']);
    expect(rssOf(gateway) - before).toBeLessThan(GROWN_MIB);
  }, 120_000);

  test('one unknown device that says 20,000 messages a second is one entry, counted', async () => {
    const unknownBefore = await metric(gateway, 'campus_messages_total{status="unknown-device"}');
    const flooding = await flood({
      ...stranger,
      topic: 'zigbee2mqtt/babbler',
      payload: '{"smoke":true,"n":%n}',
      qos: 0,
      perSecond: 20_000,
    });
    await mustArrive('beside one unknown device that floods');
    const { sent } = await flooding.stop();
    await quiet();
    // what was held back for its pace comes after it
    const entries = await waitFor('every message to be counted', async () => {
      const unknown =
        (await metric(gateway, 'campus_messages_total{status="unknown-device"}')) - unknownBefore;
      const found = ((await installer.call('GET', '/api/v1/inbox?search=babbler')).body as Inbox).entries;
      return found[0]?.count === unknown ? found : undefined;
    });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ reason: 'unknown-device', channel: 'zigbee2mqtt/babbler' });
    expect(entries[0]?.count).toBeGreaterThan(100);
    expect(entries[0]?.count).toBeLessThanOrEqual(sent);
    const [dropped] = await events('SYS.DROPPED', 1);
    expect(dropped).toMatchObject({ edge: 'raise', data: { data: { tooFast: ['stranger'] } } });
  }, 60_000);
});

/** A connection that sends what it is told to, byte by byte. */
class RawClient {
  readonly packets: Packet[] = [];
  closed = false;
  readonly #socket: Socket;

  constructor() {
    this.#socket = connect(gateway.mqttPort, '127.0.0.1');
    const parser = mqttPacket.parser({ protocolVersion: 4 });
    parser.on('packet', (packet) => this.packets.push(packet));
    this.#socket.on('data', (data) => parser.parse(data));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.closed = true;
    });
  }

  /** Signed in as the stranger. */
  static async signedIn(more: object = {}): Promise<RawClient> {
    const client = new RawClient();
    client.signIn(more);
    await client.gets('connack');
    return client;
  }

  signIn(more: object = {}): void {
    const { user: username, password } = stranger;
    this.send({
      ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60 },
      ...{ clientId: `raw-${Math.random()}`, username, password: Buffer.from(password), ...more },
    } as Packet);
  }

  publish(topic: string, payload: string | Buffer, messageId: number): void {
    this.send({ cmd: 'publish', topic, payload, qos: 1, messageId, dup: false, retain: false } as Packet);
  }

  send(packet: Packet): void {
    this.write(mqttPacket.generate(packet));
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async gets<Cmd extends Packet['cmd']>(
    cmd: Cmd,
    messageId?: number,
  ): Promise<Extract<Packet, { cmd: Cmd }>> {
    const found = await waitFor(
      `${cmd} ${messageId ?? ''}`,
      () =>
        this.packets.find(
          (packet) => packet.cmd === cmd && (messageId === undefined || packet.messageId === messageId),
        ),
      60_000,
    );
    return found as Extract<Packet, { cmd: Cmd }>;
  }

  async ends(): Promise<void> {
    await waitFor('the end of the connection', () => this.closed);
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe('what is too much is refused, counted by its reason, and a panic goes on', () => {
  ownGateway('too-much');

  const refusals: [what: string, reason: string, send: () => Promise<number>][] = [
    [
      'topics of 100 levels',
      'bad-topic',
      () => acknowledged(Array.from({ length: 100 }, () => 'a').join('/'), '{}'),
    ],
    ['topics of 1,025 bytes', 'bad-topic', () => acknowledged('t'.repeat(1_025), '{}')],
    ['topics of 65,535 bytes', 'bad-topic', () => acknowledged('t'.repeat(65_535), '{}')],
    [
      'payloads one byte over max_payload',
      'too-large',
      () => acknowledged('odd/x', Buffer.alloc(256 * 1024 + 1, 0x20)),
    ],
    ['payloads that are declared as 10 MB', 'too-large', () => closedAfter(declared(10 * 1024 * 1024))],
    ['payloads that are declared as 256 MB', 'too-large', () => closedAfter(declared(256 * 1024 * 1024 - 1))],
    ['client identifiers of 257 bytes', 'bad-client-id', () => notAdmitted({ clientId: 'c'.repeat(257) })],
    ['client identifiers of 65,535 bytes', 'too-large', () => notAdmitted({ clientId: 'c'.repeat(65_535) })],
    ['user names of 65,535 bytes', 'too-large', () => notAdmitted({ username: 'u'.repeat(65_535) })],
    [
      'last wills of 100 levels',
      'bad-topic',
      () =>
        notAdmitted({ will: { topic: 'w/'.repeat(100), payload: Buffer.from('x'), qos: 0, retain: false } }),
    ],
    ['filters of 100 levels', 'bad-filter', () => subscribed([`${'odd/'.repeat(99)}x`], 1)],
    ['5,000 filters at once', 'too-many-subscriptions', () => subscribed(manyFilters(5_000), 4_900)],
    [
      'SUBSCRIBEs of more than 64 KiB',
      'too-large',
      () => closedAfter(mqttPacket.generate(subscribe(1, manyFilters(8_000)))),
    ],
    ['5,000 filters one by one', 'too-many-subscriptions', () => subscribedOneByOne(5_000)],
  ];

  test.each(refusals)('%s', async (_what, reason, send) => {
    const before = await refused(reason);
    const count = await send();
    await waitFor(`${count} counted as ${reason}`, async () => (await refused(reason)) - before >= count);
    expect((await refused(reason)) - before).toBe(count);
    await button.press(1);
  });

  test('all of it without an end, and a panic meanwhile', async () => {
    await mustArrive('before');
    const before = rssOf(gateway);
    let goesOn = true;
    const again = async (send: () => Promise<unknown>) => {
      let times = 0;
      for (; goesOn; times++) await send();
      return times;
    };
    const all = Promise.all(refusals.map(([, , send]) => again(send)));
    const huge = again(() => subscribed(manyFilters(6_000), 5_900));
    await mustArrive('beside everything that is too much');
    goesOn = false;
    const times = [...(await all), await huge];
    console.log(`each sent ${times.join(', ')} times; memory ${before} MiB, then ${rssOf(gateway)} MiB`);
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(rssOf(gateway) - before).toBeLessThan(GROWN_MIB);
  }, 90_000);

  /** Sent three times: acknowledged, or the device would send it for ever. Answers how many refusals that makes. */
  async function acknowledged(topic: string, payload: string | Buffer): Promise<number> {
    const client = await RawClient.signedIn();
    for (const id of [1, 2, 3]) client.publish(topic, payload, id);
    await client.gets('puback', 3);
    client.end();
    return 3;
  }

  async function closedAfter(bytes: Buffer): Promise<number> {
    const client = await RawClient.signedIn();
    client.write(bytes);
    await client.ends();
    return 1;
  }

  async function notAdmitted(more: object): Promise<number> {
    const client = new RawClient();
    client.signIn(more);
    await client.ends();
    expect(client.packets.every((packet) => packet.cmd === 'connack' && packet.returnCode !== 0)).toBe(true);
    return 1;
  }

  async function subscribed(filters: string[], refusedOf: number): Promise<number> {
    const client = await RawClient.signedIn();
    client.send(subscribe(1, filters));
    const { granted } = await client.gets('suback', 1);
    expect(granted.filter((code) => code === 0x80)).toHaveLength(refusedOf);
    client.end();
    return refusedOf;
  }

  async function subscribedOneByOne(count: number): Promise<number> {
    const client = await RawClient.signedIn();
    for (const [i, filter] of manyFilters(count).entries()) client.send(subscribe(i + 1, [filter]));
    await client.gets('suback', count);
    client.end();
    return count - 100;
  }
});

const manyFilters = (count: number): string[] => Array.from({ length: count }, (_, i) => `odd/${i}`);

function subscribe(messageId: number, filters: string[]): Packet {
  return {
    cmd: 'subscribe',
    messageId,
    subscriptions: filters.map((topic) => ({ topic, qos: 0 })),
  } as Packet;
}

/** The beginning of a PUBLISH that claims to be so long. */
function declared(length: number): Buffer {
  const header = [0x30];
  for (let left = length; ; ) {
    const digit = left % 128;
    left = Math.floor(left / 128);
    header.push(left > 0 ? digit | 0x80 : digit);
    if (left === 0) break;
  }
  return Buffer.concat([Buffer.from([...header, 0, 5]), Buffer.from('odd/x')]);
}

/** Starts a crowd of silent connections; `state` is what it last said. */
function crowd(options: Omit<CrowdOptions, 'port' | 'user' | 'password'>) {
  const script = packageFile('dist', 'test', 'simulators', 'crowd.js');
  const argument = JSON.stringify({ port: gateway.mqttPort, ...stranger, ...options } satisfies CrowdOptions);
  const process = startProcess('node', [script, argument]);
  running.push(process);
  const state = () => JSON.parse(process.lines.at(-1) ?? 'null') as Crowd | null;
  const until = (what: string, match: (crowd: Crowd) => boolean) =>
    waitFor(
      what,
      () => {
        const now = state();
        return now !== null && match(now) ? now : undefined;
      },
      60_000,
    );
  return { process, until };
}

/** As from many accounts and addresses. */
const open = { listeners: [{ host: '127.0.0.1', port: 0 }], max_per_account: 50_000, max_unsigned: 50_000 };

describe('connections that say nothing', () => {
  const IDLE = full ? 5_000 : 1_000;
  const SILENT = full ? 2_500 : 500;
  const spare = 50;
  ownGateway('silent', {
    config: { mqtt: { ...open, max_clients: IDLE + 2 * SILENT + spare } },
  });

  test(`${IDLE + 2 * SILENT} of them: bounded memory, a panic goes through, who never signs in is closed`, async () => {
    await mustArrive('without them');
    const before = rssOf(gateway);
    const timeOuts = await refused('connect-timeout');
    const { until, process } = crowd({ idle: IDLE, half: SILENT, silent: SILENT });
    await until('the idle ones to be signed in', ({ idle }) => idle.signedIn === IDLE);
    await waitFor('all to be connected', async () => openFilesOf(gateway) >= IDLE + 2 * SILENT);
    const grown = rssOf(gateway) - before;
    console.log(
      `${IDLE + 2 * SILENT} connections: ${grown} MiB, ${((grown * 1024) / (IDLE + 2 * SILENT)).toFixed(1)} KiB each`,
    );
    await mustArrive('beside them');
    expect(grown).toBeLessThan(GROWN_MIB);
    await until('the others to be closed', ({ half, silent }) => half.open + silent.open === 0);
    const { idle, half, silent } = await until('the end', () => true);
    expect({ idle: idle.open, half: half.closed, silent: silent.closed }).toEqual({
      idle: IDLE,
      half: SILENT,
      silent: SILENT,
    });
    expect((await refused('connect-timeout')) - timeOuts).toBe(2 * SILENT);
    expect(await metric(gateway, 'campus_clients')).toBe(IDLE + 1);
    await mustArrive('beside those that are signed in', 5);
    await process.kill();
    await waitFor('the gateway to notice', async () => (await metric(gateway, 'campus_clients')) === 1);
    console.log(`memory: ${before} MiB before, ${rssOf(gateway)} MiB after they went`);
  }, 120_000);

  test('more than max_clients: whoever never signed in makes room; with all signed in, more are refused', async () => {
    const before = await refused('too-many-clients');
    const max = IDLE + 2 * SILENT + spare;
    const silent = crowd({ idle: 0, half: 0, silent: max });
    // the button is one of them
    // on a slow machine the first are closed for their silence before the last have come
    const overflow = async () => (await refused('too-many-clients')) - before;
    await waitFor('one to make room', async () => (await overflow()) >= 1, 30_000);
    const evicted = await overflow();
    const late = await RawClient.signedIn();
    expect(await overflow()).toBeGreaterThanOrEqual(evicted);
    late.end();
    await silent.process.kill();
    await waitFor('them to be gone', () => openFilesOf(gateway) < max);

    const idle = crowd({ idle: max - 1, half: 0, silent: 0 });
    await idle.until('all to be signed in', (now) => now.idle.signedIn === max - 1);
    const full = await overflow();
    const more = new RawClient();
    await more.ends();
    expect(await overflow()).toBe(full + 1);
    await mustArrive('with max_clients signed in', 5);
    console.log(`memory: ${rssOf(gateway)} MiB with the third crowd`);
  }, 120_000);
});

describe('one account, one address', () => {
  const bounds = { max_clients: 200, max_per_account: 20, max_unsigned: 70 };
  ownGateway('squatters', { config: { mqtt: { ...open, ...bounds } } });

  test('bug: one account, or anybody at all, took every connection and kept the devices out', async () => {
    const { until } = crowd({ idle: 65, half: 0, silent: 0 });
    await until('the account to have its share', (now) => now.idle.signedIn + now.idle.closed >= 65);
    expect(await metric(gateway, 'campus_clients')).toBe(20 + 1);
    expect(await refused('too-many-of-account')).toBeGreaterThanOrEqual(45);
    const silent = crowd({ idle: 0, half: 0, silent: 150 });
    await silent.until('the address to have its share', (now) => now.silent.closed >= 80);
    expect(await refused('too-many-of-address')).toBeGreaterThanOrEqual(80);
    const own = { clientId: 'io-2', username: 'io-2', password: Buffer.from(passwords.device) };
    await waitFor('a device at the same address to get in', async () => {
      const device = new RawClient();
      device.signIn(own);
      await Promise.race([device.gets('connack'), device.ends()]).catch(() => undefined);
      const isIn = device.packets.some((packet) => packet.cmd === 'connack' && packet.returnCode === 0);
      device.end();
      return isIn;
    });
    await mustArrive('beside squatters', 10);
  }, 60_000);
});

describe('few open files', () => {
  ownGateway('files', {
    config: { mqtt: open },
    wrap: ['bash', '-c', 'ulimit -n 256; exec "$@"', 'bash'],
  });

  test('bug: devices took every descriptor, and nobody could sign in at the console', async () => {
    expect(gateway.process.lines.join('\n')).toMatch(/too few files for max_clients: 128 connections/);
    const { until, process } = crowd({ idle: 400, half: 0, silent: 0 });
    const { idle } = await until('all to be answered', (now) => now.idle.signedIn + now.idle.closed >= 400);
    // the panic button is one of 128
    expect(idle).toEqual({ open: 127, signedIn: 127, closed: 273 });
    expect(await refused('too-many-clients')).toBe(273);
    expect(openFilesOf(gateway)).toBeLessThan(200);
    await mustArrive('with every connection taken', 10);
    expect(await statusOfNewSignIn('leader', passwords.leader)).toBe(200);
    await process.kill();
    await waitFor('room', async () => (await metric(gateway, 'campus_clients')) === 1);
    (await RawClient.signedIn()).end();
    expect(gateway.process.child.exitCode).toBeNull();
  }, 60_000);

  test('bug: connections to the console that said nothing took every descriptor, and nobody could sign in', async () => {
    const port = Number(new URL(gateway.url).port);
    const sockets = Array.from({ length: 400 }, () =>
      connect(port, '127.0.0.1').on('error', () => undefined),
    );
    await waitFor(
      'most to be closed again',
      () => sockets.filter(({ destroyed }) => destroyed).length >= 350,
    );
    expect(openFilesOf(gateway)).toBeLessThan(200);
    expect(await statusOfNewSignIn('leader', passwords.leader)).toBe(200);
    await mustArrive('with every place at the console taken', 10);
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});

/** Over a connection of its own: one that is kept open needs no descriptor. */
function statusOfNewSignIn(user: string, password: string): Promise<number | undefined> {
  const headers = { 'content-type': 'application/json', origin: gateway.url };
  return new Promise((resolve, reject) => {
    const asked = request(
      `${gateway.url}/api/v1/session`,
      { method: 'POST', agent: false, headers },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    asked.on('error', reject);
    asked.end(JSON.stringify({ user, password, station: 'security-room' }));
  });
}
