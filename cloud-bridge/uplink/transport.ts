import type { Lane } from '../../contract/event.ts';
import type { GatewayState } from '../../contract/gateway-state.ts';

/** What a connection tells. Nothing after `closed`. */
export interface TransportEvents {
  /** A receipt arrived, as it travelled. */
  receipt(payload: Uint8Array): void;
  /** The connection ended, and not because `close` was called. */
  closed(reason: Error): void;
}

/** One connection to a recipient. What it was given and did not deliver is forgotten when it ends. */
export interface TransportConnection {
  /** Such as `MQTT 5`; shown to people. */
  readonly protocol: string;
  /** Largest frame it carries, bytes. */
  readonly maxFrameBytes: number;
  /** Hands over a frame. Resolving means taken, not delivered: only a receipt frees it. */
  sendFrame(lane: Lane, wire: Buffer): Promise<void>;
  /** Hello, heartbeat or bye. */
  sendState(state: GatewayState): Promise<void>;
  /** A stop that was meant: the other side hears no `gone`. */
  close(): Promise<void>;
  /** Drops the connection without a goodbye; `closed` is not called. */
  abandon(): void;
}

/** A way to a recipient. One conformance suite runs over every implementation. */
export interface Transport {
  /**
   * Makes a new connection that is ready to hear receipts. `gone` is what the other side hears if the connection
   * breaks. Rejects when none can be made; a `LinkError` says why.
   */
  connect(gone: GatewayState, events: TransportEvents, signal: AbortSignal): Promise<TransportConnection>;
}
