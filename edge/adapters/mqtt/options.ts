import type { Logger } from 'pino';
import type { Pace } from './pacer.ts';

/** Who a device is and what it may do. Filters are MQTT topic filters; `#` in `publish` allows every topic. */
export interface BrokerAccount {
  user: string;
  /** A publish to a topic that none of these matches is refused. */
  publish: readonly string[];
  /** A subscription is granted if one of these covers it, and never for `#`, `+/#`, `$...`. */
  subscribe: readonly string[];
  /** Many devices share it (commissioning): it may have half of all connections, at the pace of one account. */
  shared?: boolean;
}

/** Where the broker asks who a device is. */
export interface BrokerAccess {
  /**
   * Checks a user's password. Undefined: unknown user or wrong password. A rejection means that it could not be
   * checked; the device is told to try again.
   */
  authenticate(user: string, password: Buffer | undefined): Promise<BrokerAccount | undefined>;
  /** The account of this user, whose identity a client certificate has proven already; absent: there are none. */
  certified?(user: string): BrokerAccount | undefined;
}

/** An address to listen on. */
export interface ListenerOptions {
  host: string;
  /** 0 takes a free port; `status().endpoints` tells which. */
  port: number;
  tls?: {
    /** PEM text of the certificate chain and its key. */
    cert: string | Buffer;
    key: string | Buffer;
    /** PEM text of the authorities that device certificates must come from. */
    ca?: string | Buffer;
    /**
     * Devices must also show a certificate of `ca`. One whose common name is a user signs in as that user, without a
     * password if it gives none; with any other, user and password are asked all the same.
     */
    requestCert?: boolean;
  };
}

/** A message kept for new subscribers of its topic. */
export interface RetainedMessage {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
}

/** Bounds of the broker: whatever a device sends, memory and time stay within these. */
export interface BrokerLimits {
  /** Larger payloads are refused. */
  maxPayloadBytes: number;
  maxTopicLevels: number;
  maxTopicBytes: number;
  maxClientIdBytes: number;
  /** Connections at once, those still signing in included; about 16 KB each. */
  maxClients: number;
  /** Connections of one account; and its sessions, those kept for devices that are away included. */
  maxOfAccount: number;
  /** Connections of one address that have not signed in. */
  maxUnsignedOfAddress: number;
  /** Filters one connection may be subscribed to. */
  maxSubscriptions: number;
  /** Sessions kept for devices that are away (`clean=0`); the longest away is forgotten first. */
  maxSessions: number;
  /** Messages kept for one device that is away or does not acknowledge; what comes after is dropped and counted. */
  maxQueued: number;
  /** QoS 2 messages of one session that are not released yet. */
  maxUnreleased: number;
  /** Memory of one connection's messages that wait for their commit; beyond it we stop reading that connection. */
  maxHeldBytes: number;
  /** How fast one account may publish; beyond, its messages wait and it is not read on. Nothing is dropped. */
  pace: Pace;
  /** Bytes waiting to be sent to one connection; a device that reads more slowly is disconnected. */
  maxUnsentBytes: number;
  maxRetained: { count: number; bytes: number };
  /** An acknowledgement is withheld for so long, or for the device's keepalive if shorter; then we disconnect. */
  ackHoldMs: number;
  /** From accepting the connection to its complete CONNECT. */
  connectTimeoutMs: number;
  /** `stop()` waits so long for commits under way, to acknowledge them. */
  stopWaitMs: number;
}

export const defaultLimits: BrokerLimits = {
  maxPayloadBytes: 256 * 1024,
  maxTopicLevels: 32,
  maxTopicBytes: 1024,
  maxClientIdBytes: 256,
  maxClients: 10_000, // 160 MB
  maxOfAccount: 100, // a device has one, a bridge a few; some sites have one account for all
  maxUnsignedOfAddress: 50, // devices behind one router come back together
  maxSubscriptions: 100,
  maxSessions: 10_000,
  maxQueued: 1000,
  maxUnreleased: 1000,
  maxHeldBytes: 512 * 1024, // two of the largest payloads, 1,500 usual ones
  pace: { perSecond: 1_000, burst: 5_000 }, // a module sends some 10 a minute
  maxUnsentBytes: 4 * 1024 * 1024,
  maxRetained: { count: 20_000, bytes: 32 * 1024 * 1024 },
  ackHoldMs: 30_000,
  connectTimeoutMs: 10_000,
  stopWaitMs: 2_000,
};

export interface BrokerOptions {
  /** Name of this adapter instance. */
  name: string;
  listeners: readonly ListenerOptions[];
  access: BrokerAccess;
  /** What was retained when the gateway stopped; offered to subscribers, not handed to the pipeline. */
  retained?: readonly RetainedMessage[];
  /** Where left out, {@link defaultLimits}. */
  limits?: Partial<BrokerLimits>;
  logger: Logger;
  /** Wall clock, milliseconds since 1970. */
  clock: () => number;
}
