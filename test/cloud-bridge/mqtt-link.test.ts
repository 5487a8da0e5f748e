import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LinkError, type MqttLinkOptions, openMqttLink } from '../../cloud-bridge/mqtt-link.ts';
import { startEmbeddedBroker } from '../../cloud-bridge/receiver/embedded-broker.ts';
import { MqttTransport } from '../../cloud-bridge/uplink/mqtt-transport.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';
import { makeCertificates } from '../support/certs.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';
import { quiet } from './bridge-world.ts';

const closers: Array<() => Promise<unknown> | unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const silent = { message: () => {}, closed: () => {} };
const options = (url: string, more: Partial<MqttLinkOptions> = {}): MqttLinkOptions => ({
  url,
  clientId: 'test',
  keepaliveS: 30,
  connectTimeoutMs: 1_000,
  answerTimeoutMs: 1_000,
  ...more,
});
const failure = (more: MqttLinkOptions) =>
  openMqttLink(more, silent).then(
    () => undefined,
    (error: LinkError) => error,
  );

async function aedes(credentials: { username?: string; password?: string } = {}) {
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, logger: quiet, ...credentials });
  closers.push(() => broker.close());
  return broker;
}

/** A server that answers the first bytes of each connection with the given ones, or hangs up. */
async function fakeBroker(answer: Buffer | 'close' | 'nothing'): Promise<{ url: string; seen: number[] }> {
  const seen: number[] = [];
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (connect) => {
      // Protocol level: behind fixed header (2), length (2) and "MQTT" (4).
      seen.push(connect[8] ?? 0);
      if (answer === 'close') socket.destroy();
      else if (answer !== 'nothing') socket.write(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

describe('a link', () => {
  it('falls back to MQTT 3.1.1 when the broker refuses 5', async () => {
    const { url } = await aedes();
    const link = await openMqttLink(options(url), silent);
    expect(link.version).toBe(4);
    await link.close();
  });

  it('falls back when the broker hangs up at MQTT 5, and says so when it does at both', async () => {
    const { url, seen } = await fakeBroker('close');
    expect(await failure(options(url))).toMatchObject({ failure: 'version' });
    expect(seen).toEqual([5, 4]);
  });

  it('does not fall back when a version is set', async () => {
    const { url, seen } = await fakeBroker('close');
    expect(await failure(options(url, { version: 5 }))).toMatchObject({ failure: 'version' });
    expect(await failure(options(url, { version: 4 }))).toMatchObject({ failure: 'version' });
    expect(seen).toEqual([5, 4]);
  });

  it.each([
    ['server busy', Buffer.from([0x20, 3, 0, 0x89, 0]), 'busy', [5]],
    ['not authorized', Buffer.from([0x20, 3, 0, 0x87, 0]), 'credentials', [5]],
    ['3.1.1 server unavailable', Buffer.from([0x20, 2, 0, 3]), 'busy', [5, 4]],
  ] as const)('understands the answer "%s"', async (_, answer, kind, versions) => {
    const { url, seen } = await fakeBroker(answer);
    const error = await failure(options(url));
    expect(error).toBeInstanceOf(LinkError);
    if (versions.length === 1) expect(error?.failure).toBe(kind);
    expect(seen[0]).toBe(5);
  });

  it('gives up a broker that says nothing, at once when told to stop', async () => {
    const { url } = await fakeBroker('nothing');
    expect(await failure(options(url, { connectTimeoutMs: 100 }))).toMatchObject({ failure: 'timeout' });
    const stop = new AbortController();
    const attempt = openMqttLink(options(url, { connectTimeoutMs: 60_000 }), silent, stop.signal);
    setTimeout(() => stop.abort(), 20);
    await expect(attempt).rejects.toMatchObject({ message: 'stopped' });
  });

  it('says where nobody listens', async () => {
    const error = await failure(options('mqtt://127.0.0.1:1'));
    expect(error).toMatchObject({
      failure: 'unreachable',
      message: expect.stringMatching(/ECONNREFUSED.*check address/),
    });
  });

  it('says that user or password are wrong', async () => {
    const { url } = await aedes({ username: 'gw', password: 'right' });
    expect(await failure(options(url, { username: 'gw', password: 'wrong' }))).toMatchObject({
      failure: 'credentials',
    });
    const link = await openMqttLink(options(url, { username: 'gw', password: 'right' }), silent);
    await link.close();
  });

  it('settles everything that is outstanding when the connection breaks, and tells once', async () => {
    const broker = await aedes();
    const proxy = await FaultProxy.start(broker.port);
    closers.push(() => proxy.close());
    let closed = 0;
    const link = await openMqttLink(options(proxy.url, { answerTimeoutMs: 60_000 }), {
      ...silent,
      closed: () => closed++,
    });
    proxy.blackhole = true;
    const outstanding = [1, 2, 3].map(() => link.publish('t', 'x', { qos: 1, retain: false }));
    const subscription = link.subscribe('t', 1);
    const results = Promise.allSettled([...outstanding, subscription]);
    proxy.blackhole = false;
    proxy.reset();
    expect((await results).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    await expect(link.publish('t', 'x', { qos: 1, retain: false })).rejects.toThrow();
    expect(closed).toBe(1);
  });

  it('gives up an acknowledgement that does not come', async () => {
    const { port } = await aedes();
    const proxy = await FaultProxy.start(port);
    closers.push(() => proxy.close());
    const link = await openMqttLink(options(proxy.url, { answerTimeoutMs: 100 }), silent);
    proxy.blackhole = true;
    await expect(link.publish('t', 'x', { qos: 1, retain: false })).rejects.toMatchObject({
      failure: 'timeout',
    });
    link.destroy();
  });

  it('says goodbye although acknowledgements are outstanding: no will is published', async () => {
    const { url } = await aedes();
    const heard: string[] = [];
    const watcher = await openMqttLink(options(url, { clientId: 'w' }), {
      ...silent,
      message: (topic) => heard.push(topic),
    });
    await watcher.subscribe('#', 0);
    const will = (topic: string) => ({ will: { topic, payload: 'gone' } });
    const polite = await openMqttLink(options(url, { clientId: 'a', ...will('will/polite') }), silent);
    polite.publish('t', 'x', { qos: 1, retain: false }).catch(() => {});
    await polite.close();
    const rude = await openMqttLink(options(url, { clientId: 'b', ...will('will/rude') }), silent);
    rude.destroy();
    await waitFor('the will of the other', () => heard.includes('will/rude'));
    expect(heard).not.toContain('will/polite');
    await watcher.close();
  });
});

describe('the transport', () => {
  const config = {
    recipient: 'province',
    gateway: 'gw-01',
    school: '4137010001',
    region: '370102',
    name: 'x',
  };
  const gone = { k: 'gone' as const, boot: 'b' };
  const events = { receipt: () => {}, closed: () => {} };

  it('remembers that the broker took only 3.1.1', async () => {
    const broker = await aedes();
    const proxy = await FaultProxy.start(broker.port);
    closers.push(() => proxy.close());
    const transport = new MqttTransport({ ...config, url: proxy.url });
    for (const connections of [2, 3, 4]) {
      const connection = await transport.connect(gone, events, new AbortController().signal);
      expect(connection.protocol).toBe('MQTT 3.1.1');
      expect(proxy.connections).toBe(connections);
      await connection.close();
    }
  });
});

describeWithPeer('mosquitto', 'a link to mosquitto', () => {
  const start = async (extra: string[]) => {
    const { dir, remove } = tempDir('link');
    const broker = await startMosquitto(requirePeer('mosquitto'), dir, { extra });
    closers.push(remove, () => broker.process.kill());
    return broker;
  };

  it('speaks MQTT 5, or 3.1.1 when told to', async () => {
    const { url } = await start([]);
    for (const [version, spoken] of [
      [undefined, 5],
      [5, 5],
      [4, 4],
    ] as const) {
      const link = await openMqttLink(options(url, { version }), silent);
      expect(link.version).toBe(spoken);
      await link.close();
    }
  });

  it('keeps to the largest packet the broker takes', async () => {
    const { url } = await start(['max_packet_size 30000']);
    const config = {
      recipient: 'p',
      url,
      gateway: 'gw-01',
      school: '4137010001',
      region: '370102',
      name: 'x',
    };
    const connection = await new MqttTransport(config).connect(
      { k: 'gone', boot: 'b' },
      { receipt: () => {}, closed: () => {} },
      new AbortController().signal,
    );
    expect(connection.maxFrameBytes).toBeGreaterThan(29_000);
    expect(connection.maxFrameBytes).toBeLessThan(30_000);
    await connection.sendFrame('e', Buffer.alloc(connection.maxFrameBytes));
    await connection.close();
  });

  it('keeps to the number of unacknowledged messages the broker takes', async () => {
    const { url } = await start(['max_inflight_messages 3']);
    const link = await openMqttLink(options(url), silent);
    expect(link.receiveMaximum).toBe(3);
    await link.close();
    const config = {
      recipient: 'p',
      url,
      gateway: 'gw-01',
      school: '4137010001',
      region: '370102',
      name: 'x',
    };
    const transport = new MqttTransport(config);
    let closed = 0;
    const connection = await transport.connect(
      { k: 'gone', boot: 'b' },
      { receipt: () => {}, closed: () => closed++ },
      new AbortController().signal,
    );
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => connection.sendFrame(i % 2 === 0 ? 'a' : 'e', Buffer.from('x'))),
    );
    expect(closed).toBe(0);
    await connection.close();
  });
});

describeWithPeer(['mosquitto', 'openssl'], 'a link over TLS', () => {
  it('needs the right CA and a client certificate the broker knows, and says which is wrong', async () => {
    const { dir, remove } = tempDir('tls');
    const certs = makeCertificates();
    writeFileSync(join(dir, 'ca.crt'), certs.ca);
    writeFileSync(join(dir, 'server.crt'), certs.server.cert);
    writeFileSync(join(dir, 'server.key'), certs.server.key);
    const extra = [
      `cafile ${join(dir, 'ca.crt')}`,
      `certfile ${join(dir, 'server.crt')}`,
      `keyfile ${join(dir, 'server.key')}`,
      'require_certificate true',
      'user root',
    ];
    const broker = await startMosquitto(requirePeer('mosquitto'), dir, { extra });
    closers.push(remove, () => broker.process.kill());
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const pem = (text: string) => Buffer.from(text);
    const client = { cert: pem(certs.client.cert), key: pem(certs.client.key) };
    const link = await openMqttLink(options(url, { tls: { ca: pem(certs.ca), ...client } }), silent);
    expect(link.version).toBe(5);
    await link.close();
    expect(await failure(options(url, { tls: client }))).toMatchObject({
      failure: 'tls',
      message: expect.stringMatching(/ca_file/),
    });
    expect(await failure(options(url, { tls: { ca: pem(certs.ca) } }))).toMatchObject({ failure: 'tls' });
    const rogue = { cert: pem(certs.rogue.cert), key: pem(certs.rogue.key) };
    expect(await failure(options(url, { tls: { ca: pem(certs.ca), ...rogue } }))).toMatchObject({
      failure: 'tls',
    });
  });
});
