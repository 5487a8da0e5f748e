import { connectAsync, type MqttClient } from 'mqtt';
import { encodeFrame } from '../../cloud-bridge/frame-codec.ts';
import type { Frame, Receipt } from '../../contract/frame.ts';
import type { GatewayState } from '../../contract/gateway-state.ts';
import { uplinkPath, uplinkTopic } from '../../contract/uplink-topic.ts';
import { waitFor } from '../simulators/wait.ts';

/** A gateway that sends exactly what a test says, right or wrong, and hears its receipts. */
export class RawGateway {
  readonly receipts: Receipt[] = [];
  readonly #client: MqttClient;
  readonly #path: ReturnType<typeof uplinkPath>;

  private constructor(client: MqttClient, path: ReturnType<typeof uplinkPath>) {
    this.#client = client;
    this.#path = path;
    client.on('message', (_, payload) => this.receipts.push(JSON.parse(payload.toString())));
  }

  static async connect(
    port: number,
    { region = '370102', school = '4137010001', gateway = 'gw-01' } = {},
  ): Promise<RawGateway> {
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, protocolVersion: 4 });
    const path = uplinkPath(region, school, gateway);
    await client.subscribeAsync(uplinkTopic(path, 'dn/rcpt'));
    return new RawGateway(client, path);
  }

  async bytes(lane: 'a' | 'e', payload: Buffer): Promise<void> {
    await this.#client.publishAsync(uplinkTopic(this.#path, `up/${lane}`), payload, { qos: 1 });
  }

  async frame(frame: Frame): Promise<void> {
    await this.bytes(frame.lane, await encodeFrame(frame));
  }

  async state(state: GatewayState | string): Promise<void> {
    const text = typeof state === 'string' ? state : JSON.stringify(state);
    await this.#client.publishAsync(uplinkTopic(this.#path, 'up/state'), text, { qos: 1, retain: true });
  }

  /** The first receipt, past or future, that fits. */
  receipt(what: string, match: (receipt: Receipt) => boolean): Promise<Receipt> {
    return waitFor(`a receipt ${what}`, () => this.receipts.find(match));
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
