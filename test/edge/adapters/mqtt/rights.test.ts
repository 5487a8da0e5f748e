import { describe, expect, test } from 'vitest';
import { RawDevice, startBroker, until } from './support.ts';

describe('publishing', () => {
  test.each([0, 1, 2] as const)(
    'a forbidden topic at QoS %i is refused, not delivered, and the device stays',
    async (qos) => {
      const { sink, port, counter } = await startBroker();
      const hub = await RawDevice.signIn(port, 'hub');
      hub.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/2/#', qos: 0 }] });
      await hub.receives('suback');
      const device = await RawDevice.signIn(port, 'io1');
      device.publish('io/2/set', 'open the door', { qos, messageId: 5, retain: true });
      if (qos === 1) await device.receives('puback');
      if (qos === 2) {
        await device.receives('pubrec');
        device.send({ cmd: 'pubrel', messageId: 5 });
        await device.receives('pubcomp');
      }
      await device.settles();
      await hub.settles();
      expect(sink.messages).toEqual([]);
      expect(hub.count('publish')).toBe(0);
      expect(counter('refused_not-allowed')).toBe(1);
      expect(sink.refusals).toEqual([
        {
          adapter: 'campus',
          reason: 'not-allowed',
          address: '127.0.0.1',
          clientId: 'io1-device',
          user: 'io1',
          channel: 'io/2/set',
          sample: Buffer.from('open the door'),
          at: expect.any(Number),
        },
      ]);
      hub.send({ cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: 'io/2/set', qos: 0 }] });
      await hub.receives('suback', 2);
      await hub.settles();
      expect(hub.count('publish')).toBe(0); // nor retained
    },
  );

  test.each(['$SYS/broker/uptime', '$share/g/io/1/state', '$refused'])(
    '%s is the broker’s own, even for "#"',
    async (topic) => {
      const { sink, port, counter } = await startBroker();
      const hub = await RawDevice.signIn(port, 'hub');
      hub.publish(topic, 'x', { qos: 1 });
      await hub.receives('puback');
      expect(sink.messages).toEqual([]);
      expect(counter('refused_not-allowed')).toBe(1);
    },
  );

  test('an account cannot allow topics of the broker', async () => {
    const account = { user: 'io1', publish: ['$SYS/#'], subscribe: ['$SYS/#', '$share/#'] };
    const { sink, port } = await startBroker({ access: { authenticate: async () => account } });
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('$SYS/broker/uptime', 'x', { qos: 1 });
    await device.receives('puback');
    device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$SYS/broker/uptime', qos: 0 }] });
    expect(await device.receives('suback')).toMatchObject({ granted: [0x80] });
    expect(sink.messages).toEqual([]);
    expect(sink.reasons()).toEqual(['not-allowed', 'subscribe-not-allowed']);
  });

  test('the sample of a refusal is short and its own memory', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/2/set', Buffer.alloc(60_000, 'a'), { qos: 1 });
    await device.receives('puback');
    expect(sink.refusals[0]?.sample).toEqual(Buffer.alloc(256, 'a'));
    expect(sink.refusals[0]?.sample?.buffer.byteLength).toBeLessThan(10_000);
  });
});

describe('subscribing', () => {
  test.each(['#', '+/#', '+', '+/+', '$SYS/#', '$share/group/io/1/state'])(
    '%s is answered with 0x80 even where the account allows "#", and the connection stays',
    async (topic) => {
      const { sink, port, counter } = await startBroker();
      const hub = await RawDevice.signIn(port, 'hub');
      hub.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 1 }] });
      expect(await hub.receives('suback')).toMatchObject({ granted: [0x80] });
      await hub.settles();
      expect(counter('refused_subscribe-not-allowed')).toBe(1);
      expect(sink.refusals[0]).toMatchObject({
        reason: 'subscribe-not-allowed',
        channel: topic,
        user: 'hub',
      });
    },
  );

  test('each filter of a SUBSCRIBE is judged for itself', async () => {
    const { port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [
        { topic: 'io/1/set', qos: 1 },
        { topic: 'io/2/set', qos: 1 },
        { topic: 'io/+/set', qos: 1 },
        { topic: 'shared/#', qos: 0 },
      ],
    });
    expect(await device.receives('suback')).toMatchObject({ granted: [1, 0x80, 0x80, 0] });
  });

  test.each([
    'io/1/#/x',
    'io/1/a#',
    'io/1/a+',
    'io/1/\0',
    `io/1/${'x'.repeat(2000)}`,
    `io/1${'/x'.repeat(40)}`,
  ])('a bad filter is refused', async (topic) => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] });
    await until(() => sink.refusals.length === 1);
    expect(sink.reasons()).toEqual(['bad-filter']);
  });

  test('the number of filters is bounded; the same one again is not one more', async () => {
    const { port, counter } = await startBroker({ limits: { maxSubscriptions: 2 } });
    const device = await RawDevice.signIn(port, 'io1');
    const subscribe = async (topic: string, messageId: number): Promise<unknown> => {
      device.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos: 0 }] });
      return (await device.receives('suback', messageId)).granted;
    };
    expect(await subscribe('io/1/a', 1)).toEqual([0]);
    expect(await subscribe('io/1/b', 2)).toEqual([0]);
    expect(await subscribe('io/1/b', 3)).toEqual([0]);
    expect(await subscribe('io/1/c', 4)).toEqual([0x80]);
    device.send({ cmd: 'unsubscribe', messageId: 5, unsubscriptions: ['io/1/a'] });
    await device.receives('unsuback');
    expect(await subscribe('io/1/c', 5)).toEqual([0]);
    expect(counter('refused_too-many-subscriptions')).toBe(1);
  });

  test('a refused filter of a kept session brings nothing, online or after it returns', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    device.send({
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [
        { topic: 'io/1/set', qos: 1 },
        { topic: 'io/2/set', qos: 1 },
      ],
    });
    await device.receives('suback');
    const hub = await RawDevice.signIn(port, 'hub');
    hub.publish('io/2/set', 'forbidden', { qos: 1, messageId: 1 });
    await hub.receives('puback');
    await device.settles();
    device.socket.destroy();
    await until(() => sink.changes.some(({ online }) => !online));
    hub.publish('io/2/set', 'forbidden', { qos: 1, messageId: 2 });
    hub.publish('io/1/set', 'allowed', { qos: 1, messageId: 3 });
    await hub.receives('puback', 3);
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    await again.receives('publish');
    await again.settles();
    const received = again.received.filter(({ cmd }) => cmd === 'publish');
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ topic: 'io/1/set' });
  });

  test('a filter that the account has lost is not restored with the session', async () => {
    const rights = { user: 'io1', publish: ['io/1/#'], subscribe: ['io/1/#', 'io/2/#'] };
    const { sink, port, broker, counter } = await startBroker({
      access: { authenticate: async () => rights },
      limits: { maxQueued: 2 },
    });
    const subscribe = {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'io/2/set', qos: 1 }],
    } as const;
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    device.send({ ...subscribe, subscriptions: [...subscribe.subscriptions] });
    await device.receives('suback');
    device.socket.destroy();
    await until(() => sink.changes.some(({ online }) => !online));
    rights.subscribe = ['io/1/#'];
    await broker.publish('io/2/set', Buffer.from('queued'), { qos: 1 });
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    await broker.publish('io/2/set', Buffer.from('live'), { qos: 1 });
    await again.settles();
    expect(again.count('publish')).toBe(0);
    again.socket.destroy();
    await until(() => sink.changes.length === 4);
    for (let n = 0; n < 5; n++) await broker.publish('io/2/set', Buffer.from('more'), { qos: 1 });
    expect(counter('queue_dropped')).toBe(0); // nothing is queued for it any more
  });
});
