import type { Logger } from 'pino';
import type { ClientTls } from './connection.ts';

/** Bounds of one external broker: whatever it sends, memory and time stay within these. */
export interface ExternalLimits {
  /** Larger payloads are refused, and acknowledged. */
  maxPayloadBytes: number;
  maxTopicLevels: number;
  maxTopicBytes: number;
  /** Receive Maximum: messages that the broker may send without an acknowledgement. */
  receiveMaximum: number;
  /** Messages that wait for their commit; beyond it the socket is not read. Brokers overshoot Receive Maximum. */
  maxWaiting: number;
  /** Memory of those messages. */
  maxWaitingBytes: number;
  /** For TCP, TLS and CONNACK together. */
  connectTimeoutMs: number;
  /** Spans of the wait before an attempt, full jitter. */
  backOff: { firstMs: number; maxMs: number };
  /** A barrier that is not back within this is looked for by quiet pings, too. */
  barrierMs: number;
  /** How often a quiet ping is tried. */
  quietEveryMs: number;
  /** `stop()` waits so long for commits under way, to acknowledge them. */
  stopWaitMs: number;
}

export const defaultLimits: ExternalLimits = {
  maxPayloadBytes: 256 * 1024,
  maxTopicLevels: 32,
  maxTopicBytes: 1024,
  receiveMaximum: 2_000, // two full commits
  maxWaiting: 4_000,
  maxWaitingBytes: 16 * 1024 * 1024,
  connectTimeoutMs: 10_000,
  backOff: { firstMs: 1_000, maxMs: 10_000 }, // a broker on the campus: a fire must not wait a minute for it
  barrierMs: 5_000,
  quietEveryMs: 250,
  stopWaitMs: 2_000,
};

/** Which gateway of several works for a broker. */
export interface LeaseOptions {
  /** The same at all gateways that stand by for each other. */
  name: string;
  /** Without a sign of life for so long, another gateway takes over. */
  takeoverMs: number;
}

export interface ExternalBrokerOptions {
  /** Name of this adapter instance. */
  name: string;
  /** `mqtt://host:port` or `mqtts://host:port`. */
  url: string;
  clientId: string;
  username?: string | undefined;
  password?: string | undefined;
  tls?: ClientTls | undefined;
  /** Topic filters; they should not overlap: brokers deliver once for each. */
  subscribe: readonly string[];
  qos: 0 | 1 | 2;
  /** How long the broker keeps the session, and what comes for it, while the gateway is away. */
  sessionExpiryS: number;
  keepaliveS: number;
  /** First levels of the topics that the gateway itself writes there. */
  prefix: string;
  lease?: LeaseOptions | undefined;
  /** Where left out, {@link defaultLimits}. */
  limits?: Partial<ExternalLimits>;
  logger: Logger;
  /** Wall clock, milliseconds since 1970. */
  clock: () => number;
  /** 0 to 1; for the jitter. */
  random?: () => number;
}
