import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Journal } from '../../../edge/journal/journal.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { describeWithPeer, requirePeer } from '../../support/peers.ts';
import { openJournal, silent, tempDir } from './support/journal.ts';

const writer = join(fileURLToPath(import.meta.url), '../support/writer.ts');

interface OnDisk {
  a: number;
  e: number;
  alarm: string;
  state: string;
}

/** Lets a process write until it has told of so many batches, then kills it; returns what it told. */
async function writeAndKill(dir: string, batches: number): Promise<OnDisk[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const told: OnDisk[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.endsWith('}')) continue;
    told.push(JSON.parse(line) as OnDisk);
    if (told.length === batches) child.kill('SIGKILL');
  }
  return told;
}

test('after kill -9 everything that was told to be on disk is there, and the journal proves itself', {
  timeout: 120_000,
}, async () => {
  const dir = await tempDir();
  const alarms = new Set<string>();
  const states = new Set<string>();
  let told: OnDisk[] = [];
  for (let round = 1; round <= 10; round++) {
    told = await writeAndKill(dir, 3 + round * 7);
    for (const { alarm, state } of told) {
      alarms.add(alarm);
      states.add(state);
    }
    const faults: unknown[] = [];
    const { heads } = await verifyDirectory(dir, (fault) => faults.push(fault));
    expect(faults).toEqual([]);
    expect(heads.a.seq).toBeGreaterThanOrEqual(Math.max(...told.map(({ a }) => a)));
    expect(heads.e.seq).toBeGreaterThanOrEqual(Math.max(...told.map(({ e }) => e)));
  }
  const journal = await openJournal(dir);
  expect(journal.opened).toEqual({ created: false });
  const loaded = await journal.load();
  const open = new Set(loaded.alarms.map(({ id }) => id));
  expect([...alarms].filter((id) => !open.has(id))).toEqual([]);
  expect([...states].filter((key) => !loaded.states.has(key))).toEqual([]);
});

test('a killed process leaves no lock behind', { timeout: 60_000 }, async () => {
  const dir = await tempDir();
  await writeAndKill(dir, 2);
  await openJournal(dir, { lockWaitMs: 0 });
});

test('a running process keeps the data directory to itself; readers are welcome', {
  timeout: 60_000,
}, async () => {
  const dir = await tempDir();
  const child = spawn(process.execPath, ['--import', 'tsx', writer, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.resume();
  const second = Journal.open({ dir, logger: silent, clock: Date.now, lockWaitMs: 50 });
  await expect(second).rejects.toThrow(`is in use by process ${child.pid}`);
  const faults: unknown[] = [];
  for (let n = 0; n < 5; n++) {
    expect((await verifyDirectory(dir, (fault) => faults.push(fault))).rows).toBeGreaterThan(0);
  }
  expect(faults).toEqual([]);
});

describeWithPeer('strace', 'durability', () => {
  test('each commit is flushed to the disk before it is told', { timeout: 60_000 }, async () => {
    const dir = await tempDir();
    const trace = join(dir, 'trace');
    const calls = 'trace=fdatasync,fsync,write,pwrite64';
    await traceAndKill(['-e', calls, '-y', '-s', '1', '-o', trace], join(dir, 'data'), 30);
    let unflushed = 0;
    let flushes = 0;
    for (const line of (await readFile(trace, 'utf8')).split('\n')) {
      if (/ p?write(64)?\(\d+<[^>]*journal\.db-wal>/.test(line)) unflushed += 1;
      if (/ f(data)?sync\(\d+<[^>]*journal\.db-wal>/.test(line)) {
        unflushed = 0;
        flushes += 1;
      }
      // the telling
      if (/ write\(1</.test(line)) expect(unflushed).toBe(0);
    }
    expect(flushes).toBeGreaterThanOrEqual(10);
  });

  test('when the disk fails to flush, the same commit is tried again and nothing is told too early', {
    timeout: 60_000,
  }, async () => {
    const dir = await tempDir();
    const trace = join(dir, 'trace');
    const fault = 'inject=fsync,fdatasync:error=EIO:when=15..16';
    const told = await traceAndKill(
      ['-e', 'trace=fsync,fdatasync', '-e', fault, '-o', trace],
      join(dir, 'data'),
      300,
    );
    expect(await readFile(trace, 'utf8')).toContain('EIO (Input/output error) (INJECTED)');
    expect(told).toHaveLength(300);
    const faults: unknown[] = [];
    const { heads } = await verifyDirectory(join(dir, 'data'), (found) => faults.push(found));
    expect(faults).toEqual([]);
    expect(heads.a.seq).toBeGreaterThanOrEqual(Math.max(...told.map(({ a }) => a)));
    const journal = await openJournal(join(dir, 'data'));
    const alarms = new Set((await journal.load()).alarms.map(({ id }) => id));
    expect(told.filter(({ alarm }) => !alarms.has(alarm))).toEqual([]);
  });
});

/** Lets a process write under strace until it has told of so many batches, then kills both. */
async function traceAndKill(options: string[], dir: string, batches: number): Promise<OnDisk[]> {
  const args = ['-f', ...options, process.execPath, '--import', 'tsx', writer, dir];
  const child = spawn(requirePeer('strace'), args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  onTestFinished(stop);
  const told: OnDisk[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.endsWith('}') || told.length === batches) continue;
    told.push(JSON.parse(line) as OnDisk);
    if (told.length === batches) stop();
  }
  return told;
}
