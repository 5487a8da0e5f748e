import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';

/** How a wired input reports. */
export type InputState = 'normal' | 'alarm' | 'cut' | 'short';

async function connect(port: number, options: IClientOptions): Promise<MqttClient> {
  return mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 4,
    reconnectPeriod: 1_000,
    ...options,
  });
}

/** A wired I/O module: keeps the state of its inputs and reports it, as the ones on campuses do. */
export class IoModule {
  readonly id: string;
  readonly #client: MqttClient;
  readonly #inputs: Record<string, InputState> = {};
  #seq = 0;

  private constructor(id: string, client: MqttClient, inputs: number) {
    this.id = id;
    this.#client = client;
    for (let i = 1; i <= inputs; i++) this.#inputs[i] = 'normal';
  }

  static async connect(port: number, id: string, password: string, inputs = 8): Promise<IoModule> {
    const client = await connect(port, {
      clientId: id,
      username: id,
      password,
      keepalive: 10,
      will: { topic: `io/${id}/status`, payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    const module = new IoModule(id, client, inputs);
    await client.publishAsync(`io/${id}/status`, 'online', { qos: 1, retain: true });
    await module.report();
    return module;
  }

  /** Changes an input and reports; resolves with the milliseconds until the broker acknowledged. */
  async set(input: number, state: InputState): Promise<number> {
    this.#inputs[input] = state;
    return this.report();
  }

  async report(): Promise<number> {
    const began = performance.now();
    const payload = JSON.stringify({ ch: this.#inputs, seq: ++this.#seq, t: new Date().toISOString() });
    await this.#client.publishAsync(`io/${this.id}/state`, payload, { qos: 1 });
    return performance.now() - began;
  }

  /** Power gone: the connection breaks without a word. */
  cutPower(): void {
    this.#client.options.reconnectPeriod = 0;
    this.#client.stream.destroy();
    this.#client.end(true);
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** A zigbee2mqtt bridge: like the real one it republishes a device's whole cached state with every change. */
export class ZigbeeBridge {
  readonly #client: MqttClient;
  readonly #cache = new Map<string, Record<string, unknown>>();

  private constructor(client: MqttClient) {
    this.#client = client;
  }

  static async connect(port: number, user: string, password: string): Promise<ZigbeeBridge> {
    const client = await connect(port, {
      clientId: 'zigbee2mqtt',
      username: user,
      password,
      keepalive: 30,
      will: {
        topic: 'zigbee2mqtt/bridge/state',
        payload: Buffer.from('{"state":"offline"}'),
        qos: 1,
        retain: true,
      },
    });
    const bridge = new ZigbeeBridge(client);
    await bridge.state('online');
    return bridge;
  }

  async state(state: 'online' | 'offline'): Promise<void> {
    await this.#client.publishAsync('zigbee2mqtt/bridge/state', JSON.stringify({ state }), {
      qos: 1,
      retain: true,
    });
  }

  /** Changes some keys of a device's state. zigbee2mqtt publishes with QoS 0. */
  async change(device: string, keys: Record<string, unknown>): Promise<void> {
    const state = { linkquality: 120, ...this.#cache.get(device), ...keys };
    this.#cache.set(device, state);
    await this.#client.publishAsync(`zigbee2mqtt/${device}`, JSON.stringify(state), { qos: 0 });
  }

  async available(device: string, available: boolean): Promise<void> {
    const payload = JSON.stringify({ state: available ? 'online' : 'offline' });
    await this.#client.publishAsync(`zigbee2mqtt/${device}/availability`, payload, { qos: 1, retain: true });
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }
}
