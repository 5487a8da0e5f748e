import { existsSync } from 'node:fs';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import type { Committed, SealedBatch, StorageState } from '../../../edge/journal/batch.ts';
import type { Journal } from '../../../edge/journal/journal.ts';
import { Retention } from '../../../edge/journal/retention.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { openJournal, silent } from './support/journal.ts';
import { batchOf, raiseOf, rowOf } from './support/rows.ts';
import { freeBytes, noTmpfs, resizeDisk, smallDisk } from './support/tmpfs.ts';

const MIB = 1024 * 1024;
const wait = { timeout: 20_000 };

interface Flooded {
  journal: Journal;
  states: StorageState[];
  commits: Committed[];
  /** Resolved `all` promises, in order of their batches. */
  stored: SealedBatch[];
  batches: SealedBatch[];
  send(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> };
}

/** A journal on a small disk, and what became of the batches sent to it. */
async function onSmallDisk(dir: string, reserveBytes: number): Promise<Flooded> {
  const journal = await openJournal(dir, { reserveBytes });
  const flooded: Flooded = {
    journal,
    states: [],
    commits: [],
    stored: [],
    batches: [],
    send(batch) {
      flooded.batches.push(batch);
      const promises = journal.append(batch);
      promises.all.then(
        () => flooded.stored.push(batch),
        () => {},
      );
      return promises;
    },
  };
  journal.onStorage((state) => flooded.states.push(state));
  journal.onCommit((committed) => flooded.commits.push(committed));
  return flooded;
}

/** Ordinary events until the disk is full. */
async function fill({ journal, send }: Flooded): Promise<void> {
  while (journal.storage === 'ok') {
    send(batchOf(Array.from({ length: 20 }, () => rowOf(journal, { padding: 2_000 }))));
    await vi.waitFor(() => expect(journal.storage === 'full' || journal.pending === 0).toBe(true), wait);
  }
}

describe.skipIf(noTmpfs !== undefined)(
  `full disk${noTmpfs === undefined ? '' : ` (skipped: ${noTmpfs})`}`,
  () => {
    test('alarms are stored from the reserve, the rest waits and follows by itself with the same ids', async () => {
      const dir = await smallDisk(24 * MIB);
      const disk = await onSmallDisk(dir, MIB);
      const { journal, send } = disk;
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      expect((await stat(join(dir, 'reserve'))).blocks * 512).toBeGreaterThanOrEqual(MIB);
      const ballast = join(dir, 'ballast');
      await writeFile(ballast, Buffer.alloc((await freeBytes(dir)) - 6 * MIB));

      await fill(disk);
      expect(existsSync(join(dir, 'reserve'))).toBe(false);
      const waiting = disk.batches.length - disk.stored.length;
      expect(waiting).toBeGreaterThan(0);

      // alarms go on, rows and alarms, and nothing else
      for (let n = 0; n < 12; n++) {
        const raise = raiseOf(journal);
        raise.rows.push(rowOf(journal));
        await send(raise).alarms;
        expect(await journal.reader.alarm(raise.alarms[0]?.id ?? '')).toEqual(raise.alarms[0]);
      }
      expect(disk.batches.length - disk.stored.length).toBe(waiting + 12);
      expect(journal.storage).toBe('full');
      expect(disk.states).toEqual(['full']);

      await rm(ballast);
      await vi.waitFor(() => expect(disk.stored.length).toBe(disk.batches.length), wait);
      await vi.waitFor(() => expect(journal.storage).toBe('ok'), wait);
      expect(disk.states).toEqual(['full', 'ok']);
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      await expectAllStored(dir, disk);
    });

    test('when even the reserve is used up everything waits, and is stored when the disk grows', async () => {
      const dir = await smallDisk(16 * MIB);
      const disk = await onSmallDisk(dir, 256 * 1024);
      const { journal, send } = disk;
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      await writeFile(join(dir, 'ballast'), Buffer.alloc((await freeBytes(dir)) - MIB));
      await fill(disk);
      // somebody else takes what the reserve gave
      await writeFile(join(dir, 'more'), Buffer.alloc(await freeBytes(dir)));
      const attempts: SealedBatch[] = [];
      while (attempts.length < 400) {
        const raise = raiseOf(journal, undefined, { padding: 3_000 });
        attempts.push(raise);
        send(raise);
      }
      await vi.waitFor(() => expect(journal.pending).toBeGreaterThanOrEqual(400), wait);
      expect(disk.states).toEqual(['full']);
      resizeDisk(dir, 64 * MIB);
      await vi.waitFor(() => expect(disk.stored.length).toBe(disk.batches.length), wait);
      await expectAllStored(dir, disk);
    });

    test('a crash on a full disk loses no alarm that was stored, and stores no state whose events are lost', async () => {
      const dir = await smallDisk(16 * MIB);
      const disk = await onSmallDisk(dir, 512 * 1024);
      const { journal, send } = disk;
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      await writeFile(join(dir, 'ballast'), Buffer.alloc((await freeBytes(dir)) - MIB));
      await fill(disk);
      const raise = raiseOf(journal);
      raise.rows.push(rowOf(journal));
      raise.states.push({ key: 'device:9', value: '{"smoke":true}' });
      await send(raise).alarms;
      await journal.close();
      // closing has put the log into the database; somebody else takes what that gave
      await writeFile(join(dir, 'more'), Buffer.alloc(Math.max(0, (await freeBytes(dir)) - 300 * 1024)));

      const again = await openJournal(dir, { reserveBytes: 512 * 1024 });
      const { alarms, states } = await again.load();
      expect(alarms.map(({ id }) => id)).toContain(raise.alarms[0]?.id);
      expect(states.has('device:9')).toBe(false);
      // no reserve and too little space for one: lane e is held back from the start
      expect(again.storage).toBe('full');
      await again.append(raiseOf(again)).alarms;
      expect((await verifyDirectory(dir, () => {})).ok).toBe(true);
    });

    test('the gateway starts on a disk without a single free byte', async () => {
      const dir = await smallDisk(16 * MIB);
      const first = await openJournal(dir, { reserveBytes: 512 * 1024 });
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      await first.append(raiseOf(first)).all;
      await first.close();
      const ballast = join(dir, 'ballast');
      await writeFile(ballast, Buffer.alloc(await freeBytes(dir)));
      await vi.waitFor(async () => expect(await freeBytes(dir)).toBe(0), wait);

      const journal = await openJournal(dir, { reserveBytes: 512 * 1024 });
      expect((await journal.load()).alarms).toHaveLength(1);
      await journal.append(raiseOf(journal)).alarms;
      expect(journal.storage).toBe('full');
      const event = journal.append(batchOf([rowOf(journal)])).all;
      await rm(ballast);
      await event;
      await vi.waitFor(() => expect(journal.storage).toBe('ok'), wait);
    });

    test('old rows make room inside the file, and lane e goes on although the disk stays full', async () => {
      const dir = await smallDisk(40 * MIB);
      const disk = await onSmallDisk(dir, 2 * MIB);
      const { journal, send } = disk;
      await vi.waitFor(() => expect(existsSync(join(dir, 'reserve'))).toBe(true), wait);
      const at = Date.now() - 60 * 86_400_000;
      while (journal.storage === 'ok') {
        send(batchOf(Array.from({ length: 100 }, () => rowOf(journal, { at, padding: 2_000 }))));
        await vi.waitFor(() => expect(journal.storage === 'full' || journal.pending === 0).toBe(true), wait);
      }
      const event = send(batchOf([rowOf(journal)])).all;
      const retention = new Retention({
        journal,
        logger: silent,
        clock: Date.now,
        clockQuality: () => 'sync',
        recipients: () => [],
        onLoss: async () => {},
      });
      await retention.relieve();
      await event;
      await vi.waitFor(() => expect(journal.storage).toBe('ok'), wait);
      const { rows, bytes } = await journal.reader.stats();
      expect(rows).toBeGreaterThan(3_000);
      for (let n = 0; n < 10; n++) {
        await send(batchOf(Array.from({ length: 50 }, () => rowOf(journal, { padding: 2_000 })))).all;
      }
      expect((await journal.reader.stats()).bytes.database).toBe(bytes.database);
      const faults: unknown[] = [];
      await verifyDirectory(dir, (fault) => faults.push(fault));
      expect(faults).toEqual([]);
    });

    test('a log that cannot be copied for want of space is no failed commit', async () => {
      const dir = await smallDisk(32 * MIB);
      const warnings: string[] = [];
      const logger = pino({ level: 'warn' }, { write: (line) => void warnings.push(JSON.parse(line).msg) });
      const journal = await openJournal(dir, { logger });
      const store = async (batches: number): Promise<void> => {
        for (let n = 0; n < batches; n++) {
          await journal.append(batchOf(Array.from({ length: 100 }, () => rowOf(journal, { padding: 3_000 }))))
            .all;
        }
      };
      await store(9);
      const ballast = join(dir, 'ballast');
      await writeFile(ballast, Buffer.alloc((await freeBytes(dir)) - 3 * MIB));
      await store(5);
      expect(journal.storage).toBe('ok');
      const warning = 'journal: the log of the database could not be shortened';
      await vi.waitFor(() => expect(warnings).toEqual([warning]), wait);
      await rm(ballast);
      await store(8);
      await vi.waitFor(
        async () => expect((await stat(join(dir, 'journal.db'))).size).toBeGreaterThan(4 * MIB),
        wait,
      );
    });
  },
);

async function expectAllStored(dir: string, { batches, commits, journal }: Flooded): Promise<void> {
  const faults: unknown[] = [];
  const result = await verifyDirectory(dir, (fault) => faults.push(fault));
  expect(faults).toEqual([]);
  const sent = batches.flatMap((batch) => batch.rows);
  expect(result.rows).toBe(sent.length);
  for (const lane of ['a', 'e'] as const) {
    const wanted = sent.filter((row) => row.lane === lane);
    const { rows } = await journal.outbox.read(lane, 1, wanted.length, Number.MAX_SAFE_INTEGER);
    expect(rows.map(({ seq, body }) => [seq, body])).toEqual(wanted.map(({ seq, body }) => [seq, body]));
    const told = commits.flatMap((committed) => committed.rows).filter((row) => row.lane === lane);
    expect(told.map(({ seq }) => seq)).toEqual(wanted.map(({ seq }) => seq));
  }
  expect(commits.at(-1)?.position).toBe(sent.length);
}
