import { expect, test } from 'vitest';
import { setUp, until } from './fake-broker.ts';

const BARRIER = 'campus-gateway/gw-01-site/barrier';

test('without a kept session nothing waited: what comes is live, and no barrier is sent', async () => {
  const { broker, gateway, sink } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'now', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  expect(sink.messages[0]?.stored).toBeUndefined();
  expect(peer.all('publish')).toEqual([]);
});

test('what comes before the barrier is queued, what comes behind it is live', async () => {
  const { broker, gateway, sink, counter } = await setUp({ limits: { barrierMs: 60_000 } });
  broker.script.sessionPresent = true;
  broker.script.echoes = false;
  // in the same segment as CONNACK
  broker.script.behindConnack = [
    {
      cmd: 'publish',
      topic: 'io/1/state',
      payload: 'in flight',
      qos: 1,
      dup: true,
      retain: false,
      messageId: 1,
    },
  ];
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'waited', { messageId: 2 });
  const barrier = await peer.receives('publish');
  expect(barrier).toMatchObject({ topic: BARRIER, qos: 1, retain: false });
  peer.publish(BARRIER, 'of another connection', { messageId: 3 });
  peer.publish('io/1/state', 'waited too', { messageId: 4 });
  await until(() => sink.messages.length === 3);
  expect(gateway.status().isLive).toBe(false);
  broker.echo(peer, BARRIER, barrier.payload as Buffer);
  peer.publish('io/1/state', 'now', { messageId: 5 });
  await until(() => sink.messages.length === 4);
  expect(sink.messages.map(({ stored }) => stored)).toEqual(['queued', 'queued', 'queued', undefined]);
  expect(sink.payloads()).toEqual(['in flight', 'waited', 'waited too', 'now']);
  expect(gateway.status().isLive).toBe(true);
  expect(counter('queued')).toBe(3);
  await until(() => peer.acks('puback').length === 6);
});

test('a message from the retained store is retained, before and behind the barrier; a live one with RETAIN never is', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.sessionPresent = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  const [subscribe] = peer.all('subscribe');
  expect(subscribe?.subscriptions).toEqual([
    { topic: 'io/#', qos: 1, nl: false, rap: false, rh: 1 },
    { topic: BARRIER, qos: 1, nl: false, rap: false, rh: 2 },
  ]);
  peer.publish('io/1/state', 'kept', { messageId: 1, retain: true });
  await until(() => gateway.status().isLive && sink.messages.length === 1);
  peer.publish('io/1/state', 'kept as well', { messageId: 2, retain: true });
  await until(() => sink.messages.length === 2);
  expect(sink.messages.map(({ stored }) => stored)).toEqual(['retained', 'retained']);
  // the embedded broker must not offer it as its own
  expect(sink.messages.some(({ retain }) => retain !== undefined)).toBe(false);
});

test.each([
  ['refuses to publish it', (s: { puback: number }) => Object.assign(s, { puback: 0x87 })],
  ['swallows it', (s: { echoes: boolean }) => Object.assign(s, { echoes: false })],
])('a broker that %s: a quiet ping shows that nothing waited', async (_, change) => {
  const { broker, gateway, sink, counter } = await setUp();
  broker.script.sessionPresent = true;
  change(broker.script);
  broker.script.behindConnack = [
    {
      cmd: 'publish',
      topic: 'io/1/state',
      payload: 'waited',
      qos: 1,
      dup: false,
      retain: false,
      messageId: 1,
    },
  ];
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  await until(() => sink.messages.length === 1);
  // as long as something is not acknowledged, the broker may have more of it
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(peer.all('pingreq')).toEqual([]);
  expect(gateway.status().isLive).toBe(false);
  sink.holding = false;
  sink.commit();
  await until(() => gateway.status().isLive);
  expect(counter('barriers_missed')).toBe(1);
  peer.publish('io/1/state', 'now', { messageId: 2 });
  await until(() => sink.messages.length === 2);
  expect(sink.messages.map(({ stored }) => stored)).toEqual(['queued', undefined]);
});

test('a ping with a message between question and answer shows nothing', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.sessionPresent = true;
  broker.script.echoes = false;
  let id = 0;
  let isBusy = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  // each PINGREQ finds one more message that waited; it leaves before the PINGRESP
  const answer = peer.send.bind(peer);
  peer.send = (packet) => {
    if (packet.cmd === 'pingresp' && isBusy) peer.publish('io/1/state', 'waited', { messageId: ++id });
    answer(packet);
  };
  await until(() => sink.messages.length >= 5);
  expect(gateway.status().isLive).toBe(false);
  isBusy = false;
  await until(() => gateway.status().isLive);
  expect(new Set(sink.messages.map(({ stored }) => stored))).toEqual(new Set(['queued']));
});

test('each connection to a kept session has its own barrier', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.sessionPresent = true;
  await gateway.start(sink);
  const first = await broker.peer();
  await until(() => gateway.status().isLive);
  broker.script.echoes = false;
  first.socket.destroy();
  const second = await broker.peer(2);
  const barrier = await second.receives('publish');
  broker.echo(second, BARRIER, first.all('publish')[0]?.payload as Buffer);
  second.publish('io/1/state', 'waited', { messageId: 9 });
  await until(() => sink.messages.length === 1);
  expect(sink.messages[0]?.stored).toBe('queued');
  broker.echo(second, BARRIER, barrier.payload as Buffer);
  await until(() => gateway.status().isLive);
});
