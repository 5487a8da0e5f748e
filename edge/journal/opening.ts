import { dirname, join } from 'node:path';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import { readDamageMark, removeDamageMark, writeDamageMark } from './damage-mark.ts';
import type { JournalEnd } from './encode.ts';
import { beginEpoch, type Epoch, LOST_ROWS, lostRows, lostRowsNotice } from './epoch.ts';
import { readLeft } from './left.ts';
import { moveDatabase, placeInQuarantine, sizeOf, syncDirectory } from './quarantine.ts';
import { salvage } from './salvage.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.ts';
import { type Database, openDatabase, sqliteCode } from './sqlite.ts';
import { isDamageCode } from './store.ts';
import { DamageError, readTail } from './tail.ts';
import { addUnfinished, readUnfinished, type StorageNotice, type Unfinished } from './unfinished.ts';
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
  /** What happened to the journal and has to be raised, by this start or one before it. */
  unfinished: Unfinished;
  end: JournalEnd;
}

/** The journal was written by a later version of this software. */
class JournalVersionError extends Error {
  override readonly name = 'JournalVersionError';
}

/**
 * Opens or creates `journal.db` for writing. A damaged file is moved to `quarantine/` with its log, never deleted, and
 * a new journal with a new epoch begins, whose first transaction holds the alarms that were open. A start that is
 * killed anywhere in between is continued by the next one. `earlier`: what shows that a journal should be there.
 * Rejects if the disk fails or the file is from a later version.
 */
export async function openJournalFile(
  dir: string,
  now: number,
  log: Logger,
  earlier: readonly string[] = [],
): Promise<JournalFile> {
  const file = journalFile(dir);
  const mark = await readDamageMark(file);
  const target = mark?.target;
  if (target !== undefined && (await sizeOf(target)) !== undefined) {
    // an earlier start has moved the damaged file; the log may not have followed it yet
    if ((await sizeOf(file)) === undefined) await moveDatabase(file, target);
    const found = await inspect(dir, now);
    if (found === 'none') return replace(file, target, now, log);
    await removeDamageMark(file);
    return openFound(found, file, now, log, earlier);
  }
  const isThere = ((await sizeOf(file)) ?? 0) > 0;
  // a mark without its file must not set the next one aside
  if (mark !== undefined && !isThere) await removeDamageMark(file);
  const found: Finding = mark && isThere ? `damaged: ${mark.reason}` : await inspect(dir, now);
  return openFound(found, file, now, log, earlier);
}

/** Notes that the running gateway found its journal malformed, so that the next start sets it aside. */
export async function markDamaged(dir: string, reason: string): Promise<void> {
  await writeDamageMark(journalFile(dir), { reason });
}

/**
 * Gives a journal that was restored from a backup a new epoch: what was written after the backup is gone, so its
 * sequences must not be continued under the old name. To be called before the gateway starts.
 */
export async function renewEpoch(dir: string): Promise<Epoch> {
  const db = await openDatabase(journalFile(dir), 'write');
  try {
    return await db.transaction((queries) => beginEpoch(queries));
  } finally {
    await db.close();
  }
}

async function openFound(
  found: Finding,
  file: string,
  now: number,
  log: Logger,
  earlier: readonly string[],
): Promise<JournalFile> {
  if (found === 'sound') return openSound(file, log);
  if (found === 'none') {
    const notices = earlier.length === 0 ? [] : [vanished(file, earlier, log)];
    return createJournal(file, now, undefined, { notices });
  }
  const reason = found.slice('damaged: '.length);
  const target = await placeInQuarantine(file, now);
  await writeDamageMark(file, { reason, target });
  await moveDatabase(file, target);
  log.error(
    { damage: reason, setAside: target },
    `journal: ${file} is damaged and was moved to ${target}; a new journal begins and nothing was deleted. ` +
      'Look at it with "campus-gateway journal verify --file", replace the disk if this happens again, and acknowledge ' +
      'the alarms that were open',
  );
  return replace(file, target, now, log);
}

/** Begins a new journal in the place of one that was moved to quarantine; its open alarms go into it at once. */
async function replace(file: string, setAside: string, now: number, log: Logger): Promise<JournalFile> {
  const { epoch, alarms, notices, lost, inPart } = await salvage(setAside);
  const gaps = { ...(lost > 0 && { lostAlarms: lost }), ...(inPart && { readInPart: true }) };
  const notice = { reason: 'a damaged journal was set aside', setAside, ...gaps };
  const created = await createJournal(file, now, epoch, { alarms, notices: [...notices, notice] });
  await removeDamageMark(file);
  log.info({ setAside, alarms: alarms.length }, 'journal: a new journal began; open alarms are carried over');
  if (lost > 0 || inPart)
    log.error(
      { setAside, ...gaps },
      `journal: not all of ${setAside} could be read${lost > 0 ? `, ${lost} open alarms are lost` : ''}; more alarms may ` +
        'have been open. Look at every place that had an alarm lately',
    );
  return { ...created, setAside };
}

/** There is no journal although there was one. */
function vanished(file: string, found: readonly string[], log: Logger): StorageNotice {
  log.error(
    { found },
    `journal: ${file} is empty or missing, but ${found.join(', ')} beside it show that a gateway ran here before: its ` +
      'events, open alarms and device states are gone, and a new journal begins. If it was moved away or deleted by ' +
      'mistake, stop the gateway and put it back (journal.db with journal.db-wal) or restore a backup; else check the ' +
      'disk. Look at every place that had an alarm lately',
  );
  return { reason: 'the journal was empty or missing', found: [...found] };
}

type Finding = 'sound' | 'none' | `damaged: ${string}`;

/** Looks without writing: a connection that may write would move the log of a damaged file into it. */
async function inspect(dir: string, now: number): Promise<Finding> {
  const file = journalFile(dir);
  const size = (await sizeOf(file)) ?? 0;
  const logged = (await sizeOf(`${file}-wal`)) ?? 0;
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

async function openSound(file: string, log: Logger): Promise<JournalFile> {
  const db = await openDatabase(file, 'write');
  try {
    await prepareConnection(db);
    const version = await pragma(db, 'user_version');
    if (version < SCHEMA_VERSION) await db.transaction((queries) => migrate(queries, version));
    const end = await readTail(db);
    const lost = await lostRows(db, end.heads);
    if (lost !== undefined) {
      const { epoch } = await db.transaction((queries) => beginEpoch(queries, lostRowsNotice(lost)));
      log.error({ ...lost, epoch }, `journal: ${file} ${LOST_ROWS}`);
    }
    return { db, ...(await names(db)), created: false, end };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function createJournal(
  file: string,
  now: number,
  predecessor: string | undefined,
  unfinished: Partial<Unfinished>,
): Promise<JournalFile> {
  const db = await openDatabase(file, 'create');
  try {
    await prepareConnection(db);
    await db.transaction(async (queries) => {
      await migrate(queries, 0);
      const meta = {
        epoch: uuidv7(),
        created: new Date(now).toISOString(),
        ...(predecessor && { predecessor }),
      };
      for (const [key, value] of Object.entries(meta))
        await queries.run('INSERT INTO meta VALUES (?, ?)', key, value);
      await addUnfinished(queries, unfinished);
    });
    // a journal must not be nothing without its log
    await db.get('PRAGMA wal_checkpoint(TRUNCATE)');
    await syncDirectory(dirname(file));
    return { db, ...(await names(db)), created: true, end: await readTail(db) };
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function names(db: Database): Promise<Pick<JournalFile, 'epoch' | 'predecessor' | 'unfinished'>> {
  const epoch = (await metaOf(db, 'epoch')) ?? '';
  const predecessor = await metaOf(db, 'predecessor');
  return { epoch, ...(predecessor && { predecessor }), unfinished: await readUnfinished(db) };
}

/** WAL with an fsync for each commit; the log is copied by `WalKeeper` alone; no temporary files on a full disk. */
async function prepareConnection(db: Database): Promise<void> {
  await db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
     PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES}; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY`,
  );
}

async function metaOf(db: Pick<Database, 'get'>, key: string): Promise<string | undefined> {
  return (await db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key))?.value;
}

async function pragma(db: Database, name: string): Promise<number> {
  const row = await db.get<Record<string, number>>(`PRAGMA ${name}`);
  return row?.[name] ?? 0;
}
