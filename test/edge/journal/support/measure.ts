// npx tsx test/edge/journal/support/measure.ts: rows a second of the journal beside a bare SQLite table, in pairs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { SealedBatch } from '../../../../edge/journal/batch.ts';
import { Journal } from '../../../../edge/journal/journal.ts';
import { openDatabase } from '../../../../edge/journal/sqlite.ts';
import { batchOf, rowOf } from './rows.ts';

interface Result {
  rowsPerSecond: number;
  /** Of the whole process, a row. */
  cpuMicros: number;
}

const dir = await mkdtemp(join(tmpdir(), 'journal-measure-'));
try {
  const plans = [
    { rows: 1, batches: 500 },
    { rows: 100, batches: 100 },
    { rows: 500, batches: 40 },
    { rows: 1_000, batches: 25 },
  ];
  for (const { rows, batches } of plans) {
    const journal: Result[] = [];
    const states: Result[] = [];
    const bare: Result[] = [];
    for (let pair = 0; pair < 5; pair++) {
      bare.push(await measureBare(rows, batches));
      journal.push(await measureJournal(rows, batches, false));
      states.push(await measureJournal(rows, batches, true));
    }
    const [b, j, s] = [median(bare), median(journal), median(states)];
    console.log(
      `batches of ${rows}: bare ${show(b)}, journal ${show(j)}, ratio ${(j.rowsPerSecond / b.rowsPerSecond).toFixed(2)}; ` +
        `with a state a row ${show(s)}, ratio ${(s.rowsPerSecond / b.rowsPerSecond).toFixed(2)}`,
    );
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}

/** Chain, indexes, redelivery keys; every tenth row in lane `a`; with `states` a device state a row of 300 devices. */
async function measureJournal(rows: number, batches: number, states: boolean): Promise<Result> {
  const journal = await Journal.open({
    dir: await mkdtemp(join(dir, 'j-')),
    logger: pino({ level: 'silent' }),
    clock: Date.now,
    reserveBytes: 0,
  });
  const sealed = Array.from({ length: batches }, () => journalBatch(journal, rows, states));
  for (const batch of sealed.splice(0, 3)) await journal.append(batch).all;
  const result = await timed(rows, sealed, (batch) => journal.append(batch).all);
  await journal.close();
  return result;
}

function journalBatch(journal: Journal, rows: number, states: boolean): SealedBatch {
  const made = Array.from({ length: rows }, (_, n) =>
    rowOf(journal, {
      type: n % 10 === 0 ? 'FIR.SMOKE' : 'DEV.ONLINE',
      device: `dev-${n % 300}`,
      dup: [`m|0123456789abcdef|DEV.ONLINE|pulse|${n}`],
    }),
  );
  const value = JSON.stringify({
    smoke: false,
    tamper: false,
    battery: 90,
    seen: { a: 1, b: 'x'.repeat(100) },
  });
  return batchOf(made, {
    states: states ? made.map((_, n) => ({ key: `device:dev-${n % 300}`, value })) : [],
  });
}

/** The same bodies into a table of nothing else, with the same durability. */
async function measureBare(rows: number, batches: number): Promise<Result> {
  const db = await openDatabase(join(await mkdtemp(join(dir, 'b-')), 'bare.db'), 'create');
  await db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
     CREATE TABLE bare (position INTEGER PRIMARY KEY, body TEXT NOT NULL)`,
  );
  const insert = await db.prepare(
    `INSERT INTO bare SELECT NULL, CAST(substr(?2, value->>0, value->>1) AS TEXT) FROM json_each(?1)`,
  );
  let last = 0;
  const numbers = { nextSeq: () => ++last };
  const sealed = Array.from({ length: batches }, () =>
    Array.from({ length: rows }, () => rowOf(numbers).body),
  );
  const store = (bodies: string[]): Promise<unknown> => {
    let offset = 1;
    const cuts = bodies.map((body) => {
      const cut = [offset, Buffer.byteLength(body)];
      offset += cut[1] ?? 0;
      return cut;
    });
    return insert.run(Buffer.from(JSON.stringify(cuts)), Buffer.from(bodies.join('')));
  };
  for (const bodies of sealed.splice(0, 3)) await store(bodies);
  const result = await timed(rows, sealed, store);
  await db.close();
  return result;
}

async function timed<Batch>(
  rows: number,
  batches: readonly Batch[],
  store: (batch: Batch) => Promise<unknown>,
): Promise<Result> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (const batch of batches) await store(batch);
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  const count = rows * batches.length;
  return { rowsPerSecond: count / seconds, cpuMicros: (used.user + used.system) / count };
}

function median(results: readonly Result[]): Result {
  return results.toSorted((a, b) => a.rowsPerSecond - b.rowsPerSecond)[results.length >> 1] as Result;
}

function show({ rowsPerSecond, cpuMicros }: Result): string {
  return `${Math.round(rowsPerSecond).toLocaleString('en')} rows/s (${cpuMicros.toFixed(1)} us CPU a row)`;
}
