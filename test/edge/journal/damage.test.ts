import {
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import type { Journal } from '../../../edge/journal/journal.ts';
import { SCHEMA_VERSION } from '../../../edge/journal/schema.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import { UNFINISHED_KEY } from '../../../edge/journal/unfinished.ts';
import { verifyDirectory, verifyJournal } from '../../../edge/journal/verify.ts';
import { openJournal, tempDir } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf } from './support/rows.ts';

const now = Date.parse('2026-05-20T10:11:12.345Z');

/** A closed journal with 40 rows and one open alarm. */
async function madeJournal(): Promise<{ dir: string; file: string; epoch: string; alarm: string }> {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const raise = raiseOf(journal);
  await journal.append(raise).all;
  for (let n = 0; n < 38; n++) await journal.append(batchOf([rowOf(journal, { padding: 500 })])).all;
  await journal.close();
  return { dir, file: join(dir, 'journal.db'), epoch: journal.epoch, alarm: raise.alarms[0]?.id ?? '' };
}

/** Opens a damaged journal and checks that it was set aside and works again. */
async function expectSetAside(dir: string): Promise<Journal> {
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const journal = await openJournal(dir, { clock: () => now, logger });
  const { setAside = '' } = journal.opened;
  expect(dirname(setAside)).toBe(join(dir, 'quarantine'));
  expect(basename(setAside)).toMatch(/^journal-20260520T101112Z(-\d+)?\.db$/);
  expect(journal.opened.created).toBe(true);
  expect(lines.join('')).toContain(`was moved to ${setAside}`);
  await journal.append(batchOf([rowOf(journal)])).all;
  expect((await verifyDirectory(dir, () => {})).ok).toBe(true);
  return journal;
}

async function overwrite(file: string, offset: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, offset);
  await handle.close();
}

test('a file that is no database is set aside, not deleted', async () => {
  const dir = await tempDir();
  await writeFile(join(dir, 'journal.db'), 'not a database, but somebody wants it back');
  const journal = await expectSetAside(dir);
  expect(await readFile(journal.opened.setAside ?? '', 'utf8')).toContain('somebody wants it back');
  expect(journal.predecessor).toBeUndefined();
});

test("another program's database is set aside", async () => {
  const dir = await tempDir();
  const db = await openDatabase(join(dir, 'journal.db'), 'create');
  await db.exec('CREATE TABLE other (x)');
  await db.close();
  await expectSetAside(dir);
});

test('a truncated file is set aside; the new journal names its predecessor and hands on the open alarms', async () => {
  const { dir, file, epoch, alarm } = await madeJournal();
  const { size } = await stat(file);
  await truncate(file, size - 3 * 4096);
  const journal = await expectSetAside(dir);
  expect(journal.predecessor).toBe(epoch);
  expect(journal.epoch > epoch).toBe(true);
  expect(journal.unfinished.alarms.map(({ id }) => id)).toEqual([alarm]);
  expect((await journal.load()).alarms).toEqual([]);
});

test('a page overwritten with noise is found when the journal is opened', async () => {
  const { dir, file } = await madeJournal();
  const { size } = await stat(file);
  await overwrite(file, size - 2 * 4096, Buffer.alloc(4096, 0xa7));
  await expectSetAside(dir);
});

test('a body changed by one byte breaks the chain of the tail', async () => {
  const { dir, file } = await madeJournal();
  const content = await readFile(file);
  const offset = content.lastIndexOf('"padding":"xxxx') + 12;
  await overwrite(file, offset, Buffer.from('y'));
  const journal = await expectSetAside(dir);
  const faults: string[] = [];
  await verifyJournal(journal.opened.setAside ?? '', ({ what }) => faults.push(what));
  expect(faults).toEqual(['the chain breaks: this row or the one before it was changed']);
});

test('a missing row in the tail is damage', async () => {
  const { dir, file } = await madeJournal();
  const db = await openDatabase(file, 'write');
  await db.run("DELETE FROM journal WHERE lane = 'e' AND seq = 30");
  await db.close();
  await expectSetAside(dir);
});

test('a removed beginning that no checkpoint names is damage', async () => {
  const { dir, file } = await madeJournal();
  const db = await openDatabase(file, 'write');
  await db.run("DELETE FROM journal WHERE lane = 'e' AND seq <= 3");
  await db.close();
  await expectSetAside(dir);
});

test('a database emptied under its log is set aside with the log, before SQLite would delete it', async () => {
  const { dir, file } = await madeJournal();
  await copyLog(dir);
  const log = await readFile(`${file}-wal`);
  await truncate(file, 0);
  const journal = await expectSetAside(dir);
  expect(await readFile(`${journal.opened.setAside}-wal`)).toEqual(log);
});

test('the log of a damaged journal goes with it, unchanged', async () => {
  const { dir, file } = await madeJournal();
  await copyLog(dir);
  const log = await readFile(`${file}-wal`);
  expect(log.length).toBeGreaterThan(4096);
  await overwrite(file, 0, Buffer.alloc(4096, 1));
  const damaged = await readFile(file);
  const journal = await expectSetAside(dir);
  expect(await readFile(`${journal.opened.setAside}-wal`)).toEqual(log);
  expect(await readFile(journal.opened.setAside ?? '')).toEqual(damaged);
});

test('two damaged journals in the same second have different names', async () => {
  const dir = await tempDir();
  for (let n = 0; n < 2; n++) {
    await writeFile(join(dir, 'journal.db'), 'noise'.repeat(1_000));
    await rm(join(dir, 'journal.db-wal'), { force: true });
    await (await expectSetAside(dir)).close();
  }
  expect((await readdir(join(dir, 'quarantine'))).filter((name) => name.endsWith('.db'))).toEqual([
    'journal-20260520T101112Z-2.db',
    'journal-20260520T101112Z.db',
  ]);
});

test('what a running gateway found malformed is set aside at the next start', async () => {
  const { dir, file, epoch } = await madeJournal();
  const journal = await openJournal(dir);
  await journal.append(batchOf([rowOf(journal)])).all;
  const states: unknown[] = [];
  journal.onStorage((state, error) => states.push([state, error?.message]));
  // the index that every row goes into becomes noise under the running gateway
  const db = await openDatabase(file, 'read');
  const root = await db.get<{ rootpage: number }>(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'journal_seq'",
  );
  await db.close();
  await spoilPage(journal, file, root?.rootpage ?? 0);
  const lost = journal.append(batchOf([rowOf(journal)]));
  await vi.waitFor(() => expect(journal.damaged).toBe(true));
  expect(journal.storage).toBe('failing');
  expect(states).toEqual([['failing', expect.stringContaining('malformed')]]);
  await vi.waitFor(() => stat(`${file}.damaged`));
  await journal.close();
  await expect(lost.all).rejects.toThrow('closed before');
  const next = await expectSetAside(dir);
  expect(next.predecessor).toBe(epoch);
  await next.close();
  expect((await openJournal(dir)).opened.setAside).toBeUndefined();
});

test('an interrupted creation is simply begun again', async () => {
  const dir = await tempDir();
  await writeFile(join(dir, 'journal.db'), '');
  const journal = await openJournal(dir);
  expect(journal.opened).toEqual({ created: true });
});

test('a journal of later software is refused, not set aside', async () => {
  const { dir, file } = await madeJournal();
  const db = await openDatabase(file, 'write');
  await db.exec('PRAGMA user_version = 99');
  await db.close();
  await expect(openJournal(dir)).rejects.toThrow(
    `has version 99, this software knows ${SCHEMA_VERSION}; start the newer software`,
  );
  expect(await readdir(dir)).not.toContain('quarantine');
});

test('a sound journal is never set aside, whatever is in it', async () => {
  const dir = await tempDir();
  let journal = await openJournal(dir);
  await journal.append(raiseOf(journal, alarmOf({ subject: '\u5bbf\u820d \u{1f525}' }))).all;
  await journal.append(batchOf([rowOf(journal, { padding: 300_000, data: { text: '\u0001"\\' } })])).all;
  for (let n = 0; n < 3; n++) {
    await journal.close();
    journal = await openJournal(dir);
    expect(journal.opened).toEqual({ created: false });
    await journal.append(batchOf(Array.from({ length: 100 }, () => rowOf(journal)))).all;
  }
  await journal.prune('e', 301);
  await journal.close();
  journal = await openJournal(dir);
  expect(journal.opened).toEqual({ created: false });
  expect(journal.nextSeq('e')).toBe(302);
});

/** Leaves a journal with a log that is not in the database yet, as after a crash. */
async function copyLog(dir: string): Promise<void> {
  const file = join(dir, 'journal.db');
  const journal = await openJournal(dir);
  await journal.append(batchOf([rowOf(journal), rowOf(journal)])).all;
  await mkdir(join(dir, 'copy'));
  for (const suffix of ['', '-wal']) await copyFile(file + suffix, join(dir, 'copy', `journal.db${suffix}`));
  await journal.close();
  for (const suffix of ['', '-wal']) await rename(join(dir, 'copy', `journal.db${suffix}`), file + suffix);
  await rm(`${file}-shm`, { force: true });
}

/** Overwrites a page of the database, with nothing of it left in the log or in anybody's cache. */
async function spoilPage(journal: Journal, file: string, page: number): Promise<void> {
  const db = await openDatabase(file, 'write');
  await db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  // another connection's change makes the journal's own one drop its cache
  await db.exec('CREATE TABLE scratch (x); DROP TABLE scratch');
  await db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  await db.close();
  expect(journal.damaged).toBe(false);
  await overwrite(file, (page - 1) * 4096, Buffer.alloc(4096, 0xa7));
}

test('a row whose body is no JSON any more does not stop load(): only its redelivery key is left out', async () => {
  const { dir, file } = await madeJournal();
  const journal = await openJournal(dir);
  await journal.append(batchOf([rowOf(journal, { dup: ['one'] }), rowOf(journal, { dup: ['two'] })])).all;
  const db = await openDatabase(file, 'write');
  await db.run(`UPDATE journal SET body = replace(body, '"', 'x') WHERE dup = '["one"]'`);
  await db.close();
  expect((await journal.load()).dups.map(({ keys }) => keys)).toEqual([['two']]);
  await journal.close();
});

test('an open alarm that cannot be read sets the file aside and is salvaged from its last transition', async () => {
  const { dir, file, alarm } = await madeJournal();
  const db = await openDatabase(file, 'write');
  await db.run(`UPDATE alarm SET body = replace(body, '"type"', '"type')`);
  await db.close();
  const journal = await expectSetAside(dir);
  expect(journal.unfinished.alarms.map(({ id }) => id)).toEqual([alarm]);
  await journal.close();
});

/** Fills pages with noise, as a bad sector does. `where` chooses among the roots of tables and indexes. */
async function spoilRoots(file: string, names: readonly string[]): Promise<void> {
  const db = await openDatabase(file, 'read');
  const size = (await db.get<{ page_size: number }>('PRAGMA page_size'))?.page_size ?? 0;
  const roots = await db.all<{ name: string; rootpage: number }>('SELECT name, rootpage FROM sqlite_schema');
  await db.close();
  const spoilt = roots.filter(({ name }) => names.includes(name));
  expect(spoilt).toHaveLength(names.length);
  for (const { rootpage } of spoilt) await overwrite(file, (rootpage - 1) * size, Buffer.alloc(size, 0x5a));
}

/** A closed journal with open alarms among other rows. */
async function withAlarms(count: number): Promise<{ dir: string; file: string; open: string[] }> {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const raise = raiseOf(journal);
    await journal.append(raise).all;
    await journal.append(batchOf([rowOf(journal, { padding: 300 })])).all;
    ids.push(raise.alarms[0]?.id ?? '');
  }
  await journal.close();
  return { dir, file: join(dir, 'journal.db'), open: ids.sort() };
}

const idsOf = (journal: Journal) => journal.unfinished.alarms.map(({ id }) => id).sort();

test.each([
  ['the table of alarms', ['alarm']],
  ['the list of open alarms', ['alarm_open']],
  ['both', ['alarm', 'alarm_open', 'sqlite_autoindex_alarm_1']],
  ['both, and the index of the transitions', ['alarm', 'alarm_open', 'journal_alarm']],
])('bug: a bad page of %s lost every open alarm', async (_, names) => {
  const { dir, file, open } = await withAlarms(60);
  await spoilRoots(file, names);
  const journal = await expectSetAside(dir);
  expect(idsOf(journal)).toEqual(open);
  await journal.close();
});

test('bug: bad pages in the middle of the alarms and of the rows lost all behind them, and nothing was said', async () => {
  const { dir, file, open } = await withAlarms(60);
  await spoilRoots(file, ['alarm', 'alarm_open']);
  const content = await readFile(file);
  // a page full of the rows of the middle
  const at = content.indexOf(open[30] ?? '', content.indexOf('"ALM.TRANSITION"'));
  await overwrite(file, at - (at % 4096), Buffer.alloc(4096, 0x5a));
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const journal = await openJournal(dir, { clock: () => now, logger });
  expect(idsOf(journal).length).toBeGreaterThan(50);
  expect(open).toEqual(expect.arrayContaining(idsOf(journal)));
  expect(journal.unfinished.notices).toEqual([expect.objectContaining({ readInPart: true })]);
  expect(lines.join('')).toContain('Look at every place that had an alarm lately');
  await journal.close();
});

/** What a start leaves that is killed: the mark, and how far the files are. */
async function interrupted(dir: string, moved: readonly string[]): Promise<string> {
  const file = join(dir, 'journal.db');
  const target = join(dir, 'quarantine', 'journal-20260520T101112Z.db');
  await mkdir(dirname(target));
  await writeFile(`${file}.damaged`, JSON.stringify({ reason: 'malformed', target }));
  for (const suffix of moved) await rename(file + suffix, target + suffix);
  return target;
}

const killedAfter: Array<[when: string, moved: string[], then: (file: string) => Promise<unknown>]> = [
  ['the note', [], async () => {}],
  ['the database was moved, but not its log', [''], async () => {}],
  ['the move', ['', '-wal'], async () => {}],
  ['the new file was made, empty', ['', '-wal'], (file) => writeFile(file, '')],
];

for (const [when, moved, then] of killedAfter) {
  test(`bug: a start killed after ${when} lost the alarms of the damaged journal`, async () => {
    const { dir, file, epoch, alarm } = await madeJournal();
    await copyLog(dir);
    const log = await readFile(`${file}-wal`);
    await interrupted(dir, moved);
    await then(file);
    const journal = await openJournal(dir, { clock: () => now });
    expect(journal.opened.created).toBe(true);
    expect(journal.predecessor).toBe(epoch);
    expect(journal.unfinished.alarms.map(({ id }) => id)).toEqual([alarm]);
    const { setAside = '' } = journal.opened;
    expect(journal.unfinished.notices).toEqual([{ reason: 'a damaged journal was set aside', setAside }]);
    expect(await readFile(`${setAside}-wal`)).toEqual(log);
    expect(await readdir(dir)).not.toContain('journal.db.damaged');
  });
}

test('bug: a start killed before it stored the alarms of the damaged journal lost them: later ones have them', async () => {
  const { dir, file } = await madeJournal();
  const content = await readFile(file);
  await overwrite(file, content.lastIndexOf('"padding":"xxxx') + 12, Buffer.from('y'));
  const first = await openJournal(dir);
  const { unfinished, epoch } = first;
  expect(unfinished.alarms).toHaveLength(1);
  await first.close();
  for (let n = 0; n < 2; n++) {
    const again = await openJournal(dir);
    expect(again.opened).toEqual({ created: false });
    expect(again.epoch).toBe(epoch);
    expect(again.unfinished).toEqual(unfinished);
    await again.close();
  }
  // the commit that raises them removes them
  const last = await openJournal(dir);
  const raise = raiseOf(last);
  await last.append({ ...raise, states: [{ key: UNFINISHED_KEY, value: undefined }] }).all;
  await last.close();
  expect((await openJournal(dir)).unfinished).toEqual({ alarms: [], notices: [] });
});

test('bug: a mark that was left behind set a sound new journal aside', async () => {
  const { dir } = await madeJournal();
  const target = await interrupted(dir, ['']);
  const journal = await openJournal(dir);
  await journal.append(raiseOf(journal)).all;
  await journal.close();
  // killed between the creation and the removal of the mark
  await writeFile(join(dir, 'journal.db.damaged'), JSON.stringify({ reason: 'malformed', target }));
  const again = await openJournal(dir);
  expect(again.opened).toEqual({ created: false });
  expect(again.epoch).toBe(journal.epoch);
  expect(await readdir(dir)).not.toContain('journal.db.damaged');
});

test('bug: an alarm waiting to be carried over was lost with a second damage', async () => {
  const { dir, file } = await madeJournal();
  const content = await readFile(file);
  await overwrite(file, content.lastIndexOf('"padding":"xxxx') + 12, Buffer.from('y'));
  const first = await openJournal(dir);
  const { alarms } = first.unfinished;
  await first.append(batchOf([rowOf(first, { padding: 500 }), rowOf(first)])).all;
  await first.close();
  const next = await readFile(file);
  await overwrite(file, next.lastIndexOf('"padding":"xxxx') + 12, Buffer.from('y'));
  const second = await expectSetAside(dir);
  expect(second.unfinished.alarms).toEqual(alarms);
  expect(second.unfinished.notices).toHaveLength(2);
});

test('bug: an emptied journal.db counted as a first start, beside the reserve and a site.db', async () => {
  const { dir, file } = await madeJournal();
  await writeFile(join(dir, 'reserve'), 'x');
  await writeFile(join(dir, 'site.db'), 'places and devices');
  await truncate(file, 0);
  await rm(`${file}-wal`, { force: true });
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const journal = await openJournal(dir, { logger });
  expect(journal.opened).toEqual({ created: true });
  expect(journal.unfinished.notices).toEqual([
    { reason: 'the journal was empty or missing', found: ['reserve', 'site.db'] },
  ]);
  expect(lines.join('')).toContain('is empty or missing, but reserve, site.db beside it show');
  expect(lines.join('')).toContain('restore a backup');
  await journal.close();
  // told until it is stored
  expect((await openJournal(dir)).unfinished.notices).toHaveLength(1);
});

test('bug: a journal deleted beside a site.db counted as a first start', async () => {
  const { dir, file } = await madeJournal();
  await writeFile(join(dir, 'site.db'), 'places and devices');
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
  const journal = await openJournal(dir);
  expect(journal.unfinished.notices).toHaveLength(1);
});

test('an import before the first start is no earlier life', async () => {
  const dir = await tempDir();
  await writeFile(join(dir, 'site.db'), 'places and devices');
  expect((await openJournal(dir)).unfinished).toEqual({ alarms: [], notices: [] });
});

test('bug: a young journal was nothing without its log: a file of 4096 bytes', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const { epoch } = journal;
  await mkdir(join(dir, 'copy'));
  await copyFile(join(dir, 'journal.db'), join(dir, 'copy', 'journal.db'));
  const copy = await openJournal(join(dir, 'copy'));
  expect(copy.opened).toEqual({ created: false });
  expect(copy.epoch).toBe(epoch);
});

test('bug: the mark of a damaged journal that somebody had removed set the next one aside', async () => {
  const { dir, file } = await madeJournal();
  await writeFile(`${file}.damaged`, JSON.stringify({ reason: 'malformed' }));
  for (const suffix of ['', '-wal', '-shm']) await rm(file + suffix, { force: true });
  const first = await openJournal(dir);
  expect(first.opened).toEqual({ created: true });
  await first.close();
  const second = await openJournal(dir);
  expect(second.opened).toEqual({ created: false });
  expect(second.epoch).toBe(first.epoch);
});
