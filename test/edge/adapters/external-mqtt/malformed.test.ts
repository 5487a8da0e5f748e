import { expect, test } from 'vitest';
import { setUp, until } from './fake-broker.ts';

test.each([
  ['over 32 levels', `io/${'a/'.repeat(32)}b`],
  ['over 1,024 bytes', `io/${'x'.repeat(1_030)}`],
  ['of bytes that were not UTF-8', 'io/\ufffd'],
  ['with a wildcard', 'io/+'],
])('a topic %s is refused, counted and acknowledged: alarms must not wait behind it', async (_, topic) => {
  const { broker, gateway, sink, counter } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish(topic, 'x', { messageId: 1 });
  peer.publish('io/1/state', 'pressed', { messageId: 2 });
  await until(() => peer.acks('puback').length === 2);
  expect(sink.payloads()).toEqual(['pressed']);
  expect(sink.reasons()).toEqual(['bad-topic']);
  expect(counter('refused_bad-topic')).toBe(1);
});

test('a payload over the limit is refused, counted and acknowledged', async () => {
  const { broker, gateway, sink } = await setUp({ limits: { maxPayloadBytes: 1_000 } });
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', Buffer.alloc(1_001, 'y'), { messageId: 1 });
  await until(() => peer.acks('puback').length === 1);
  expect(sink.refusals[0]).toMatchObject({ adapter: 'site', reason: 'too-large', channel: 'io/1/state' });
  expect(sink.refusals[0]?.sample).toHaveLength(256);
  expect(sink.messages).toEqual([]);
});

test.each([
  ['reserved flags', Buffer.from('6001', 'hex')],
  ['both QoS bits', Buffer.from('3605000161000100', 'hex')],
  ['a topic longer than its packet', Buffer.from('3004ffff6161', 'hex')],
  ['an unknown property', Buffer.from('320800016100050204ff01', 'hex')],
  ['a length without an end', Buffer.from('30ffffffffff', 'hex')],
  ['noise', Buffer.from('000233445566778899', 'hex')],
])('%s: the connection ends, counted, and the next one works', async (_, bytes) => {
  const { broker, gateway, sink, counter } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.socket.write(bytes);
  await until(() => peer.isClosed);
  const next = await broker.peer(2);
  next.publish('io/1/state', 'pressed', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  expect(counter('refused_bad-packet')).toBe(1);
  expect(sink.reasons()).toEqual(['bad-packet']);
});

test('a packet larger than allowed ends the connection before it is received', async () => {
  const { broker, gateway, sink } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.publish('io/1/state', Buffer.alloc(3 * 2 ** 20), { messageId: 1 });
  await until(() => peer.isClosed);
  await until(() => sink.reasons().includes('bad-packet'));
  expect(sink.messages).toEqual([]);
});

test('a malformed packet that comes with every connection costs its session, not the alarms behind it', async () => {
  const { broker, gateway, sink } = await setUp();
  broker.script.sessionPresent = true;
  broker.script.echoes = false; // it comes before the barrier
  await gateway.start(sink);
  for (let n = 1; n <= 3; n++) {
    const peer = await broker.peer(n);
    peer.socket.write(Buffer.from('6001', 'hex'));
    await until(() => peer.isClosed);
  }
  await broker.peer(4);
  expect(broker.connects.map(({ clean }) => clean)).toEqual([false, false, false, true]);
});

test('packets that a broker has no business to send do nothing', async () => {
  const { broker, gateway, sink } = await setUp();
  await gateway.start(sink);
  const peer = await broker.peer();
  peer.send({ cmd: 'pingresp' });
  peer.send({ cmd: 'puback', messageId: 999, reasonCode: 0x87 });
  peer.send({ cmd: 'suback', messageId: 77, granted: [0x80] });
  peer.send({ cmd: 'pubrel', messageId: 5, reasonCode: 0 });
  peer.publish('io/1/state', 'pressed', { messageId: 1 });
  await until(() => sink.messages.length === 1);
  await until(() => peer.acks('pubcomp').length === 1);
  expect(gateway.status().clients).toBe(1);
});

test('an address that answers something else costs no session', async () => {
  const { broker, gateway, sink, counter } = await setUp();
  broker.script.connack = { cmd: 'puback', messageId: 1 };
  await gateway.start(sink);
  await until(() => counter('failures') >= 5);
  expect(gateway.status().failure).toBe('the broker answered CONNECT with puback');
  expect(broker.connects.every(({ clean }) => clean === false)).toBe(true);
});
