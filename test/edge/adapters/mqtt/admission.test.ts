import { Writable } from 'node:stream';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { accounts, RawDevice, startBroker, until, WAIT } from './support.ts';

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

describe('one client identifier of two users', () => {
  test('is two sessions: neither ends the other, and each is told under its own user', async () => {
    const { sink, port, counter } = await startBroker();
    const first = await RawDevice.signIn(port, 'io1', { clientId: 'panel' });
    const second = await RawDevice.signIn(port, 'io2', { clientId: 'panel' });
    expect(second.received[0]).toMatchObject({ returnCode: 0 });
    first.publish('io/1/state', 'one', { qos: 1 });
    second.publish('io/2/state', 'two', { qos: 1 });
    await Promise.all([first.receives('puback'), second.receives('puback')]);
    expect(sink.messages.map(({ user, clientId, channel }) => [user, clientId, channel]).sort()).toEqual([
      ['io1', 'panel', 'io/1/state'],
      ['io2', 'panel', 'io/2/state'],
    ]);
    second.send({ cmd: 'disconnect' });
    await until(() => sink.changes.length === 3);
    await first.settles();
    expect(sink.changes.map(({ user, clientId, online }) => [user, clientId, online])).toEqual([
      ['io1', 'panel', true],
      ['io2', 'panel', true],
      ['io2', 'panel', false],
    ]);
    expect(counter('takeovers')).toBe(0);
  });

  test.each([true, false])(
    'bug: a kept session with the identifier of another device kept it out (squatter away: %s)',
    async (away) => {
      const { broker, sink, port } = await startBroker();
      const squatter = await RawDevice.signIn(port, 'io1', { clientId: 'io2-device', clean: false });
      squatter.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/set', qos: 1 }] });
      await squatter.receives('suback');
      if (away) {
        squatter.socket.destroy();
        await until(() => sink.changes.length === 2);
      }
      const rightful = await RawDevice.signIn(port, 'io2', { clean: false });
      expect(rightful.received[0]).toMatchObject({ returnCode: 0, sessionPresent: false });
      // nothing that waits for the squatter reaches it, and the squatter's session is still its own
      await broker.publish('io/1/set', Buffer.from('for io1'), { qos: 1 });
      await rightful.settles();
      expect(rightful.count('publish')).toBe(0);
      const back = away
        ? await RawDevice.signIn(port, 'io1', { clientId: 'io2-device', clean: false })
        : squatter;
      if (away) expect(back.received[0]).toMatchObject({ sessionPresent: true });
      expect(await back.receives('publish')).toMatchObject({ topic: 'io/1/set' });
    },
  );

  test('a clean CONNECT of one leaves the kept session of the other alone', async () => {
    const { broker, sink, port } = await startBroker();
    const owner = await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    owner.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/1/set', qos: 1 }] });
    await owner.receives('suback');
    owner.socket.destroy();
    await until(() => sink.changes.length === 2);
    await RawDevice.signIn(port, 'io2', { clientId: 'panel', clean: true });
    await broker.publish('io/1/set', Buffer.from('later'), { qos: 1 });
    const back = await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    expect(await back.receives('publish')).toMatchObject({ topic: 'io/1/set' });
  });

  test('a name cannot be put together to be that of another user', async () => {
    const { sink, port } = await startBroker();
    await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    const device = await RawDevice.dial(port);
    device.write(rawConnect({ clientId: Buffer.from('io1\0panel') }));
    await device.closes();
    expect(sink.changes).toHaveLength(1);
  });

  test('the CONNECT of another leaves the QoS 2 state of its victim alone', async () => {
    const { sink, port } = await startBroker();
    const victim = await RawDevice.signIn(port, 'io1', { clientId: 'panel', clean: false });
    victim.publish('io/1/state', 'pressed', { qos: 2, messageId: 3 });
    await victim.receives('pubrec');
    await RawDevice.signIn(port, 'io2', { clientId: 'panel', clean: true });
    victim.publish('io/1/state', 'pressed', { qos: 2, messageId: 3, dup: true });
    await victim.receives('pubrec', 2);
    expect(sink.payloads()).toEqual(['pressed']);
  });
});

describe('take-over', () => {
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
  });

  test('MQTT 3.1 with an identifier over 23 characters is refused, one of 23 is not held to the name inside', async () => {
    const { port, counter } = await startBroker();
    const v31 = { protocolId: 'MQIsdp', protocolVersion: 3 };
    const device = await RawDevice.signIn(port, 'io1', { ...v31, clientId: 'x'.repeat(23) });
    expect(device.received[0]).toMatchObject({ returnCode: 0 });
    const other = await RawDevice.dial(port);
    other.connect('io1', { ...v31, clientId: 'x'.repeat(24) });
    expect(await other.receives('connack')).toMatchObject({ returnCode: 2 });
    expect(counter('refused_bad-client-id')).toBe(1);
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
    const second = await RawDevice.signIn(port, 'io2');
    const third = await RawDevice.dial(port);
    await third.closes();
    await first.settles();
    await second.settles();
    expect(counter('refused_too-many-clients')).toBe(1);
  });

  test('bug: whoever only opened connections kept every device out', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxClients: 3 } });
    const device = await RawDevice.signIn(port, 'io1');
    const oldest = await RawDevice.dial(port);
    const newer = await RawDevice.dial(port);
    newer.write(Buffer.from([0x10])); // a byte is no CONNECT
    const late = await RawDevice.signIn(port, 'io2');
    await oldest.closes();
    await device.settles();
    await late.settles();
    expect(newer.closed).toBe(false);
    expect(counter('refused_too-many-clients')).toBe(1);
    expect(sink.reasons()).toEqual(['too-many-clients']);
    expect(sink.changes.map(({ online }) => online)).toEqual([true, true]);
  });

  test('bug: one account with idle connections kept all others out', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxClients: 30, maxOfAccount: 20 } });
    const answers: unknown[] = [];
    for (let i = 0; i < 60; i++) {
      const idle = await RawDevice.signIn(port, 'io1', { clientId: `idle-${i}` });
      answers.push(idle.received[0]?.cmd === 'connack' && idle.received[0].returnCode);
    }
    expect(answers).toEqual([...Array(20).fill(0), ...Array(40).fill(3)]);
    const device = await RawDevice.signIn(port, 'io2');
    await device.settles();
    expect(counter('refused_too-many-of-account')).toBe(40);
    expect(counter('refused_too-many-clients')).toBe(0);
    expect(sink.refusals[0]).toMatchObject({ user: 'io1', address: '127.0.0.1' });
  });

  test('a device whose lost connections fill its account gets in: the one silent for longest goes', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxOfAccount: 2 } });
    const lost = await RawDevice.signIn(port, 'io1', { clientId: 'random-1' });
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 100_000);
    onTestFinished(() => void vi.restoreAllMocks());
    const other = await RawDevice.signIn(port, 'io1', { clientId: 'random-2' });
    const back = await RawDevice.signIn(port, 'io1', { clientId: 'random-3' });
    expect(back.received[0]).toMatchObject({ returnCode: 0 });
    await lost.closes();
    await Promise.all([other.settles(), back.settles()]);
    expect(counter('refused_too-many-of-account')).toBe(1);
    await until(() => sink.changes.length === 4);
    expect(sink.changes.find(({ online }) => !online)).toMatchObject({
      clientId: 'random-1',
      causedByUs: true,
    });
  });

  test('an account that devices share for commissioning may have half of all connections', async () => {
    const { port, counter } = await startBroker({
      limits: { maxClients: 12, maxOfAccount: 2 },
      access: { authenticate: async (user) => ({ ...accounts[user]!, shared: user === 'hub' }) },
    });
    for (let i = 0; i < 7; i++) {
      const device = await RawDevice.signIn(port, 'hub', { clientId: `new-${i}` });
      expect(device.received[0]).toMatchObject({ returnCode: i < 6 ? 0 : 3 });
    }
    expect(counter('refused_too-many-of-account')).toBe(1);
    const other = await RawDevice.signIn(port, 'io1');
    await other.settles();
  });

  test('the same session again is no further connection', async () => {
    const { port, counter } = await startBroker({ limits: { maxOfAccount: 1 } });
    const first = await RawDevice.signIn(port, 'io1');
    const again = await RawDevice.signIn(port, 'io1');
    await first.closes();
    await again.settles();
    expect(counter('refused_too-many-of-account')).toBe(0);
  });

  test('bug: one account that left ever new sessions behind had those of others forgotten', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxSessions: 4, maxOfAccount: 3 } });
    const owner = await RawDevice.signIn(port, 'io2', { clean: false });
    owner.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'io/2/set', qos: 1 }] });
    await owner.receives('suback');
    owner.send({ cmd: 'disconnect' });
    await until(() => sink.changes.length === 2);
    for (let i = 0; i < 6; i++) {
      const mad = await RawDevice.signIn(port, 'io1', { clientId: `new-${i}`, clean: false });
      mad.send({ cmd: 'disconnect' });
      await until(() => sink.changes.length === 4 + 2 * i);
    }
    expect(counter('sessions_forgotten')).toBe(3);
    const back = await RawDevice.signIn(port, 'io2', { clean: false });
    expect(back.received[0]).toMatchObject({ returnCode: 0, sessionPresent: true });
  });

  test('bug: one address that only opened connections took as many as it liked', async () => {
    const { sink, port, counter } = await startBroker({ limits: { maxUnsignedOfAddress: 5 } });
    const device = await RawDevice.signIn(port, 'io1'); // signed in: does not count
    const silent: RawDevice[] = [];
    for (let i = 0; i < 5; i++) silent.push(await RawDevice.dial(port));
    const sixth = await RawDevice.dial(port);
    await sixth.closes();
    await device.settles();
    expect(counter('refused_too-many-of-address')).toBe(1);
    expect(sink.refusals).toMatchObject([{ reason: 'too-many-of-address', address: '127.0.0.1' }]);
    // a place is free again when one of them goes
    silent[0]?.socket.destroy();
    await vi.waitFor(async () => {
      const late = await RawDevice.dial(port);
      late.connect('io2');
      await Promise.race([late.receives('connack'), late.closes()]);
      expect(late.count('connack')).toBe(1);
    }, WAIT);
  });

  test('a device at an address full of silent connections gets in: the one silent for longest goes', async () => {
    const { port, counter } = await startBroker({ limits: { maxUnsignedOfAddress: 2 } });
    const oldest = await RawDevice.dial(port);
    const newer = await RawDevice.dial(port);
    const probe = await RawDevice.dial(port);
    await probe.closes(); // both were accepted
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_000);
    onTestFinished(() => void vi.restoreAllMocks());
    const device = await RawDevice.signIn(port, 'io1');
    await device.settles();
    await oldest.closes();
    expect(newer.closed).toBe(false);
    expect(counter('refused_too-many-of-address')).toBe(2);
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
