import { expect, test } from 'vitest';
import { outboxConformance } from '../../conformance/outbox.ts';
import { openJournal, tempDir } from './support/journal.ts';
import { batchOf, raiseOf, rowOf } from './support/rows.ts';

outboxConformance('journal', async () => {
  const journal = await openJournal(await tempDir());
  return {
    outbox: journal.outbox,
    append: (events) => journal.append(batchOf(events.map((event) => rowOf(journal, event)))).all,
    remove: (lane, to) => journal.prune(lane, to),
  };
});

test('cursors are still there after a restart', async () => {
  const dir = await tempDir();
  const first = await openJournal(dir);
  await first.append(batchOf([rowOf(first), rowOf(first), rowOf(first)])).all;
  await first.outbox.advance('province', 'e', { ack: 1, have: [[3, 3]] });
  await first.close();
  const second = await openJournal(dir);
  expect(second.outbox.cursor('province', 'e')).toEqual({ ack: 1, have: [[3, 3]] });
  expect(second.outbox.recipients()).toEqual(['province']);
});

test('a cursor joins ranges that meet and absorbs those it reaches', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf(Array.from({ length: 9 }, () => rowOf(journal)))).all;
  const { outbox } = journal;
  await outbox.advance('province', 'e', { ack: 0, have: [[3, 4]] });
  await outbox.advance('province', 'e', {
    ack: 0,
    have: [
      [5, 5],
      [8, 8],
    ],
  });
  expect(outbox.cursor('province', 'e')).toEqual({
    ack: 0,
    have: [
      [3, 5],
      [8, 8],
    ],
  });
  await outbox.advance('province', 'e', { ack: 2, have: [] });
  expect(outbox.cursor('province', 'e')).toEqual({ ack: 5, have: [[8, 8]] });
});

test('nobody can confirm what was never stored', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal), rowOf(journal)])).all;
  await journal.outbox.advance('province', 'e', { ack: 99, have: [[120, 130]] });
  expect(journal.outbox.cursor('province', 'e')).toEqual({ ack: 2, have: [] });
});

test('cursor moves made at once share a commit', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf(Array.from({ length: 50 }, () => rowOf(journal)))).all;
  const moves: number[] = [];
  journal.onCommit(({ cursors }) => moves.push(cursors.length));
  const all = Array.from({ length: 50 }, (_, n) =>
    journal.outbox.advance('province', 'e', { ack: n + 1, have: [] }),
  );
  await Promise.all([...all, journal.outbox.advance('county', 'e', { ack: 4, have: [] })]);
  expect(moves).toEqual([2]);
});

test('the moves of a batch are told with its commit', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal), rowOf(journal)])).all;
  const heard: unknown[] = [];
  journal.onCommit(({ cursors }) => heard.push(cursors));
  const move = { recipient: 'province', lane: 'e' as const, cursor: { ack: 1, have: [] } };
  await journal.append(batchOf([rowOf(journal)], { cursors: [move] })).all;
  expect(heard).toEqual([[move]]);
  expect(journal.outbox.cursor('province', 'e').ack).toBe(1);
});

test('a frame can go on at a cursor although retention has removed the row there', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf(Array.from({ length: 8 }, () => rowOf(journal)))).all;
  const { rows } = await journal.outbox.read('e', 1, 9, 1e6);
  await journal.outbox.advance('province', 'e', { ack: 2, have: [] });
  await journal.prune('e', 6);
  const slice = await journal.outbox.read('e', 3, 9, 1e6);
  expect(slice.prev).toBe(rows[1]?.hash);
  expect(slice.removed).toEqual({ from: 3, to: 6, hash: rows[5]?.hash });
});

test('transitions and what has a severity below 1 are not urgent', async () => {
  const journal = await openJournal(await tempDir());
  const urgent: number[][] = [];
  journal.outbox.onAppend((appended) => urgent.push(appended.urgent));
  const batch = raiseOf(journal);
  for (const row of batch.rows) row.severity = 1;
  await journal.append(batch).all;
  expect(urgent).toEqual([[1]]);
});
