import type { Lane } from '../../contract/event.ts';
import { FRAME_MAX_WIRE_BYTES } from '../../contract/frame.ts';
import type { GatewayState } from '../../contract/gateway-state.ts';
import { uplinkPath, uplinkTopic } from '../../contract/uplink-topic.ts';
import { type MqttLink, type MqttVersion, openMqttLink } from '../mqtt-link.ts';
import type { RecipientConfig } from './recipient.ts';
import type { Transport, TransportConnection, TransportEvents } from './transport.ts';

/** Fixed header, topic, packet id and properties around a frame. */
const PACKET_OVERHEAD = 256;

/** Times of the transport, milliseconds. */
export interface MqttTransportTiming {
  connectTimeoutMs: number;
  answerTimeoutMs: number;
  keepaliveS: number;
}

const defaults: MqttTransportTiming = { connectTimeoutMs: 15_000, answerTimeoutMs: 30_000, keepaliveS: 30 };

/** The uplink over MQTT (CONTRACT section 6): frames and state up, receipts down. */
export class MqttTransport implements Transport {
  readonly #config: RecipientConfig;
  readonly #timing: MqttTransportTiming;
  /** 4 once the broker took only that: a refused MQTT 5 is not asked for again at every reconnect. */
  #version: MqttVersion | undefined;

  constructor(config: RecipientConfig, timing: Partial<MqttTransportTiming> = {}) {
    this.#config = config;
    this.#timing = { ...defaults, ...timing };
    this.#version = config.version;
  }

  async connect(
    gone: GatewayState,
    events: TransportEvents,
    signal: AbortSignal,
  ): Promise<TransportConnection> {
    const { recipient, url, username, password, tls, gateway, school, region } = this.#config;
    const path = uplinkPath(region, school, gateway);
    const receipts = uplinkTopic(path, 'dn/rcpt');
    const link = await openMqttLink(
      {
        // One id for one gateway and recipient: the broker ends a half-open older connection by itself.
        clientId: `cs-${school}-${gateway}-${recipient}`,
        url,
        version: this.#version,
        username,
        password,
        tls,
        will: { topic: uplinkTopic(path, 'up/state'), payload: JSON.stringify(gone) },
        ...this.#timing,
      },
      {
        message: (topic, payload) => {
          if (topic === receipts) events.receipt(payload);
        },
        closed: (reason) => events.closed(reason),
      },
      signal,
    );
    try {
      await link.subscribe(receipts, 0);
    } catch (error) {
      link.destroy();
      throw error;
    }
    if (link.version === 4) this.#version = 4;
    return new MqttConnection(link, path);
  }
}

class MqttConnection implements TransportConnection {
  readonly protocol: string;
  readonly maxFrameBytes: number;
  readonly #link: MqttLink;
  readonly #path: ReturnType<typeof uplinkPath>;
  readonly #waiting: Record<Lane, Array<() => void>> = { a: [], e: [] };
  #free: number;

  constructor(link: MqttLink, path: ReturnType<typeof uplinkPath>) {
    this.#link = link;
    this.#path = path;
    this.protocol = link.version === 5 ? 'MQTT 5' : 'MQTT 3.1.1';
    this.maxFrameBytes = Math.min(FRAME_MAX_WIRE_BYTES, link.maxPacketBytes - PACKET_OVERHEAD);
    // mqtt.js ignores the broker's Receive Maximum; one place stays free for the heartbeat.
    this.#free = Math.max(1, link.receiveMaximum - 1);
  }

  async sendFrame(lane: Lane, wire: Buffer): Promise<void> {
    await this.#place(lane);
    try {
      await this.#link.publish(uplinkTopic(this.#path, `up/${lane}`), wire, { qos: 1, retain: false });
    } finally {
      this.#release();
    }
  }

  async sendState(state: GatewayState): Promise<void> {
    await this.#link.publish(uplinkTopic(this.#path, 'up/state'), JSON.stringify(state), {
      qos: 1,
      retain: true,
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  abandon(): void {
    this.#link.destroy();
  }

  async #place(lane: Lane): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting[lane].push(resolve));
  }

  #release(): void {
    const next = this.#waiting.a.shift() ?? this.#waiting.e.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
