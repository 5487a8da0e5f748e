import { stat } from 'node:fs/promises';
import type { Alarm } from '../../contract/alarm.ts';
import type { Kind, Lane, Severity } from '../../contract/event.ts';
import type { Cursor, LaneHead } from '../../contract/outbox.ts';
import { type AuditLine, type AuditQuery, readAudit, verifyAudit } from './audit-rows.ts';
import {
  type AfterRow,
  type AlarmRange,
  type ProtectionRow,
  readBeginning,
  readOpenSince,
  readProtection,
  readTransitions,
  type TransitionRow,
} from './history-rows.ts';
import { journalFile } from './opening.ts';
import { type Database, openDatabase, type SqlValue } from './sqlite.ts';
import { laneStart } from './tail.ts';

/** Rows one statement looks at, at most: some 15 ms. */
const SCAN_ROWS = 5_000;
const HOUR_MS = 3_600_000;

/** Which events. All conditions must hold. */
export interface EventQuery {
  /** Only rows below this position: `next` of the page before. */
  before?: number;
  limit: number;
  type?: string;
  kind?: Kind;
  lane?: Lane;
  device?: string;
  /** One place, or several (a building with all its rooms). */
  place?: string | readonly string[];
  severity?: Severity;
  /** Receipt, milliseconds since 1970, both inclusive. */
  from?: number;
  to?: number;
}

export interface AlarmQuery {
  state: 'open' | 'closed' | 'all';
  limit: number;
  /** Only alarms with a smaller id, which were opened earlier. */
  before?: string;
}

export interface StoredBody {
  position: number;
  body: string;
}

/** Newest first. `next` is the `before` of the next page; undefined when the oldest row was looked at. */
export interface EventPage {
  rows: StoredBody[];
  next?: number;
}

/** What retention needs of a row. */
export interface Expirable {
  seq: number;
  /** Receipt, milliseconds since 1970. */
  at: number;
}

export interface LaneStats {
  rows: number;
  head: LaneHead;
  /** Removed by retention: everything up to this sequence number. */
  removedTo: number;
}

export interface JournalStats {
  epoch: string;
  predecessor?: string;
  /** ISO 8601. */
  created: string;
  rows: number;
  lanes: Record<Lane, LaneStats>;
  oldest?: { position: number; at: number };
  newest?: { position: number; at: number };
  bytes: { database: number; log: number; freeInside: number };
  alarms: { open: number; closed: number };
  states: number;
  retained: number;
  cursors: Array<{ recipient: string; lane: Lane } & Cursor>;
  checkpoints: Array<{ lane: Lane; day: string; seq: number; hash: string; removed: number; at: number }>;
}

/** Reads a journal over a connection of its own, beside the process that writes it or without one. */
export class JournalReader {
  readonly #db: Database;
  readonly #position: () => number;

  private constructor(db: Database, position: () => number) {
    this.#db = db;
    this.#position = position;
  }

  /** `position`: that of the writer in this process; else the one on disk now. */
  static async open(dir: string, position?: () => number): Promise<JournalReader> {
    const db = await openDatabase(journalFile(dir), 'read');
    if (position !== undefined) return new JournalReader(db, position);
    const last = await db.get<{ p: number | null }>('SELECT max(position) AS p FROM journal');
    return new JournalReader(db, () => last?.p ?? 0);
  }

  /** Position of the newest row on disk; 0: none yet. */
  position(): number {
    return this.#position();
  }

  /** Position of the oldest row that is stored; one past the newest if there is none. */
  async oldest(): Promise<number> {
    const row = await this.#db.get<{ p: number | null }>('SELECT min(position) AS p FROM journal');
    return row?.p ?? this.#position() + 1;
  }

  /**
   * Rows after `position`, ascending, at most `limit`, with the present state of the alarms they touch. `position` of
   * the answer is that of its last row. Commits are seen whole: fewer rows than `limit` means the end was reached.
   */
  async commitsSince(
    position: number,
    limit: number,
  ): Promise<{ position: number; bodies: string[]; alarms: Alarm[] }> {
    const rows = await this.#db.all<StoredBody & { alarm: string | null }>(
      'SELECT position, body, alarm FROM journal WHERE position > ? ORDER BY position LIMIT ?',
      position,
      limit,
    );
    const touched = [...new Set(rows.flatMap(({ alarm }) => (alarm === null ? [] : [alarm])))];
    const alarms = await this.#db.all<{ body: string }>(
      'SELECT body FROM alarm WHERE id IN (SELECT value FROM json_each(?))',
      JSON.stringify(touched),
    );
    return {
      position: rows.at(-1)?.position ?? position,
      bodies: rows.map(({ body }) => body),
      alarms: alarms.map(({ body }) => JSON.parse(body) as Alarm),
    };
  }

  /**
   * The newest events that fit, newest first, however far back they are. A filter that fits rarely may read the whole
   * journal, in short statements that hold up nobody else; where a person waits, take `page`.
   */
  async events(query: EventQuery): Promise<StoredBody[]> {
    const found: StoredBody[] = [];
    let before = query.before;
    for (;;) {
      const page = await this.page({
        ...query,
        limit: query.limit - found.length,
        ...(before && { before }),
      });
      found.push(...page.rows);
      if (page.next === undefined || found.length >= query.limit) return found;
      before = page.next;
    }
  }

  /** One short look: of the next 5,000 rows those that fit, newest first. An empty page may still have a `next`. */
  async page(query: EventQuery): Promise<EventPage> {
    const range = await this.#range(query);
    if (range === undefined || query.limit < 1) return { rows: [] };
    const lowest = Math.max(range.first, range.last - SCAN_ROWS + 1);
    const { conditions, values } = conditionsOf(query);
    const rows = await this.#db.all<StoredBody>(
      `SELECT position, body FROM journal WHERE position BETWEEN ? AND ?${conditions} ORDER BY position DESC LIMIT ?`,
      lowest,
      range.last,
      ...values,
      query.limit,
    );
    const reached = rows.length < query.limit ? lowest : (rows.at(-1)?.position ?? lowest);
    return reached > range.first ? { rows, next: reached } : { rows };
  }

  async alarm(id: string): Promise<Alarm | undefined> {
    const row = await this.#db.get<{ body: string }>('SELECT body FROM alarm WHERE id = ?', id);
    return row === undefined ? undefined : (JSON.parse(row.body) as Alarm);
  }

  /** Transition rows of an alarm, oldest first. */
  alarmHistory(id: string): Promise<StoredBody[]> {
    return this.#db.all('SELECT position, body FROM journal WHERE alarm = ? ORDER BY position', id);
  }

  /** Alarms by id, which is the order of their opening, newest first. */
  async alarms({ state, limit, before }: AlarmQuery): Promise<Alarm[]> {
    const which = state === 'all' ? 'true' : state === 'open' ? 'open = 1' : 'open = 0';
    const rows = await this.#db.all<{ body: string }>(
      `SELECT body FROM alarm WHERE ${which}${before === undefined ? '' : ' AND id < ?2'} ORDER BY id DESC LIMIT ?1`,
      limit,
      ...(before === undefined ? [] : [before]),
    );
    return rows.map(({ body }) => JSON.parse(body) as Alarm);
  }

  /** Rows after `position`, of one lane or both, ascending. */
  rowsAfter(position: number, limit: number, lane?: Lane): Promise<StoredBody[]> {
    return this.#db.all(
      `SELECT position, body FROM journal WHERE position > ?1${lane === undefined ? '' : ' AND +lane = ?3'}
       ORDER BY position LIMIT ?2`,
      position,
      limit,
      ...(lane === undefined ? [] : [lane]),
    );
  }

  /** The oldest rows of a lane, ascending. */
  oldestRows(lane: Lane, limit: number): Promise<Expirable[]> {
    return this.#db.all('SELECT seq, at FROM journal WHERE lane = ? ORDER BY seq LIMIT ?', lane, limit);
  }

  /** Receipt of a lane's oldest row with a receipt time in the given range; undefined if there is none. */
  async oldestReceipt(lane: Lane, after: number, before: number): Promise<number | undefined> {
    const row = await this.#db.get<Expirable>(
      'SELECT seq, at FROM journal WHERE lane = ? AND at BETWEEN ? AND ? ORDER BY seq LIMIT 1',
      lane,
      after,
      before,
    );
    return row?.at;
  }

  /** When retention removed rows last, milliseconds since 1970; 0: never. */
  async lastRemoval(): Promise<number> {
    const row = await this.#db.get<{ at: number | null }>('SELECT max(at) AS at FROM checkpoint');
    return row?.at ?? 0;
  }

  /** Since when all rows of a lane are there, ms since 1970; receipt times after `before` are of a clock that was wrong. */
  beginning(lane: Lane, before: number): Promise<number> {
    return readBeginning(this.#db, lane, before);
  }

  /** What happened to alarms, whole lives one after the other; one short look, as `page`. */
  transitions(range: AlarmRange, after?: AfterRow): Promise<{ rows: TransitionRow[]; next?: AfterRow }> {
    return readTransitions(this.#db, range, after);
  }

  /** Ids of alarms that may have been open at `since` (ms since 1970) or later and were opened before `id`. */
  openSince(id: string, since: number): Promise<string[]> {
    return readOpenSince(this.#db, id, since);
  }

  /** What gave up protection or took it back, in order, after a position; one short look, an empty one is the last. */
  protection(after: number): Promise<ProtectionRow[]> {
    return readProtection(this.#db, after);
  }

  /** Lines of the audit that fit, newest first; one short look, as `page`. */
  audit(query: AuditQuery): Promise<{ lines: AuditLine[]; next?: number }> {
    return readAudit(this.#db, query);
  }

  /** What is wrong with the audit, at most the first fault; undefined: its chain holds. */
  async auditFault(): Promise<string | undefined> {
    let first: string | undefined;
    await verifyAudit(this.#db, ({ n, what }) => {
      first ??= `line ${n}: ${what}`;
    });
    return first;
  }

  /** The oldest lines of the audit, ascending. */
  oldestAudit(limit: number): Promise<Expirable[]> {
    return this.#db.all('SELECT n AS seq, at FROM audit ORDER BY n LIMIT ?', limit);
  }

  async stats(): Promise<JournalStats> {
    const db = this.#db;
    const meta = new Map(
      (await db.all<{ key: string; value: string }>('SELECT key, value FROM meta')).map((m) => [
        m.key,
        m.value,
      ]),
    );
    const lanes = { a: await this.#laneStats('a'), e: await this.#laneStats('e') };
    const edge = (order: 'ASC' | 'DESC') =>
      db.get<{ position: number; at: number }>(
        `SELECT position, at FROM journal ORDER BY position ${order} LIMIT 1`,
      );
    const [oldest, newest] = [await edge('ASC'), await edge('DESC')];
    const counts = await db.get<{ open: number; closed: number; states: number; retained: number }>(
      `SELECT (SELECT count(*) FROM alarm WHERE open = 1) AS open, (SELECT count(*) FROM alarm WHERE open = 0) AS closed,
         (SELECT count(*) FROM state) AS states, (SELECT count(*) FROM retained) AS retained`,
    );
    const cursors = await db.all<{ recipient: string; lane: Lane; ack: number; have: string }>(
      'SELECT recipient, lane, ack, have FROM cursor ORDER BY recipient, lane',
    );
    const checkpoints = await db.all<JournalStats['checkpoints'][number]>(
      'SELECT lane, day, seq, lower(hex(hash)) AS hash, removed, at FROM checkpoint ORDER BY lane, day',
    );
    const free = await db.get<{ freelist_count: number }>('PRAGMA freelist_count');
    const predecessor = meta.get('predecessor');
    return {
      epoch: meta.get('epoch') ?? '',
      ...(predecessor === undefined ? {} : { predecessor }),
      created: meta.get('created') ?? '',
      rows: lanes.a.rows + lanes.e.rows,
      lanes,
      ...(oldest && { oldest }),
      ...(newest && { newest }),
      bytes: {
        database: await sizeOf(db.file),
        log: await sizeOf(`${db.file}-wal`),
        freeInside: (free?.freelist_count ?? 0) * 4096,
      },
      alarms: { open: counts?.open ?? 0, closed: counts?.closed ?? 0 },
      states: counts?.states ?? 0,
      retained: counts?.retained ?? 0,
      cursors: cursors.map(({ have, ...cursor }) => ({
        ...cursor,
        have: JSON.parse(have) as Cursor['have'],
      })),
      checkpoints,
    };
  }

  close(): Promise<void> {
    return this.#db.close();
  }

  /** Sequence numbers are contiguous, so nothing has to be counted. */
  async #laneStats(lane: Lane): Promise<LaneStats> {
    const start = await laneStart(this.#db, lane);
    const last = await this.#db.get<{ seq: number; h: Buffer }>(
      'SELECT seq, h FROM journal WHERE lane = ? ORDER BY seq DESC LIMIT 1',
      lane,
    );
    const head = last === undefined ? start : { seq: last.seq, hash: last.h };
    return {
      rows: head.seq - start.seq,
      head: { seq: head.seq, hash: head.hash.toString('hex') },
      removedTo: start.seq,
    };
  }

  /** Positions that can hold what is asked for; the hour marks say where a time is. */
  async #range({ before, from, to }: EventQuery): Promise<{ first: number; last: number } | undefined> {
    let first = await this.oldest();
    let last = before === undefined ? Number.MAX_SAFE_INTEGER : before - 1;
    if (from !== undefined || to !== undefined) {
      const marks = await this.#db.get<{ first: number | null; last: number | null }>(
        `SELECT min(position) AS first,
           (SELECT min(position) - 1 FROM hour AS after WHERE after.position > max(marked.position)) AS last
         FROM hour AS marked WHERE hour BETWEEN ? AND ?`,
        Math.floor((from ?? 0) / HOUR_MS),
        Math.floor((to ?? Number.MAX_SAFE_INTEGER) / HOUR_MS),
      );
      if (marks === undefined || marks.first === null) return undefined;
      first = Math.max(first, marks.first);
      last = Math.min(last, marks.last ?? last);
    }
    last = Math.min(last, Math.max(this.#position(), first - 1));
    return last < first ? undefined : { first, last };
  }
}

function conditionsOf(query: EventQuery): { conditions: string; values: SqlValue[] } {
  let conditions = '';
  const values: SqlValue[] = [];
  const add = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions += ` AND ${condition}`;
    values.push(value);
  };
  add('+lane = ?', query.lane);
  add('type = ?', query.type);
  add('severity = ?', query.severity);
  add('at >= ?', query.from);
  add('at <= ?', query.to);
  add("body->>'$.kind' = ?", query.kind);
  add("body->>'$.data.origin.device' = ?", query.device);
  const { place } = query;
  if (typeof place === 'string') add("body->>'$.data.origin.place' = ?", place);
  else if (place !== undefined) {
    add("body->>'$.data.origin.place' IN (SELECT value FROM json_each(?))", JSON.stringify(place));
  }
  return { conditions, values };
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
