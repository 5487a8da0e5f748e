import type { Lane } from './event.ts';
import type { Range } from './frame.ts';

/** End of a lane: its last sequence number (0: empty) and `h(seq)` in hex. */
export interface LaneHead {
  seq: number;
  hash: string;
}

/** One stored row as the uplink needs it. */
export interface OutboxRow {
  seq: number;
  /** The stored body, byte for byte. */
  body: string;
  /** `h(seq)`, hex. */
  hash: string;
  type: string;
  severity: number;
  freshness: string;
  /** When the gateway received it, milliseconds since 1970. */
  at: number;
}

/**
 * Rows of one lane in order. `prev = h(first-1)`. When retention removed rows that were asked for, `removed` names
 * them with the hash the chain continues from. Then `prev` is `h(from-1)` of the first number asked for where that is
 * still known, else 32 zero bytes (`CHAIN_START`): it is never the hash before the first row of `rows`.
 */
export interface OutboxSlice {
  prev: string;
  rows: OutboxRow[];
  removed?: { from: number; to: number; hash: string };
}

/** What a recipient has confirmed on one lane: everything to `ack`, and the ranges of `have` above it. */
export interface Cursor {
  ack: number;
  have: Range[];
}

/** What a commit added, for the wake-up of the uplink. */
export interface Appended {
  heads: Record<Lane, LaneHead>;
  /** Sequence numbers on lane `a` of severity-1 raises and pulses: candidates for an express frame. */
  urgent: number[];
}

/**
 * The journal as the uplink sees it: rows plus a cursor per recipient and lane, never a second copy.
 * One conformance suite runs over every implementation.
 */
export interface Outbox {
  /** Opaque id of the journal file; sequences are meaningful only within it. Another one only after `onRenewed`. */
  readonly epoch: string;
  /** The epoch this one replaces, if known. */
  readonly predecessor?: string;
  head(lane: Lane): LaneHead;
  /** Rows `from`..., ascending and contiguous, at most `limit` rows and about `maxBytes` of body (at least one row). */
  read(lane: Lane, from: number, limit: number, maxBytes: number): Promise<OutboxSlice>;
  cursor(recipient: string, lane: Lane): Cursor;
  /** Moves a cursor forward through the journal's one write queue; resolves when it is on disk. */
  advance(recipient: string, lane: Lane, cursor: Cursor): Promise<void>;
  /** Calls back after each commit that added rows. Returns the unsubscribe function. */
  onAppend(listener: (appended: Appended) => void): () => void;
  /**
   * Calls back when a new epoch has begun under the running gateway, because newest rows were lost: the rows that are
   * left keep their numbers, every cursor is back at the start, and a cursor of the old epoch must not be written any
   * more. Returns the unsubscribe function.
   */
  onRenewed(listener: () => void): () => void;
}
