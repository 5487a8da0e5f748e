import { expect, test } from 'vitest';
import { setUp, until } from './fake-broker.ts';

test('CONNECT asks for a kept session, a Receive Maximum and no topic aliases', async () => {
  const { broker, gateway, sink } = await setUp({ username: 'gw', password: 'secret' });
  await gateway.start(sink);
  await broker.peer();
  expect(broker.connects[0]).toMatchObject({
    protocolVersion: 5,
    clean: false,
    clientId: 'gw-01-site',
    username: 'gw',
    keepalive: 20,
    properties: { sessionExpiryInterval: 86_400, receiveMaximum: 2_000, maximumPacketSize: 2 ** 20 },
  });
  expect(broker.connects[0]?.properties?.topicAliasMaximum ?? 0).toBe(0);
});

test('messages are handed on in order and acknowledged in order after the commit, with one write', async () => {
  const { broker, gateway, sink } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  for (let id = 1; id <= 50; id++) peer.publish('io/1/state', `${id}`, { messageId: id });
  await until(() => sink.messages.length === 50);
  expect(sink.payloads()).toEqual(Array.from({ length: 50 }, (_, i) => `${i + 1}`));
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(peer.acks('puback')).toEqual([]);
  sink.commit();
  await until(() => peer.acks('puback').length === 50);
  expect(peer.acks('puback')).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(sink.messages[0]).toMatchObject({
    source: 'mqtt',
    adapter: 'site',
    channel: 'io/1/state',
    clientId: 'gw-01-site',
    qos: 1,
    packetId: 1,
  });
  expect(sink.messages[0]).not.toHaveProperty('user');
});

test('a message that is done early waits with its acknowledgement for those before it', async () => {
  const { broker, gateway, sink } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'slow', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  sink.holding = false;
  peer.publish('io/1/state', 'quick', { messageId: 2 });
  await until(() => sink.messages.length === 2);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(peer.acks('puback')).toEqual([]);
  sink.commit();
  await until(() => peer.acks('puback').length === 2);
  expect(peer.acks('puback')).toEqual([1, 2]);
});

test('QoS 2: PUBREC after the commit, PUBCOMP after PUBREL, a repetition is not handed on again', async () => {
  const { broker, gateway, sink, counter } = await setUp({ qos: 2 });
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'once', { qos: 2, messageId: 7 });
  await until(() => sink.messages.length === 1);
  expect(peer.acks('pubrec')).toEqual([]);
  sink.commit();
  await until(() => peer.acks('pubrec').length === 1);
  peer.publish('io/1/state', 'once', { qos: 2, messageId: 7, dup: true });
  await until(() => peer.acks('pubrec').length === 2);
  expect(sink.payloads()).toEqual(['once']);
  expect(counter('repeated')).toBe(1);
  peer.send({ cmd: 'pubrel', messageId: 7, reasonCode: 0 });
  await until(() => peer.acks('pubcomp').length === 1);
  peer.publish('io/1/state', 'another', { qos: 2, messageId: 7 });
  await until(() => sink.messages.length === 2);
});

test('a message whose connection ended before its commit is the same one when it comes again', async () => {
  const { broker, gateway, sink } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const first = await broker.peer();
  first.publish('io/1/state', 'pressed', { messageId: 3 });
  await until(() => sink.messages.length === 1);
  broker.script.sessionPresent = true;
  broker.script.echoes = false; // the barrier would end the redeliveries
  first.socket.destroy();
  const second = await broker.peer(2);
  second.publish('io/1/state', 'pressed', { messageId: 3, dup: true });
  second.publish('io/1/state', 'another', { messageId: 4 });
  await until(() => sink.messages.length === 2);
  sink.commit();
  await until(() => second.acks('puback').includes(4));
  expect(second.acks('puback')).toEqual([3, 4]);
  expect(sink.payloads()).toEqual(['pressed', 'another']);
});

test('a commit while the broker is away is acknowledged when the message comes again', async () => {
  const { broker, gateway, sink } = await setUp({ qos: 2, limits: { connectTimeoutMs: 500 } });
  sink.holding = true;
  await gateway.start(sink);
  const first = await broker.peer();
  first.publish('io/1/state', 'pressed', { qos: 2, messageId: 3 });
  await until(() => sink.messages.length === 1);
  broker.script.sessionPresent = true;
  broker.script.echoes = false; // the barrier would end the redeliveries
  broker.script.answers = false;
  first.socket.destroy();
  await until(() => gateway.status().clients === 0);
  sink.commit();
  broker.script.answers = true;
  const second = await broker.peer(2);
  second.publish('io/1/state', 'pressed', { qos: 2, messageId: 3, dup: true });
  await until(() => second.acks('pubrec').includes(3));
  expect(sink.payloads()).toEqual(['pressed']);
});

test('an identifier that is used for another message is another message, whatever was left of the old one', async () => {
  const { broker, gateway, sink } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const first = await broker.peer();
  first.publish('io/1/state', 'old', { messageId: 3 });
  await until(() => sink.messages.length === 1);
  broker.script.sessionPresent = true;
  first.socket.destroy();
  const second = await broker.peer(2);
  second.publish('io/1/state', 'new', { messageId: 3 }); // not DUP
  second.publish('io/2/state', 'newer', { messageId: 3, dup: true }); // another topic
  await until(() => sink.messages.length === 3);
  expect(sink.payloads()).toEqual(['old', 'new', 'newer']);
});

test('without a session at the broker nothing is a repetition', async () => {
  const { broker, gateway, sink, counter } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const first = await broker.peer();
  first.publish('io/1/state', 'pressed', { messageId: 3 });
  await until(() => sink.messages.length === 1);
  first.socket.destroy();
  const second = await broker.peer(2);
  second.publish('io/1/state', 'pressed', { messageId: 3, dup: true });
  await until(() => sink.messages.length === 2);
  expect(counter('sessions_lost')).toBe(1);
});

test('a message that the sink gives back is not acknowledged, nor what came after it', async () => {
  const { broker, gateway, sink } = await setUp({ limits: { stopWaitMs: 20 } });
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'a', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  sink.stopped();
  sink.holding = false;
  peer.publish('io/1/state', 'b', { messageId: 2 });
  await until(() => sink.messages.length === 2);
  await gateway.stop();
  expect(peer.acks('puback')).toEqual([]);
  expect(peer.all('disconnect')[0]).toMatchObject({ reasonCode: 0 });
});

test('stop acknowledges the commits that come within its grace', async () => {
  const { broker, gateway, sink } = await setUp();
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', 'a', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  const stopped = gateway.stop();
  sink.commit();
  await stopped;
  await until(() => peer.acks('puback').length === 1);
});

test('what waits for its commit is bounded: reading stops, and goes on when half is stored', async () => {
  const { broker, gateway, sink, counter } = await setUp({ limits: { maxWaiting: 100 } });
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  const payload = Buffer.alloc(60_000, 'x');
  for (let id = 1; id <= 1_000; id++) peer.publish('io/1/state', payload, { messageId: id });
  await until(() => counter('pauses') === 1);
  // what one read of the socket held may still come
  expect(sink.messages.length).toBeLessThan(110);
  sink.commit();
  sink.holding = false;
  await until(() => sink.messages.length === 1_000);
  await until(() => peer.acks('puback').length === 1_000);
  expect(peer.acks('puback')).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
});

test('bytes count too', async () => {
  const { broker, gateway, sink, counter } = await setUp({ limits: { maxWaitingBytes: 300_000 } });
  sink.holding = true;
  await gateway.start(sink);
  const peer = await broker.peer();
  for (let id = 1; id <= 100; id++) peer.publish('io/1/state', Buffer.alloc(60_000), { messageId: id });
  await until(() => counter('pauses') === 1);
  expect(sink.messages.length).toBeLessThan(12);
});
