import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JournalLockedError } from '../../../edge/journal/lock.ts';
import { rebuildJournal } from '../../../edge/journal/rebuild.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import { type Fault, verifyDirectory } from '../../../edge/journal/verify.ts';
import { openJournal, tempDir } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf, transitionOf } from './support/rows.ts';

/** A closed journal: 2 alarms, one acknowledged; lane a 1-5, lane e 1-1,200. */
async function madeJournal(): Promise<{ dir: string; alarms: string[] }> {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const alarm = alarmOf();
  const raise = raiseOf(journal, alarm);
  await journal.append(raise).all;
  await journal.append(batchOf(Array.from({ length: 1_200 }, () => rowOf(journal)))).all;
  const next = { ...(raise.alarms[0] ?? alarm), version: 2, operator: 'acknowledged' as const };
  await journal.append(batchOf([transitionOf(journal, next)], { alarms: [next] })).all;
  const other = raiseOf(journal, alarmOf({ operator: 'closed' }));
  await journal.append(other).all;
  await journal.outbox.advance('province', 'e', { ack: 1_000, have: [] });
  await journal.close();
  return { dir, alarms: [alarm.id, other.alarms[0]?.id ?? ''] };
}

async function faultsOf(dir: string): Promise<string[]> {
  const faults: Fault[] = [];
  const result = await verifyDirectory(dir, (fault) => faults.push(fault));
  expect([result.ok, result.faults]).toEqual([faults.length === 0, faults.length]);
  return faults.map(({ position, lane, seq, alarm, what }) =>
    [position && `${position}`, lane && `${lane}${seq}`, alarm && 'alarm', what].filter(Boolean).join(' '),
  );
}

async function tamper(dir: string, sql: string): Promise<void> {
  const db = await openDatabase(join(dir, 'journal.db'), 'write');
  await db.exec(sql);
  await db.close();
}

test('a sound journal has no faults', async () => {
  const { dir } = await madeJournal();
  expect(await faultsOf(dir)).toEqual([]);
  expect(await verifyDirectory(dir, () => {})).toMatchObject({
    ok: true,
    rows: 1_205,
    alarms: 2,
    heads: { a: { seq: 5 }, e: { seq: 1_200 } },
  });
});

const tamperings: Array<[name: string, sql: string, faults: Array<string | RegExp>]> = [
  [
    'a changed body',
    `UPDATE journal SET body = replace(body, '"value":80', '"value":10') WHERE lane = 'e' AND seq = 700`,
    ['702 e700 the chain breaks: this row or the one before it was changed'],
  ],
  [
    'a body changed together with its hash',
    `UPDATE journal SET body = replace(body, '"value":80', '"value":10'), h = zeroblob(32) WHERE lane = 'e' AND seq = 700`,
    [/^702 e700 the chain breaks/, /^703 e701 the chain breaks/],
  ],
  [
    'a removed row',
    `DELETE FROM journal WHERE lane = 'e' AND seq = 700`,
    ['703 e701 seq 700 is missing: 701 follows 699'],
  ],
  [
    'a removed beginning',
    `DELETE FROM journal WHERE lane = 'e' AND seq <= 5`,
    ['8 e6 seq 1 is missing: 6 follows 0'],
  ],
  [
    'a changed column',
    `UPDATE journal SET severity = 4 WHERE lane = 'a' AND seq = 1`,
    ['1 a1 severity is 1 in the body and 4 in its column'],
  ],
  [
    'rows exchanged',
    `UPDATE journal SET position = -1 WHERE position = 100; UPDATE journal SET position = 100 WHERE position = 101;
     UPDATE journal SET position = 101 WHERE position = -1`,
    [
      /seq 98 is missing: 99 follows 97/,
      /seq 100 is missing: 98 follows 99/,
      /seq 99 is missing: 100 follows 98/,
    ],
  ],
  [
    'a body that is no JSON',
    `UPDATE journal SET body = 'x' WHERE position = 3`,
    [/chain breaks/, /^3 e1 the body is no JSON/],
  ],
  [
    'a changed alarm',
    `UPDATE alarm SET body = replace(body, '"severity":1', '"severity":4') WHERE open = 1`,
    ['alarm it differs from its last transition; run "journal rebuild"'],
  ],
  [
    'a lost alarm',
    `DELETE FROM alarm WHERE open = 1`,
    ['alarm it has transitions, but is not among the alarms; run "journal rebuild"'],
  ],
  [
    'an invented alarm',
    `INSERT INTO alarm VALUES ('x', 1, 0, 0, '{}')`,
    ['alarm it has no transitions; run "journal rebuild"'],
  ],
  [
    'a cursor from nowhere',
    `UPDATE cursor SET ack = 5000`,
    ['e5000 recipient province confirmed more than was ever stored'],
  ],
  [
    'lost hour marks',
    `DELETE FROM hour`,
    Array.from({ length: 1_205 }, () => /the hour marks do not cover it/),
  ],
];

for (const [name, sql, expected] of tamperings) {
  test(`verify finds ${name}`, async () => {
    const { dir } = await madeJournal();
    await tamper(dir, sql);
    const faults = await faultsOf(dir);
    expect(faults).toHaveLength(expected.length);
    for (const [n, fault] of expected.entries()) expect(faults[n]).toMatch(fault);
  });
}

test('rebuild folds the projections from the rows to what they were', async () => {
  const { dir } = await madeJournal();
  const dump = async (): Promise<unknown> => {
    const db = await openDatabase(join(dir, 'journal.db'), 'read');
    const content = [
      await db.all('SELECT id, version, open, changed, body FROM alarm ORDER BY id'),
      await db.all('SELECT position, hour FROM hour ORDER BY position'),
      await db.all('SELECT * FROM cursor'),
    ];
    await db.close();
    return content;
  };
  const before = await dump();
  await tamper(
    dir,
    `UPDATE alarm SET body = '{}', version = 99; INSERT INTO alarm VALUES ('x', 1, 0, 0, '{}'); DELETE FROM hour`,
  );
  expect(await rebuildJournal(dir)).toEqual({ alarms: 2, kept: 0, hours: 1 });
  expect(await dump()).toEqual(before);
  expect(await faultsOf(dir)).toEqual([]);
});

test('rebuild keeps an open alarm whose transitions retention has removed', async () => {
  const { dir, alarms } = await madeJournal();
  const journal = await openJournal(dir);
  await journal.prune('a', 5);
  await journal.close();
  expect(await faultsOf(dir)).toEqual([]);
  expect(await rebuildJournal(dir)).toMatchObject({ alarms: 0, kept: 1 });
  const again = await openJournal(dir);
  expect((await again.load()).alarms.map(({ id }) => id)).toEqual([alarms[0]]);
});

test('rebuild is refused while a gateway has the journal', async () => {
  const dir = await tempDir();
  await openJournal(dir);
  await expect(rebuildJournal(dir)).rejects.toThrow(JournalLockedError);
});

test('verify runs beside a gateway that writes and removes', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const faults: Fault[] = [];
  let writing = true;
  const writer = (async () => {
    for (let n = 1; n <= 60; n++) {
      const batch = raiseOf(journal, alarmOf({ operator: n % 3 === 0 ? 'closed' : 'new' }));
      for (let row = 0; row < 40; row++) batch.rows.push(rowOf(journal));
      await journal.append(batch).all;
      if (n % 5 === 0) await journal.prune('e', n * 20);
      if (n % 7 === 0) await journal.prune('a', n);
    }
    writing = false;
  })();
  let runs = 0;
  while (writing) {
    await verifyDirectory(dir, (fault) => faults.push(fault));
    runs += 1;
  }
  await writer;
  expect(faults).toEqual([]);
  expect(runs).toBeGreaterThan(2);
});
