import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { RawDevice, startBroker, until } from './support.ts';

describe('topics that break the protocol close the connection, are counted and told', () => {
  test.each([
    ['invalid UTF-8', Buffer.from([0x69, 0x6f, 0x2f, 0xff, 0xfe])],
    ['a truncated sequence', Buffer.from([0x69, 0x6f, 0x2f, 0xe4, 0xb8])],
    ['GBK', Buffer.from([0xb1, 0xa8, 0xbe, 0xaf])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['U+0000', Buffer.from('io/1/\0state')],
    ['#', Buffer.from('io/1/#')],
    ['+', Buffer.from('io/+/state')],
    ['nothing', Buffer.alloc(0)],
    ['too many levels for any client', Buffer.from('io/1'.padEnd(400, '/'))],
  ])('%s', async (_case, topic) => {
    for (const qos of [0, 1, 2]) {
      const { sink, port, counter } = await startBroker();
      const device = await RawDevice.signIn(port, 'hub');
      device.write(rawPublish(topic, qos));
      await device.closes();
      await until(() => sink.changes.length === 2);
      expect(counter('refused_bad-topic')).toBe(1);
      expect(sink.reasons()).toEqual(['bad-topic']);
      expect(sink.messages).toEqual([]);
      expect(sink.changes[1]).toMatchObject({ online: false, reason: expect.stringContaining('bad-topic') });
      expect(sink.changes[1]?.causedByUs).toBeUndefined();
    }
  });
});

describe('topics beyond our limits are refused and acknowledged', () => {
  test.each([
    ['too long', `io/1/${'x'.repeat(2000)}`],
    ['too many levels', `io/1${'/x'.repeat(40)}`],
  ])('%s', async (_case, topic) => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.publish(topic, 'x', { qos: 1 });
    await device.receives('puback');
    expect(sink.reasons()).toEqual(['bad-topic']);
    expect(sink.messages).toEqual([]);
  });
});

describe('payloads', () => {
  test('whatever bytes they are, they are handed over', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    const payloads = [
      Buffer.alloc(0),
      Buffer.from([0xff, 0x00, 0xfe]),
      Buffer.from('{"a":'),
      Buffer.from('['.repeat(100_000)),
      Buffer.from('{"__proto__":{"polluted":true}}'),
      Buffer.alloc(256 * 1024, 'x'),
    ];
    for (const [index, payload] of payloads.entries()) {
      device.publish('io/1/state', payload, { qos: 1, messageId: index + 1 });
    }
    await device.receives('puback', payloads.length);
    expect(sink.messages.map(({ payload }, index) => payload.equals(payloads[index] ?? payload))).toEqual(
      payloads.map(() => true),
    );
    expect(sink.messages.map(({ payload }) => payload.length)).toEqual(payloads.map(({ length }) => length));
  });

  test('one byte too large: refused and acknowledged', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.publish('io/1/state', Buffer.alloc(256 * 1024 + 1, 'x'), { qos: 1 });
    await device.receives('puback');
    expect(sink.reasons()).toEqual(['too-large']);
    expect(sink.messages).toEqual([]);
  });

  test('10 MB is refused at its header: the connection closes, almost nothing is buffered', async () => {
    const { sink, port, counter } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    const packet = generate({
      cmd: 'publish',
      topic: 'io/1/state',
      payload: Buffer.alloc(10 * 1024 * 1024, 'x'),
      qos: 1,
      messageId: 1,
      dup: false,
      retain: false,
    });
    device.write(packet.subarray(0, 100)); // the rest never comes: it is refused all the same
    await device.closes();
    await until(() => sink.changes.length === 2);
    expect(counter('refused_too-large')).toBe(1);
    expect(sink.refusals[0]).toMatchObject({ reason: 'too-large', channel: 'io/1/state', user: 'io1' });
    expect(sink.messages).toEqual([]);
    const again = await RawDevice.signIn(port, 'io1');
    again.write(packet);
    await again.closes();
    expect(counter('refused_too-large')).toBe(2);
  });

  test('a CONNECT that declares megabytes is refused at its header', async () => {
    const { port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    device.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0x00, 0x04]));
    await device.closes();
    expect(counter('refused_too-large')).toBe(1);
  });

  test('bug: with a large max_payload one SUBSCRIBE of a million filters held up everybody for seconds', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxPayloadBytes: 16 * 1024 * 1024 } });
    const device = await RawDevice.signIn(port, 'io1');
    // 64 KiB and one byte, and no more than its beginning
    device.write(Buffer.from([0x82, 0x81, 0x80, 0x04, 0, 1, 0, 3, ...Buffer.from('a/b'), 0]));
    await device.closes();
    expect(counter('refused_too-large')).toBe(1);
    expect(sink.refusals[0]).not.toHaveProperty('channel');
    const other = await RawDevice.signIn(port, 'io1');
    other.publish('io/1/state', Buffer.alloc(1024 * 1024, 'x'), { qos: 1 });
    await until(() => sink.messages.length === 1);
  });
});

describe('packets', () => {
  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: gateway\r\n\r\n')],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc])],
    ['PUBLISH before CONNECT', rawPublish(Buffer.from('io/1/state'), 1)],
    ['a protocol of the future', Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 9, 2, 0, 0, 0, 0])],
    ['a bad remaining length', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01])],
  ])('%s instead of a CONNECT closes the connection', async (_case, bytes) => {
    const { sink, port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    device.write(bytes);
    await device.closes();
    await until(() => counter('refused_bad-packet') + counter('refused_too-large') === 1);
    expect(sink.messages).toEqual([]);
    expect(sink.changes).toEqual([]);
  });

  test.each([
    ['a second CONNECT', () => generate({ cmd: 'connect', clientId: 'again' } as Packet)],
    ['QoS 3', () => rawPublish(Buffer.from('io/1/state'), 3)],
    ['a PUBLISH without identifier', () => Buffer.from([0x32, 12, 0, 10, ...Buffer.from('io/1/state')])],
    ['identifier 0', () => rawPublish(Buffer.from('io/1/state'), 1, 0)],
    ['identifier 0 at QoS 2', () => rawPublish(Buffer.from('io/1/state'), 2, 0)],
    ['a topic longer than its packet', () => Buffer.from([0x30, 4, 0xff, 0xff, 0x61, 0x61])],
    ['a reserved packet type', () => Buffer.from([0xf0, 0])],
  ])('%s closes the connection', async (_case, bytes) => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.write(bytes());
    await device.closes();
    await until(() => sink.changes.length === 2);
    expect(sink.reasons()).toEqual(['bad-packet']);
    expect(sink.messages).toEqual([]);
  });

  test('random bytes, before and after signing in, never end the process', async () => {
    const { port } = await startBroker();
    const random = generator(20_260_801);
    for (let round = 0; round < 150; round++) {
      const device = round % 2 === 0 ? await RawDevice.dial(port) : await RawDevice.signIn(port, 'io1');
      const type = Math.floor(random() * 16) << 4;
      const body = Buffer.from(
        Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)),
      );
      device.write(Buffer.concat([Buffer.from([type | Math.floor(random() * 16), body.length]), body]));
      device.socket.end();
      await device.closes();
    }
    const honest = await RawDevice.signIn(port, 'io2');
    honest.publish('io/2/state', 'x', { qos: 1 });
    await honest.receives('puback');
  });

  test('damaged copies of good packets never end the process', async () => {
    const { port } = await startBroker();
    const random = generator(7);
    const connect = generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 5,
      clean: true,
      keepalive: 10,
      clientId: 'x',
      username: 'io1',
      password: Buffer.from('pw-io1'),
      properties: { sessionExpiryInterval: 10, userProperties: { a: 'b' } },
      will: { topic: 'io/1/gone', payload: Buffer.from('x'), qos: 1, retain: true },
    });
    for (let round = 0; round < 150; round++) {
      const damaged = Buffer.from(connect);
      for (let hit = 0; hit < 3; hit++)
        damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      const device = await RawDevice.dial(port);
      device.socket.end(damaged);
      await device.closes();
    }
    const honest = await RawDevice.signIn(port, 'io2');
    await honest.settles();
  });

  test('one byte at a time is read like any other', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    device.socket.setNoDelay(true);
    for (const byte of rawPublish(Buffer.from('io/1/state'), 1)) {
      device.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await device.receives('puback');
    expect(sink.messages[0]).toMatchObject({ channel: 'io/1/state' });
  });
});

/** A PUBLISH with any bytes as its topic. */
function rawPublish(topic: Buffer, qos: number, messageId = 1): Buffer {
  const id = qos === 0 ? Buffer.alloc(0) : Buffer.from([messageId >> 8, messageId & 255]);
  const body = Buffer.concat([
    Buffer.from([topic.length >> 8, topic.length & 255]),
    topic,
    id,
    Buffer.from('payload'),
  ]);
  const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
  return Buffer.concat([Buffer.from([0x30 | (qos << 1), ...length]), body]);
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
