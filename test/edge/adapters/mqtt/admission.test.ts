import { Writable } from 'node:stream';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { accounts, RawDevice, startBroker, until } from './support.ts';

describe('signing in', () => {
  test('needs the right password: CONNACK 4, counted, told, the password not logged', async () => {
    const lines: string[] = [];
    const log = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const { sink, port, counter } = await startBroker({ logger: pino({ level: 'trace' }, log) });
    const device = await RawDevice.dial(port);
    device.connect('io1', { password: Buffer.from('open-sesame') });
    expect(await device.receives('connack')).toMatchObject({ returnCode: 4 });
    await device.closes();
    expect(counter('refused_bad-credentials')).toBe(1);
    expect(sink.refusals).toEqual([
      expect.objectContaining({
        adapter: 'campus',
        reason: 'bad-credentials',
        address: '127.0.0.1',
        clientId: 'io1-device',
        user: 'io1',
      }),
    ]);
    expect(sink.changes).toEqual([]);
    expect(lines.join('')).toContain('wrong password');
    expect(lines.join('')).not.toContain('open-sesame');
  });

  test('an unknown user is answered like a wrong password', async () => {
    const { port } = await startBroker();
    const device = await RawDevice.dial(port);
    device.connect('nobody');
    expect(await device.receives('connack')).toMatchObject({ returnCode: 4 });
  });

  test.each([
    ['no user', { username: undefined, password: undefined }],
    ['an empty user', { username: '' }],
    ['no password', { password: undefined }],
  ])('%s is refused: CONNACK 5', async (_case, connect) => {
    const { port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    device.connect('io1', connect);
    expect(await device.receives('connack')).toMatchObject({ returnCode: 5 });
    await device.closes();
    expect(counter('refused_no-credentials')).toBe(1);
  });

  test('is answered "unavailable" when the password cannot be checked', async () => {
    const { port, counter } = await startBroker({
      access: {
        async authenticate() {
          throw new Error('site.db is locked');
        },
      },
    });
    const device = await RawDevice.dial(port);
    device.connect('io1');
    expect(await device.receives('connack')).toMatchObject({ returnCode: 3 });
    expect(counter('refused_credentials-unchecked')).toBe(1);
  });

  test('guessing is throttled for that user only; another user of the same address still gets in', async () => {
    let checked = 0;
    const { port, counter } = await startBroker({
      access: {
        async authenticate(user, password) {
          checked++;
          return password?.toString() === `pw-${user}` ? accounts[user] : undefined;
        },
      },
    });
    for (let attempt = 0; attempt < 8; attempt++) {
      const device = await RawDevice.dial(port);
      device.connect('io1', { password: Buffer.from(`guess ${attempt}`) });
      await device.receives('connack');
    }
    expect(counter('refused_bad-credentials')).toBe(5);
    expect(counter('refused_throttled')).toBe(3);
    expect(checked).toBe(5);
    const neighbour = await RawDevice.signIn(port, 'io2');
    expect(neighbour.received[0]).toMatchObject({ returnCode: 0 });
  });

  test('a publish sent in a later packet while the password is being checked is not taken before', async () => {
    const asked: Array<(account: (typeof accounts)[string] | undefined) => void> = [];
    const { sink, port } = await startBroker({
      access: { authenticate: () => new Promise((resolve) => asked.push(resolve)) },
    });
    const intruder = await RawDevice.dial(port);
    intruder.connect('io1');
    await until(() => asked.length === 1);
    intruder.publish('io/1/state', 'forged', { qos: 1 });
    intruder.publish('io/1/state', 'forged');
    // another device's whole sign-in and publish overtake it
    const honest = await RawDevice.dial(port);
    honest.connect('io2');
    await until(() => asked.length === 2);
    asked[1]?.(accounts.io2);
    await honest.receives('connack');
    honest.publish('io/2/state', 'true', { qos: 1 });
    await honest.receives('puback');
    asked[0]?.(undefined);
    expect(await intruder.receives('connack')).toMatchObject({ returnCode: 4 });
    await intruder.closes();
    expect(sink.payloads()).toEqual(['true']);
  });

  test('packets sent behind CONNECT without waiting for CONNACK are taken once signed in', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.dial(port);
    device.socket.cork();
    device.connect('io1');
    device.publish('io/1/state', 'early', { qos: 1 });
    device.socket.uncork();
    await device.receives('puback');
    expect(sink.payloads()).toEqual(['early']);
  });

  test('a device that goes while its password is checked leaves its client id free', async () => {
    let admit: ((account: (typeof accounts)[string] | undefined) => void) | undefined;
    const { sink, port } = await startBroker({
      access: {
        authenticate: (user) =>
          user === 'io2'
            ? Promise.resolve(accounts.io2)
            : new Promise((resolve) => {
                admit = resolve;
              }),
      },
    });
    const gone = await RawDevice.dial(port);
    gone.connect('io1', { clientId: 'panel', clean: false });
    await until(() => admit !== undefined, 'asked for the password');
    gone.socket.resetAndDestroy();
    await gone.closes();
    const ping = await RawDevice.signIn(port, 'io2');
    await ping.settles();
    admit?.(accounts.io1);
    const other = await RawDevice.signIn(port, 'io2', { clientId: 'panel' });
    expect(other.received[0]).toMatchObject({ returnCode: 0 });
    expect(sink.changes.map(({ user }) => user)).not.toContain('io1');
  });
});

describe('client identifiers', () => {
  test('an empty one with clean=0 is refused: CONNACK 2', async () => {
    const { port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    // mqtt-packet refuses to write it
    device.write(rawConnect({ clientId: Buffer.alloc(0), clean: false }));
    expect(await device.receives('connack')).toMatchObject({ returnCode: 2 });
    expect(counter('refused_bad-client-id')).toBe(1);
  });

  test('an empty one with clean=1 is given a name', async () => {
    const { sink, port } = await startBroker();
    await RawDevice.signIn(port, 'io1', { clientId: '' });
    await until(() => sink.changes.length === 1);
    expect(sink.changes[0]?.clientId).toMatch(/^auto-/);
  });

  test('one that is too long is refused: CONNACK 2', async () => {
    const { port } = await startBroker();
    const device = await RawDevice.dial(port);
    device.connect('io1', { clientId: 'x'.repeat(257) });
    expect(await device.receives('connack')).toMatchObject({ returnCode: 2 });
  });

  test.each([
    ['U+0000', Buffer.from('a\0b')],
    ['invalid UTF-8', Buffer.from([0x61, 0xc3, 0x28])],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
  ])('one with %s is refused: the connection closes', async (_case, clientId) => {
    const { port, counter } = await startBroker();
    const device = await RawDevice.dial(port);
    device.write(rawConnect({ clientId }));
    await device.closes();
    expect(counter('refused_bad-client-id')).toBe(1);
  });

  test.each(['__proto__', 'constructor', 'toString'])('%s is a name like any other', async (clientId) => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { clientId });
    device.publish('io/1/state', 'x', { qos: 2 });
    await device.receives('pubrec');
    expect(sink.messages[0]).toMatchObject({ clientId });
  });
});

describe('take-over', () => {
  test('of another user is refused: CONNACK 2, the first stays', async () => {
    const { sink, port, counter } = await startBroker();
    const first = await RawDevice.signIn(port, 'io1', { clientId: 'panel' });
    const second = await RawDevice.dial(port);
    second.connect('io2', { clientId: 'panel' });
    expect(await second.receives('connack')).toMatchObject({ returnCode: 2 });
    await second.closes();
    await first.settles();
    expect(counter('refused_takeover')).toBe(1);
    expect(sink.changes).toHaveLength(1);
  });

  test('of another user’s kept session is refused while that user is away', async () => {
    const { sink, port } = await startBroker();
    const first = await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    first.socket.destroy();
    await until(() => sink.changes.length === 2);
    const second = await RawDevice.dial(port);
    second.connect('io2', { clientId: 'panel', clean: true });
    expect(await second.receives('connack')).toMatchObject({ returnCode: 2 });
  });

  test('of another user’s ended session is allowed', async () => {
    const { sink, port } = await startBroker();
    const first = await RawDevice.signIn(port, 'io1', { clientId: 'panel' });
    first.send({ cmd: 'disconnect' });
    await until(() => sink.changes.length === 2);
    const second = await RawDevice.signIn(port, 'io2', { clientId: 'panel' });
    expect(second.received[0]).toMatchObject({ returnCode: 0 });
  });

  test('a refused CONNECT leaves the QoS 2 state of its victim alone', async () => {
    const { sink, port } = await startBroker();
    const victim = await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    victim.publish('io/1/state', 'pressed', { qos: 2, messageId: 3 });
    await victim.receives('pubrec');
    const intruder = await RawDevice.dial(port);
    intruder.connect('io2', { clientId: 'panel', clean: true });
    await intruder.closes();
    victim.publish('io/1/state', 'pressed', { qos: 2, messageId: 3, dup: true });
    await victim.receives('pubrec', 2);
    expect(sink.payloads()).toEqual(['pressed']);
  });

  test('by the same user ends the first, offline before online', async () => {
    const { sink, port, counter } = await startBroker();
    const first = await RawDevice.signIn(port, 'io1');
    first.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/set', qos: 1 }] });
    await first.receives('suback');
    const second = await RawDevice.signIn(port, 'io1');
    await first.closes();
    await second.settles();
    await until(() => sink.changes.length === 3);
    expect(sink.changes.map(({ online, reason }) => [online, reason])).toEqual([
      [true, undefined],
      [false, 'the device connected anew'],
      [true, undefined],
    ]);
    expect(counter('takeovers')).toBe(1);
    second.publish('io/1/state', 'x', { qos: 1 });
    await second.receives('puback');
    // the end of the first did not give the identifier away
    const other = await RawDevice.dial(port);
    other.connect('io2', { clientId: 'io1-device' });
    expect(await other.receives('connack')).toMatchObject({ returnCode: 2 });
  });

  test('by two users at the same moment gives the identifier to one of them', async () => {
    const { port } = await startBroker();
    const devices = [await RawDevice.dial(port), await RawDevice.dial(port)];
    devices[0]?.connect('io1', { clientId: 'panel' });
    devices[1]?.connect('io2', { clientId: 'panel' });
    const codes = await Promise.all(devices.map((device) => device.receives('connack')));
    expect(codes.map(({ returnCode }) => returnCode).sort()).toEqual([0, 2]);
  });
});

describe('MQTT 5', () => {
  test('is refused with CONNACK 0x84, counted by address, logged once with what to do', async () => {
    const lines: string[] = [];
    const log = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const { broker, sink, port, counter } = await startBroker({ logger: pino({ level: 'warn' }, log) });
    for (let attempt = 0; attempt < 3; attempt++) {
      const device = await RawDevice.dial(port);
      device.connect('io1', { protocolVersion: 5, properties: { sessionExpiryInterval: 60 } });
      await device.closes();
      expect(device.bytes).toEqual(Buffer.from([0x20, 3, 0, 0x84, 0]));
    }
    expect(counter('refused_mqtt5')).toBe(3);
    expect(broker.mqtt5Peers()).toEqual([
      { address: '127.0.0.1', clientId: 'io1-device', attempts: 3, lastAt: expect.any(Number) },
    ]);
    expect(sink.refusals[0]).toMatchObject({
      reason: 'mqtt5',
      address: '127.0.0.1',
      clientId: 'io1-device',
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('set the device to MQTT 3.1.1');
  });

  test('mqtt.js learns why', async () => {
    const { port } = await startBroker();
    await expect(
      connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5, reconnectPeriod: 0 }),
    ).rejects.toMatchObject({ code: 0x84 });
  });
});

describe('other CONNECTs', () => {
  test('MQTT 3.1 is taken', async () => {
    const { sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1', { protocolId: 'MQIsdp', protocolVersion: 3 });
    device.publish('io/1/state', 'x', { qos: 1 });
    await device.receives('puback');
    expect(sink.messages).toHaveLength(1);
  });

  test('a device that says nothing is closed in time', async () => {
    const { sink, port, counter } = await startBroker({ limits: { connectTimeoutMs: 50 } });
    const device = await RawDevice.dial(port);
    device.write(Buffer.from([0x10])); // one byte of a CONNECT
    await device.closes();
    expect(counter('refused_connect-timeout')).toBe(1);
    expect(sink.reasons()).toEqual(['connect-timeout']);
  });

  test('more connections than allowed are closed, the others stay', async () => {
    const { port, counter } = await startBroker({ limits: { maxClients: 2 } });
    const first = await RawDevice.signIn(port, 'io1');
    await RawDevice.dial(port);
    const third = await RawDevice.dial(port);
    await third.closes();
    await first.settles();
    expect(counter('refused_too-many-clients')).toBe(1);
  });

  test('a changed credential ends the user’s connections', async () => {
    const { broker, sink, port } = await startBroker();
    const device = await RawDevice.signIn(port, 'io1');
    const other = await RawDevice.signIn(port, 'io2');
    expect(broker.disconnect('io1', 'its password was changed')).toBe(1);
    await device.closes();
    await other.settles();
    expect(sink.changes.at(-1)).toMatchObject({
      user: 'io1',
      online: false,
      causedByUs: true,
      reason: 'its password was changed',
    });
  });

  test('mqtt.js signs in and goes: online, offline, why', async () => {
    const { broker, sink, port } = await startBroker();
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: 'panel',
      username: 'io1',
      password: accounts.io1!.password,
      reconnectPeriod: 0,
    });
    onTestFinished(() => client.endAsync(true));
    expect(broker.status().clients).toBe(1);
    await client.endAsync();
    await until(() => sink.changes.length === 2);
    expect(sink.changes).toEqual([
      { adapter: 'campus', clientId: 'panel', user: 'io1', online: true, at: expect.any(Number) },
      {
        adapter: 'campus',
        clientId: 'panel',
        user: 'io1',
        online: false,
        at: expect.any(Number),
        reason: 'the device disconnected',
        graceMs: 90_000,
      },
    ]);
    expect(broker.status().clients).toBe(0);
  });
});

/** A CONNECT of user io1 that mqtt-packet would not write. */
function rawConnect({ clientId, clean = true }: { clientId: Buffer; clean?: boolean }): Buffer {
  const field = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  const body = Buffer.concat([
    field(Buffer.from('MQTT')),
    Buffer.from([4, 0xc0 | (clean ? 2 : 0), 0, 0]),
    field(clientId),
    field(Buffer.from('io1')),
    field(Buffer.from('pw-io1')),
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
