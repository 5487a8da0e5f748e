import { isDeepStrictEqual } from 'node:util';
import type { Alarm } from '../../contract/alarm.ts';
import { chainNext, digestOf } from '../../contract/chain.ts';
import type { Lane } from '../../contract/event.ts';
import type { LaneHead } from '../../contract/outbox.ts';
import { verifyAudit } from './audit-rows.ts';
import type { BinaryHead } from './encode.ts';
import { journalFile } from './opening.ts';
import { alarmAfter } from './projection.ts';
import { type Database, openDatabase, sqliteCode } from './sqlite.ts';
import { isDamageCode } from './store.ts';
import { laneStart } from './tail.ts';

const PAGE_ROWS = 500;
const HOUR_MS = 3_600_000;

/** Something that does not fit together, and where. */
export interface Fault {
  position?: number;
  lane?: Lane;
  seq?: number;
  alarm?: string;
  /** Line of the audit. */
  audit?: number;
  what: string;
}

export interface Verified {
  ok: boolean;
  rows: number;
  alarms: number;
  faults: number;
  heads: Record<Lane, LaneHead>;
  /** Lines of the audit, and its end. */
  audit: { lines: number; head: LaneHead };
}

interface Row {
  position: number;
  lane: Lane;
  seq: number;
  at: number;
  type: string;
  severity: number;
  freshness: string;
  alarm: string | null;
  h: Buffer;
  body: Buffer;
}

/**
 * Proves a journal, also while a gateway writes it: chain over the stored bytes from the checkpoints on, contiguous
 * sequences, bodies that are what their columns say, and alarms equal to the fold of their transitions. Reads in short
 * pieces. Rejects only if the file cannot be opened; what SQLite finds malformed is a fault.
 */
export async function verifyJournal(file: string, onFault: (fault: Fault) => void): Promise<Verified> {
  const db = await openDatabase(file, 'read');
  const verifier = new Verifier(db, onFault);
  try {
    const nothing = await isNoJournal(db);
    if (nothing === undefined) await verifier.run();
    else verifier.fault({ what: nothing });
  } catch (error) {
    if (!isDamageCode(sqliteCode(error))) throw error;
    verifier.fault({ what: `SQLite finds the file malformed: ${(error as Error).message}` });
  } finally {
    await db.close();
  }
  return verifier.report();
}

/** What a file is that has no rows to prove; undefined where it has a table of rows. */
async function isNoJournal(db: Database): Promise<string | undefined> {
  const found = await db.get<{ tables: number; journals: number }>(
    "SELECT count(*) AS tables, count(*) FILTER (WHERE name = 'journal') AS journals FROM sqlite_schema",
  );
  if (found === undefined || found.journals > 0) return undefined;
  return found.tables === 0
    ? 'the file is empty: it holds no journal. Look for its journal.db-wal and into quarantine/, or restore a backup'
    : "the file is another program's database: it holds no journal";
}

/** `verifyJournal` for the journal of a data directory. */
export function verifyDirectory(dir: string, onFault: (fault: Fault) => void): Promise<Verified> {
  return verifyJournal(journalFile(dir), onFault);
}

class Verifier {
  readonly #db: Database;
  readonly #onFault: (fault: Fault) => void;
  readonly #ends: Partial<Record<Lane, BinaryHead>> = {};
  #rows = 0;
  #alarms = 0;
  #faults = 0;
  #audit: Verified['audit'] = { lines: 0, head: { seq: 0, hash: '' } };

  constructor(db: Database, onFault: (fault: Fault) => void) {
    this.#db = db;
    this.#onFault = onFault;
  }

  fault(fault: Fault): void {
    this.#faults += 1;
    this.#onFault(fault);
  }

  async run(): Promise<void> {
    const last = await this.#db.get<{ p: number | null }>('SELECT max(position) AS p FROM journal');
    this.#ends.a = await laneStart(this.#db, 'a');
    this.#ends.e = await laneStart(this.#db, 'e');
    await this.#verifyRows(last?.p ?? 0);
    await this.#verifyAlarms();
    await this.#verifyCursors();
    this.#audit = await verifyAudit(this.#db, ({ n, what }) =>
      this.fault(n === undefined ? { what } : { audit: n, what }),
    );
  }

  report(): Verified {
    const head = (lane: Lane): LaneHead => {
      const end = this.#ends[lane];
      return { seq: end?.seq ?? 0, hash: end?.hash.toString('hex') ?? '' };
    };
    return {
      ok: this.#faults === 0,
      rows: this.#rows,
      alarms: this.#alarms,
      faults: this.#faults,
      heads: { a: head('a'), e: head('e') },
      audit: this.#audit,
    };
  }

  async #verifyRows(last: number): Promise<void> {
    const marks = await this.#db.all<{ position: number; hour: number }>(
      'SELECT * FROM hour ORDER BY position',
    );
    let mark = 0;
    let position = 0;
    for (;;) {
      const rows = await this.#db.all<Row>(
        `SELECT position, lane, seq, at, type, severity, freshness, alarm, h, CAST(body AS BLOB) AS body
         FROM journal WHERE position > ? AND position <= ? ORDER BY position LIMIT ${PAGE_ROWS}`,
        position,
        last,
      );
      for (const row of rows) {
        this.#rows += 1;
        await this.#verifyChain(row);
        this.#verifyBody(row);
        while ((marks[mark + 1]?.position ?? Number.POSITIVE_INFINITY) <= row.position) mark += 1;
        const marked = marks[mark];
        if (marked === undefined || marked.position > row.position || marked.hour !== hourOf(row.at)) {
          this.fault({
            position: row.position,
            what: 'the hour marks do not cover it; run "journal rebuild"',
          });
        }
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      position = end.position;
    }
  }

  async #verifyChain({ position, lane, seq, h, body }: Row): Promise<void> {
    let end = this.#ends[lane] as BinaryHead;
    if (seq !== end.seq + 1) {
      // retention may have gone on since the walk began
      const start = await laneStart(this.#db, lane);
      if (start.seq === seq - 1) end = start;
      else
        this.fault({ position, lane, seq, what: `seq ${end.seq + 1} is missing: ${seq} follows ${end.seq}` });
    }
    if (seq === end.seq + 1 && !chainNext(end.hash, seq, digestOf(body)).equals(h)) {
      this.fault({
        position,
        lane,
        seq,
        what: 'the chain breaks: this row or the one before it was changed',
      });
    }
    this.#ends[lane] = { seq, hash: h };
  }

  #verifyBody(row: Row): void {
    const { position, lane, seq } = row;
    let event: Record<string, unknown>;
    try {
      event = JSON.parse(row.body.toString()) as Record<string, unknown>;
    } catch (error) {
      this.fault({ position, lane, seq, what: `the body is no JSON: ${(error as Error).message}` });
      return;
    }
    for (const name of ['lane', 'seq', 'type', 'severity', 'freshness'] as const) {
      if (event[name] === row[name]) continue;
      const [body, column] = [JSON.stringify(event[name]), JSON.stringify(row[name])];
      this.fault({ position, lane, seq, what: `${name} is ${body} in the body and ${column} in its column` });
    }
  }

  /** Each alarm and its last transition in one statement, so that a commit in between cannot tear them apart. */
  async #verifyAlarms(): Promise<void> {
    let after = '';
    for (;;) {
      const page = await this.#db.all<{ id: string; open: number; stored: string; body: string | null }>(
        `SELECT id, open, alarm.body AS stored, (
           SELECT body FROM journal WHERE alarm = alarm.id ORDER BY position DESC LIMIT 1
         ) AS body FROM alarm WHERE id > ? ORDER BY id LIMIT ${PAGE_ROWS}`,
        after,
      );
      for (const row of page) this.#verifyAlarm(row);
      const end = page.at(-1);
      if (end === undefined) break;
      after = end.id;
    }
    const lost = await this.#db.all<{ alarm: string }>(
      `SELECT DISTINCT alarm FROM journal WHERE alarm IS NOT NULL AND alarm NOT IN (SELECT id FROM alarm)
       LIMIT ${PAGE_ROWS}`,
    );
    for (const { alarm } of lost) {
      this.fault({ alarm, what: 'it has transitions, but is not among the alarms; run "journal rebuild"' });
    }
  }

  #verifyAlarm({
    id,
    open,
    stored,
    body,
  }: {
    id: string;
    open: number;
    stored: string;
    body: string | null;
  }): void {
    this.#alarms += 1;
    if (body === null) {
      // of an alarm that stays open for longer than rows are kept nothing else is left
      if (open === 0) this.fault({ alarm: id, what: 'it has no transitions; run "journal rebuild"' });
      return;
    }
    let folded: Alarm | undefined;
    let projected: Alarm | undefined;
    try {
      folded = alarmAfter(body);
      projected = JSON.parse(stored) as Alarm;
    } catch {
      // both stay undefined or unequal
    }
    if (folded === undefined || !isDeepStrictEqual(withoutViews(folded), withoutViews(projected))) {
      this.fault({ alarm: id, what: 'it differs from its last transition; run "journal rebuild"' });
    }
  }

  async #verifyCursors(): Promise<void> {
    const cursors = await this.#db.all<{ recipient: string; lane: Lane; ack: number }>(
      'SELECT recipient, lane, ack FROM cursor',
    );
    for (const { recipient, lane, ack } of cursors) {
      const last = await this.#db.get<{ seq: number | null }>(
        'SELECT max(seq) AS seq FROM (SELECT seq FROM journal WHERE lane = ?1 UNION ALL SELECT seq FROM checkpoint WHERE lane = ?1)',
        lane,
      );
      if (ack <= (last?.seq ?? 0)) continue;
      this.fault({ lane, seq: ack, what: `recipient ${recipient} confirmed more than was ever stored` });
    }
  }
}

function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

function withoutViews(alarm: Alarm | undefined): unknown {
  if (alarm === undefined) return undefined;
  const { delivery: _delivery, unsaved: _unsaved, ...kept } = alarm;
  return kept;
}
