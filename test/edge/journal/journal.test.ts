import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Committed } from '../../../edge/journal/batch.ts';
import { JournalClosedError } from '../../../edge/journal/commit-queue.ts';
import { SequenceError } from '../../../edge/journal/encode.ts';
import { Journal } from '../../../edge/journal/journal.ts';
import { JournalLockedError } from '../../../edge/journal/lock.ts';
import { renewEpoch } from '../../../edge/journal/opening.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { openJournal, silent, tempDir } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf, transitionOf } from './support/rows.ts';

test('a commit makes everything true at once', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const other = await openDatabase(join(dir, 'journal.db'), 'read');
  const seen: Array<{ batches: number; alarms: number; states: number; retained: number; ack: number }> = [];
  let going = true;
  const watching = (async () => {
    while (going) {
      const row = await other.get<(typeof seen)[number]>(
        `SELECT (SELECT count(*) FROM journal) / 3.0 AS batches, (SELECT count(*) FROM alarm) AS alarms,
           (SELECT count(*) FROM state) AS states, (SELECT count(*) FROM retained) AS retained,
           (SELECT coalesce(sum(ack), 0) FROM cursor) AS ack`,
      );
      if (row !== undefined) seen.push(row);
    }
  })();
  for (let n = 1; n <= 60; n++) {
    const raise = raiseOf(journal);
    raise.rows.push(rowOf(journal));
    raise.states.push({ key: `device:${n}`, value: `{"n":${n}}` });
    raise.retained.push({ topic: `t/${n}`, qos: 1, payload: Buffer.from([n]) });
    if (n > 1) raise.cursors.push({ recipient: 'province', lane: 'e', cursor: { ack: n - 1, have: [] } });
    await journal.append(raise).all;
  }
  going = false;
  await watching;
  await other.close();
  expect(new Set(seen.map(({ batches }) => batches)).size).toBeGreaterThan(5);
  for (const { batches, ...others } of seen) {
    expect(others).toEqual({
      alarms: batches,
      states: batches,
      retained: batches,
      ack: Math.max(0, batches - 1),
    });
  }
});

test('what was stored is there after a restart', async () => {
  const dir = await tempDir();
  const first = await openJournal(dir);
  const alarm = alarmOf();
  const raise = raiseOf(first, alarm);
  raise.states.push(
    { key: 'device:1', value: '{"smoke":true,"name":"\u5bbf\u820d"}' },
    { key: 'device:2', value: '{}' },
  );
  raise.retained.push({ topic: 'a/b', qos: 1, payload: Buffer.from([0, 255, 10]) });
  raise.retained.push({ topic: 'gone', qos: 0, payload: Buffer.from('x') });
  await first.append(raise).all;
  await first.append(
    batchOf([rowOf(first, { dup: ['k|dev-1|DEV.ONLINE|1', 'm|x'] })], {
      states: [{ key: 'device:2', value: undefined }],
      retained: [{ topic: 'gone', qos: 0, payload: Buffer.alloc(0) }],
    }),
  ).all;
  const before = await first.load();
  await first.close();

  const second = await openJournal(dir);
  expect(second.opened).toEqual({ created: false });
  expect(second.epoch).toBe(first.epoch);
  const loaded = await second.load();
  expect(loaded).toEqual(before);
  expect(loaded.alarms).toEqual(raise.alarms);
  expect(loaded.raisedSeq).toEqual(new Map([[alarm.id, 2]]));
  expect(loaded.states).toEqual(new Map([['device:1', '{"smoke":true,"name":"\u5bbf\u820d"}']]));
  expect(loaded.retained).toEqual([{ topic: 'a/b', qos: 1, payload: Buffer.from([0, 255, 10]) }]);
  expect(loaded.dups).toMatchObject([{ keys: ['k|dev-1|DEV.ONLINE|1', 'm|x'] }]);
  expect(second.nextSeq('a')).toBe(3);
  expect(second.nextSeq('e')).toBe(2);
  expect(second.reader.position()).toBe(3);
});

test('load gives open alarms of any age, and closed ones of the last 24 hours', async () => {
  const now = Date.parse('2026-05-20T12:00:00.000Z');
  const journal = await openJournal(await tempDir(), { clock: () => now });
  const old = { at: now - 40 * 86_400_000 };
  const open = raiseOf(journal, alarmOf(), old);
  const closedLongAgo = raiseOf(journal, alarmOf({ operator: 'closed' }), old);
  const closedToday = raiseOf(journal, alarmOf({ operator: 'closed' }), { at: now - 3_600_000 });
  for (const batch of [open, closedLongAgo, closedToday]) await journal.append(batch).all;
  const { alarms } = await journal.load();
  expect(alarms.map(({ id }) => id)).toEqual([open, closedToday].map((batch) => batch.alarms[0]?.id));
});

test('keys of redeliveries older than 10 minutes are not loaded', async () => {
  const now = Date.now();
  const journal = await openJournal(await tempDir(), { clock: () => now });
  const rows = [
    rowOf(journal, { at: now - 601_000, dup: ['old'] }),
    rowOf(journal, { at: now - 599_000, dup: ['young'] }),
  ];
  await journal.append(batchOf(rows)).all;
  expect((await journal.load()).dups).toEqual([{ keys: ['young'], id: rows[1]?.id, at: now - 599_000 }]);
});

test('views of an alarm are not stored with it', async () => {
  const journal = await openJournal(await tempDir());
  const alarm = alarmOf({ delivery: { province: { state: 'pending' } }, unsaved: true });
  await journal.append(raiseOf(journal, alarm)).all;
  const [stored] = (await journal.load()).alarms;
  expect(stored).toHaveProperty('id', alarm.id);
  expect(stored).not.toHaveProperty('delivery');
  expect(stored).not.toHaveProperty('unsaved');
});

test('an alarm never goes back to an older version', async () => {
  const journal = await openJournal(await tempDir());
  const alarm = alarmOf();
  await journal.append(raiseOf(journal, { ...alarm, version: 3, count: 3 })).all;
  await journal.append(batchOf([], { alarms: [{ ...alarm, version: 2, count: 2 }] })).all;
  expect(await journal.reader.alarm(alarm.id)).toMatchObject({ version: 3, count: 3 });
});

test('positions are given at commit and told before the promises resolve', async () => {
  const journal = await openJournal(await tempDir());
  const heard: Committed[] = [];
  const stop = journal.onCommit((committed) => heard.push(committed));
  const first = batchOf([rowOf(journal), rowOf(journal)]);
  const one = journal.append(first);
  await one.all;
  expect(heard).toMatchObject([{ position: 2, rows: first.rows }]);
  const second = raiseOf(journal);
  const two = journal.append(second);
  await two.alarms;
  expect(heard[1]).toMatchObject({ position: 4, alarms: second.alarms });
  stop();
  await journal.append(batchOf([rowOf(journal)])).all;
  expect(heard).toHaveLength(2);
  expect(journal.reader.position()).toBe(5);
});

test('a listener that throws harms neither the commit nor the other listeners', async () => {
  const journal = await openJournal(await tempDir());
  const heard: number[] = [];
  journal.onCommit(() => {
    throw new Error('listener');
  });
  journal.onCommit(({ position }) => heard.push(position));
  await journal.append(batchOf([rowOf(journal)])).all;
  await journal.append(batchOf([rowOf(journal)])).all;
  expect(heard).toEqual([1, 2]);
  expect(journal.storage).toBe('ok');
});

test('the chain is what the contract says, over the stored bytes', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const rows = [rowOf(journal, { data: { text: '\u62a5\u8b66 \u{1f6a8}' } }), rowOf(journal), rowOf(journal)];
  await journal.append(batchOf(rows.slice(0, 2))).all;
  await journal.append(batchOf(rows.slice(2))).all;
  const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
  let h: Buffer = Buffer.alloc(32);
  for (const row of rows) {
    const seq = Buffer.alloc(8);
    seq.writeBigUInt64BE(BigInt(row.seq));
    h = sha256(h, seq, sha256(Buffer.from(row.body)));
  }
  expect(journal.outbox.head('e')).toEqual({ seq: 3, hash: h.toString('hex') });
  const stored = await journal.outbox.read('e', 1, 9, 1e6);
  expect(stored.rows.map(({ body }) => body)).toEqual(rows.map(({ body }) => body));
});

test('a batch that skips or repeats a number is refused, and the numbers are given out again', async () => {
  const journal = await openJournal(await tempDir());
  journal.nextSeq('e');
  const skipping = batchOf([rowOf(journal)]);
  expect(() => journal.append(skipping)).toThrow(SequenceError);
  const good = batchOf([rowOf(journal)]);
  expect(good.rows[0]?.seq).toBe(1);
  await journal.append(good).all;
  expect(() => journal.append(good)).toThrow('lane e continues with seq 2, the batch has 1');
  journal.nextSeq('a');
  journal.rewind();
  expect(journal.nextSeq('a')).toBe(1);
});

test('a second gateway on the same data directory is refused and told who has it', async () => {
  const dir = await tempDir();
  await openJournal(dir);
  const second = Journal.open({ dir, logger: silent, clock: Date.now, lockWaitMs: 50 });
  await expect(second).rejects.toThrow(JournalLockedError);
  await expect(second).rejects.toThrow(`${dir} is in use by process ${process.pid}`);
});

test('the data directory is free again after close, and after an open that failed', async () => {
  const dir = await tempDir();
  const first = await openJournal(dir);
  await first.close();
  await first.close();
  const second = await openJournal(dir, { lockWaitMs: 50 });
  await expect(Journal.open({ dir, logger: silent, clock: Date.now, lockWaitMs: 50 })).rejects.toThrow(
    JournalLockedError,
  );
  await second.close();
  await openJournal(dir, { lockWaitMs: 50 });
});

test('close leaves no log behind, and what comes after it is rejected', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const last = journal.append(batchOf([rowOf(journal)])).all;
  await journal.close();
  await last;
  const { bytes, rows } = await (await openJournal(dir)).reader.stats();
  expect(rows).toBe(1);
  expect(bytes.database).toBeGreaterThan(4096);
  await expect(journal.append(batchOf([rowOf(journal)])).all).rejects.toThrow(JournalClosedError);
  await expect(journal.outbox.advance('province', 'e', { ack: 1, have: [] })).rejects.toThrow(
    JournalClosedError,
  );
});

test('the write-ahead log stays short while rows come without a pause', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  let largest = 0;
  for (let n = 0; n < 70; n++) {
    await journal.append(batchOf(Array.from({ length: 500 }, () => rowOf(journal, { padding: 2_000 })))).all;
    largest = Math.max(largest, (await journal.reader.stats()).bytes.log);
  }
  // 70 batches are some 95 MB
  expect(largest).toBeLessThan(40 * 1024 * 1024);
  expect((await journal.reader.stats()).bytes.database).toBeGreaterThan(40 * 1024 * 1024);
});

test('a restored journal gets a new epoch and names the old one', async () => {
  const dir = await tempDir();
  const first = await openJournal(dir);
  await first.append(batchOf([rowOf(first)])).all;
  await first.close();
  const { epoch, predecessor } = await renewEpoch(dir);
  const second = await openJournal(dir);
  expect(predecessor).toBe(first.epoch);
  expect([second.epoch, second.predecessor, second.outbox.predecessor]).toEqual([
    epoch,
    first.epoch,
    first.epoch,
  ]);
  expect(epoch > first.epoch).toBe(true);
});

test('bug: a cursor beyond the end of the journal was taken as it is, and its numbers were given out again', async () => {
  const dir = await tempDir();
  const first = await openJournal(dir);
  await first.append(batchOf([rowOf(first), rowOf(first), rowOf(first)])).all;
  await first.outbox.advance('province', 'e', { ack: 3, have: [] });
  await first.outbox.advance('county', 'e', { ack: 1, have: [] });
  await first.close();
  // a restore that brought the cursors, but not the newest row
  const db = await openDatabase(join(dir, 'journal.db'), 'write');
  await db.run("DELETE FROM journal WHERE lane = 'e' AND seq = 3");
  await db.close();
  const lines: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(line) });
  const second = await openJournal(dir, { logger });
  expect(second.epoch > first.epoch).toBe(true);
  expect(second.predecessor).toBe(first.epoch);
  expect(second.outbox.cursor('county', 'e')).toEqual({ ack: 0, have: [] });
  expect(second.nextSeq('e')).toBe(3);
  const lost = { recipient: 'province', lane: 'e', head: 2, known: 3 };
  const names = { epoch: second.epoch, predecessor: first.epoch };
  expect(second.unfinished.notices).toEqual([{ reason: 'newest rows were lost', ...lost, ...names }]);
  expect(lines.join('')).toContain('has lost its newest rows');
  await second.close();
  const third = await openJournal(dir);
  expect(third.epoch).toBe(second.epoch);
  expect(third.unfinished.notices).toHaveLength(1);
});

test('a recipient that has rows beyond the end brings a new epoch, once in a run, with cursors that start anew', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  const before = journal.epoch;
  await journal.append(batchOf([rowOf(journal), rowOf(journal)])).all;
  await journal.outbox.advance('province', 'e', { ack: 2, have: [] });
  const renewed: string[] = [];
  journal.outbox.onRenewed(() => renewed.push(journal.outbox.epoch));
  const lost = { recipient: 'province', lane: 'e' as const, head: 2, known: 9 };
  // a move that waits must not become one of the new epoch
  const moved = journal.outbox.advance('county', 'e', { ack: 2, have: [] });
  const [told, again] = await Promise.all([journal.rowsLost(lost), journal.rowsLost(lost)]);
  await moved;
  expect(again).toBeUndefined();
  expect(await journal.rowsLost({ ...lost, known: 10 })).toBeUndefined();
  expect(told?.notices).toEqual([
    { reason: 'newest rows were lost', ...lost, epoch: journal.epoch, predecessor: before },
  ]);
  expect(renewed).toEqual([journal.epoch]);
  expect(journal.outbox.predecessor).toBe(before);
  expect(journal.outbox.cursor('province', 'e').ack).toBe(0);
  await journal.append(batchOf([rowOf(journal)])).all;
  expect(journal.outbox.head('e').seq).toBe(3);
  await journal.close();
  const next = await openJournal(dir);
  expect([next.epoch, next.predecessor]).toEqual([journal.epoch, before]);
  expect(next.unfinished.notices).toHaveLength(1);
  expect(next.outbox.recipients()).toEqual([]);
  expect((await verifyDirectory(dir, () => {})).ok).toBe(true);
});

test('the history of an alarm is its transitions, oldest first', async () => {
  const journal = await openJournal(await tempDir());
  const alarm = alarmOf();
  await journal.append(raiseOf(journal, alarm)).all;
  const next = { ...alarm, version: 2, operator: 'acknowledged' as const };
  await journal.append(batchOf([transitionOf(journal, next)], { alarms: [next] })).all;
  const history = await journal.reader.alarmHistory(alarm.id);
  expect(history.map(({ body }) => JSON.parse(body).data.data.version)).toEqual([1, 2]);
  expect(await journal.reader.alarm(alarm.id)).toMatchObject({ version: 2, operator: 'acknowledged' });
});
