import type { RawMessage } from '../../contract/raw-message.ts';

/** What became of a message. All of these are final: the sender must not try again. */
export interface Outcome {
  status: 'mapped' | 'ignored' | 'unmapped' | 'undecodable' | 'unknown-device' | 'duplicate' | 'dropped';
}

/** A device's connection came or went. */
export interface ConnectionChange {
  adapter: string;
  clientId: string;
  /** Authenticated user; absent for anonymous peers. */
  user?: string;
  online: boolean;
  /** Milliseconds since 1970. */
  at: number;
  /** Why it went: shown to the installer. */
  reason?: string;
  /** Until when it may come back without counting as offline: what is left of 1.5 times its keepalive, milliseconds. */
  graceMs?: number;
  /** We closed it (storage failing, shutdown): never a reason for DEV.OFFLINE. */
  causedByUs?: boolean;
}

/** A message refused before it became a RawMessage (too large, bad topic, bad UTF-8, forbidden, MQTT 5 peer). */
export interface Refusal {
  adapter: string;
  /** Stable reason, a metrics label: `too-large`, `bad-topic`, `not-allowed`, `mqtt5`, ... */
  reason: string;
  clientId?: string;
  user?: string;
  address?: string;
  channel?: string;
  /** First bytes of what was refused, for quarantine. */
  sample?: Buffer;
  at: number;
}

/** The pipeline as an adapter sees it. */
export interface Sink {
  /**
   * Takes one message. Resolves once everything it caused is on disk; only then may the transport acknowledge.
   * Stays pending while storage fails; rejects only when the gateway stops first.
   */
  message(raw: RawMessage): Promise<Outcome>;
  connection(change: ConnectionChange): void;
  refused(refusal: Refusal): void;
}

export interface AdapterStatus {
  name: string;
  state: 'starting' | 'running' | 'stopped' | 'failed';
  /** Where it listens or what it is connected to, with the real port. */
  endpoints: string[];
  /** Connected peers. */
  clients: number;
  /** Monotonic counters, by name. */
  counters: Readonly<Record<string, number>>;
}

/** A source of messages. One conformance suite runs over every implementation. */
export interface Adapter {
  readonly name: string;
  start(sink: Sink): Promise<void>;
  /** Stops taking messages, then closes. Peers learn that we caused it. */
  stop(): Promise<void>;
  status(): AdapterStatus;
}
