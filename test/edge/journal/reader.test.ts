import { expect, test } from 'vitest';
import { JournalReader } from '../../../edge/journal/reader.ts';
import { openJournal, tempDir } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf, transitionOf } from './support/rows.ts';

const HOUR = 3_600_000;
const noon = Date.parse('2026-05-20T12:00:00.000Z');

const positions = (rows: ReadonlyArray<{ position: number }>): number[] =>
  rows.map(({ position }) => position);

test('commitsSince gives what a live client missed, with the present state of its alarms', async () => {
  const journal = await openJournal(await tempDir());
  const alarm = alarmOf();
  await journal.append(batchOf([rowOf(journal)])).all;
  await journal.append(raiseOf(journal, alarm)).all;
  const next = { ...alarm, version: 2, operator: 'acknowledged' as const };
  await journal.append(batchOf([transitionOf(journal, next)], { alarms: [next] })).all;

  const missed = await journal.reader.commitsSince(1, 2);
  expect(missed.position).toBe(3);
  expect(missed.bodies.map((body) => JSON.parse(body).seq)).toEqual([1, 2]);
  expect(missed.alarms).toMatchObject([{ id: alarm.id, version: 2 }]);
  expect(await journal.reader.commitsSince(4, 10)).toEqual({ position: 4, bodies: [], alarms: [] });
  expect((await journal.reader.commitsSince(0, 10)).bodies).toHaveLength(4);
  expect(journal.reader.position()).toBe(4);
  expect(await journal.reader.oldest()).toBe(1);
});

test('an empty journal has an oldest position that is still to come', async () => {
  const { reader } = await openJournal(await tempDir());
  expect([reader.position(), await reader.oldest()]).toEqual([0, 1]);
  expect(await reader.page({ limit: 5 })).toEqual({ rows: [] });
  expect(await reader.events({ limit: 5, from: 0 })).toEqual([]);
});

test('events are filtered by every field, newest first', async () => {
  const journal = await openJournal(await tempDir());
  const rows = [
    rowOf(journal, { type: 'DEV.ONLINE', device: 'dev-1', place: 'dorm-3-201' }),
    rowOf(journal, { type: 'DEV.BATT', device: 'dev-2', place: 'dorm-3-202', edge: 'raise' }),
    rowOf(journal, { type: 'FIR.SMOKE', device: 'dev-1', place: 'lab-1', edge: 'raise' }),
    rowOf(journal, { type: 'DEV.ONLINE', device: 'dev-2', place: 'lab-1', severity: 2 }),
  ];
  await journal.append(batchOf(rows)).all;
  const find = async (query: object) => positions(await journal.reader.events({ limit: 10, ...query }));
  expect(await find({})).toEqual([4, 3, 2, 1]);
  expect(await find({ type: 'DEV.ONLINE' })).toEqual([4, 1]);
  expect(await find({ lane: 'a' })).toEqual([3]);
  expect(await find({ kind: 'fault' })).toEqual([2]);
  expect(await find({ device: 'dev-2' })).toEqual([4, 2]);
  expect(await find({ place: 'lab-1' })).toEqual([4, 3]);
  expect(await find({ place: ['dorm-3-201', 'dorm-3-202'] })).toEqual([2, 1]);
  expect(await find({ severity: 2 })).toEqual([4]);
  expect(await find({ device: 'dev-2', place: 'lab-1', type: 'DEV.ONLINE' })).toEqual([4]);
  expect(await find({ before: 3 })).toEqual([2, 1]);
  expect(await find({ limit: 1, before: 3 })).toEqual([2]);
  expect(await find({ place: [] })).toEqual([]);
  const [newest] = await journal.reader.events({ limit: 1 });
  expect(newest?.body).toBe(rows[3]?.body);
});

test('a rare event is found page by page, each page a short look', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal, { device: 'rare' })])).all;
  for (let n = 0; n < 13; n++) {
    await journal.append(batchOf(Array.from({ length: 1_000 }, () => rowOf(journal)))).all;
  }
  const query = { limit: 2, device: 'rare' };
  expect(await journal.reader.page(query)).toEqual({ rows: [], next: 8_002 });
  expect(await journal.reader.page({ ...query, before: 8_002 })).toEqual({ rows: [], next: 3_002 });
  expect(await journal.reader.page({ ...query, before: 3_002 })).toMatchObject({ rows: [{ position: 1 }] });
  expect(positions(await journal.reader.events(query))).toEqual([1]);
  const all = await journal.reader.page({ limit: 3 });
  expect([positions(all.rows), all.next]).toEqual([[13_001, 13_000, 12_999], 12_999]);
});

test('the last page has no next, also when it is full', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal), rowOf(journal)])).all;
  expect((await journal.reader.page({ limit: 2 })).next).toBeUndefined();
  expect((await journal.reader.page({ limit: 1 })).next).toBe(2);
});

test('a time is found whatever the clock did meanwhile', async () => {
  const journal = await openJournal(await tempDir());
  // the clock was a day ahead for a while, then set right, then two hours behind
  const times = [0, 0.5, 24, 24.2, 1, 1.5, -1, 2, 2.1, 3].map((hours) => noon + hours * HOUR);
  for (const at of times) await journal.append(batchOf([rowOf(journal, { at })])).all;
  const find = async (from: number | undefined, to: number | undefined) => {
    const query = {
      limit: 100,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    return positions(await journal.reader.events(query));
  };
  const expected = (from: number, to: number) =>
    times.flatMap((at, n) => (at >= from && at <= to ? [n + 1] : [])).reverse();
  for (const [from, to] of [
    [0, 1],
    [1, 2],
    [-1, -0.5],
    [24, 25],
    [2, 2],
    [2.05, 30],
    [50, 60],
    [-5, 60],
  ] as const) {
    const [start, end] = [noon + from * HOUR, noon + to * HOUR];
    expect(await find(start, end)).toEqual(expected(start, end));
    expect(await find(start, undefined)).toEqual(expected(start, Number.MAX_SAFE_INTEGER));
    expect(await find(undefined, end)).toEqual(expected(0, end));
  }
});

test('a time in a long journal is found without reading what is newer', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal, { at: noon })])).all;
  for (let n = 1; n <= 8; n++) {
    const at = noon + n * 24 * HOUR;
    await journal.append(batchOf(Array.from({ length: 2_000 }, () => rowOf(journal, { at })))).all;
  }
  expect(positions((await journal.reader.page({ limit: 5, from: noon, to: noon + HOUR })).rows)).toEqual([1]);
});

test('alarms are listed by state, newest first, in pages', async () => {
  const journal = await openJournal(await tempDir());
  const alarms = Array.from({ length: 6 }, (_, n) => alarmOf({ operator: n % 2 === 0 ? 'new' : 'closed' }));
  for (const alarm of alarms) await journal.append(raiseOf(journal, alarm)).all;
  const ids = alarms.map(({ id }) => id).reverse();
  const list = async (query: { state: 'open' | 'closed' | 'all'; limit: number; before?: string }) =>
    (await journal.reader.alarms(query)).map(({ id }) => ids.indexOf(id));
  expect(await list({ state: 'all', limit: 4 })).toEqual([0, 1, 2, 3]);
  expect(await list({ state: 'all', limit: 4, before: ids[3] ?? '' })).toEqual([4, 5]);
  expect(await list({ state: 'open', limit: 9 })).toEqual([1, 3, 5]);
  expect(await list({ state: 'open', limit: 9, before: ids[1] ?? '' })).toEqual([3, 5]);
  expect(await list({ state: 'closed', limit: 2 })).toEqual([0, 2]);
  expect(await journal.reader.alarm('unknown')).toBeUndefined();
  expect(await journal.reader.alarmHistory('unknown')).toEqual([]);
});

test('rows of one lane or both can be walked from any position', async () => {
  const journal = await openJournal(await tempDir());
  await journal.append(batchOf([rowOf(journal), ...raiseOf(journal).rows, rowOf(journal)])).all;
  const walk = async (...args: [number, number, ('a' | 'e')?]) =>
    positions(await journal.reader.rowsAfter(...args));
  expect(await walk(0, 9)).toEqual([1, 2, 3, 4]);
  expect(await walk(1, 2)).toEqual([2, 3]);
  expect(await walk(0, 9, 'e')).toEqual([1, 4]);
  expect(await walk(2, 9, 'a')).toEqual([3]);
});

test('reading goes on while rows are written, and every page is whole', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  let writing = true;
  const writer = (async () => {
    for (let n = 0; n < 80; n++) {
      await journal.append(batchOf(Array.from({ length: 50 }, () => rowOf(journal)))).all;
    }
    writing = false;
  })();
  const outside = await JournalReader.open(dir);
  let position = 0;
  let reads = 0;
  while (writing || position < 4_000) {
    const page = await journal.reader.commitsSince(position, 500);
    // a page that is not full ends with a commit
    if (page.bodies.length < 500) expect(page.position % 50).toBe(0);
    expect(page.bodies.map((body) => JSON.parse(body).seq)).toEqual(
      page.bodies.map((_, n) => position + n + 1),
    );
    position = page.position;
    reads += 1;
  }
  await writer;
  expect(reads).toBeGreaterThan(8);
  expect((await outside.commitsSince(0, 5_000)).bodies).toHaveLength(4_000);
  await outside.close();
});

test('stats count without reading rows', async () => {
  const dir = await tempDir();
  const journal = await openJournal(dir);
  await journal.append(raiseOf(journal, undefined, { at: noon })).all;
  await journal.append(batchOf(Array.from({ length: 9 }, () => rowOf(journal, { at: noon + HOUR })))).all;
  await journal.outbox.advance('province', 'e', { ack: 5, have: [[7, 8]] });
  await journal.prune('e', 4);
  const reader = await JournalReader.open(dir);
  const stats = await reader.stats();
  await reader.close();
  expect(stats).toMatchObject({
    epoch: journal.epoch,
    rows: 7,
    lanes: {
      a: { rows: 2, removedTo: 0, head: journal.outbox.head('a') },
      e: { rows: 5, removedTo: 4, head: { seq: 9 } },
    },
    oldest: { position: 1, at: noon },
    newest: { position: 11, at: noon + HOUR },
    alarms: { open: 1, closed: 0 },
    cursors: [{ recipient: 'province', lane: 'e', ack: 5, have: [[7, 8]] }],
    checkpoints: [{ lane: 'e', seq: 4, removed: 4 }],
  });
});
