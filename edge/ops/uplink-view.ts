import type { Lane } from '../../contract/event.ts';

/** What the gateway's lights and watchdogs see of an uplink. */
export interface UplinkState {
  recipient: string;
  /** `up`: connected, and what is sent is receipted. */
  state: 'up' | 'down';
  /** Since when, milliseconds since 1970. */
  since: number;
  /** Up to `ack` everything is stored there; `oldestS`: age of the oldest row without a receipt, seconds. */
  lanes: Record<Lane, { ack: number; oldestS: number }>;
}

export interface UplinkView {
  status(): UplinkState;
}
