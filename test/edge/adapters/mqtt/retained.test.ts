import { describe, expect, test } from 'vitest';
import { RetainedStore } from '../../../../edge/adapters/mqtt/retained.ts';
import { RawDevice, startBroker } from './support.ts';

function message(topic: string, payload: string, qos: 0 | 1 | 2 = 0) {
  return { topic, payload: Buffer.from(payload), qos };
}

async function subscribe(device: RawDevice, topic: string, messageId = 1): Promise<void> {
  device.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos: 0 }] });
  await device.receives('suback', messageId);
  await device.settles();
}

describe('retained messages', () => {
  test('that are loaded at start go to subscribers and not to the sink', async () => {
    const { sink, port, broker } = await startBroker({
      retained: [message('io/1/state', 'normal', 1), message('io/1/available', 'online')],
    });
    expect(broker.retainedCount).toBe(2);
    const device = await RawDevice.signIn(port, 'io1');
    await subscribe(device, 'io/1/#');
    await device.receives('publish', 2);
    const received = device.received.filter(({ cmd }) => cmd === 'publish');
    expect(received).toMatchObject([
      { topic: 'io/1/state', payload: Buffer.from('normal'), retain: true },
      { topic: 'io/1/available', payload: Buffer.from('online'), retain: true },
    ]);
    expect(sink.messages).toEqual([]);
  });

  test('are live when they are published: retain is set, stored is not', async () => {
    const { sink, port, broker } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'alarm', { qos: 1, retain: true });
    await device.receives('puback');
    expect(sink.messages[0]).toMatchObject({ retain: true });
    expect(sink.messages[0]?.stored).toBeUndefined();
    expect(broker.retainedCount).toBe(1);
    await subscribe(device, 'io/1/state');
    expect(await device.receives('publish')).toMatchObject({ retain: true, payload: Buffer.from('alarm') });
  });

  test('are removed by an empty payload, which the sink gets too', async () => {
    const { sink, port, broker } = await startBroker({ retained: [message('io/1/state', 'normal')] });
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', '', { qos: 1, retain: true });
    await device.receives('puback');
    expect(broker.retainedCount).toBe(0);
    expect(sink.messages[0]).toMatchObject({ retain: true, payload: Buffer.alloc(0) });
  });

  test('over the bound are processed but not retained, counted and told', async () => {
    const { sink, port, broker, counter } = await startBroker({
      limits: { maxRetained: { count: 2, bytes: 1000 } },
    });
    const device = await RawDevice.signIn(port, 'io1');
    for (const [index, topic] of ['io/1/a', 'io/1/b', 'io/1/c', 'io/1/a'].entries()) {
      device.publish(topic, 'x', { qos: 1, retain: true, messageId: index + 1 });
    }
    await device.receives('puback', 4);
    expect(sink.messages.map(({ channel, retain }) => [channel, retain])).toEqual([
      ['io/1/a', true],
      ['io/1/b', true],
      ['io/1/c', false],
      ['io/1/a', true],
    ]);
    expect(broker.retainedCount).toBe(2);
    expect(counter('refused_retained-full')).toBe(1);
    expect(sink.refusals).toEqual([expect.objectContaining({ reason: 'retained-full', channel: 'io/1/c' })]);
    device.publish('io/1/b', '', { qos: 1, retain: true, messageId: 5 });
    device.publish('io/1/c', 'x', { qos: 1, retain: true, messageId: 6 });
    await device.receives('puback', 6);
    expect(broker.retainedCount).toBe(2);
    expect(counter('refused_retained-full')).toBe(1);
  });

  test('over the bound at start are left out, and the broker starts', async () => {
    const { broker } = await startBroker({
      retained: [message('io/1/a', 'x'), message('io/1/b', 'x')],
      limits: { maxRetained: { count: 1, bytes: 1000 } },
    });
    expect(broker.retainedCount).toBe(1);
  });

  test('with empty levels are found by + and #', async () => {
    const { port } = await startBroker({
      retained: [message('io/1//state', 'a'), message('io/1/', 'b'), message('io/1', 'c')],
    });
    const device = await RawDevice.signIn(port, 'io1');
    await subscribe(device, 'io/1/+/state', 1);
    expect(await device.receives('publish', 1)).toMatchObject({ topic: 'io/1//state' });
    await subscribe(device, 'io/1/+', 2);
    expect(await device.receives('publish', 2)).toMatchObject({ topic: 'io/1/' });
    await subscribe(device, 'io/1/#', 3);
    await device.receives('publish', 5);
  });

  test('the broker’s own publishes reach subscribers and can be retained', async () => {
    const { broker, sink, port } = await startBroker();
    await broker.publish('io/1/set', Buffer.from('siren on'), { qos: 1, retain: true });
    const device = await RawDevice.signIn(port, 'io1');
    await subscribe(device, 'io/1/set');
    expect(await device.receives('publish')).toMatchObject({ payload: Buffer.from('siren on') });
    await broker.publish('io/1/set', Buffer.from('siren off'));
    expect(await device.receives('publish', 2)).toMatchObject({ payload: Buffer.from('siren off') });
    expect(sink.messages).toEqual([]);
    await expect(broker.publish('io/#', Buffer.alloc(0))).rejects.toThrow(
      'cannot publish to "io/#": wildcard',
    );
  });
});

describe('the retained store', () => {
  test('counts what is reserved, not only what is stored', () => {
    const store = new RetainedStore({ count: 10, bytes: 20 });
    expect(store.reserve('a', 9)).toBe(true); // 10 bytes with the topic
    expect(store.reserve('b', 10)).toBe(false);
    expect(store.reserve('b', 9)).toBe(true);
    expect(store.reserve('a', 10)).toBe(false);
    expect(store.reserve('a', 4)).toBe(true);
    expect(store.reserve('c', 4)).toBe(true);
    expect(store.reserve('b', 0)).toBe(true);
    expect(store.reserve('d', 9)).toBe(true);
  });

  test('keeps its own copy of a payload', () => {
    const store = new RetainedStore({ count: 10, bytes: 1000 });
    const payload = Buffer.from('normal');
    store.store({ topic: 'a', payload, qos: 0 });
    payload.fill(0);
    expect([...store.matching(['a'])][0]?.payload.toString()).toBe('normal');
  });

  test('yields a message once for overlapping filters', () => {
    const store = new RetainedStore({ count: 10, bytes: 1000 });
    store.store({ topic: 'a/b', payload: Buffer.from('x'), qos: 0 });
    expect([...store.matching(['a/+', 'a/#', 'a/b'])]).toHaveLength(1);
    expect([...store.matching(['a/b', 'a/b'])]).toHaveLength(1);
  });
});
