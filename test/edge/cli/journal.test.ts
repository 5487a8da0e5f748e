import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { journalCommand } from '../../../edge/cli/journal.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import { openJournal, tempDir } from '../journal/support/journal.ts';
import { batchOf, raiseOf, rowOf } from '../journal/support/rows.ts';

interface Ran {
  out: string;
  err: string;
  code: number;
}

beforeEach(() => {
  process.exitCode = undefined;
  return () => {
    process.exitCode = undefined;
  };
});

/** Runs `campus-gateway journal ARGS` in this process. */
async function run(...args: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  let code = 2;
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((text) => void out.push(`${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text) => void err.push(`${text}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out.push(String(text));
      return true;
    }),
  ];
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  const command = journalCommand().exitOverride();
  for (const sub of command.commands)
    sub.exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
  try {
    await command.parseAsync(args, { from: 'user' });
    code = Number(process.exitCode ?? 0);
  } catch {
    // commander's usage error
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
  return { out: out.join(''), err: err.join(''), code };
}

async function madeJournal(): Promise<{ dir: string; bodies: string[] }> {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const batch = raiseOf(journal);
  batch.rows.push(...Array.from({ length: 3 }, () => rowOf(journal)));
  await journal.append(batch).all;
  await journal.outbox.advance('province', 'e', { ack: 2, have: [] });
  await journal.prune('e', 1);
  await journal.close();
  return { dir, bodies: batch.rows.filter((row) => row.lane === 'a' || row.seq > 1).map(({ body }) => body) };
}

test('verify says what it proved, and what it cannot prove', async () => {
  const { dir } = await madeJournal();
  const { out, err, code } = await run('verify', '--data', dir);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('4 rows, 1 alarms');
  expect(out).toMatch(/lane e ends with seq 3, [0-9a-f]{64}/);
  expect(out).toContain('compare the ends with the last heartbeat');
});

test('verify names every fault and exits 1', async () => {
  const { dir } = await madeJournal();
  const db = await openDatabase(join(dir, 'journal.db'), 'write');
  await db.exec("UPDATE journal SET body = replace(body, '80', '10') WHERE lane = 'e' AND seq = 2");
  await db.close();
  const plain = await run('verify', '--data', dir);
  expect(plain.code).toBe(1);
  expect(plain.err).toBe(
    'position 4, lane e, seq 2: the chain breaks: this row or the one before it was changed\n',
  );
  expect(plain.out).toContain('1 faults');
  const json = await run('verify', '--data', dir, '--json');
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    faults: 1,
    shown: [{ position: 4, lane: 'e', seq: 2 }],
  });
});

test('verify reads a journal in quarantine, also one that is malformed', async () => {
  const { dir } = await madeJournal();
  expect((await run('verify', '--file', join(dir, 'journal.db'))).code).toBe(0);
  const noise = join(dir, 'noise.db');
  await writeFile(noise, 'noise'.repeat(5_000));
  const { err, code } = await run('verify', '--file', noise);
  expect(code).toBe(1);
  expect(err).toContain('SQLite finds the file malformed');
});

test('stats shows rows, ends, cursors and what was removed', async () => {
  const { dir } = await madeJournal();
  const { out, code } = await run('stats', '--data', dir);
  expect(code).toBe(0);
  expect(out).toMatch(/lane +rows +removed to +head +hash/);
  expect(out).toMatch(/e +2 +1 +3 +[0-9a-f]{64}/);
  expect(out).toMatch(/province +e +2 +1 +0/);
  expect(out).toMatch(/retention of +removed to/);
  const json = await run('stats', '--data', dir, '--json');
  expect(JSON.parse(json.out)).toMatchObject({ rows: 4, lanes: { e: { rows: 2, removedTo: 1 } } });
});

test('export prints the stored bodies byte for byte', async () => {
  const { dir, bodies } = await madeJournal();
  expect((await run('export', '--data', dir)).out).toBe(bodies.map((body) => `${body}\n`).join(''));
  expect((await run('export', '--data', dir, '--lane', 'a')).out).toBe(
    bodies
      .slice(0, 2)
      .map((body) => `${body}\n`)
      .join(''),
  );
  expect((await run('export', '--data', dir, '--since', '4')).out).toBe(`${bodies[3]}\n`);
});

test('rebuild mends the alarms; while the gateway runs it is refused', async () => {
  const { dir } = await madeJournal();
  const db = await openDatabase(join(dir, 'journal.db'), 'write');
  await db.exec('DELETE FROM alarm');
  await db.close();
  expect((await run('verify', '--data', dir)).code).toBe(1);
  const { out, code } = await run('rebuild', '--data', dir);
  expect([code, out]).toEqual([0, expect.stringContaining('1 alarms folded')]);
  expect((await run('verify', '--data', dir)).code).toBe(0);
  await openJournal(dir);
  const refused = await run('rebuild', '--data', dir);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`in use by process ${process.pid}`);
});

test('the commands read a journal that a gateway is writing', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  await journal.append(batchOf([rowOf(journal)])).all;
  expect((await run('verify', '--data', dir)).out).toContain('1 rows');
  expect(JSON.parse((await run('stats', '--data', dir, '--json')).out)).toMatchObject({ rows: 1 });
});

test('a missing journal and wrong options are told with what to do', async () => {
  const dir = await tempDir();
  const missing = await run('stats', '--data', dir);
  expect(missing.code).toBe(1);
  expect(missing.err).toBe(
    `${join(dir, 'journal.db')} does not exist; name the gateway's data directory with --data\n`,
  );
  const json = await run('stats', '--data', dir, '--json');
  expect(JSON.parse(json.out)).toEqual({ ok: false, error: expect.stringContaining('does not exist') });
  const lane = await run('export', '--data', dir, '--lane', 'b');
  expect([lane.code, lane.err]).toEqual([2, expect.stringContaining('write a or e')]);
  const since = await run('export', '--data', dir, '--since', '-1');
  expect([since.code, since.err]).toEqual([2, expect.stringContaining('write a position')]);
});

test('without --data the configuration says where the journal is; a faulty one exits 78', async () => {
  const dir = await tempDir();
  await mkdir(join(dir, 'config'));
  const config = join(dir, 'config', 'edge.yaml');
  await writeFile(config, 'site: [');
  expect((await run('stats', '--config', config)).code).toBe(78);
});

test('bug: verify of an empty file was "SQLITE_ERROR: no such table: journal"', async () => {
  const dir = await tempDir();
  const file = join(dir, 'journal.db');
  await writeFile(file, '');
  const verified = await run('verify', '--file', file);
  expect(verified.code).toBe(1);
  expect(verified.err).toContain('the file is empty: it holds no journal');
  expect(JSON.parse((await run('verify', '--file', file, '--json')).out)).toMatchObject({
    ok: false,
    rows: 0,
  });
  for (const command of ['stats', 'export'])
    expect((await run(command, '--data', dir)).err).toContain('holds no journal: it is empty');
  const other = join(dir, 'other.db');
  const db = await openDatabase(other, 'create');
  await db.exec('CREATE TABLE other (x)');
  await db.close();
  expect((await run('verify', '--file', other)).err).toContain("is another program's database");
  expect((await run('verify', '--file', dir)).err).toContain('is no file');
});
