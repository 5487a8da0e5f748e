import { connectAsync } from 'mqtt';
import { generate } from 'mqtt-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accounts, RawDevice, startBroker, until } from './support.ts';

const publishPacket = generate({
  cmd: 'publish',
  topic: 'io/1/state',
  payload: 'after',
  qos: 1,
  messageId: 2,
  dup: false,
  retain: false,
});

describe('QoS 1', () => {
  test('PUBACK comes only after the sink has committed', async () => {
    const { sink, port, counter } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 1, messageId: 7 });
    await until(() => sink.messages.length === 1);
    await device.settles(); // one message in flight does not stop the reading
    expect(device.count('puback')).toBe(0);
    expect(counter('acked')).toBe(0);
    sink.commit();
    expect(await device.receives('puback')).toMatchObject({ messageId: 7 });
    expect(counter('acked')).toBe(1);
  });

  test('hands over what is known of the message', async () => {
    const { sink, port } = await startBroker({ clock: () => 1_700_000_000_000 });
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 1, dup: true, retain: true });
    await device.receives('puback');
    expect(sink.messages).toEqual([
      {
        source: 'mqtt',
        adapter: 'campus',
        channel: 'io/1/state',
        clientId: 'io1-device',
        user: 'io1',
        payload: Buffer.from('pressed'),
        qos: 1,
        receivedAt: 1_700_000_000_000,
        receivedMonotonicMs: expect.any(Number),
        retain: true,
        dup: true,
        will: false,
        packetId: expect.any(Number),
      },
    ]);
    expect(sink.messages[0]?.stored).toBeUndefined();
  });

  test('a connection killed before the commit gets no acknowledgement, and its message is not taken back', async () => {
    const { sink, port, counter } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 1 });
    await until(() => sink.messages.length === 1);
    device.socket.resetAndDestroy();
    await until(() => sink.changes.some(({ online }) => !online));
    sink.commit();
    await until(() => counter('messages_qos1') === 1);
    const again = await RawDevice.signIn(port, 'io1');
    await again.settles();
    expect(counter('acked')).toBe(0);
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('what was committed after its device went still reaches subscribers and is retained', async () => {
    const { sink, port, broker } = await startBroker();
    const subscriber = await RawDevice.signIn(port, 'hub');
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/state', qos: 0 }] });
    await subscriber.receives('suback');
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 1, retain: true });
    await until(() => sink.messages.length === 1);
    device.socket.destroy();
    await until(() => sink.changes.some(({ online, clientId }) => !online && clientId === 'io1-device'));
    sink.commit();
    expect(await subscriber.receives('publish')).toMatchObject({ topic: 'io/1/state' });
    expect(broker.retainedCount).toBe(1);
  });

  test('thousands in flight from mqtt.js are all acknowledged', async () => {
    const { sink, port } = await startBroker({ limits: { maxHeldBytes: 2_000 } });
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      username: 'io1',
      password: accounts.io1!.password,
      reconnectPeriod: 0,
    });
    onTestFinished(() => client.endAsync(true));
    const sent = Array.from({ length: 3000 }, (_, index) => String(index));
    await Promise.all(sent.map((payload) => client.publishAsync('io/1/state', payload, { qos: 1 })));
    expect(sink.payloads()).toEqual(sent);
  });
});

describe('QoS 0', () => {
  test('is never held: what follows is read while the sink holds', async () => {
    const { sink, port, counter } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    for (let index = 0; index < 500; index++) device.publish('io/1/state', String(index));
    await device.settles();
    expect(sink.messages).toHaveLength(500);
    expect(counter('messages_qos0')).toBe(500);
    expect(counter('bytes')).toBe(10 + 90 * 2 + 400 * 3);
  });

  test('a sink that gives it back closes nothing', async () => {
    const { sink, port } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'lost');
    await until(() => sink.messages.length === 1);
    sink.stopped();
    await device.settles();
    expect(device.closed).toBe(false);
  });
});

describe('QoS 2', () => {
  test('PUBREC comes only after the commit, PUBCOMP after PUBREL', async () => {
    const { sink, port } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    await until(() => sink.messages.length === 1);
    await device.settles();
    expect(device.count('pubrec')).toBe(0);
    sink.commit();
    expect(await device.receives('pubrec')).toMatchObject({ messageId: 9 });
    device.send({ cmd: 'pubrel', messageId: 9 });
    expect(await device.receives('pubcomp')).toMatchObject({ messageId: 9 });
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('a repetition before PUBREL reaches sink and subscribers once', async () => {
    const { sink, port, counter } = await startBroker();
    const subscriber = await RawDevice.signIn(port, 'hub');
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/state', qos: 0 }] });
    await subscriber.receives('suback');
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    await device.receives('pubrec');
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9, dup: true });
    await device.receives('pubrec', 2);
    device.send({ cmd: 'pubrel', messageId: 9 });
    await device.receives('pubcomp');
    expect(sink.payloads()).toEqual(['pressed']);
    expect(counter('qos2_repeated')).toBe(1);
    await subscriber.settles();
    expect(subscriber.count('publish')).toBe(1);
  });

  test('a repetition while the commit is under way waits for it and reaches sink and subscribers once', async () => {
    const { sink, port } = await startBroker();
    const subscriber = await RawDevice.signIn(port, 'hub');
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/state', qos: 0 }] });
    await subscriber.receives('suback');
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9, dup: true });
    await until(() => sink.messages.length === 1);
    expect(device.count('pubrec')).toBe(0);
    sink.commit();
    await device.receives('pubrec', 2);
    await subscriber.receives('publish');
    await subscriber.settles();
    expect(subscriber.count('publish')).toBe(1);
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('a repetition on a new connection of a kept session reaches the sink once', async () => {
    const { sink, port } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    await until(() => sink.messages.length === 1);
    device.socket.destroy();
    await until(() => sink.changes.some(({ online }) => !online));
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    again.publish('io/1/state', 'pressed', { qos: 2, messageId: 9, dup: true });
    await again.settles();
    expect(again.count('pubrec')).toBe(0);
    sink.commit();
    await again.receives('pubrec');
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('what was committed after its device went still reaches subscribers', async () => {
    const { sink, port } = await startBroker();
    const subscriber = await RawDevice.signIn(port, 'hub');
    subscriber.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/state', qos: 0 }] });
    await subscriber.receives('suback');
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    await until(() => sink.messages.length === 1);
    device.socket.destroy();
    await until(() => sink.changes.some(({ online, user }) => !online && user === 'io1'));
    sink.commit();
    await subscriber.receives('publish');
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    again.publish('io/1/state', 'pressed', { qos: 2, messageId: 9, dup: true });
    await again.receives('pubrec');
    await subscriber.settles();
    expect(subscriber.count('publish')).toBe(1);
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('what the pipeline gave back is a new message when it comes again', async () => {
    const { sink, port } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1', { clean: false });
    device.publish('io/1/state', 'pressed', { qos: 2, messageId: 9 });
    await until(() => sink.messages.length === 1);
    sink.stopped();
    await device.closes();
    sink.holding = false;
    const again = await RawDevice.signIn(port, 'io1', { clean: false });
    again.publish('io/1/state', 'pressed', { qos: 2, messageId: 9, dup: true });
    await again.receives('pubrec');
    expect(sink.payloads()).toEqual(['pressed', 'pressed']);
  });

  test('an identifier is free again after PUBREL', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    for (const [index, payload] of ['first', 'second'].entries()) {
      device.publish('io/1/state', payload, { qos: 2, messageId: 9 });
      await device.receives('pubrec', index + 1);
      device.send({ cmd: 'pubrel', messageId: 9 });
      await device.receives('pubcomp', index + 1);
    }
    expect(sink.payloads()).toEqual(['first', 'second']);
  });

  test('a clean session forgets what was not released', async () => {
    const { sink, port } = await startBroker();
    for (const payload of ['first', 'second']) {
      const device = await RawDevice.signIn(port, 'io1');
      device.publish('io/1/state', payload, { qos: 2, messageId: 9 });
      await device.receives('pubrec');
      device.socket.destroy();
      await until(() => sink.changes.at(-1)?.online === false);
    }
    expect(sink.payloads()).toEqual(['first', 'second']);
  });

  test('messages never released are bounded', async () => {
    const { sink, port } = await startBroker({ limits: { maxUnreleased: 3 } });
    const device = await RawDevice.signIn(port, 'io1');
    for (let messageId = 1; messageId <= 4; messageId++) {
      device.publish('io/1/state', String(messageId), { qos: 2, messageId });
    }
    await device.closes();
    expect(sink.reasons()).toEqual(['too-many-unreleased']);
    expect(sink.payloads()).toEqual(['1', '2', '3']);
  });

  test('from mqtt.js, a thousand messages arrive once each', async () => {
    const { sink, port } = await startBroker();
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      username: 'io1',
      password: accounts.io1!.password,
      reconnectPeriod: 0,
    });
    onTestFinished(() => client.endAsync(true));
    const sent = Array.from({ length: 1000 }, (_, index) => String(index));
    await Promise.all(sent.map((payload) => client.publishAsync('io/1/state', payload, { qos: 2 })));
    expect(sink.payloads()).toEqual(sent);
  });
});

describe('a held acknowledgement', () => {
  test('ends the connection after the hold time: caused by us, without the will, nothing acknowledged', async () => {
    const { sink, port, counter } = await startBroker({ limits: { ackHoldMs: 100 } });
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1', {
      will: { topic: 'io/1/lost', payload: Buffer.from('gone'), qos: 1, retain: false },
    });
    device.publish('io/1/state', 'pressed', { qos: 1 });
    await device.closes();
    await until(() => sink.changes.length === 2);
    expect(sink.changes[1]).toMatchObject({
      clientId: 'io1-device',
      user: 'io1',
      online: false,
      causedByUs: true,
      reason: expect.stringContaining('could not be stored'),
    });
    expect(device.count('puback')).toBe(0);
    expect(counter('hold_expired')).toBe(1);
    await until(() => counter('wills_withheld') === 1);
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('is held no longer than the keepalive', async () => {
    const { sink, port, counter } = await startBroker();
    sink.holding = true;
    const device = await RawDevice.signIn(port, 'io1', { keepalive: 1 });
    const begun = performance.now();
    device.publish('io/1/state', 'pressed', { qos: 1 });
    await device.closes();
    // aedes itself would end it after 1.5 s, with the will
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(sink.changes.at(-1)).toMatchObject({ online: false, causedByUs: true });
    expect(counter('hold_expired')).toBe(1);
  });

  test('stops the reading of that connection when too much is held, and no other', async () => {
    const { sink, port } = await startBroker({ limits: { maxHeldBytes: 200_000 } });
    sink.holding = true;
    const flooder = await RawDevice.signIn(port, 'io1');
    for (let messageId = 1; messageId <= 100; messageId++) {
      flooder.publish('io/1/state', Buffer.alloc(50_000), { qos: 1, messageId });
    }
    await until(() => sink.messages.length > 3);
    const other = await RawDevice.signIn(port, 'io2');
    other.publish('io/2/panic', 'pressed', { qos: 1 });
    await until(() => sink.messages.some(({ channel }) => channel === 'io/2/panic'));
    // 200 kB and at most one network read (64 kB) more
    expect(sink.messages.length).toBeLessThan(10);
    sink.holding = false;
    sink.commit();
    await flooder.receives('puback', 100);
    await other.receives('puback');
  });
});

describe('stopping', () => {
  test('acknowledges what is committed in time, then closes: caused by us, without wills', async () => {
    const { broker, sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', {
      will: { topic: 'io/1/lost', payload: Buffer.from('gone'), qos: 0, retain: false },
    });
    sink.holding = true;
    device.publish('io/1/state', 'pressed', { qos: 1 });
    await until(() => sink.messages.length === 1);
    const stopped = broker.stop();
    sink.commit();
    await stopped;
    await device.closes();
    expect(device.count('puback')).toBe(1);
    expect(sink.changes.at(-1)).toMatchObject({
      online: false,
      causedByUs: true,
      reason: 'the gateway is stopping',
    });
    expect(sink.payloads()).toEqual(['pressed']);
    expect(broker.status()).toMatchObject({ state: 'stopped', endpoints: [], clients: 0 });
  });

  test('takes nothing new while it waits for the last commits', async () => {
    const { broker, sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    sink.holding = true;
    device.publish('io/1/state', 'before', { qos: 1, messageId: 1 });
    await until(() => sink.messages.length === 1);
    const stopped = broker.stop();
    await new Promise<void>((resolve) => device.socket.write(publishPacket, () => resolve()));
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    sink.commit();
    await stopped;
    expect(sink.payloads()).toEqual(['before']);
  });

  test('does not wait for ever for a commit, and acknowledges nothing that is not committed', async () => {
    const { broker, sink, port } = await startBroker({ limits: { stopWaitMs: 50 } });
    const device = await RawDevice.signIn(port, 'io1');
    sink.holding = true;
    device.publish('io/1/state', 'pressed', { qos: 1 });
    await until(() => sink.messages.length === 1);
    await broker.stop();
    await device.closes();
    expect(device.count('puback')).toBe(0);
  });

  test('a message that the pipeline gives back is not acknowledged and the close is ours', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    sink.holding = true;
    device.publish('io/1/state', 'a', { qos: 1, messageId: 1 });
    device.publish('io/1/state', 'b', { qos: 2, messageId: 2 });
    await until(() => sink.messages.length === 2);
    sink.stopped();
    await device.closes();
    expect(device.count('puback') + device.count('pubrec')).toBe(0);
    await until(() => sink.changes.length === 2);
    expect(sink.changes[1]).toMatchObject({ online: false, causedByUs: true });
  });
});
