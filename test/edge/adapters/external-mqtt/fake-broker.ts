import { createServer, type Server, type Socket } from 'node:net';
import { generate, type IConnectPacket, type ISubscribePacket, type Packet, parser } from 'mqtt-packet';
import { pino } from 'pino';
import { onTestFinished, vi } from 'vitest';
import { ExternalBroker } from '../../../../edge/adapters/external-mqtt/external-broker.ts';
import type { ExternalBrokerOptions } from '../../../../edge/adapters/external-mqtt/options.ts';
import { RecordingSink } from '../../../support/recording-sink.ts';

const WAIT = { timeout: 20_000, interval: 5 };

/** Waits until the condition holds; the last failure tells what did not. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  await vi.waitFor(() => {
    if (!condition()) throw new Error(`not yet: ${what}`);
  }, WAIT);
}

type Any = Record<string, unknown>;

/** The broker's end of one connection. */
export class Peer {
  readonly socket: Socket;
  readonly received: Packet[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
  }

  send(packet: Any): void {
    this.socket.write(generate(packet as unknown as Packet, { protocolVersion: 5 }));
  }

  publish(topic: string, payload: string | Buffer, rest: Any = {}): void {
    this.send({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: 1, ...rest });
  }

  all(cmd: Packet['cmd']): Array<Packet & Any> {
    return this.received.filter((packet) => packet.cmd === cmd) as Array<Packet & Any>;
  }

  /** Identifiers acknowledged so, in order. */
  acks(cmd: 'puback' | 'pubrec' | 'pubcomp'): number[] {
    return this.all(cmd).map(({ messageId }) => messageId as number);
  }

  async receives(cmd: Packet['cmd'], count = 1): Promise<Packet & Any> {
    await until(() => this.all(cmd).length >= count, `${count} ${cmd}`);
    return this.all(cmd)[count - 1] as Packet & Any;
  }

  get isClosed(): boolean {
    return this.socket.closed;
  }
}

/** What the fake broker does; a test changes it. */
export interface Script {
  /** Session present in CONNACK. */
  sessionPresent: boolean;
  /** CONNECT is answered. */
  answers: boolean;
  connack: Any;
  /** Grants of a SUBSCRIBE; default: what was asked for. */
  granted?: (packet: ISubscribePacket) => number[];
  /** Messages to ourselves come back at once. */
  echoes: boolean;
  /** Reason code of the PUBACK for what the gateway publishes. */
  puback: number;
  /** Sent right behind CONNACK, in the same write. */
  behindConnack: Any[];
}

/** A broker that does what the test says, on a free port. */
export class FakeBroker {
  readonly script: Script = {
    sessionPresent: false,
    answers: true,
    connack: {},
    echoes: true,
    puback: 0,
    behindConnack: [],
  };
  readonly peers: Peer[] = [];
  readonly connects: IConnectPacket[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<FakeBroker> {
    const broker = new FakeBroker();
    await new Promise<void>((resolve) => broker.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      broker.#server.close();
      for (const { socket } of broker.peers) socket.destroy();
    });
    return broker;
  }

  get url(): string {
    const { port } = this.#server.address() as { port: number };
    return `mqtt://127.0.0.1:${port}`;
  }

  /** The nth connection, once it is subscribed. */
  async peer(n = 1): Promise<Peer> {
    await until(() => (this.peers[n - 1]?.all('subscribe').length ?? 0) > 0, `connection ${n} to subscribe`);
    return this.peers[n - 1] as Peer;
  }

  #serve(socket: Socket): void {
    const peer = new Peer(socket);
    socket.on('error', () => undefined);
    const packets = parser({ protocolVersion: 5 });
    packets.on('error', () => socket.destroy());
    packets.on('packet', (packet) => {
      peer.received.push(packet);
      this.#answer(peer, packet);
    });
    socket.on('data', (chunk: Buffer) => packets.parse(chunk));
  }

  #answer(peer: Peer, packet: Packet): void {
    const { script } = this;
    if (packet.cmd === 'connect') {
      this.connects.push(packet);
      if (!script.answers) return;
      this.peers.push(peer);
      const connack = {
        cmd: 'connack',
        reasonCode: 0,
        sessionPresent: script.sessionPresent,
        ...script.connack,
      };
      const bytes = [connack, ...script.behindConnack].map((one) =>
        generate(one as unknown as Packet, { protocolVersion: 5 }),
      );
      peer.socket.write(Buffer.concat(bytes));
    } else if (packet.cmd === 'subscribe') {
      const granted = script.granted?.(packet) ?? packet.subscriptions.map(({ qos }) => qos);
      peer.send({ cmd: 'suback', messageId: packet.messageId, granted });
    } else if (packet.cmd === 'publish') {
      peer.send({ cmd: 'puback', messageId: packet.messageId, reasonCode: script.puback });
      if (script.echoes && script.puback === 0) this.echo(peer, packet.topic, packet.payload as Buffer);
    } else if (packet.cmd === 'pingreq') {
      peer.send({ cmd: 'pingresp' });
    }
  }

  /** Delivers a message of the gateway to itself. */
  echo(peer: Peer, topic: string, payload: Buffer): void {
    peer.publish(topic, payload, { messageId: 60_000 });
  }
}

export interface Setup {
  broker: FakeBroker;
  gateway: ExternalBroker;
  sink: RecordingSink;
  counter(name: string): number;
}

/** An adapter that connects to a fake broker without waits; not started. */
export async function setUp(options: Partial<ExternalBrokerOptions> = {}): Promise<Setup> {
  const broker = await FakeBroker.start();
  const gateway = makeGateway(broker, options);
  const sink = new RecordingSink();
  onTestFinished(async () => {
    sink.commit();
    await gateway.stop();
  });
  return { broker, gateway, sink, counter: (name) => gateway.status().counters[name] ?? 0 };
}

export function makeGateway(
  { url }: { url: string },
  { limits, ...rest }: Partial<ExternalBrokerOptions> = {},
): ExternalBroker {
  return new ExternalBroker({
    name: 'site',
    url,
    clientId: 'gw-01-site',
    subscribe: ['io/#'],
    qos: 1,
    sessionExpiryS: 86_400,
    keepaliveS: 20,
    prefix: 'campus-gateway',
    limits: { backOff: { firstMs: 5, maxMs: 20 }, quietEveryMs: 5, barrierMs: 30, ...limits },
    logger: pino({ level: 'silent' }),
    clock: Date.now,
    ...rest,
  });
}
