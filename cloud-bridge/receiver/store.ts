import type { Lane } from '../../contract/event.ts';
import type { Range, RejectionCode, Skip } from '../../contract/frame.ts';
import type { GatewayState } from '../../contract/gateway-state.ts';
import type { UplinkPath } from '../../contract/uplink-topic.ts';
import type { FrameRow, RejectedRow } from '../frame-chain.ts';
import type { GatewayRecord } from './presence.ts';

/** One lane of one journal of one gateway. A school is part of it: gateway ids need not be unique in a province. */
export interface LaneKey {
  school: string;
  gateway: string;
  epoch: string;
  lane: Lane;
}

/** A frame whose address is checked. `proven`: its hashes are right; otherwise every number of it is rejected. */
export interface ReceivedFrame extends LaneKey {
  path: UplinkPath;
  /** As it came, for a dead letter. */
  wire: Uint8Array;
  /** The receiver was told that the gateway belongs to the county of `path`; then the store need not know it. */
  enrolled: boolean;
  /** County the gateway states in the frame. */
  region: string;
  from: number;
  to: number;
  prev: string;
  hash: string;
  proven: boolean;
  rows: FrameRow[];
  skips: Skip[];
  rejected: RejectedRow[];
}

/** Something that could not be taken, kept with the reason. */
export interface DeadLetter {
  topic: string;
  reason: RejectionCode;
  detail: string;
  bytes: Uint8Array;
  /** As far as known. */
  gateway?: string | undefined;
  school?: string | undefined;
  epoch?: string | undefined;
  lane?: Lane | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

export interface ReceivedState {
  path: UplinkPath;
  /** As it came, for a dead letter. */
  bytes: Uint8Array;
  /** As in a frame. */
  enrolled: boolean;
  state: GatewayState;
  retained: boolean;
}

/** What one transaction takes. `at`: milliseconds since 1970. */
export interface IngestBatch {
  at: number;
  frames: ReceivedFrame[];
  deadLetters: DeadLetter[];
  states: ReceivedState[];
}

/** Numbers that are not there although later ones are. */
export interface Hole {
  from: number;
  to: number;
  /** When it was first noticed, milliseconds since 1970. */
  since: number;
}

/** Where a lane stands. */
export interface LaneState {
  /** Everything up to here is stored, skipped or rejected. */
  ack: number;
  have: Range[];
  holes: Hole[];
}

export interface StoredRejection {
  seq: number;
  code: RejectionCode;
  detail: string;
}

/** What became of a frame, after the COMMIT. */
export interface FrameOutcome extends LaneState {
  stored: number;
  duplicates: number;
  rejected: StoredRejection[];
  /** It does not continue the chain that is stored before or after it. It is stored all the same. */
  chainBreak: boolean;
  /** The gateway belongs to another county: nothing was taken, and nothing here says how its lane stands. */
  wrongIdentity?: string;
}

/** A lane with its counts, for people. */
export interface LaneView extends LaneKey, LaneState {
  /** Last number the gateway said it has; 0 before its first heartbeat. */
  head: number;
  stored: number;
  duplicates: number;
  /** Numbers named as skipped. */
  skipped: number;
  rejected: number;
  conflicts: number;
  /** Places where the chain does not continue: a journal was altered or truncated. */
  chainBreaks: number;
  updatedAt: number;
}

export const countKeys = ['city', 'county', 'school', 'type'] as const;
export type CountKey = (typeof countKeys)[number];

/** `events`: stored; `counted`: left the campus as a number only. */
export interface CountView {
  key: string;
  events: number;
  counted: number;
}

export interface EventView extends LaneKey {
  /** Order of arrival. */
  position: number;
  seq: number;
  id: string;
  type: string;
  severity: number;
  region: string;
  receivedAt: number;
  body: string;
}

export interface EventQuery {
  gateway?: string | undefined;
  school?: string | undefined;
  type?: string | undefined;
  lane?: Lane | undefined;
  /** Position after which to begin. */
  after: number;
  limit: number;
}

export interface AlarmView {
  school: string;
  gateway: string;
  region: string;
  receivedAt: number;
  /** The alarm as the last transition left it, JSON. */
  alarm: string;
}

export interface DeadLetterView extends Omit<DeadLetter, 'bytes'> {
  id: number;
  receivedAt: number;
  lastAt: number;
  /** How often exactly this came. */
  times: number;
  size: number;
}

/** What `receiver verify` found. */
export interface StoreCheck {
  gateways: number;
  lanes: number;
  events: number;
  skipped: number;
  rejected: number;
  /** Breaks of a chain that were seen on arrival, as `LaneView` counts them; they are no fault of the store. */
  chainBreaks: number;
  /** What is wrong, in words; at most 100. */
  faults: string[];
}

/**
 * Where a receiver keeps what it was sent. One conformance suite runs over every implementation.
 * `commit` calls are taken one after the other, in order.
 */
export interface ReceiverStore {
  /**
   * Stores a batch in one transaction. Resolves after the COMMIT with one outcome for each frame, in order;
   * undefined for a frame that it will not take now (no receipt, so it comes again). Rejects if nothing was stored.
   * The same place with the same digest is a duplicate, with another one a `conflict`; an id that is known from
   * another epoch (a restored journal) is a duplicate, too.
   * A gateway is bound to the county that it is first seen in (trust on first use), or is enrolled in: what comes from
   * another county is a `wrong-identity` dead letter and touches nothing, unless that county succeeded the first.
   */
  commit(batch: IngestBatch): Promise<Array<FrameOutcome | undefined>>;
  /** Undefined: nothing is known of that lane. */
  lane(key: LaneKey): Promise<LaneView | undefined>;
  lanes(): Promise<LaneView[]>;
  gateways(): Promise<GatewayRecord[]>;
  /** The county a gateway is bound to; undefined before it is first seen. */
  regionOf(school: string, gateway: string): Promise<string | undefined>;
  counts(by: CountKey): Promise<CountView[]>;
  events(query: EventQuery): Promise<EventView[]>;
  /** Most urgent first, then oldest; `severity`: at most this number. */
  alarms(query: { state: 'open' | 'all'; severity: number; limit: number }): Promise<AlarmView[]>;
  /** Newest first; `dropped`: how many were given up for room. */
  deadLetters(query: {
    before: number;
    limit: number;
  }): Promise<{ letters: DeadLetterView[]; dropped: number }>;
  /** Proves that what is stored is complete and unaltered; reads everything. */
  check(): Promise<StoreCheck>;
  close(): Promise<void>;
}
