import type { Alarm } from '../../contract/alarm.ts';
import type { Event, Freshness, Lane, Severity } from '../../contract/event.ts';
import type { Cursor } from '../../contract/outbox.ts';

/** One row to store. `seq` was taken from the journal when the batch was sealed; `body` is what travels. */
export interface JournalRow {
  lane: Lane;
  seq: number;
  id: string;
  type: string;
  severity: Severity;
  freshness: Freshness;
  edge: Event['edge'];
  /** Receipt, milliseconds since 1970. */
  at: number;
  body: string;
  /** Set on transition rows: the alarm they belong to. */
  alarm?: string;
  /** Keys by which a redelivery is recognised after a restart; opaque to the journal. */
  dup?: string[];
}

/** A retained MQTT message; an empty payload removes the topic. */
export interface RetainedMessage {
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
}

export interface CursorMove {
  recipient: string;
  lane: Lane;
  cursor: Cursor;
}

/** A named piece of pipeline state (timers, windows, counters); JSON text, undefined removes it. */
export interface StateChange {
  /** `device:{id}`, `timer:{id}`, ... */
  key: string;
  value: string | undefined;
}

/** A line of the audit; its number and its hash are given when it is written. */
export interface AuditRow {
  /** Milliseconds since 1970. */
  at: number;
  user?: string | undefined;
  /** On what. */
  object?: string | undefined;
  /** It goes with the rows of this lane when the disk is full. */
  lane: Lane;
  /** An `AuditEntry` as JSON. */
  body: string;
}

/** Everything one commit makes true at once. Ids and sequence numbers never change once it is sealed. */
export interface SealedBatch {
  rows: JournalRow[];
  /** Full state of each alarm touched, after the batch. */
  alarms: Alarm[];
  states: StateChange[];
  retained: RetainedMessage[];
  cursors: CursorMove[];
  /** Who did what of this. */
  audit?: AuditRow[];
}

/** What became durable, told to listeners in commit order. `position` is that of its last row. */
export interface Committed {
  position: number;
  rows: JournalRow[];
  /** The bodies of the rows with commas between, UTF-8, where they were put together anyway: for the live feed. */
  joined?: Buffer;
  alarms: Alarm[];
  /** The cursor moves that became durable. */
  cursors: CursorMove[];
}

/** `full`: no space; `failing`: any other write error, being retried. */
export type StorageState = 'ok' | 'full' | 'failing';
