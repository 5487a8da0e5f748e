import { connect, type Socket } from 'node:net';
import mqttPacket from 'mqtt-packet';
import { publishPacket, type Shot } from './load-generator.ts';

/** One MQTT connection that publishes when told; acknowledgements are only counted. */
export class Publisher {
  acked = 0;
  #id = 0;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(port: number, clientId: string, user?: string, password?: string): Promise<Publisher> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.setNoDelay(true);
      const publisher = new Publisher(socket);
      const parser = mqttPacket.parser();
      socket.on('data', (data: Buffer) => parser.parse(data));
      parser.on('packet', (packet) => {
        if (packet.cmd === 'puback') publisher.acked++;
        else if (packet.cmd === 'connack' && packet.returnCode === 0) resolve(publisher);
        else if (packet.cmd === 'connack') reject(new Error(`CONNACK ${packet.returnCode} for ${clientId}`));
      });
      socket.on('error', reject);
      socket.write(
        mqttPacket.generate({
          cmd: 'connect',
          protocolId: 'MQTT',
          protocolVersion: 4,
          clean: true,
          clientId,
          keepalive: 0,
          ...(user === undefined ? {} : { username: user, password: Buffer.from(password ?? '') }),
        }),
      );
    });
  }

  /** QoS 1. */
  publish({ topic, payload }: Shot): void {
    this.#id = (this.#id % 65_535) + 1;
    this.#socket.write(publishPacket(topic, payload, this.#id));
  }

  /** QoS 0; false when the socket is full. */
  fire({ topic, payload }: Shot): boolean {
    return this.#socket.write(publishPacket(topic, payload));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Calls `shoot` at an even rate for `ms`, catching up when a timer came late. */
export function pace(perSecond: number, ms: number, shoot: (n: number) => void): Promise<number> {
  return new Promise((resolve) => {
    const began = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsed = performance.now() - began;
      const due = Math.floor((Math.min(elapsed, ms) / 1000) * perSecond);
      while (sent < due) shoot(sent++);
      if (elapsed < ms) return;
      clearInterval(timer);
      resolve(sent);
    }, 1);
  });
}
