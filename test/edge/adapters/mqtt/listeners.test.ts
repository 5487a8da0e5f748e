import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { promisify } from 'node:util';
import { connectAsync } from 'mqtt';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MqttBroker } from '../../../../edge/adapters/mqtt/broker.ts';
import type { ListenerOptions } from '../../../../edge/adapters/mqtt/options.ts';
import { makeCertificates } from '../../../support/certs.ts';
import { describeWithPeer, peer } from '../../../support/peers.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';
import { accounts, RawDevice, startBroker, until } from './support.ts';

const loopback = { host: '127.0.0.1', port: 0 };

function brokerOn(listeners: ListenerOptions[]): MqttBroker {
  return new MqttBroker({
    name: 'campus',
    listeners,
    access: { authenticate: async (user) => accounts[user] },
    logger: pino({ level: 'silent' }),
    clock: Date.now,
  });
}

/** A port that something else listens on. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(loopback, resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('listeners', () => {
  test('port 0 takes a free port, told in the status', async () => {
    const { broker } = await startBroker({ listeners: [loopback, loopback] });
    const { endpoints } = broker.status();
    expect(endpoints).toHaveLength(2);
    for (const endpoint of endpoints) {
      expect(endpoint).toMatch(/^mqtt:\/\/127\.0\.0\.1:[1-9]\d+$/);
      const device = await RawDevice.signIn(Number(new URL(endpoint).port), 'io1');
      await device.settles();
    }
    expect(new Set(endpoints).size).toBe(2);
  });

  test('a port in use: none stays bound, the error says where and what to do, a later start works', async () => {
    const port = await takenPort();
    const free = await takenPort();
    const listeners = [
      { host: '127.0.0.2', port: free },
      { host: '127.0.0.1', port },
    ];
    const broker = brokerOn(listeners);
    await expect(broker.start(new RecordingSink())).rejects.toThrow(
      `mqtt broker "campus": listener 2: cannot listen on 127.0.0.1:${port} (EADDRINUSE): ` +
        `another program uses port ${port}: stop it, or choose another port`,
    );
    expect(broker.status()).toMatchObject({ state: 'failed', endpoints: [] });
    const other = brokerOn([{ host: '127.0.0.2', port: free }]); // was given back
    await other.start(new RecordingSink());
    await other.stop();
    listeners.pop();
    await broker.start(new RecordingSink());
    expect(broker.status().state).toBe('running');
    await broker.stop();
  });

  test.each([
    ['192.0.2.1', 0, 'this machine has no such address'],
    ['no.such.host.invalid', 0, 'check host and port|host name is unknown'],
  ])('%s cannot be bound: the error says what to do', async (host, port, advice) => {
    await expect(brokerOn([{ host, port }]).start(new RecordingSink())).rejects.toThrow(new RegExp(advice));
  });

  test('a certificate that is none: the error says so', async () => {
    const broker = brokerOn([{ ...loopback, tls: { cert: 'not PEM', key: 'not PEM' } }]);
    await expect(broker.start(new RecordingSink())).rejects.toThrow(
      /listener 1 \(127\.0\.0\.1:0\): the TLS certificate or key cannot be used/,
    );
  });
});

describeWithPeer('openssl', 'TLS', () => {
  test('a listener with a certificate takes devices and names itself mqtts', async () => {
    const { ca, server } = makeCertificates();
    const { broker, sink } = await startBroker({ listeners: [{ ...loopback, tls: server }] });
    const url = broker.status().endpoints[0] ?? '';
    expect(url).toMatch(/^mqtts:/);
    const client = await connectAsync(url, { username: 'io1', password: 'pw-io1', ca, reconnectPeriod: 0 });
    onTestFinished(() => client.endAsync(true));
    await client.publishAsync('io/1/state', 'secret', { qos: 1 });
    expect(sink.payloads()).toEqual(['secret']);
  });

  test('with requestCert only devices of the authority get in', async () => {
    const { ca, server, client, rogue } = makeCertificates();
    const { broker, counter } = await startBroker({
      listeners: [{ ...loopback, tls: { ...server, ca, requestCert: true } }],
    });
    const url = broker.status().endpoints[0] ?? '';
    const options = { username: 'io1', password: 'pw-io1', ca, reconnectPeriod: 0, connectTimeout: 5000 };
    const known = await connectAsync(url, { ...options, ...client });
    await known.endAsync();
    // mqtt.js does not settle on it
    const stranger = tlsConnect({ host: '127.0.0.1', port: Number(new URL(url).port), ca, ...rogue });
    stranger.on('error', () => {});
    await until(() => stranger.closed && counter('refused_tls') === 1);
  });

  test('a certificate whose common name is a user is that user, without a password, and no other', async () => {
    const { ca, server, device: own } = makeCertificates();
    const { broker, sink, counter } = await startBroker({
      listeners: [{ ...loopback, tls: { ...server, ca, requestCert: true } }],
    });
    const url = broker.status().endpoints[0] ?? '';
    const options = { ca, ...own, reconnectPeriod: 0, clientId: 'module' };
    const device = await connectAsync(url, options);
    onTestFinished(() => device.endAsync(true));
    await device.publishAsync('io/1/state', 'certified', { qos: 1 });
    expect(sink.messages.at(-1)).toMatchObject({ user: 'io1', payload: Buffer.from('certified') });
    const posing = connectAsync(url, { ...options, clientId: 'x', username: 'io2', password: 'pw-io2' });
    await expect(posing).rejects.toThrow(/bad user|not authorized/i);
    expect(counter('refused_bad-credentials')).toBe(1);
    const wrong = connectAsync(url, { ...options, clientId: 'y', username: 'io1', password: 'guess' });
    await expect(wrong).rejects.toThrow(/bad user|not authorized/i);
  });

  test('an expired certificate is refused and counted', async () => {
    const { ca, server, expired } = makeCertificates();
    const { broker, counter } = await startBroker({
      listeners: [{ ...loopback, tls: { ...server, ca, requestCert: true } }],
    });
    const port = Number(new URL(broker.status().endpoints[0] ?? '').port);
    const late = tlsConnect({ host: '127.0.0.1', port, ca, ...expired });
    late.on('error', () => {});
    await until(() => late.closed && counter('refused_tls') === 1);
  });

  test('an expired and a foreign certificate were both logged as "socket hang up" of nobody', async () => {
    const { ca, server, expired, rogue } = makeCertificates();
    for (const [certificate, why] of [
      [expired, /its certificate has expired, CERT_HAS_EXPIRED/],
      [rogue, /its certificate is of an authority that is not in ca_file/],
      [{}, /it showed no certificate/],
    ] as const) {
      const lines: string[] = [];
      const { broker } = await startBroker({
        listeners: [{ ...loopback, tls: { ...server, ca, requestCert: true } }],
        logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
      });
      const port = Number(new URL(broker.status().endpoints[0] ?? '').port);
      tlsConnect({ host: '127.0.0.1', port, ca, ...certificate }).on('error', () => {});
      await until(() => lines.length === 1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        reason: 'tls',
        address: '127.0.0.1',
        msg: expect.stringMatching(why),
      });
    }
  });

  test('what is not TLS is counted, and stop() does not wait for half a handshake', async () => {
    const { server } = makeCertificates();
    const { broker, counter } = await startBroker({ listeners: [{ ...loopback, tls: server }] });
    const port = Number(new URL(broker.status().endpoints[0] ?? '').port);
    const plain = await RawDevice.dial(port);
    plain.connect('io1');
    await plain.closes();
    await until(() => counter('refused_tls') === 1);
    const silent = await RawDevice.dial(port);
    await broker.stop();
    await silent.closes();
  });
});

describeWithPeer('mosquitto-clients', 'mosquitto clients', () => {
  const credentials = (port: number): string[] => [
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-u',
    'io1',
    '-P',
    'pw-io1',
  ];
  const mosquitto_pub = peer('mosquitto-clients') ?? '';
  const mosquitto_sub = mosquitto_pub.replace(/_pub$/, '_sub');

  test.each(['0', '1', '2'])('mosquitto_pub at QoS %s', async (qos) => {
    const { sink, port } = await startBroker();
    await promisify(execFile)(mosquitto_pub, [
      ...credentials(port),
      ...['-t', 'io/1/state', '-m', '{"ch":{"1":"alarm"}}', '-q', qos, '-V', '311'],
    ]);
    await until(() => sink.messages.length === 1);
    expect(sink.messages[0]).toMatchObject({ channel: 'io/1/state', qos: Number(qos), will: false });
  });

  test('mosquitto_pub with MQTT 5 is told that the version is not supported', async () => {
    const { port } = await startBroker();
    const attempt = promisify(execFile)(mosquitto_pub, [
      ...credentials(port),
      ...['-t', 'io/1/state', '-m', 'x', '-V', '5'],
    ]);
    await expect(attempt).rejects.toMatchObject({
      stderr: expect.stringContaining('Unsupported Protocol Version'),
    });
  });

  test('mosquitto_pub with a wrong password is told so', async () => {
    const { port } = await startBroker();
    const attempt = promisify(execFile)(mosquitto_pub, [
      ...[
        '-h',
        '127.0.0.1',
        '-p',
        String(port),
        '-u',
        'io1',
        '-P',
        'guess',
        '-t',
        'a',
        '-m',
        'x',
        '-V',
        '311',
      ],
    ]);
    await expect(attempt).rejects.toMatchObject({
      stderr: expect.stringMatching(/bad user name or password/i),
    });
  });

  test('mosquitto_sub receives what the gateway publishes', async () => {
    const { broker, port, sink } = await startBroker();
    const subscriber = spawn(mosquitto_sub, [
      ...credentials(port),
      '-t',
      'io/1/set',
      '-C',
      '1',
      '-q',
      '1',
      '-V',
      '311',
    ]);
    let output = '';
    subscriber.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    await until(() => sink.changes.length === 1);
    await broker.publish('io/1/set', Buffer.from('siren on'), { qos: 1, retain: true });
    await until(() => output === 'siren on\n');
  });
});
