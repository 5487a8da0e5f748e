import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import type { Site } from '../../contract/site.ts';
import { type Database, openDatabase, sqliteCode } from '../journal/sqlite.ts';
import { isDamageCode } from '../journal/store.ts';
import { readStored, siteOf } from './import.ts';
import { emptySite } from './site-file.ts';

/** Each entry brings `site.db` from version index to index + 1; entries are never changed once released. */
const migrations = [
  `CREATE TABLE place (
     id TEXT PRIMARY KEY, body TEXT NOT NULL,
     parent TEXT AS (body ->> 'parent') REFERENCES place (id) DEFERRABLE INITIALLY DEFERRED
   ) STRICT;
   CREATE TABLE unit (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE slot (
     id TEXT PRIMARY KEY, body TEXT NOT NULL,
     place TEXT AS (body ->> 'place') REFERENCES place (id) DEFERRABLE INITIALLY DEFERRED,
     unit TEXT AS (body ->> 'unit') REFERENCES unit (id) DEFERRABLE INITIALLY DEFERRED
   ) STRICT;
   CREATE TABLE credential (id TEXT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL, given TEXT) STRICT;
   CREATE TABLE device (
     id TEXT PRIMARY KEY, body TEXT NOT NULL,
     profile TEXT AS (body ->> 'profile'),
     address TEXT AS (coalesce(body ->> 'key', id)),
     slot TEXT AS (body ->> 'slot') REFERENCES slot (id) DEFERRABLE INITIALLY DEFERRED,
     bridge TEXT AS (body ->> 'bridge') REFERENCES device (id) DEFERRABLE INITIALLY DEFERRED,
     user TEXT AS (body ->> 'user') REFERENCES credential (id) DEFERRABLE INITIALLY DEFERRED
   ) STRICT;
   CREATE UNIQUE INDEX device_address ON device (profile, address);
   CREATE TABLE user (id TEXT PRIMARY KEY, body TEXT NOT NULL, hash TEXT NOT NULL, given TEXT) STRICT;
   CREATE TABLE link (
     id TEXT PRIMARY KEY REFERENCES slot (id) DEFERRABLE INITIALLY DEFERRED, body TEXT NOT NULL
   ) STRICT;
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  `CREATE TABLE session (
     hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES user (id) ON DELETE CASCADE,
     station TEXT, place TEXT, seen INTEGER NOT NULL, ends INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX session_user ON session (user);
   CREATE TRIGGER session_outdated AFTER UPDATE OF hash, body ON user
   WHEN old.hash <> new.hash OR old.body ->> 'role' <> new.body ->> 'role'
   BEGIN DELETE FROM session WHERE user = new.id; END;`,
  `CREATE TABLE ignored (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
  `CREATE TABLE device_secret (id TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
   CREATE TRIGGER device_gone AFTER DELETE ON device
   BEGIN DELETE FROM device_secret WHERE id = old.id; END;`,
  `CREATE TABLE zone (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE phone (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
   CREATE TABLE hours (
     id TEXT PRIMARY KEY, body TEXT NOT NULL,
     place TEXT AS (body ->> 'place') REFERENCES place (id) DEFERRABLE INITIALLY DEFERRED
   ) STRICT;
   CREATE TABLE floor_plan (
     id TEXT PRIMARY KEY, body TEXT NOT NULL,
     place TEXT AS (body ->> 'place') REFERENCES place (id) DEFERRABLE INITIALLY DEFERRED
   ) STRICT;
   CREATE TABLE plan_image (id TEXT PRIMARY KEY, type TEXT NOT NULL, hash TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
   CREATE TABLE calendar (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
  `ALTER TABLE user ADD COLUMN account TEXT NOT NULL DEFAULT '{}';
   DROP TRIGGER session_outdated;
   CREATE TRIGGER session_outdated AFTER UPDATE OF hash, body, account ON user
   WHEN old.hash <> new.hash OR old.body ->> 'role' <> new.body ->> 'role'
     OR (new.account ->> 'disabled' AND old.account ->> 'disabled' IS NOT new.account ->> 'disabled')
   BEGIN DELETE FROM session WHERE user = new.id; END;
   CREATE TABLE pending_act (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;`,
];

/** `site.db` cannot be read any more. */
export class SiteDamageError extends Error {
  override readonly name = 'SiteDamageError';

  constructor(file: string, why: string, cause?: unknown) {
    super(`${file} is damaged (${why}); restore a backup, or move it away and import the site again`, {
      cause,
    });
  }
}

/** Opens `site.db`, makes it if it is missing, and brings it to this version's form. */
export async function openSiteDatabase(file: string): Promise<Database> {
  keepPrivate(file);
  const db = await openDatabase(file, 'create');
  try {
    await expectOurs(db);
    await db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    db.busyTimeout(5_000);
    await migrate(db);
    const result = await db.get<{ quick_check: string }>('PRAGMA quick_check(1)');
    if (result?.quick_check !== 'ok') throw new SiteDamageError(file, result?.quick_check ?? 'no answer');
    return db;
  } catch (error) {
    await db.close().catch(() => {});
    throw explainSiteError(file, error);
  }
}

/** It holds passwords of cameras as they are: nobody else may read it, not even while it is made. */
function keepPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600));
    for (const name of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(name)) chmodSync(name, 0o600);
  } catch {
    // a file of somebody else, or a disk that cannot be written: SQLite says which
  }
}

/** Another program's database must neither be written to nor stop every start. */
async function expectOurs(db: Database): Promise<void> {
  const version = (await db.get<{ user_version: number }>('PRAGMA user_version'))?.user_version ?? 0;
  // a later form is refused by name, not taken for another program's
  if (version > migrations.length) return;
  const tables = await db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'");
  const names = new Set(tables.map(({ name }) => name));
  const ours = ['place', 'slot', 'credential', 'device', 'user', 'meta'].every((name) => names.has(name));
  if (version === 0 ? names.size > 0 : !ours)
    throw new SiteDamageError(db.file, 'it is no registry of a gateway');
}

async function migrate(db: Database): Promise<void> {
  await db.transaction(async (queries) => {
    const row = await queries.get<{ user_version: number }>('PRAGMA user_version');
    const version = row?.user_version ?? 0;
    if (version > migrations.length) {
      throw new Error(`was written by a newer version (form ${version}); install that version again`);
    }
    for (const [index, sql] of migrations.entries()) {
      if (index >= version) await queries.exec(`${sql} PRAGMA user_version = ${index + 1};`);
    }
  });
}

/** An error of `site.db` with its file and what to do; a `SiteDamageError` where the file is damaged. */
export function explainSiteError(file: string, error: unknown): Error {
  if (error instanceof SiteDamageError) return error;
  const why = error instanceof Error ? error.message : String(error);
  // a body that is no JSON: found by SQLite in a generated column, or by us
  const damaged =
    isDamageCode(sqliteCode(error)) || error instanceof SyntaxError || why.includes('malformed JSON');
  return damaged ? new SiteDamageError(file, why, error) : new Error(`${file} ${why}`, { cause: error });
}

/** What a gateway has registered, read beside it; nothing where there is no `site.db` yet. */
export async function readRegisteredSite(file: string): Promise<Site> {
  if (!existsSync(file)) return emptySite;
  const db = await openDatabase(file, 'read');
  try {
    return siteOf(await readStored(db));
  } catch (error) {
    throw explainSiteError(file, error);
  } finally {
    await db.close();
  }
}
