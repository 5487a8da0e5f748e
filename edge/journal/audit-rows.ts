import { chainNext, digestOf } from '../../contract/chain.ts';
import type { LaneHead } from '../../contract/outbox.ts';
import type { Queries, SqlValue } from './sqlite.ts';
import { auditStart, hasAudit } from './tail.ts';

const PAGE_ROWS = 500;

/** Which lines of the audit. All conditions must hold. */
export interface AuditQuery {
  /** Only lines below this number: `next` of the page before. */
  before?: number | undefined;
  limit: number;
  user?: string | undefined;
  object?: string | undefined;
  /** Part of what was done, e.g. `session` for every sign-in and sign-out. */
  act?: string | undefined;
  /** Milliseconds since 1970, both inclusive. */
  from?: number | undefined;
  to?: number | undefined;
}

/** A stored line: `body` is an `AuditEntry` as JSON. */
export interface AuditLine {
  n: number;
  body: string;
}

/** Lines of one statement looked at, at most. */
const SCAN_ROWS = 5_000;

/** Newest first; a page may be empty and still have a `next`. */
export async function readAudit(
  db: Pick<Queries, 'all'>,
  query: AuditQuery,
): Promise<{ lines: AuditLine[]; next?: number }> {
  let conditions = '';
  const values: SqlValue[] = [];
  const add = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions += ` AND ${condition}`;
    values.push(value);
  };
  add('user = ?', query.user);
  add('object = ?', query.object);
  add('at >= ?', query.from);
  add('at <= ?', query.to);
  add("instr(body->>'$.act', ?) = 1", query.act);
  const rows = await db.all<AuditLine & { fits: number }>(
    `SELECT n, body, (1${conditions}) AS fits FROM audit WHERE n < ? ORDER BY n DESC LIMIT ${SCAN_ROWS}`,
    ...values,
    query.before ?? Number.MAX_SAFE_INTEGER,
  );
  const lines = rows.filter(({ fits }) => fits === 1).map(({ n, body }) => ({ n, body }));
  const page = lines.slice(0, query.limit);
  const last = lines.length > query.limit ? page.at(-1) : rows.length === SCAN_ROWS ? rows.at(-1) : undefined;
  return last === undefined ? { lines: page } : { lines: page, next: last.n };
}

/**
 * Proves the chain of the audit in short pieces, oldest line first. Answers its end, and how many lines there are; nothing of a
 * journal of an earlier version.
 */
export async function verifyAudit(
  db: Pick<Queries, 'get' | 'all'>,
  onFault: (fault: { n?: number; what: string }) => void,
): Promise<{ lines: number; head: LaneHead }> {
  if (!(await hasAudit(db))) return { lines: 0, head: { seq: 0, hash: '' } };
  let lines = 0;
  let end = await auditStart(db);
  const last = (await db.get<{ n: number | null }>('SELECT max(n) AS n FROM audit'))?.n ?? 0;
  while (end.seq < last) {
    const rows = await db.all<Row>(
      `SELECT n, at, user, object, h, body FROM audit WHERE n > ? AND n <= ? ORDER BY n LIMIT ${PAGE_ROWS}`,
      end.seq,
      last,
    );
    if (rows.length === 0) break;
    for (const row of rows) {
      if (row.n !== end.seq + 1) {
        // retention may have gone on since the walk began
        const start = await auditStart(db);
        if (start.seq === row.n - 1) end = start;
        else onFault({ n: row.n, what: `line ${end.seq + 1} is missing: ${row.n} follows ${end.seq}` });
      }
      if (row.n === end.seq + 1 && !chainNext(end.hash, row.n, digestOf(row.body)).equals(row.h)) {
        onFault({ n: row.n, what: 'the chain breaks: this line or the one before it was changed' });
      }
      const differs = columnsDiffer(row);
      if (differs !== undefined) onFault({ n: row.n, what: differs });
      end = { seq: row.n, hash: row.h };
      lines += 1;
    }
  }
  return { lines, head: { seq: end.seq, hash: end.hash.toString('hex') } };
}

interface Row {
  n: number;
  at: number;
  user: string | null;
  object: string | null;
  h: Buffer;
  body: string;
}

/** The columns are only for finding a line; what it says is its body. */
function columnsDiffer({ at, user, object, body }: Row): string | undefined {
  try {
    const entry = JSON.parse(body) as { at?: string; user?: string; on?: string };
    const same =
      Date.parse(entry.at ?? '') === at && (entry.user ?? null) === user && (entry.on ?? null) === object;
    return same ? undefined : 'its columns differ from its body';
  } catch (error) {
    return `the body is no JSON: ${(error as Error).message}`;
  }
}
