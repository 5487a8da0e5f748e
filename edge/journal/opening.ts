import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../contract/alarm.ts';
import type { JournalEnd } from './encode.ts';
import { parsedAlarm, readLeft } from './left.ts';
import { alarmAfter } from './projection.ts';
import { moveToQuarantine, sizeOf, syncDirectory } from './quarantine.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.ts';
import { type Database, openDatabase, sqliteCode } from './sqlite.ts';
import { isDamageCode } from './store.ts';
import { DamageError, readTail } from './tail.ts';
import { WAL_LIMIT_BYTES } from './wal.ts';

/** Up to this size the whole file is checked when it is opened: 64 MiB take some 0.2 s. */
const QUICK_CHECK_BYTES = 64 * 1024 * 1024;

export function journalFile(dir: string): string {
  return join(dir, 'journal.db');
}

/** A journal ready to be written. */
export interface JournalFile {
  db: Database;
  epoch: string;
  predecessor?: string;
  /** No journal was there, or it was set aside. */
  created: boolean;
  /** Where the damaged file lies now. */
  setAside?: string;
  /** Open alarms that could still be read from the damaged file. */
  salvaged: Alarm[];
  end: JournalEnd;
}

/** The journal was written by a later version of this software. */
class JournalVersionError extends Error {
  override readonly name = 'JournalVersionError';
}

/**
 * Opens or creates `journal.db` for writing. A damaged file is moved to `quarantine/` with its log, never deleted, and
 * a new journal with a new epoch begins. Rejects if the disk fails or the file is from a later version.
 */
export async function openJournalFile(dir: string, now: number, log: Logger): Promise<JournalFile> {
  const file = journalFile(dir);
  const found = await inspect(dir, now);
  if (found === 'sound') return openSound(file);
  if (found === 'none') return { ...(await createJournal(file, now)), salvaged: [] };
  const { epoch, alarms } = await salvage(file);
  const setAside = await quarantine(dir, now);
  log.error(
    { damage: found.slice('damaged: '.length), setAside },
    `journal: ${file} is damaged and was moved to ${setAside}; a new journal begins and nothing was deleted. ` +
      'Look at it with "campus-gateway journal verify --file", replace the disk if this happens again, and acknowledge ' +
      'the alarms that were open',
  );
  return { ...(await createJournal(file, now, epoch)), setAside, salvaged: alarms };
}

/** Notes that the running gateway found its journal malformed, so that the next start sets it aside. */
export async function markDamaged(dir: string, reason: string): Promise<void> {
  const mark = await open(damageMark(dir), 'w');
  try {
    await mark.writeFile(reason);
    await mark.sync();
  } finally {
    await mark.close();
  }
}

/**
 * Gives a journal that was restored from a backup a new epoch: what was written after the backup is gone, so its
 * sequences must not be continued under the old name. To be called before the gateway starts.
 */
export async function renewEpoch(dir: string): Promise<{ epoch: string; predecessor: string }> {
  const db = await openDatabase(journalFile(dir), 'write');
  try {
    return await db.transaction(async (queries) => {
      const predecessor = await metaOf(queries, 'epoch');
      if (predecessor === undefined) throw new DamageError('the journal has no epoch');
      const epoch = uuidv7();
      await queries.run("UPDATE meta SET value = ? WHERE key = 'epoch'", epoch);
      await queries.run("INSERT OR REPLACE INTO meta VALUES ('predecessor', ?)", predecessor);
      return { epoch, predecessor };
    });
  } finally {
    await db.close();
  }
}

type Finding = 'sound' | 'none' | `damaged: ${string}`;

/** Looks without writing: a connection that may write would move the log of a damaged file into it. */
async function inspect(dir: string, now: number): Promise<Finding> {
  const file = journalFile(dir);
  const size = (await sizeOf(file)) ?? 0;
  const logged = (await sizeOf(`${file}-wal`)) ?? 0;
  const mark = await readFile(damageMark(dir), 'utf8').catch(() => undefined);
  if (mark !== undefined && size > 0) return `damaged: ${mark}`;
  // SQLite would delete the log of an empty database.
  if (size === 0) return logged > 0 ? 'damaged: the file is empty, but its log is not' : 'none';
  const db = await openDatabase(file, 'read');
  try {
    return await check(db, size, now);
  } catch (error) {
    if (error instanceof DamageError) return `damaged: ${error.message}`;
    if (isDamageCode(sqliteCode(error))) return `damaged: ${(error as Error).message}`;
    throw error;
  } finally {
    await db.close();
  }
}

async function check(db: Database, size: number, now: number): Promise<Finding> {
  const version = await pragma(db, 'user_version');
  const application = await pragma(db, 'application_id');
  const tables = await db.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema');
  // a creation that was interrupted
  if (version === 0 && application === 0 && tables?.n === 0) return 'none';
  if (application !== APPLICATION_ID) throw new DamageError('the file is no journal of this gateway');
  if (version > SCHEMA_VERSION) {
    throw new JournalVersionError(
      `journal: ${db.file} has version ${version}, this software knows ${SCHEMA_VERSION}; ` +
        'start the newer software, or restore the backup made before the update',
    );
  }
  if (size <= QUICK_CHECK_BYTES) {
    const result = await db.get<{ quick_check: string }>('PRAGMA quick_check(1)');
    if (result?.quick_check !== 'ok')
      throw new DamageError(result?.quick_check ?? 'quick_check gave no answer');
  }
  if ((await metaOf(db, 'epoch')) === undefined) throw new DamageError('the epoch is missing');
  // The tail is what a torn write spoils first.
  const { position } = await readTail(db);
  // What the start needs is read now: found later, an unreadable alarm would stop every start.
  if (version === SCHEMA_VERSION) await readLeft(db, position, now);
  return 'sound';
}

async function openSound(file: string): Promise<JournalFile> {
  const db = await openDatabase(file, 'write');
  try {
    await prepareConnection(db);
    const version = await pragma(db, 'user_version');
    if (version < SCHEMA_VERSION) await db.transaction((queries) => migrate(queries, version));
    const epoch = (await metaOf(db, 'epoch')) ?? '';
    const predecessor = await metaOf(db, 'predecessor');
    const end = await readTail(db);
    return { db, epoch, ...(predecessor && { predecessor }), created: false, salvaged: [], end };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function createJournal(
  file: string,
  now: number,
  predecessor?: string,
): Promise<Omit<JournalFile, 'setAside' | 'salvaged'>> {
  const db = await openDatabase(file, 'create');
  try {
    await prepareConnection(db);
    const epoch = uuidv7();
    await db.transaction(async (queries) => {
      await migrate(queries, 0);
      const meta = { epoch, created: new Date(now).toISOString(), ...(predecessor && { predecessor }) };
      for (const [key, value] of Object.entries(meta))
        await queries.run('INSERT INTO meta VALUES (?, ?)', key, value);
    });
    await syncDirectory(join(file, '..'));
    const end = await readTail(db);
    return { db, epoch, ...(predecessor && { predecessor }), created: true, end };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** WAL with an fsync for each commit; the log is copied by `WalKeeper` alone; no temporary files on a full disk. */
async function prepareConnection(db: Database): Promise<void> {
  await db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
     PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY`,
  );
}

/** What can still be read of a damaged file: its epoch and the alarms that were open. Never rejects. */
async function salvage(file: string): Promise<{ epoch: string | undefined; alarms: Alarm[] }> {
  // of an empty file there is nothing to read, and SQLite would delete its log
  const db = (await sizeOf(file)) ? await openDatabase(file, 'read').catch(() => undefined) : undefined;
  if (db === undefined) return { epoch: undefined, alarms: [] };
  // makes SQLite read what is left of a truncated file
  await db.exec('PRAGMA writable_schema = ON').catch(() => {});
  const epoch = await metaOf(db, 'epoch').catch(() => undefined);
  const rows = await db
    .all<{ id: string; body: string }>('SELECT id, body FROM alarm WHERE open = 1')
    .catch(() => []);
  const alarms: Alarm[] = [];
  for (const { id, body } of rows) {
    const alarm = parsedAlarm(body) ?? (await lastKnown(db, id));
    if (alarm !== undefined) alarms.push(alarm);
  }
  await db.close().catch(() => {});
  return { epoch, alarms };
}

/** An alarm as the newest of its transitions that can still be read left it. */
async function lastKnown(db: Database, id: string): Promise<Alarm | undefined> {
  const rows = await db
    .all<{ body: string }>('SELECT body FROM journal WHERE alarm = ? ORDER BY position DESC', id)
    .catch(() => []);
  for (const { body } of rows) {
    try {
      const alarm = parsedAlarm(JSON.stringify(alarmAfter(body)));
      if (alarm !== undefined) return alarm;
    } catch {
      // the one before it, then
    }
  }
  return undefined;
}

async function quarantine(dir: string, now: number): Promise<string> {
  const target = await moveToQuarantine(journalFile(dir), now);
  await rm(damageMark(dir), { force: true });
  await syncDirectory(dir);
  return target;
}

async function metaOf(db: Pick<Database, 'get'>, key: string): Promise<string | undefined> {
  return (await db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key))?.value;
}

async function pragma(db: Database, name: string): Promise<number> {
  const row = await db.get<Record<string, number>>(`PRAGMA ${name}`);
  return row?.[name] ?? 0;
}

function damageMark(dir: string): string {
  return `${journalFile(dir)}.damaged`;
}
