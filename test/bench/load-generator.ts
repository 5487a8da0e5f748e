import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';

/** One message to publish. */
export interface Shot {
  topic: string;
  payload: string | Buffer;
}

export interface LoadOptions {
  port: number;
  connections: number;
  /** Unacknowledged QoS 1 messages per connection. */
  inFlight: number;
  user?: string;
  password?: string;
  /** The nth message of a connection. */
  shot: (connection: number, n: number) => Shot;
  /** Counted after the warm-up, milliseconds. */
  warmUpMs: number;
  measureMs: number;
}

export interface LoadResult {
  acked: number;
  perSecond: number;
  closed: number;
}

/**
 * Publishes QoS 1 as fast as the broker acknowledges, on raw sockets, writing packets one by one as devices do.
 * The generator's own cost is the same against every broker, so ratios hold.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const clients: LoadConnection[] = [];
  for (let i = 0; i < options.connections; i += 50) {
    const some = Array.from({ length: Math.min(50, options.connections - i) }, (_, k) => i + k);
    clients.push(...(await Promise.all(some.map((index) => LoadConnection.open(index, options)))));
  }
  for (const client of clients) client.start();
  await new Promise((resolve) => setTimeout(resolve, options.warmUpMs));
  const before = clients.reduce((sum, client) => sum + client.acked, 0);
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, options.measureMs));
  const acked = clients.reduce((sum, client) => sum + client.acked, 0) - before;
  const seconds = (performance.now() - began) / 1000;
  for (const client of clients) client.stop();
  return { acked, perSecond: acked / seconds, closed: clients.filter((client) => client.closed).length };
}

class LoadConnection {
  acked = 0;
  closed = false;
  #stopped = false;
  #sent = 0;
  readonly #index: number;
  readonly #options: LoadOptions;
  readonly #socket: Socket;

  private constructor(index: number, options: LoadOptions, socket: Socket) {
    this.#index = index;
    this.#options = options;
    this.#socket = socket;
  }

  static open(index: number, options: LoadOptions): Promise<LoadConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(options.port, '127.0.0.1');
      socket.setNoDelay(true);
      const client = new LoadConnection(index, options, socket);
      const parser = mqttPacket.parser();
      socket.on('data', (data: Buffer) => parser.parse(data));
      parser.on('packet', (packet) => {
        if (packet.cmd === 'connack') {
          if (packet.returnCode === 0) resolve(client);
          else reject(new Error(`CONNACK ${packet.returnCode} for load connection ${index}`));
        } else if (packet.cmd === 'puback') {
          client.#acknowledged();
        }
      });
      socket.on('error', reject);
      socket.on('close', () => {
        client.closed = !client.#stopped;
      });
      socket.write(
        mqttPacket.generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId: `load-${process.pid}-${index}`,
          keepalive: 0,
          ...(options.user === undefined
            ? {}
            : { username: options.user, password: Buffer.from(options.password ?? '') }),
        }),
      );
    });
  }

  start(): void {
    for (let i = 0; i < this.#options.inFlight; i++) this.#publish();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket.destroy();
  }

  #acknowledged(): void {
    this.acked++;
    if (!this.#stopped) this.#publish();
  }

  #publish(): void {
    const n = this.#sent++;
    const { topic, payload } = this.#options.shot(this.#index, n);
    this.#socket.write(publishPacket(topic, payload, (n % 65_535) + 1));
  }
}

/** A QoS 1 PUBLISH, or QoS 0 when no packet id is given. */
export function publishPacket(topic: string, payload: string | Buffer, messageId?: number): Buffer {
  return mqttPacket.generate({
    cmd: 'publish',
    topic,
    payload,
    qos: messageId === undefined ? 0 : 1,
    retain: false,
    dup: false,
    ...(messageId === undefined ? {} : { messageId }),
  });
}

/** Toggles one input of a wired I/O module: every message is one event. */
export function toggle(connection: number, n: number, input = '5'): Shot {
  const device = `io-${connection + 1}`;
  return {
    topic: `io/${device}/state`,
    payload: `{"ch":{"${input}":"${n % 2 === 0 ? 'alarm' : 'normal'}"},"seq":${n}}`,
  };
}
