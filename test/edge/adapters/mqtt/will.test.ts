import { describe, expect, test } from 'vitest';
import { RetainedStore } from '../../../../edge/adapters/mqtt/retained.ts';
import { type BaseStore, SessionStore } from '../../../../edge/adapters/mqtt/store.ts';
import { RawDevice, startBroker, until } from './support.ts';

const will = { topic: 'io/1/lost', payload: Buffer.from('gone'), qos: 1 as 0 | 1 | 2, retain: false };

describe('a will', () => {
  test.each([0, 1, 2] as const)('of QoS %i is handed over when the connection ends abruptly', async (qos) => {
    const { sink, port, counter } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will: { ...will, qos } });
    device.socket.resetAndDestroy();
    await until(() => sink.messages.length === 1);
    expect(sink.messages[0]).toMatchObject({
      channel: 'io/1/lost',
      payload: Buffer.from('gone'),
      clientId: 'io1-device',
      user: 'io1',
      qos,
      will: true,
      dup: false,
    });
    await until(() => sink.changes.length === 2);
    expect(sink.changes[1]).toMatchObject({
      online: false,
      reason: expect.stringContaining('connection lost'),
    });
    expect(sink.changes[1]?.causedByUs).toBeUndefined();
    expect(counter('wills')).toBe(1);
  });

  test('is handed over when the device only closes its side', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will });
    device.socket.end();
    await until(() => sink.messages.length === 1);
  });

  test('of a device with subscriptions is handed over too', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will });
    device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/set', qos: 1 }] });
    await device.receives('suback');
    device.socket.resetAndDestroy();
    await until(() => sink.messages.length === 1);
    expect(sink.messages[0]).toMatchObject({ will: true });
  });

  test('is handed over when the keepalive runs out, with that as the reason', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will, keepalive: 1 });
    device.socket.pause();
    await until(() => sink.changes.length === 2);
    expect(sink.changes[1]).toMatchObject({ online: false, reason: 'keepalive timeout', graceMs: 0 });
    expect(sink.messages[0]).toMatchObject({ will: true });
  });

  test('reaches subscribers only after its commit, and is retained then', async () => {
    const { broker, sink, port } = await startBroker();
    const hub = await RawDevice.signIn(port, 'hub');
    hub.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/#', qos: 0 }] });
    await hub.receives('suback');
    const device = await RawDevice.signIn(port, 'io1', { will: { ...will, retain: true } });
    sink.holding = true;
    device.socket.destroy();
    await until(() => sink.messages.length === 1);
    await hub.settles();
    expect(hub.count('publish')).toBe(0);
    sink.commit();
    await hub.receives('publish');
    expect(broker.retainedCount).toBe(1);
    expect(sink.messages[0]).toMatchObject({ retain: true });
  });

  test('is not published after a goodbye', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will });
    device.send({ cmd: 'disconnect' });
    await until(() => sink.changes.length === 2);
    expect(sink.changes[1]).toMatchObject({ online: false, reason: 'the device disconnected' });
    const other = await RawDevice.signIn(port, 'io2');
    await other.settles();
    expect(sink.messages).toEqual([]);
  });

  test('of a device that connects anew is handed over before what it says then', async () => {
    const { sink, port } = await startBroker();
    await RawDevice.signIn(port, 'io1', { will });
    const again = await RawDevice.signIn(port, 'io1', { will });
    again.publish('io/1/state', 'back', { qos: 1 });
    await again.receives('puback');
    expect(sink.payloads()).toEqual(['gone', 'back']);
  });

  test('that may not be published is dropped and told; the device is taken', async () => {
    const { sink, port, counter } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { will: { ...will, topic: 'io/2/lost' } });
    expect(counter('refused_will-not-allowed')).toBe(1);
    expect(sink.refusals[0]).toMatchObject({ reason: 'will-not-allowed', channel: 'io/2/lost', user: 'io1' });
    device.socket.resetAndDestroy();
    await until(() => sink.changes.length === 2);
    const other = await RawDevice.signIn(port, 'io2');
    await other.settles();
    expect(sink.messages).toEqual([]);
  });

  test('of a connected device is out of reach of the clean-up after dead brokers, which a clock step can start', async () => {
    const store = new SessionStore({} as BaseStore, new RetainedStore({ count: 1, bytes: 1 }), {
      qos2Of: () => undefined,
      maySubscribe: () => false,
      maxQueued: 0,
      queueDropped: () => {},
    });
    await store.putWill();
    expect(await store.streamWill().toArray()).toEqual([]);
  });

  test.each(['io/#', 'io/\0', ''])('with the bad topic "%s" is refused with its CONNECT', async (topic) => {
    const { sink, port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    if (topic === '') device.write(connectWithEmptyWillTopic());
    else device.connect('io1', { will: { ...will, topic } });
    await device.closes();
    expect(counter('refused_bad-topic')).toBe(1);
    expect(sink.messages).toEqual([]);
  });
});

/** mqtt-packet would not write it. */
function connectWithEmptyWillTopic(): Buffer {
  const field = (text: string): Buffer => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]);
  const body = Buffer.concat([
    field('MQTT'),
    Buffer.from([4, 0xc6, 0, 0]),
    ...[field('panel'), field(''), field('gone'), field('io1'), field('pw-io1')],
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
