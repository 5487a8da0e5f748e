import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { describe, expect, it } from 'vitest';
import { checkSqliteFile } from '../../../cloud-bridge/receiver/sqlite-check.ts';
import { SqliteStore } from '../../../cloud-bridge/receiver/sqlite-store.ts';
import { receiverStoreConformance } from '../../conformance/receiver-store.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { MemoryOutbox } from '../../support/memory-outbox.ts';
import { frameOf, received } from '../frames.ts';

receiverStoreConformance('SQLite', () => {
  const { dir, remove } = tempDir('receiver-store');
  const open = () => SqliteStore.open({ file: join(dir, 'receiver.db'), deadLetterBytes: 1024 * 1024 });
  return { open, reopen: open, remove: async () => remove() };
});

function sql(file: string, statement: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const db = new sqlite3.Database(file);
    db.exec(statement, (error) => db.close(() => (error ? reject(error) : resolve())));
  });
}

describe('receiver verify on SQLite', () => {
  it.each([
    ["UPDATE event SET body = replace(body, 'live', 'Live') WHERE seq = 5", /body of seq 5 was altered/],
    ['DELETE FROM event WHERE seq BETWEEN 3 AND 4', /3\.\.4 is confirmed but not stored/],
    [
      'UPDATE event SET digest = (SELECT digest FROM event WHERE seq = 6), body = (SELECT body FROM event WHERE seq = 6) WHERE seq = 5',
      /chain of hashes breaks/,
    ],
    ["UPDATE tally SET events = events + 1 WHERE type = 'DEV.ONLINE'", /count of DEV\.ONLINE/],
  ])('finds what was done by hand: %s', async (statement, fault) => {
    const { dir, remove } = tempDir('receiver-verify');
    const file = join(dir, 'receiver.db');
    const store = await SqliteStore.open({ file, deadLetterBytes: 1024 });
    const outbox = new MemoryOutbox();
    outbox.append(...Array.from({ length: 10 }, () => ({})));
    await store.commit({
      at: 0,
      frames: [received(frameOf(outbox, 'e', 1, 10))],
      deadLetters: [],
      states: [],
    });
    // While the receiver runs, and after it.
    expect((await checkSqliteFile(file)).faults).toEqual([]);
    await store.close();
    expect(await checkSqliteFile(file)).toMatchObject({ faults: [], events: 10, lanes: 1 });
    await sql(file, statement);
    const { faults } = await checkSqliteFile(file);
    expect(faults.join('\n')).toMatch(fault);
    remove();
  });

  it('refuses a file of a later version and leaves it as it is', async () => {
    const { dir, remove } = tempDir('receiver-version');
    const file = join(dir, 'receiver.db');
    await sql(file, 'CREATE TABLE later (x); PRAGMA user_version = 99;');
    await expect(SqliteStore.open({ file, deadLetterBytes: 1024 })).rejects.toThrow(/version 99 is newer/);
    remove();
  });
});
