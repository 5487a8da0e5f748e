import { describe, expect, test } from 'vitest';
import { RawDevice, startBroker, until } from './support.ts';

async function subscribe(device: RawDevice, topic: string, qos: 0 | 1 = 0): Promise<void> {
  device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos }] });
  await device.receives('suback');
}

describe('delivery to subscribers', () => {
  test('one that stops reading delays no publisher and no other subscriber', async () => {
    const { broker, sink, port, counter } = await startBroker({ limits: { maxUnsentBytes: 1024 ** 3 } });
    const other = await RawDevice.signIn(port, 'io2');
    await subscribe(other, 'io/2/set');
    const stuck = await RawDevice.signIn(port, 'hub');
    await subscribe(stuck, 'io/1/#');
    stuck.socket.pause();
    const device = await RawDevice.signIn(port, 'io1');
    for (let round = 1; round <= 300; round++) {
      device.publish('io/1/state', Buffer.alloc(60_000), { qos: 1, messageId: 1 }); // 18 MB, beyond any socket buffer
      await device.receives('puback', round);
    }
    // As many small messages in one network packet as a stuck stock aedes would never get through
    device.socket.cork();
    for (let messageId = 1; messageId <= 50; messageId++)
      device.publish('io/1/state', 'x', { qos: 1, messageId });
    device.socket.uncork();
    await device.receives('puback', 350);
    device.publish('io/1/panic', 'pressed', { qos: 1, messageId: 2 });
    await until(() => sink.messages.at(-1)?.channel === 'io/1/panic');
    await broker.publish('io/2/set', Buffer.from('siren on'));
    await other.receives('publish');
    expect(counter('refused_too-slow')).toBe(0);
  });

  test('one that stops reading is disconnected when too much waits for it', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxUnsentBytes: 100_000 } });
    const stuck = await RawDevice.signIn(port, 'hub');
    await subscribe(stuck, 'io/1/#');
    stuck.socket.pause();
    const device = await RawDevice.signIn(port, 'io1');
    for (let round = 1; round <= 400 && counter('refused_too-slow') === 0; round++) {
      device.publish('io/1/state', Buffer.alloc(60_000), { qos: 1, messageId: 1 });
      await device.receives('puback', round);
    }
    await until(() => sink.changes.some(({ user, online }) => user === 'hub' && !online));
    expect(sink.changes.at(-1)).toMatchObject({ reason: 'too-slow' });
    expect(counter('refused_too-slow')).toBe(1);
  });

  test('QoS 1 for a kept session waits while its device is away, up to the bound', async () => {
    const { broker, sink, port, counter } = await startBroker({ limits: { maxQueued: 3 } });
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    await subscribe(device, 'io/1/set', 1);
    device.socket.destroy();
    await until(() => sink.changes.length === 2);
    for (const command of ['1', '2', '3', '4', '5']) {
      await broker.publish('io/1/set', Buffer.from(command), { qos: 1 });
    }
    expect(counter('queue_dropped')).toBe(2);
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    expect(again.received[0]).toMatchObject({ cmd: 'connack', sessionPresent: true });
    await again.receives('publish', 3);
    for (const packet of again.received) {
      if (packet.cmd === 'publish') again.send({ cmd: 'puback', messageId: packet.messageId ?? 0 });
    }
    await again.settles();
    // Acknowledged ones make room again
    again.socket.destroy();
    await until(() => sink.changes.length === 4);
    await broker.publish('io/1/set', Buffer.from('6'), { qos: 1 });
    expect(counter('queue_dropped')).toBe(2);
  });

  test('a clean session ends what was kept', async () => {
    const { broker, sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    await subscribe(device, 'io/1/set', 0);
    device.socket.destroy();
    await until(() => sink.changes.length === 2);
    const again = await RawDevice.signIn(port, 'io1', { clean: true });
    expect(again.received[0]).toMatchObject({ sessionPresent: false });
    await broker.publish('io/1/set', Buffer.from('x'));
    await again.settles();
    expect(again.count('publish')).toBe(0);
    again.socket.destroy();
    await until(() => sink.changes.length === 4);
    const third = await RawDevice.signIn(port, 'io1', { clean: false });
    expect(third.received[0]).toMatchObject({ sessionPresent: false });
  });

  test('of too many kept sessions the longest away is forgotten', async () => {
    const { broker, sink, port, counter } = await startBroker({ limits: { maxSessions: 2 } });
    for (const [index, clientId] of ['a', 'b', 'c'].entries()) {
      const device = await RawDevice.signIn(port, 'io1', { clean: false, clientId });
      await subscribe(device, 'io/1/set', 1);
      device.socket.destroy();
      await until(() => sink.changes.length === 2 * (index + 1));
    }
    expect(counter('sessions_forgotten')).toBe(1);
    await broker.publish('io/1/set', Buffer.from('x'), { qos: 1 });
    const present = async (clientId: string): Promise<unknown> =>
      (await RawDevice.signIn(port, 'io1', { clean: false, clientId })).received[0];
    expect(await present('b')).toMatchObject({ sessionPresent: true });
    expect(await present('c')).toMatchObject({ sessionPresent: true });
    expect(await present('a')).toMatchObject({ sessionPresent: false });
  });
});
