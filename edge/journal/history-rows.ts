import type { Alarm, Transition } from '../../contract/alarm.ts';
import type { Edge, Lane, Origin } from '../../contract/event.ts';
import type { Queries } from './sqlite.ts';

/** Rows of one statement at most: some 5 ms in SQLite's thread, and as much here. */
const PAGE_ROWS = 500;

const transitionParts = ['action', 'role', 'version', 'reason'] as const;
const alarmParts = [
  'type',
  'subject',
  'severity',
  'condition',
  'operator',
  'count',
  'mode',
  'silent',
  'place',
  'device',
  'slot',
  'newSince',
  'due',
  'shelved',
  'isolated',
  'chattering',
  'disposition',
  'proposal',
  'confirmation',
] as const;

/** Of an alarm after a transition, what figures are made of. */
export type AlarmFacts = Pick<Alarm, (typeof alarmParts)[number]>;

/** A stored transition, cut down. */
export interface TransitionRow extends Pick<Transition, (typeof transitionParts)[number]> {
  alarm: string;
  position: number;
  /** When it happened by the clock of the gateway, milliseconds since 1970. */
  at: number;
  after: AlarmFacts;
}

/** Alarms by id, which begins with the time of opening: from `first`, before `last`; or those named. */
export type AlarmRange = { first: string; last: string } | { ids: readonly string[] };

/** Where the page before ended. */
export type AfterRow = Pick<TransitionRow, 'alarm' | 'position'>;

// SQLite reads the body once for all the paths, in its own thread: a whole alarm is ten times as much to parse here
const parts = [
  ...transitionParts.map((name) => `'$.data.data.${name}'`),
  ...alarmParts.map((name) => `'$.data.data.alarm.${name}'`),
].join(', ');

/**
 * One short look at what happened to alarms, whole lives one after the other: by alarm, then in order. A page that is not
 * full is the last.
 */
export async function readTransitions(
  db: Pick<Queries, 'all'>,
  range: AlarmRange,
  after?: AfterRow,
): Promise<{ rows: TransitionRow[]; next?: AfterRow }> {
  const [which, values] =
    'ids' in range
      ? ['alarm IN (SELECT value FROM json_each(?1)) AND alarm >= ?2', [JSON.stringify(range.ids)]]
      : ['alarm < ?1 AND alarm >= ?2', [range.last]];
  const found = await db.all<{ alarm: string; position: number; at: number; parts: string }>(
    `SELECT alarm, position, at, json_extract(body, ${parts}) AS parts FROM journal
     WHERE ${which} AND (alarm > ?2 OR position > ?3) ORDER BY alarm, position LIMIT ${PAGE_ROWS}`,
    ...values,
    after?.alarm ?? ('first' in range ? range.first : ''),
    after?.position ?? 0,
  );
  const rows = found.map(({ parts: text, ...row }) => ({ ...row, ...unpacked(text) }));
  const last = found.at(-1);
  return found.length < PAGE_ROWS || last === undefined
    ? { rows }
    : { rows, next: { alarm: last.alarm, position: last.position } };
}

function unpacked(text: string): Omit<TransitionRow, 'alarm' | 'position' | 'at'> {
  const values = JSON.parse(text) as unknown[];
  const named = (names: readonly string[], from: number): unknown => {
    const object: Record<string, unknown> = {};
    names.forEach((name, index) => {
      const value = values[from + index];
      if (value !== null && value !== undefined) object[name] = value;
    });
    return object;
  };
  return {
    ...(named(transitionParts, 0) as Pick<Transition, (typeof transitionParts)[number]>),
    after: named(alarmParts, transitionParts.length) as AlarmFacts,
  };
}

/** Ids of alarms that may have been open at `since` (ms since 1970) or later and were opened before `id`, in short looks. */
export async function readOpenSince(db: Pick<Queries, 'all'>, id: string, since: number): Promise<string[]> {
  const ids: string[] = [];
  for (let after = ''; ; ) {
    const open = await db.all<{ id: string }>(
      `SELECT id FROM alarm WHERE open = 1 AND id > ? AND id < ? ORDER BY id LIMIT ${PAGE_ROWS}`,
      after,
      id,
    );
    ids.push(...open.map((row) => row.id));
    if (open.length < PAGE_ROWS) break;
    after = open.at(-1)?.id ?? id;
  }
  for (let at = since, n = -1; ; ) {
    const closed = await db.all<{ id: string; changed: number; n: number }>(
      `SELECT id, changed, rowid AS n FROM alarm WHERE open = 0 AND changed >= ?1 AND (changed > ?1 OR rowid > ?2)
       ORDER BY changed, rowid LIMIT ${PAGE_ROWS}`,
      at,
      n,
    );
    ids.push(...closed.flatMap((row) => (row.id < id ? [row.id] : [])));
    const last = closed.at(-1);
    if (closed.length < PAGE_ROWS || last === undefined) break;
    at = last.changed;
    n = last.n;
  }
  return [...new Set(ids)];
}

/** A receipt time before 2020 says nothing: the clock was wrong. */
const PLAUSIBLE_FROM = Date.UTC(2020, 0, 1);

/**
 * Since when all rows of a lane are there, ms since 1970: the oldest where retention has removed some, else the beginning of the
 * journal. Receipt times of 2019, or after `before`, are of a clock that was wrong.
 */
export async function readBeginning(db: Pick<Queries, 'get'>, lane: Lane, before: number): Promise<number> {
  const row = await db.get<{ oldest: number | null; removed: number | null; created: string | null }>(
    `SELECT (SELECT at FROM journal WHERE lane = ?1 AND at BETWEEN ?2 AND ?3 ORDER BY seq LIMIT 1) AS oldest,
       (SELECT max(at) FROM checkpoint WHERE lane = ?1) AS removed, (SELECT value FROM meta WHERE key = 'created') AS created`,
    lane,
    PLAUSIBLE_FROM,
    before,
  );
  const oldest = row?.oldest ?? undefined;
  if (row?.removed != null) return oldest ?? row.removed;
  const created = Date.parse(row?.created ?? '');
  return Math.min(oldest ?? before, Number.isNaN(created) ? before : created);
}

/** Something that gave up protection, or took it back. */
export interface ProtectionRow {
  position: number;
  at: number;
  type: string;
  edge: Edge;
  input?: string;
  origin: Origin;
  data: Record<string, unknown>;
}

/** Types of rows that say what is watched: the partial index `journal_protection` finds them. */
export const PROTECTION_TYPES = `'ARM.SET', 'ARM.STAY', 'ARM.UNSET', 'ARM.BYPASS', 'FIR.SHIELD', 'SYS.BOOT'`;

/** One short look at these rows, in order, after a position; a page that is empty is the last. */
export async function readProtection(db: Pick<Queries, 'all'>, after: number): Promise<ProtectionRow[]> {
  const found = await db.all<{ position: number; at: number; type: string; body: string }>(
    `SELECT position, at, type, body FROM journal INDEXED BY journal_protection
     WHERE type IN (${PROTECTION_TYPES}) AND position > ? ORDER BY position LIMIT ${PAGE_ROWS}`,
    after,
  );
  return found.map(({ body, ...row }) => {
    const { edge, data } = JSON.parse(body) as {
      edge: Edge;
      data: { origin: Origin; input?: string; data?: Record<string, unknown> };
    };
    const { origin, input, data: said = {} } = data;
    return { ...row, edge, origin, ...(input === undefined ? {} : { input }), data: said };
  });
}
