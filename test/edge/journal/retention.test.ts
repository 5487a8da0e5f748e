import { expect, onTestFinished, test, vi } from 'vitest';
import type { Lane } from '../../../contract/event.ts';
import type { Journal } from '../../../edge/journal/journal.ts';
import { type Loss, Retention, type RetentionOptions } from '../../../edge/journal/retention.ts';
import { verifyDirectory } from '../../../edge/journal/verify.ts';
import { openJournal, silent, tempDir } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf } from './support/rows.ts';

const DAY = 86_400_000;
const now = Date.parse('2026-05-20T12:00:00.000Z');

interface SetUp {
  dir: string;
  journal: Journal;
  losses: Loss[];
  retention: Retention;
}

async function setUp(options: Partial<RetentionOptions> = {}): Promise<SetUp> {
  const dir = await tempDir();
  const journal = await openJournal(dir, { clock: () => now });
  const losses: Loss[] = [];
  const retention = new Retention({
    journal,
    logger: silent,
    clock: () => now,
    clockQuality: () => 'sync',
    recipients: () => [],
    onLoss: async (loss) => void losses.push(loss),
    ...options,
  });
  return { dir, journal, losses, retention };
}

/** So many events received so many days ago. */
async function store(journal: Journal, daysAgo: number, count: number, type = 'DEV.ONLINE'): Promise<void> {
  const at = now - daysAgo * DAY;
  await journal.append(batchOf(Array.from({ length: count }, () => rowOf(journal, { at, type })))).all;
}

async function left(journal: Journal, lane: Lane): Promise<number[]> {
  return (await journal.reader.oldestRows(lane, 10_000)).map(({ seq }) => seq);
}

async function expectSound(dir: string): Promise<void> {
  const faults: unknown[] = [];
  await verifyDirectory(dir, (fault) => faults.push(fault));
  expect(faults).toEqual([]);
}

test('rows older than they are kept go, behind a checkpoint, and the rest still proves itself', async () => {
  const { dir, journal, retention } = await setUp();
  await store(journal, 181, 450);
  await store(journal, 100, 50);
  const head = journal.outbox.head('e');
  const { hash } = (await journal.outbox.read('e', 450, 1, 1e6)).rows[0] ?? {};
  expect(await retention.run()).toEqual({ a: 0, e: 450 });
  expect((await left(journal, 'e')).length).toBe(50);
  const { checkpoints } = await journal.reader.stats();
  expect(checkpoints).toEqual([{ lane: 'e', day: '2026-05-20', seq: 450, hash, removed: 450, at: now }]);
  await expectSound(dir);
  expect(await retention.run()).toEqual({ a: 0, e: 0 });
  await journal.close();
  const again = await openJournal(dir);
  expect(again.outbox.head('e')).toEqual(head);
  expect(again.nextSeq('e')).toBe(501);
});

test('at most one day goes in a run, so that a clock set ahead by years does not empty the journal', async () => {
  const { journal, retention } = await setUp();
  for (const daysAgo of [300, 299.5, 298.9, 250, 200]) await store(journal, daysAgo, 10);
  expect((await retention.run()).e).toBe(20);
  expect((await retention.run()).e).toBe(10);
  expect((await retention.run()).e).toBe(10);
  expect((await retention.run()).e).toBe(10);
});

test('nothing goes by time while the clock is not synchronised', async () => {
  let quality: 'sync' | 'holdover' | 'unsync' = 'unsync';
  const { journal, retention } = await setUp({ clockQuality: () => quality });
  await store(journal, 300, 10);
  expect((await retention.run()).e).toBe(0);
  quality = 'holdover';
  expect((await retention.run()).e).toBe(0);
  quality = 'sync';
  expect((await retention.run()).e).toBe(10);
});

test('a wrong clock in the past neither keeps rows for ever nor takes the others with them', async () => {
  const { journal, retention } = await setUp();
  const future = -3_000;
  await store(journal, 200, 5);
  await store(journal, future, 5);
  await store(journal, 199.9, 5);
  await store(journal, 20_000, 5);
  await store(journal, 10, 5);
  await store(journal, future, 5);
  expect((await retention.run()).e).toBe(15);
  expect((await retention.run()).e).toBe(0);
  expect(await left(journal, 'e')).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
});

test('rows of a clock that was never right go with the first ones that are', async () => {
  const { journal, retention } = await setUp();
  for (let n = 0; n < 6; n++) await store(journal, 20_500, 1_000);
  await store(journal, 200, 10);
  await store(journal, 1, 10);
  expect((await retention.run()).e).toBe(6_010);
});

test('alarms that a recipient has not confirmed wait for it, however old', async () => {
  const { dir, journal, retention, losses } = await setUp({ recipients: () => ['province', 'county'] });
  await store(journal, 200, 300, 'FIR.SMOKE');
  await journal.outbox.advance('province', 'a', { ack: 300, have: [] });
  await journal.outbox.advance('county', 'a', { ack: 120, have: [] });
  expect(await retention.run()).toEqual({ a: 120, e: 0 });
  expect((await left(journal, 'a'))[0]).toBe(121);
  expect(losses).toEqual([]);
  await journal.outbox.advance('county', 'a', { ack: 300, have: [] });
  expect((await retention.run()).a).toBe(180);
  await expectSound(dir);
});

test('a recipient that was switched off holds up nothing', async () => {
  const { journal, retention } = await setUp({ recipients: () => [] });
  await store(journal, 200, 30, 'FIR.SMOKE');
  await journal.outbox.advance('police', 'a', { ack: 3, have: [] });
  expect((await retention.run()).a).toBe(30);
});

test('events expire unsent, and the loss is named before they go', async () => {
  let rowsWhenTold = 0;
  const losses: Loss[] = [];
  const { dir, journal, retention } = await setUp({
    recipients: () => ['province', 'county'],
    onLoss: async (loss) => {
      losses.push(loss);
      rowsWhenTold = (await left(journal, 'e')).length;
    },
  });
  await store(journal, 200, 500);
  await journal.outbox.advance('province', 'e', { ack: 500, have: [] });
  await journal.outbox.advance('county', 'e', { ack: 100, have: [] });
  expect((await retention.run()).e).toBe(500);
  expect(losses).toEqual([
    { lane: 'e', from: 101, to: 500, count: 400, recipients: ['county'], why: 'expired' },
  ]);
  expect(rowsWhenTold).toBe(400);
  // the county's next frame continues at a hash that is still known
  const slice = await journal.outbox.read('e', 101, 10, 1e6);
  expect(slice.removed).toMatchObject({ from: 101, to: 500 });
  expect(slice.prev).not.toBe('0'.repeat(64));
  await expectSound(dir);
});

test('events stay when their loss cannot be named', async () => {
  const { journal, retention } = await setUp({
    recipients: () => ['province'],
    onLoss: () => Promise.reject(new Error('storage')),
  });
  await store(journal, 200, 30);
  await expect(retention.run()).rejects.toThrow('storage');
  expect(await left(journal, 'e')).toHaveLength(30);
});

test('closed alarms go with their last row, open ones stay', async () => {
  const { dir, journal, retention } = await setUp();
  const at = now - 200 * DAY;
  const open = raiseOf(journal, alarmOf(), { at });
  const closed = raiseOf(journal, alarmOf({ operator: 'closed' }), { at });
  const young = raiseOf(journal, alarmOf({ operator: 'closed' }), { at: now });
  for (const batch of [open, closed, young]) await journal.append(batch).all;
  expect((await retention.run()).a).toBe(4);
  const ids = (await journal.reader.alarms({ state: 'all', limit: 9 })).map(({ id }) => id);
  expect(ids).toEqual([young.alarms[0]?.id, open.alarms[0]?.id]);
  await expectSound(dir);
});

test('under pressure sent events go first, then sent alarms, unsent events, and unsent alarms last', async () => {
  const { dir, journal, retention, losses } = await setUp({ recipients: () => ['province'] });
  await store(journal, 60, 40);
  await store(journal, 60, 40, 'FIR.SMOKE');
  await store(journal, 3, 10);
  await journal.outbox.advance('province', 'e', { ack: 25, have: [] });
  await journal.outbox.advance('province', 'a', { ack: 15, have: [] });
  const order: string[] = [];
  const prune = journal.prune.bind(journal);
  journal.prune = async (lane, upto) => {
    order.push(`${lane}${upto}`);
    await prune(lane, upto);
  };
  Object.defineProperty(journal, 'storage', { get: () => (order.length < 4 ? 'full' : 'ok') });
  expect(await retention.relieve()).toEqual({ a: 40, e: 40 });
  expect(order).toEqual(['e25', 'a15', 'e40', 'a40']);
  expect(losses.map(({ lane, from, to, why }) => [lane, from, to, why])).toEqual([
    ['e', 26, 40, 'pressure'],
    ['a', 16, 40, 'pressure'],
  ]);
  // what is younger than 30 days stays whatever happens
  expect(await left(journal, 'e')).toHaveLength(10);
  await expectSound(dir);
});

test('under pressure it stops as soon as there is space', async () => {
  const { journal, retention } = await setUp({ recipients: () => [] });
  await store(journal, 60, 40);
  await store(journal, 60, 40, 'FIR.SMOKE');
  expect(journal.storage).toBe('ok');
  expect(await retention.relieve()).toEqual({ a: 0, e: 0 });
});

test('removal goes on in steps of 200 rows between commits', async () => {
  const { journal, retention } = await setUp();
  await store(journal, 200, 1_000);
  const prune = journal.prune.bind(journal);
  let last = 0;
  let largest = 0;
  journal.prune = async (lane, upto) => {
    largest = Math.max(largest, upto - last);
    last = upto;
    await prune(lane, upto);
  };
  const removing = retention.run();
  await journal.append(raiseOf(journal)).all;
  expect((await left(journal, 'e')).length).toBeGreaterThan(0);
  expect((await removing).e).toBe(1_000);
  expect(largest).toBe(200);
});

test('it runs once an hour, also across restarts', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let clock = now;
  const { journal, retention } = await setUp({ clock: () => clock });
  for (const daysAgo of [205, 203, 201]) await store(journal, daysAgo, 10);
  const minutes = async (retained: Retention, count: number): Promise<number> => {
    for (let n = 0; n < count; n++) {
      clock += 60_000;
      vi.advanceTimersByTime(60_000);
      await retained.idle();
    }
    return (await left(journal, 'e')).length;
  };
  retention.start();
  expect(await minutes(retention, 2)).toBe(20);
  await retention.stop();
  const restarted = new Retention({
    journal,
    logger: silent,
    clock: () => clock,
    clockQuality: () => 'sync',
    recipients: () => [],
    onLoss: async () => {},
  });
  restarted.start();
  onTestFinished(() => restarted.stop());
  expect(await minutes(restarted, 50)).toBe(20);
  expect(await minutes(restarted, 20)).toBe(10);
  expect(await minutes(restarted, 60)).toBe(0);
});

test('a full disk makes it look at once', async () => {
  const { journal, retention } = await setUp();
  await store(journal, 60, 40);
  let full: (state: 'full') => void = () => {};
  journal.onStorage = (listener) => {
    full = listener;
    return () => {};
  };
  Object.defineProperty(journal, 'storage', { get: () => 'full' });
  retention.start();
  onTestFinished(() => retention.stop());
  full('full');
  await retention.idle();
  expect(await left(journal, 'e')).toEqual([]);
});
