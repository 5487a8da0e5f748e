import type { Alarm } from '../../contract/alarm.ts';
import { isOpen } from './encode.ts';
import { parsedAlarm } from './left.ts';
import { alarmAfter } from './projection.ts';
import { sizeOf } from './quarantine.ts';
import { type Database, openDatabase } from './sqlite.ts';
import { readUnfinished, type Unfinished } from './unfinished.ts';

/** What can still be read of a damaged journal. */
export interface Salvaged extends Unfinished {
  epoch: string | undefined;
  /** Alarms that were open and cannot be read, as far as anything tells of them. */
  lost: number;
  /** Neither the alarms nor their transitions could be read to the end: more may have been open. */
  inPart: boolean;
}

/** Rows of one statement where all is well. */
const CHUNK = 2_000;
/** After so many statements that failed the rest of a table is given up: a start must not take minutes. */
const MAX_FAILURES = 5_000;

/**
 * Reads the epoch and the open alarms of a damaged file: from the table of alarms; where that cannot be read, from
 * their transitions, which stand on other pages. Never rejects.
 */
export async function salvage(file: string): Promise<Salvaged> {
  // of an empty file there is nothing to read, and SQLite would delete its log
  const db = (await sizeOf(file)) ? await openDatabase(file, 'read').catch(() => undefined) : undefined;
  if (db === undefined) return { epoch: undefined, alarms: [], notices: [], lost: 0, inPart: false };
  // makes SQLite read what is left of a truncated file
  await db.exec('PRAGMA writable_schema = ON').catch(() => {});
  const epoch = await db
    .get<{ value: string }>("SELECT value FROM meta WHERE key = 'epoch'")
    .catch(() => undefined);
  // what it had not yet taken over itself from the one before
  const before = await readUnfinished(db).catch((): Unfinished => ({ alarms: [], notices: [] }));
  const { alarms, lost, inPart } = await openAlarms(db);
  await db.close().catch(() => {});
  return {
    epoch: epoch?.value,
    alarms: [...before.alarms, ...alarms],
    notices: before.notices,
    lost,
    inPart,
  };
}

type Found = Pick<Salvaged, 'alarms' | 'lost' | 'inPart'>;

async function openAlarms(db: Database): Promise<Found> {
  // the index alone: it stands on pages of its own
  const open = await db
    .all<{ id: string }>('SELECT id FROM alarm INDEXED BY alarm_open WHERE open = 1')
    .catch(() => undefined);
  if (open === undefined) return foldedAlarms(db);
  const alarms: Alarm[] = [];
  for (const { id } of open) {
    const row = await db
      .get<{ body: string }>('SELECT body FROM alarm WHERE id = ?', id)
      .catch(() => undefined);
    const alarm = parsedAlarm(row?.body ?? '') ?? (await lastKnown(db, id));
    if (alarm !== undefined) alarms.push(alarm);
  }
  return { alarms, lost: open.length - alarms.length, inPart: false };
}

/** An alarm as the newest of its transitions that can still be read left it. */
async function lastKnown(db: Database, id: string): Promise<Alarm | undefined> {
  const rows = await db
    .all<{ position: number }>('SELECT position FROM journal WHERE alarm = ? ORDER BY position DESC', id)
    .catch(() => []);
  for (const { position } of rows) {
    const row = await db
      .get<{ body: string }>('SELECT body FROM journal WHERE position = ?', position)
      .catch(() => undefined);
    const alarm = carriedBy(row?.body ?? '');
    if (alarm !== undefined) return alarm;
  }
  return undefined;
}

/** Open alarms by the newest row that tells of each, among the transitions and what can be read of the alarms. */
async function foldedAlarms(db: Database): Promise<Found> {
  const newest = new Map<string, { version: number; open: Alarm | undefined }>();
  const take = (alarm: Alarm | undefined): void => {
    if (alarm === undefined || (newest.get(alarm.id)?.version ?? -1) >= alarm.version) return;
    newest.set(alarm.id, { version: alarm.version, open: isOpen(alarm) ? alarm : undefined });
  };
  const ofRows = await eachReadable(db, 'journal', 'alarm IS NOT NULL', (body) => take(carriedBy(body)));
  // retention has removed the transitions of an alarm that is open for months
  const ofAlarms = await eachReadable(db, 'alarm', 'open = 1', (body) => take(parsedAlarm(body)));
  const alarms = [...newest.values()].flatMap(({ open }) => open ?? []);
  return { alarms, lost: 0, inPart: !ofRows || !ofAlarms };
}

/**
 * Calls `take` with the body of each row that can be read, newest first: a statement that meets a damaged page fails as
 * a whole, so what fails is read in halves, down to single rows. Resolves with whether all could be read.
 */
async function eachReadable(
  db: Database,
  table: 'journal' | 'alarm',
  where: string,
  take: (body: string) => void,
): Promise<boolean> {
  const end = await lastRow(db, table);
  if (end === undefined) return false;
  let failures = 0;
  const read = async (from: number, to: number): Promise<void> => {
    try {
      const rows = await db.all<{ body: string }>(
        `SELECT body FROM ${table} NOT INDEXED WHERE rowid BETWEEN ? AND ? AND ${where} ORDER BY rowid DESC`,
        from,
        to,
      );
      for (const { body } of rows) take(body);
    } catch {
      failures++;
      const middle = Math.floor((from + to) / 2);
      if (from === to || failures > MAX_FAILURES) return;
      await read(middle + 1, to);
      await read(from, middle);
    }
  };
  for (let to = end; to > 0 && failures <= MAX_FAILURES; to -= CHUNK)
    await read(Math.max(1, to - CHUNK + 1), to);
  return failures === 0;
}

/** The highest row number, from the table or from an index that holds it as well. */
async function lastRow(db: Database, table: 'journal' | 'alarm'): Promise<number | undefined> {
  const index = table === 'journal' ? 'INDEXED BY journal_seq' : 'INDEXED BY sqlite_autoindex_alarm_1';
  for (const way of ['NOT INDEXED', index]) {
    const row = await db
      .get<{ last: number | null }>(`SELECT max(rowid) AS last FROM ${table} ${way}`)
      .catch(() => undefined);
    if (row !== undefined) return row.last ?? 0;
  }
  return undefined;
}

/** The alarm of a transition, if enough of it can be read to work with. */
function carriedBy(body: string): Alarm | undefined {
  try {
    const alarm = alarmAfter(body);
    return alarm === undefined ? undefined : parsedAlarm(JSON.stringify(alarm));
  } catch {
    return undefined;
  }
}
