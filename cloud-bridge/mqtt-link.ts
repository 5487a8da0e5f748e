import { Socket } from 'node:net';
import {
  connect,
  type IClientOptions,
  type IClientPublishOptions,
  type IConnackPacket,
  type MqttClient,
} from 'mqtt';

/** MQTT version as brokers count it: 4 is 3.1.1. */
export type MqttVersion = 4 | 5;

/** How to reach a broker. */
export interface MqttLinkOptions {
  /** `mqtt://host:port` or `mqtts://host:port`. */
  url: string;
  clientId: string;
  /** Absent: 5, and 3.1.1 at once when the broker refuses it. */
  version?: MqttVersion | undefined;
  username?: string | undefined;
  password?: string | undefined;
  tls?: { ca?: Buffer | undefined; cert?: Buffer | undefined; key?: Buffer | undefined } | undefined;
  /** Published, retained, by the broker when this connection ends without a goodbye. */
  will?: { topic: string; payload: string } | undefined;
  keepaliveS: number;
  /** For TCP, TLS and CONNACK together. */
  connectTimeoutMs: number;
  /** For one SUBACK or PUBACK. */
  answerTimeoutMs: number;
}

/** What a link tells its owner. After `closed` it tells nothing more. */
export interface MqttLinkEvents {
  message(topic: string, payload: Buffer, retained: boolean): void;
  closed(reason: Error): void;
}

export type LinkFailure = 'version' | 'credentials' | 'busy' | 'tls' | 'unreachable' | 'timeout' | 'lost';

/** Why there is no connection. `busy` is the broker's own request to stay away for a while. */
export class LinkError extends Error {
  readonly failure: LinkFailure;

  constructor(failure: LinkFailure, message: string) {
    super(message);
    this.name = 'LinkError';
    this.failure = failure;
  }
}

/** Disconnect normally; the same two bytes in MQTT 3.1.1 and 5. */
const DISCONNECT = Buffer.of(0xe0, 0x00);
/** Brokers that name no limit of their own get at most this many unacknowledged messages. */
const DEFAULT_RECEIVE_MAXIMUM = 20;

/**
 * One connection to a broker, never more than one: no reconnect, no stored session, no queue behind it. Everything
 * that is asked of it settles: with the broker's answer, its time-out or the end of the connection.
 */
export class MqttLink {
  readonly version: MqttVersion;
  /** Largest MQTT packet the broker takes, bytes. */
  readonly maxPacketBytes: number;
  /** Messages that may be unacknowledged at a time. */
  readonly receiveMaximum: number;
  readonly #client: MqttClient;
  readonly #answerTimeoutMs: number;
  readonly #pending = new Set<(error: Error) => void>();
  #closed: Error | undefined;

  /** Use `openMqttLink`. */
  constructor(
    client: MqttClient,
    { properties }: IConnackPacket,
    options: MqttLinkOptions,
    events: MqttLinkEvents,
  ) {
    this.version = client.options.protocolVersion === 5 ? 5 : 4;
    this.maxPacketBytes = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    this.receiveMaximum = properties?.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM;
    this.#client = client;
    // Else a receipt behind a PUBACK waits 40 ms for the other side's delayed TCP acknowledgement (measured).
    if (client.stream instanceof Socket) client.stream.setNoDelay(true);
    this.#answerTimeoutMs = options.answerTimeoutMs;
    let reason = new LinkError('lost', 'the broker closed the connection');
    client.on('error', (error) => {
      reason = new LinkError('lost', error.message);
    });
    client.on('message', (topic, payload, packet) => {
      if (this.#closed === undefined) events.message(topic, payload, packet.retain);
    });
    client.once('close', () => {
      // Nothing of this client may live on: no timer, no queue, no socket.
      client.end(true);
      if (this.#closed !== undefined) return;
      this.#fail(reason);
      events.closed(reason);
    });
  }

  /** Resolves when the broker granted the filter; rejects when it refused, or did not answer in time. */
  async subscribe(filter: string, qos: 0 | 1): Promise<void> {
    const granted = await this.#answer<number[]>(`SUBACK for ${filter}`, (done) => {
      this.#client.subscribe(filter, { qos }, (error, grants) =>
        done(
          error,
          grants?.map((grant): number => grant.qos),
        ),
      );
    });
    if (granted?.some((code) => code >= 0x80)) {
      throw new LinkError(
        'credentials',
        `the broker refused to subscribe ${filter}: check its access rights`,
      );
    }
  }

  /** Resolves when written (QoS 0) or acknowledged (QoS 1). */
  async publish(
    topic: string,
    payload: string | Buffer,
    options: Required<Pick<IClientPublishOptions, 'retain'>> & { qos: 0 | 1 },
  ): Promise<void> {
    await this.#answer('PUBACK', (done) => {
      this.#client.publish(topic, payload, options, (error) => done(error ?? null));
    });
  }

  /** Says goodbye, so that no will is published, and closes. Waits for no acknowledgement. */
  async close(): Promise<void> {
    if (this.#closed !== undefined) return;
    this.#fail(new LinkError('lost', 'closed by this side'));
    const { stream } = this.#client;
    await new Promise<void>((resolve) => {
      // mqtt.js' own goodbye hangs while an acknowledgement is outstanding.
      const timer = setTimeout(resolve, this.#answerTimeoutMs);
      this.#client.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      stream.end(DISCONNECT);
    });
    this.#client.end(true);
  }

  /** Ends the connection as if the network had, so that the broker publishes the will; `closed` is not called. */
  destroy(): void {
    this.#fail(new LinkError('lost', 'dropped by this side'));
    this.#client.end(true);
  }

  #answer<T>(
    what: string,
    ask: (done: (error: Error | null, value?: T) => void) => void,
  ): Promise<T | undefined> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new LinkError('timeout', `no ${what} in time`)),
        this.#answerTimeoutMs,
      );
      this.#pending.add(fail);
      ask((error, value) => {
        settle();
        if (error) reject(error);
        else resolve(value);
      });
    });
  }

  #fail(reason: Error): void {
    this.#closed ??= reason;
    for (const fail of this.#pending) fail(reason);
  }
}

/**
 * Makes one connection. With no version given, MQTT 3.1.1 is tried at once when the broker does not take 5.
 * Rejects with a `LinkError`; aborting rejects, too.
 */
export async function openMqttLink(
  options: MqttLinkOptions,
  events: MqttLinkEvents,
  signal?: AbortSignal,
): Promise<MqttLink> {
  if (options.version !== undefined) return open(options, options.version, events, signal);
  try {
    return await open(options, 5, events, signal);
  } catch (error) {
    if (!(error instanceof LinkError) || error.failure !== 'version') throw error;
    return open(options, 4, events, signal);
  }
}

function open(
  options: MqttLinkOptions,
  version: MqttVersion,
  events: MqttLinkEvents,
  signal?: AbortSignal,
): Promise<MqttLink> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new LinkError('lost', 'stopped'));
      return;
    }
    const client = connect(options.url, clientOptions(options, version));
    const settle = () => {
      client.off('error', onError).off('close', onClose).off('connect', onConnect);
      signal?.removeEventListener('abort', onAbort);
    };
    const giveUp = (failure: LinkError) => {
      settle();
      // A late error of a dead socket must not end the process.
      client.on('error', () => {});
      client.end(true);
      reject(failure);
    };
    const onError = (error: Error) => giveUp(explain(error, version));
    const onAbort = () => giveUp(new LinkError('lost', 'stopped'));
    const onClose = () =>
      giveUp(
        new LinkError('version', `the broker closed the connection before it answered MQTT ${name(version)}`),
      );
    const onConnect = (connack: IConnackPacket) => {
      settle();
      resolve(new MqttLink(client, connack, options, events));
    };
    client.once('error', onError).once('close', onClose).once('connect', onConnect);
    signal?.addEventListener('abort', onAbort);
  });
}

function clientOptions(options: MqttLinkOptions, version: MqttVersion): IClientOptions {
  const { url, clientId, username, password, tls, will, keepaliveS, connectTimeoutMs } = options;
  return {
    clientId,
    protocolVersion: version,
    clean: true,
    keepalive: keepaliveS,
    connectTimeout: connectTimeoutMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...(version === 5 ? { properties: { sessionExpiryInterval: 0 } } : {}),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will === undefined
      ? {}
      : { will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
    ...(url.startsWith('mqtts') ? { ...present(tls ?? {}), rejectUnauthorized: true } : {}),
  };
}

function present(tls: NonNullable<MqttLinkOptions['tls']>): Pick<IClientOptions, 'ca' | 'cert' | 'key'> {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
  };
}

function name(version: MqttVersion): string {
  return version === 5 ? '5' : '3.1.1';
}

/** Reason codes of CONNACK in 3.1.1 and 5 that the peer's administrator, time or another version can cure. */
const connackFailure = new Map<number, LinkFailure>([
  [1, 'version'],
  [3, 'busy'],
  [4, 'credentials'],
  [5, 'credentials'],
  [0x84, 'version'],
  [0x86, 'credentials'],
  [0x87, 'credentials'],
  [0x88, 'busy'],
  [0x89, 'busy'],
  [0x8a, 'credentials'],
  [0x97, 'busy'],
  [0x9f, 'busy'],
]);

function explain(error: Error, version: MqttVersion): LinkError {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'number') {
    const failure = connackFailure.get(code) ?? 'credentials';
    const hint =
      failure === 'credentials' ? ': check user, password, client certificate and topic rights' : '';
    return new LinkError(failure, `${error.message} (reason ${code})${hint}`);
  }
  if (error.message === 'connack timeout') return new LinkError('timeout', 'no CONNACK in time');
  if (typeof code !== 'string') {
    return new LinkError(
      'version',
      `the broker's answer to MQTT ${name(version)} cannot be read: ${error.message}`,
    );
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new LinkError(
      'version',
      `the connection was reset before the broker answered MQTT ${name(version)}`,
    );
  }
  if (/^(?:ECONN|ENOT|EHOST|ENET|ETIMEDOUT|EAI_|EADDR)/.test(code)) {
    return new LinkError('unreachable', `${error.message}: check address, port and network`);
  }
  return new LinkError(
    'tls',
    `TLS failed (${code}: ${error.message}): check ca_file, cert_file and key_file`,
  );
}
