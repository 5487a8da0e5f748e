import type { Lane } from '../../contract/event.ts';

/** One lane on its way to one recipient. */
export interface LaneStatus {
  /** Last number stored here. */
  head: number;
  /** Everything up to here is stored there. */
  ack: number;
  /** Frames without a receipt. */
  inFlight: number;
  /** Age of the oldest row without a receipt, seconds; 0 when there is none. */
  oldestS: number;
}

/** Monotonic counters of an uplink. */
export interface UplinkCounters {
  connects: number;
  connectFailures: number;
  frames: number;
  events: number;
  bytes: number;
  receipts: number;
  /** Of another recipient or epoch, or not readable. */
  receiptsIgnored: number;
  /** Rows the recipient refused. */
  rejected: number;
  /** Frames that the broker would not take. */
  publishFailures: number;
}

/** An uplink as people see it. */
export interface UplinkStatus {
  recipient: string;
  /** `up`: connected, and what is sent is receipted. */
  state: 'up' | 'down';
  /** Since when, milliseconds since 1970. */
  since: number;
  /** Such as `MQTT 5`, while connected. */
  protocol?: string | undefined;
  /** Why it is down: what, where, what to do. */
  reason?: string | undefined;
  lanes: Record<Lane, LaneStatus>;
  counters: Readonly<UplinkCounters>;
}

export function newCounters(): UplinkCounters {
  return {
    connects: 0,
    connectFailures: 0,
    frames: 0,
    events: 0,
    bytes: 0,
    receipts: 0,
    receiptsIgnored: 0,
    rejected: 0,
    publishFailures: 0,
  };
}
