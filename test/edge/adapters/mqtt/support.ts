import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { generate, type Packet, parser } from 'mqtt-packet';
import { pino } from 'pino';
import { onTestFinished, vi } from 'vitest';
import { MqttBroker } from '../../../../edge/adapters/mqtt/broker.ts';
import type { BrokerAccount, BrokerOptions } from '../../../../edge/adapters/mqtt/options.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';

export const accounts: Record<string, BrokerAccount & { password: string }> = {
  io1: {
    user: 'io1',
    password: 'pw-io1',
    publish: ['io/1/#', 'shared/+'],
    subscribe: ['io/1/#', 'shared/#'],
  },
  io2: { user: 'io2', password: 'pw-io2', publish: ['io/2/#'], subscribe: ['io/2/#'] },
  hub: { user: 'hub', password: 'pw-hub', publish: ['#'], subscribe: ['#'] },
};

export interface Site {
  broker: MqttBroker;
  sink: RecordingSink;
  port: number;
  counter(name: string): number;
}

/** A running broker on a free port, stopped after the test. */
export async function startBroker(options: Partial<BrokerOptions> = {}): Promise<Site> {
  const broker = new MqttBroker({
    name: 'campus',
    listeners: [{ host: '127.0.0.1', port: 0 }],
    access: {
      async authenticate(user, password) {
        const account = accounts[user];
        return account !== undefined && account.password === password?.toString() ? account : undefined;
      },
      certified: (user) => accounts[user],
    },
    logger: pino({ level: 'silent' }),
    clock: Date.now,
    ...options,
  });
  const sink = new RecordingSink();
  await broker.start(sink);
  onTestFinished(async () => {
    sink.commit(); // stop() would wait for it
    await broker.stop();
  });
  const endpoint = broker.status().endpoints[0] ?? '';
  return {
    broker,
    sink,
    port: Number(new URL(endpoint).port),
    counter: (name) => broker.status().counters[name] ?? 0,
  };
}

/** A device that sends exactly the bytes it is told to. */
export class RawDevice {
  readonly socket: Socket;
  readonly received: Packet[] = [];
  /** Everything received, unparsed. */
  bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    const parse = parser({ protocolVersion: 4 });
    parse.on('packet', (packet) => this.received.push(packet));
    socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      parse.parse(chunk);
    });
    socket.on('error', () => {});
  }

  static async dial(port: number): Promise<RawDevice> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    onTestFinished(() => {
      socket.destroy();
    });
    return new RawDevice(socket);
  }

  /** Dials and signs in as one of {@link accounts}. */
  static async signIn(port: number, user: string, connect: Record<string, unknown> = {}): Promise<RawDevice> {
    const device = await RawDevice.dial(port);
    device.connect(user, connect);
    await device.receives('connack');
    return device;
  }

  connect(user: string, connect: Record<string, unknown> = {}): void {
    this.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      clientId: `${user}-device`,
      username: user,
      password: Buffer.from(accounts[user]?.password ?? 'wrong'),
      ...connect,
    } as Packet);
  }

  publish(topic: string, payload: string | Buffer, rest: Record<string, unknown> = {}): void {
    this.send({
      cmd: 'publish',
      topic,
      payload,
      qos: 0,
      dup: false,
      retain: false,
      messageId: 1,
      ...rest,
    } as Packet);
  }

  send(packet: Packet): void {
    this.write(generate(packet));
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Waits until `count` packets of this kind have come, and returns the last of them. */
  async receives(cmd: Packet['cmd'], count = 1): Promise<Packet & Record<string, unknown>> {
    return await vi.waitFor(() => {
      const found = this.received.filter((packet) => packet.cmd === cmd);
      if (found.length < count) throw new Error(`${found.length} of ${count} ${cmd} received`);
      return found[count - 1] as Packet & Record<string, unknown>;
    }, WAIT);
  }

  count(cmd: Packet['cmd']): number {
    return this.received.filter((packet) => packet.cmd === cmd).length;
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  async closes(): Promise<void> {
    await vi.waitFor(() => {
      if (!this.socket.closed) throw new Error('still connected');
    }, WAIT);
  }

  /** A PINGREQ and its answer: everything sent before has been handled. */
  async settles(): Promise<void> {
    const before = this.count('pingresp');
    this.send({ cmd: 'pingreq' });
    await this.receives('pingresp', before + 1);
  }
}

export const WAIT = { timeout: 5_000, interval: 5 };

/** Waits until the condition holds; the last failure tells what did not. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  await vi.waitFor(() => {
    if (!condition()) throw new Error(`not yet: ${what}`);
  }, WAIT);
}
