import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';

/**
 * A device that numbers what it sends and, like a good device, sends a number again until it is acknowledged, over
 * whatever outages. QoS 1, one in flight.
 */
export class SerialClient {
  readonly name: string;
  /** Serials whose PUBACK came. */
  readonly acknowledged: string[] = [];
  readonly #port: () => number;
  readonly #password: string;
  readonly #pauseMs: number;
  #stopped = false;
  #running: Promise<void>;

  /** `pauseMs`: between an acknowledgement and the next serial. */
  constructor(name: string, password: string, port: () => number, pauseMs = 0) {
    this.name = name;
    this.#pauseMs = pauseMs;
    this.#password = password;
    this.#port = port;
    this.#running = this.#run();
  }

  /** Finishes the serial in flight, if the broker lets it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    let next = 1;
    while (!this.#stopped) {
      const client = await this.#connect();
      if (client === undefined) continue;
      try {
        while (!this.#stopped) {
          const serial = `${this.name}-${next}`;
          await publish(client, `serial/${this.name}`, JSON.stringify({ kind: 'press', serial }));
          this.acknowledged.push(serial);
          next++;
          if (this.#pauseMs > 0) await sleep(this.#pauseMs);
        }
      } catch {
        // the connection went; the same serial goes out again on the next one
      }
      client.end(true);
    }
  }

  async #connect(): Promise<MqttClient | undefined> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${this.#port()}`, {
      protocolVersion: 4,
      clientId: this.name,
      username: this.name,
      password: this.#password,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      keepalive: 10,
    });
    const connected = await new Promise<boolean>((resolve) => {
      client.once('connect', () => resolve(true));
      client.once('error', () => resolve(false));
      client.once('close', () => resolve(false));
    });
    client.on('error', () => undefined);
    if (connected) return client;
    client.end(true);
    await sleep(50);
    return undefined;
  }
}

function publish(client: MqttClient, topic: string, payload: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error('connection lost'));
    client.once('close', lost);
    client.publish(topic, payload, { qos: 1 }, (error) => {
      client.off('close', lost);
      if (error) reject(error);
      else resolve();
    });
  });
}
