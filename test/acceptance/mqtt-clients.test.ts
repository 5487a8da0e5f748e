import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { type Gateway, restartGateway, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { metric } from '../simulators/measures.ts';
import { type RunningProcess, startProcess } from '../simulators/processes.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { makeCertificates } from '../support/certs.ts';
import { describeWithPeer, peer, requirePeer } from '../support/peers.ts';

const hub = { user: 'hub', password: 'hub-in-the-test' };
const folder = tempDir('clients');
const stops: Array<() => unknown> = [];
let gateway: Gateway;
let plain: number;
let secured: number;
let feed: LiveClient;
/** Files of a certificate by its name. */
const pem: Record<'device' | 'expired' | 'rogue', { ca: string; cert: string; key: string }> =
  Object.create(null);

describeWithPeer(['openssl', 'mosquitto-clients', 'paho'], 'real clients at the gateway', () => {
  beforeAll(async () => {
    writeCertificates();
    const tls = {
      ...{ cert_file: join(folder.dir, 'server.crt'), key_file: join(folder.dir, 'server.key') },
      ...{ ca_file: join(folder.dir, 'ca.crt'), require_client_cert: true },
    };
    const site = testCampus(1);
    const account = { ...hub, publish: ['io/#'], subscribe: ['io/#'] };
    gateway = await startGateway({
      dir: folder.dir,
      config: {
        mqtt: {
          listeners: [
            { host: '127.0.0.1', port: 0 },
            { host: '127.0.0.1', port: 0, tls },
          ],
        },
      },
      site: { ...site, credentials: [...(site.credentials as object[]), account] },
    });
    await look();
  });

  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
    await gateway.process.stop();
    folder.remove();
  });

  test.each(['mqttv31', 'mqttv311'])(
    'mosquitto_pub over TLS with a certificate and no password, %s',
    async (version) => {
      const state = version === 'mqttv31' ? 'alarm' : 'normal';
      await mosquittoPub('device', version, `{"ch":{"4":"${state}"}}`);
      const edge = state === 'alarm' ? 'raise' : 'clear';
      await feed.event(`fence ${edge}`, ({ type, edge: is }) => type.includes('INT.FENCE') && is === edge);
    },
  );

  test('bug: a device that speaks MQTT 5 was counted where nobody could see it', async () => {
    await expect(mosquittoPub('device', 'mqttv5', '{}')).rejects.toMatchObject({ code: expect.any(Number) });
    const installer = await signIn(gateway.url, 'installer', passwords.installer);
    const { body } = await installer.call('GET', '/api/v1/inbox');
    expect((body as { mqtt5: unknown[] }).mqtt5).toEqual([
      expect.objectContaining({ address: '127.0.0.1', attempts: expect.any(Number) }),
    ]);
    expect(await metric(gateway, 'campus_messages_qos1')).toBeGreaterThan(0);
  });

  test.each(['expired', 'rogue'] as const)('a certificate that is %s is refused', async (name) => {
    await expect(mosquittoPub(name, 'mqttv311', '{}')).rejects.toMatchObject({ code: expect.any(Number) });
  });

  test('paho: QoS 2 over TLS, each message once, in order', async () => {
    const toggles = Array.from(
      { length: 40 },
      (_, i) => `{"ch":{"3":"${i % 2 === 0 ? 'alarm' : 'normal'}"}}`,
    );
    const device = paho({
      port: secured,
      clientId: 'paho-2',
      tls: pem.device,
      qos: 2,
      topic: 'io/io-1/state',
      publish: toggles,
    });
    await device.line((text) => text === 'published');
    const told = () => feed.events().filter(({ event }) => event.type.includes('INT.DOOR'));
    await feed.event('the last', () => told().length >= 40);
    expect(told().map(({ event }) => event.edge)).toEqual(
      toggles.map((_, i) => (i % 2 === 0 ? 'raise' : 'clear')),
    );
  });

  test.each(['3.1', '3.1.1'])(
    'paho %s: its last will, when its process is killed and when it stands still',
    async (version) => {
      const will = { topic: 'io/io-1/status', payload: 'offline' };
      const account = { user: 'io-1', password: passwords.device };
      for (const end of ['SIGKILL', 'SIGSTOP'] as const) {
        const device = paho({
          port: plain,
          clientId: `io-1-${version}`,
          ...account,
          version,
          will,
          keepalive: 2,
        });
        await device.line((text) => text.startsWith('connected 0'));
        const before = offline();
        device.child.kill(end);
        await feed.event(`offline after ${end}`, () => offline() > before);
        if (end === 'SIGSTOP') device.child.kill('SIGCONT');
        await device.kill();
        await mqttJs(async (client) => {
          await client.publishAsync('io/io-1/status', 'online', { qos: 1, retain: true });
        });
        await feed.event('online', ({ type, edge }) => type.includes('DEV.OFFLINE') && edge === 'clear');
      }
    },
  );

  test('paho: what came while it was away is there when its session goes on', async () => {
    const options = { port: plain, clientId: 'paho-away', ...hub, clean: false, subscribe: 'io/io-1/set' };
    const first = paho(options);
    await first.line((text) => text === 'subscribed');
    await first.stop();
    await mqttJs(async (client) => {
      for (const order of ['one', 'two', 'three'])
        await client.publishAsync('io/io-1/set', order, { qos: 1 });
    });
    const again = paho(options);
    await again.line((text) => text === 'connected 0 session 1');
    await again.line((text) => text === 'got three');
    expect(again.lines.filter((text) => text.startsWith('got'))).toEqual(['got one', 'got two', 'got three']);
    await again.stop();
  });

  test('mosquitto_sub gets what was retained before a kill -9', async () => {
    await mqttJs(async (client) => {
      await client.publishAsync('io/io-1/set', '{"mode":"kept"}', { qos: 1, retain: true });
    });
    await gateway.process.kill();
    gateway = await restartGateway(gateway.configFile);
    await look();
    const { stdout } = await promisify(execFile)(mosquitto('sub'), [
      ...['-h', '127.0.0.1', '-p', String(plain), '-u', hub.user, '-P', hub.password],
      ...['-t', 'io/io-1/set', '-C', '1', '-W', '10'],
    ]);
    expect(stdout.trim()).toBe('{"mode":"kept"}');
  });
});

function writeCertificates(): void {
  mkdirSync(folder.dir, { recursive: true });
  const { ca, server, device, expired, rogue } = makeCertificates('io-1');
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder.dir, name), text);
    return join(folder.dir, name);
  };
  const authority = write('ca.crt', ca);
  for (const [name, { cert, key }] of Object.entries({ server, device, expired, rogue })) {
    const files = { ca: authority, cert: write(`${name}.crt`, cert), key: write(`${name}.key`, key) };
    if (name !== 'server') pem[name as keyof typeof pem] = files;
  }
}

/** Where the gateway listens now, and what the guard sees there. */
async function look(): Promise<void> {
  const line = gateway.process.lines.find((text) => text.includes('"msg":"ready"')) ?? '{}';
  const { mqtt: endpoints } = JSON.parse(line) as { mqtt: string[] };
  [plain, secured] = endpoints.map((url) => Number(new URL(url).port)) as [number, number];
  feed = await LiveClient.connect(await signIn(gateway.url, 'guard', passwords.guard));
  const mine = feed;
  stops.push(() => mine.close());
}

const offline = (): number =>
  feed.events().filter(({ event }) => event.type.includes('DEV.OFFLINE') && event.edge === 'raise').length;

const mosquitto = (which: 'pub' | 'sub'): string =>
  (peer('mosquitto-clients') ?? '').replace(/_pub$/, `_${which}`);

function mosquittoPub(certificate: keyof typeof pem, version: string, payload: string): Promise<unknown> {
  const { ca, cert, key } = pem[certificate];
  return promisify(execFile)(mosquitto('pub'), [
    ...['-h', '127.0.0.1', '-p', String(secured), '-V', version, '-i', `pub-${certificate}`],
    ...['--cafile', ca, '--cert', cert, '--key', key],
    ...['-t', 'io/io-1/state', '-q', '1', '-m', payload],
  ]);
}

function paho(options: Record<string, unknown>): RunningProcess {
  const script = packageFile('test', 'simulators', 'paho-device.py');
  return startProcess(requirePeer('paho'), [script, JSON.stringify(options)]);
}

async function mqttJs(work: (client: mqtt.MqttClient) => Promise<void>): Promise<void> {
  const { user: username, password } = hub;
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${plain}`, {
    username,
    password,
    reconnectPeriod: 0,
  });
  await work(client);
  await client.endAsync();
}
