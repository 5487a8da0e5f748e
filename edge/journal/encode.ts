import type { Alarm } from '../../contract/alarm.ts';
import { ChainEnd } from '../../contract/chain.ts';
import type { Lane } from '../../contract/event.ts';
import type { AuditRow, Committed, JournalRow, StateChange } from './batch.ts';
import type { Part } from './part.ts';
import type { SqlValue } from './sqlite.ts';

/** End of a lane in binary: what the next row is chained to. */
export interface BinaryHead {
  seq: number;
  hash: Buffer;
}
export type Heads = Record<Lane, BinaryHead>;

/** Where the journal ends on disk: what the next commit continues. */
export interface JournalEnd {
  heads: Heads;
  /** Of the audit. */
  audit: BinaryHead;
  /** Of the last row. */
  position: number;
  /** In which the last row was received: milliseconds / 3,600,000. */
  hour: number;
}

/** A part as bound to the statement, and what is true once it is on disk. */
export interface Encoded {
  values: SqlValue[];
  /** For the size of the write-ahead log. */
  bytes: number;
  end: JournalEnd;
  committed: Committed;
}

const HOUR_MS = 3_600_000;

/** The alarm as its projection keeps it: without what is a view (delivery, unsaved). */
export function projectedAlarm(alarm: Alarm): string {
  const { delivery: _delivery, unsaved: _unsaved, ...kept } = alarm;
  return JSON.stringify(kept);
}

/** Closed alarms leave the list of open ones; nothing else does. */
export function isOpen(alarm: Pick<Alarm, 'operator'>): boolean {
  return alarm.operator !== 'closed';
}

/**
 * Turns parts into the values of the one `INSERT INTO batch` (BATCH_COLUMNS). Numbers and short texts travel as JSON, everything long
 * in one buffer from which the statement cuts: the fastest form measured. Deterministic: the same part after the same
 * end gives the same bytes, so a failed commit can be encoded again and changes neither id, seq nor hash.
 *
 * The values share one scratch buffer: they are good until the next call.
 */
export class Encoder {
  #scratch = Buffer.allocUnsafe(256 * 1024);
  #end = 0;

  encode(part: Part, end: JournalEnd): Encoded {
    this.#end = 0;
    const { rows } = part;
    const chains = { a: new ChainEnd(end.heads.a.hash), e: new ChainEnd(end.heads.e.hash) };
    const seqs = { a: end.heads.a.seq, e: end.heads.e.seq };
    const first = end.position + 1;
    let hour = end.hour;
    const hours: number[][] = [];
    const hashes = Buffer.allocUnsafe(rows.length * 32);
    const changed = new Map<string, number>();
    let list = '';
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as JournalRow;
      const { lane, seq, type, severity, freshness } = row;
      if (i > 0) this.#comma();
      const start = this.#end;
      const length = this.#put(row.body);
      if (seq !== seqs[lane] + 1) throw new SequenceError(lane, seqs[lane] + 1, seq);
      seqs[lane] = seq;
      chains[lane].add(seq, row.body, hashes, i * 32);
      const at = Math.trunc(row.at) || 0;
      if (row.alarm !== undefined) changed.set(row.alarm, at);
      const received = Math.floor(at / HOUR_MS);
      if (received !== hour) hours.push([first + i, received]);
      hour = received;
      const alarm = row.alarm === undefined ? 'null' : JSON.stringify(row.alarm);
      const dup = row.dup === undefined ? 'null' : JSON.stringify(row.dup);
      // codes of closed lists need no escaping; SQL's substr counts from 1
      list += `${i === 0 ? '[' : ','}["${lane}",${seq},${at},"${type}",${severity},"${freshness}",${alarm},${dup},${start + 1},${length}]`;
    }
    const joined = Buffer.from(this.#scratch.subarray(0, this.#end));
    const alarms = [...new Map(part.alarms.map((alarm) => [alarm.id, alarm])).values()];
    const cursors = lastOf(part.cursors, (move) => `${move.lane}${move.recipient}`);
    const values: SqlValue[] = [
      first,
      rows.length === 0 ? null : Buffer.from(`${list}]`),
      hashes,
      null,
      listOf(hours, (mark) => mark),
      listOf(alarms, (alarm) => [
        alarm.id,
        alarm.version,
        isOpen(alarm) ? 1 : 0,
        changed.get(alarm.id) ?? (Date.parse(alarm.lastAt) || 0),
        ...this.#piece(projectedAlarm(alarm)),
      ]),
      this.#states(part.states),
      listOf(
        lastOf(part.retained, (message) => message.topic),
        (message) => [message.topic, message.qos, ...this.#piece(message.payload)],
      ),
      listOf(cursors, ({ recipient, lane, cursor }) => [
        recipient,
        lane,
        cursor.ack,
        JSON.stringify(cursor.have),
      ]),
    ];
    const audit = this.#audit(part.audit ?? [], end.audit);
    values.push(...audit.values);
    const position = end.position + rows.length;
    const next: Heads = {
      a: { seq: seqs.a, hash: chains.a.hash },
      e: { seq: seqs.e, hash: chains.e.hash },
    };
    values[3] = this.#scratch.subarray(0, this.#end);
    return {
      values,
      bytes: this.#end + rows.length * 120,
      end: { heads: next, audit: audit.end, position, hour },
      committed: { position, rows, joined, alarms, cursors },
    };
  }

  /** Lines of the audit with their numbers and hashes. */
  #audit(rows: readonly AuditRow[], { seq, hash }: BinaryHead): { values: SqlValue[]; end: BinaryHead } {
    if (rows.length === 0) return { values: [null, null], end: { seq, hash } };
    const chain = new ChainEnd(hash);
    const hashes = Buffer.allocUnsafe(rows.length * 32);
    const list = listOf([...rows.entries()], ([index, { at, user, object, body }]) => {
      chain.add(seq + index + 1, body, hashes, index * 32);
      return [seq + index + 1, Math.trunc(at) || 0, user ?? null, object ?? null, ...this.#piece(body)];
    });
    return { values: [list, hashes], end: { seq: seq + rows.length, hash: chain.hash } };
  }

  /** The last state of each key. */
  #states(states: readonly StateChange[]): Buffer | null {
    if (states.length === 0) return null;
    const last = new Map<string, string | undefined>();
    for (const { key, value } of states) last.set(key, value);
    let text = '';
    for (const [key, value] of last) {
      const start = this.#end;
      const length = value === undefined ? -1 : this.#put(value);
      text += `${text === '' ? '[' : ','}[${JSON.stringify(key)},${start + 1},${length}]`;
    }
    return Buffer.from(`${text}]`);
  }

  /** Where SQL finds a text or payload in the buffer: offset from 1, length in bytes. */
  #piece(data: string | Buffer): [offset: number, length: number] {
    const start = this.#end;
    return [start + 1, this.#put(data)];
  }

  #comma(): void {
    this.#reserve(1);
    this.#scratch[this.#end++] = 0x2c;
  }

  #put(data: string | Buffer): number {
    // A UTF-16 unit is at most 3 bytes of UTF-8.
    this.#reserve(typeof data === 'string' ? data.length * 3 : data.length);
    const written =
      typeof data === 'string' ? this.#scratch.write(data, this.#end) : data.copy(this.#scratch, this.#end);
    this.#end += written;
    return written;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#scratch.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#scratch.length * 2, this.#end + bytes));
    this.#scratch.copy(grown, 0, 0, this.#end);
    this.#scratch = grown;
  }
}

/** A row does not follow the one before it in its lane: a fault of the program, nothing was written. */
export class SequenceError extends Error {
  override readonly name = 'SequenceError';

  constructor(lane: Lane, expected: number, got: number) {
    super(`journal: lane ${lane} continues with seq ${expected}, the batch has ${got}`);
  }
}

function listOf<Item>(items: readonly Item[], fields: (item: Item) => unknown[]): Buffer | null {
  return items.length === 0 ? null : Buffer.from(JSON.stringify(items.map(fields)));
}

function lastOf<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  return items.length < 2 ? [...items] : [...new Map(items.map((item) => [key(item), item])).values()];
}
