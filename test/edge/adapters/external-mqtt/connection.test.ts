import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificates } from '../../../support/certs.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';
import { FakeBroker, makeGateway, setUp, until } from './fake-broker.ts';

test('a broker that is away keeps nobody from starting, and is told in words', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const gateway = makeGateway({ url: `mqtt://127.0.0.1:${port}` });
  onTestFinished(() => gateway.stop());
  await gateway.start(new RecordingSink());
  await until(() => gateway.status().failure !== undefined);
  expect(gateway.status()).toMatchObject({ state: 'running', clients: 0 });
  expect(gateway.status().failure).toMatch(/ECONNREFUSED.*check address, port and network/);
  await until(() => (gateway.status().counters.failures ?? 0) >= 3);
});

test.each([
  [0x86, 'the broker refused us, 0x86: wrong user or password ("try harder")'],
  [
    0x87,
    'the broker refused us, 0x87: not authorised: check user, client certificate and access rights (ACL) ("try harder")',
  ],
])('CONNACK 0x%i is told in words', async (reasonCode, message) => {
  const { broker, gateway, sink } = await setUp();
  broker.script.connack = { reasonCode, properties: { reasonString: 'try harder' } };
  await gateway.start(sink);
  await until(() => gateway.status().failure !== undefined);
  expect(gateway.status().failure).toBe(message);
});

test('a broker of MQTT 3.1.1 is named as one', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.connack = { reasonCode: 0x84 };
  await gateway.start(sink);
  await until(() => gateway.status().failure?.includes('does not speak MQTT 5') === true);
});

test('DISCONNECT with a reason is told in words', async () => {
  const { broker, gateway, sink } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  await until(() => gateway.status().clients === 1);
  broker.script.answers = false;
  peer.send({ cmd: 'disconnect', reasonCode: 0x8e });
  await until(() => gateway.status().clients === 0);
  expect(sink.changes.at(-1)).toMatchObject({
    online: false,
    reason: expect.stringContaining('another client took over our client id'),
  });
});

test('a peer that is dead while its connection stands is found within 1.5 x keepalive', async () => {
  const { broker, gateway, sink } = await setUp({ keepaliveS: 1 });
  await gateway.start(sink);
  const peer = await broker.peer();
  await until(() => gateway.status().clients === 1);
  peer.send = () => undefined; // answers no PINGREQ any more
  await until(() => broker.peers.length === 2, 'a second connection');
  expect(sink.changes.slice(0, 2).map(({ online }) => online)).toEqual([true, false]);
  expect(sink.changes[1]?.reason).toBe('the broker does not answer any more');
  expect(peer.all('pingreq').length).toBeGreaterThan(0);
});

test('while we do not read, silence is ours, not the broker’s', async () => {
  const { broker, gateway, sink } = await setUp({ keepaliveS: 1, limits: { maxWaiting: 1 } });
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'pressed', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  await until(() => peer.all('pingreq').length > 4);
  expect(broker.peers).toHaveLength(1);
});

test('the server’s keepalive counts', async () => {
  const { broker, gateway, sink } = await setUp({ keepaliveS: 1_000 });
  broker.script.connack = { properties: { serverKeepAlive: 1 } };
  await gateway.start(sink);
  const peer = await broker.peer();
  await peer.receives('pingreq');
});

test('one refused filter of several is named; the others serve', async () => {
  const { broker, gateway, sink } = await setUp({ subscribe: ['io/#', 'secret/#'] });
  broker.script.granted = ({ subscriptions }) =>
    subscriptions.map(({ topic, qos }) => (topic === 'secret/#' ? 0x87 : qos));
  await gateway.start(sink);
  const peer = await broker.peer();
  await until(() => gateway.status().clients === 1);
  expect(gateway.status().refusedFilters).toEqual(['secret/#']);
  peer.publish('io/1/state', 'pressed', { messageId: 1 });
  await until(() => sink.messages.length === 1);
});

test('when every filter is refused there is no connection', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.granted = ({ subscriptions }) => subscriptions.map(() => 0x87);
  await gateway.start(sink);
  await until(() => gateway.status().failure !== undefined);
  expect(gateway.status().failure).toContain('grants no subscription, 0x87');
  expect(sink.changes).toEqual([]);
});

test('attempts follow each other, never two at a time, and none follows stop', async () => {
  const { broker, gateway, sink } = await setUp({ limits: { connectTimeoutMs: 30 } });
  broker.script.answers = false;
  await gateway.start(sink);
  await until(() => broker.connects.length >= 3);
  expect(gateway.status().failure).toBe('no answer within 0.03 s');
  await gateway.stop();
  const attempts = broker.connects.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(broker.connects).toHaveLength(attempts);
});

test('several brokers are several adapters', async () => {
  const [a, b] = [await FakeBroker.start(), await FakeBroker.start()];
  const sink = new RecordingSink();
  const gateways = [makeGateway(a, { name: 'a' }), makeGateway(b, { name: 'b' })];
  onTestFinished(async () => {
    for (const gateway of gateways) await gateway.stop();
  });
  for (const gateway of gateways) await gateway.start(sink);
  (await a.peer()).publish('io/1/state', 'from a', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  (await b.peer()).publish('io/1/state', 'from b', { messageId: 1 });
  await until(() => sink.messages.length === 2);
  expect(sink.messages.map(({ adapter }) => adapter)).toEqual(['a', 'b']);
});

test('certificate and key that do not belong together are named', async () => {
  const { client, server } = makeCertificates();
  const gateway = makeGateway(
    { url: 'mqtts://127.0.0.1:1' },
    { tls: { cert: Buffer.from(client.cert), key: Buffer.from(server.key) } },
  );
  onTestFinished(() => gateway.stop());
  await gateway.start(new RecordingSink());
  await until(() => gateway.status().failure !== undefined);
  expect(gateway.status().failure).toMatch(
    /TLS failed \(.*MISMATCH\): key_file does not belong to cert_file/,
  );
});
