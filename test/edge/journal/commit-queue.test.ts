import { expect, onTestFinished, test, vi } from 'vitest';
import type { Lane } from '../../../contract/event.ts';
import type { Committed, SealedBatch, StorageState } from '../../../edge/journal/batch.ts';
import { CommitQueue, JournalClosedError, type Store } from '../../../edge/journal/commit-queue.ts';
import type { Encoded, JournalEnd } from '../../../edge/journal/encode.ts';
import { silent } from './support/journal.ts';
import { alarmOf, batchOf, raiseOf, rowOf } from './support/rows.ts';

/** One statement as the fake disk saw it. */
interface Written {
  rows: string[];
  alarms: number;
  states: string[];
  cursors: number;
  hashes: string;
}

class FakeDisk implements Store {
  written: Written[] = [];
  attempts: Written[] = [];
  /** What the next commits end with: an error code, or undefined for success. */
  failures: Array<string | undefined> = [];
  /** All commits fail with this. */
  down: string | undefined;
  space: 'ample' | 'some' | 'low' = 'ample';
  released = 0;
  restored = 0;
  roomChecks = 0;

  async commit({ values }: Encoded): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const [, rows, hashes, , , alarms, states, , cursors] = values.map((value) =>
      Buffer.isBuffer(value) ? value : Buffer.from('[]'),
    );
    const parse = (json: Buffer | undefined): unknown[][] => JSON.parse(json?.toString() ?? '[]');
    const attempt = {
      rows: parse(rows).map(([lane, seq]) => `${lane}${seq}`),
      alarms: parse(alarms).length,
      states: parse(states).map(([key, , length]) => (length === -1 ? `forget ${key}` : `${key}`)),
      cursors: parse(cursors).length,
      hashes: hashes?.toString('hex') ?? '',
    };
    this.attempts.push(attempt);
    const code = this.failures.shift() ?? this.down;
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    this.written.push(attempt);
  }

  isFull = async (error: unknown): Promise<boolean> => (error as { code?: string }).code === 'SQLITE_FULL';
  isDamage = (error: unknown): boolean => (error as { code?: string }).code === 'SQLITE_CORRUPT';
  releaseReserve = async (): Promise<boolean> => ++this.released === 1;
  restoreReserve = async (): Promise<void> => void this.restored++;
  room = async (): Promise<'ample' | 'some' | 'low'> => {
    this.roomChecks++;
    return this.space;
  };
}

interface Bench {
  queue: CommitQueue;
  disk: FakeDisk;
  numbers: { nextSeq(lane: Lane): number };
  states: StorageState[];
  commits: Committed[];
}

function setUp(): Bench {
  const disk = new FakeDisk();
  const start = { seq: 0, hash: Buffer.alloc(32) };
  const end: JournalEnd = { heads: { a: start, e: start }, audit: start, position: 0, hour: -1 };
  const states: StorageState[] = [];
  const commits: Committed[] = [];
  const queue = new CommitQueue(
    disk,
    end,
    { committed: (committed) => commits.push(committed), storage: (state) => states.push(state) },
    silent,
  );
  onTestFinished(() => queue.close());
  const last = { a: 0, e: 0 };
  return { queue, disk, states, commits, numbers: { nextSeq: (lane) => ++last[lane] } };
}

const rows = (disk: FakeDisk): string[] => disk.written.flatMap((written) => written.rows);

test('batches that wait share a statement, in order', async () => {
  const { queue, disk, numbers, commits } = setUp();
  const first = queue.append(batchOf([rowOf(numbers)]));
  const second = queue.append(batchOf([rowOf(numbers), rowOf(numbers)]));
  await Promise.all([first.all, second.all]);
  expect(disk.written.map((written) => written.rows)).toEqual([['e1', 'e2', 'e3']]);
  expect(commits.map(({ position }) => position)).toEqual([3]);
  expect(queue.pending).toBe(0);
});

test('a statement takes about 1,000 rows and never part of a batch', async () => {
  const { queue, disk, numbers } = setUp();
  const batches = [600, 600, 1_500].map((count) =>
    batchOf(Array.from({ length: count }, () => rowOf(numbers))),
  );
  await Promise.all(batches.map((batch) => queue.append(batch).all));
  expect(disk.written.map((written) => written.rows.length)).toEqual([600, 600, 1_500]);
});

test('of an alarm, a state or a cursor that changes twice the last one is stored', async () => {
  const { queue, disk, numbers } = setUp();
  const alarm = alarmOf();
  const state = { key: 'device:1', value: '1' };
  const batch = (): SealedBatch => batchOf([rowOf(numbers)], { alarms: [alarm], states: [state] });
  await Promise.all([queue.append(batch()).all, queue.append(batch()).all]);
  expect(disk.written).toMatchObject([{ rows: ['e1', 'e2'], alarms: 1, states: ['device:1'] }]);
});

test('a failed commit is tried again unchanged until it is on disk', async () => {
  const { queue, disk, numbers, states, commits } = setUp();
  disk.failures = ['SQLITE_IOERR', 'SQLITE_BUSY'];
  await queue.append(raiseOf(numbers)).all;
  expect(disk.attempts).toHaveLength(3);
  expect(disk.attempts[1]).toEqual(disk.attempts[0]);
  expect(disk.attempts[2]).toEqual(disk.attempts[0]);
  expect(states).toEqual(['failing', 'ok']);
  expect(commits).toHaveLength(1);
});

test('attempts on a disk that stays broken are few', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const { queue, disk, numbers } = setUp();
  disk.down = 'SQLITE_IOERR';
  void queue.append(batchOf([rowOf(numbers)]));
  for (let ms = 0; ms < 20_000; ms += 50) {
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => setImmediate(resolve));
    // new work does not hurry it
    if (ms % 1_000 === 0) void queue.append(batchOf([rowOf(numbers)]));
  }
  // 100, 200, 400, 800, 1600, then every 2,000 ms
  expect(disk.attempts.length).toBeGreaterThan(10);
  expect(disk.attempts.length).toBeLessThan(16);
  disk.down = undefined;
  vi.useRealTimers();
});

test('on a full disk lane a of everything goes first, alone and in order; the rest follows when there is space', async () => {
  const { queue, disk, numbers, states } = setUp();
  disk.failures = ['SQLITE_FULL'];
  disk.space = 'some';
  const state = { key: 'device:1', value: '{}' };
  const first = queue.append({
    ...batchOf([rowOf(numbers), ...raiseOf(numbers).rows]),
    alarms: [alarmOf()],
    states: [state],
  });
  const second = queue.append(batchOf([rowOf(numbers)], { states: [state] }));
  const third = queue.append(batchOf([...raiseOf(numbers).rows, rowOf(numbers)]));
  await Promise.all([first.alarms, second.alarms, third.alarms]);
  expect(rows(disk)).toEqual(['a1', 'a2', 'a3', 'a4']);
  expect(disk.written[0]).toMatchObject({ alarms: 1, states: ['forget device:1'] });
  expect(disk.released).toBe(1);
  expect(queue.pending).toBe(3);
  expect(queue.storage).toBe('full');

  // an alarm that comes now does not wait behind them
  const fourth = queue.append(batchOf(raiseOf(numbers).rows));
  await fourth.alarms;
  expect(rows(disk)).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);

  disk.space = 'ample';
  await Promise.all([first.all, second.all, third.all, fourth.all]);
  expect(rows(disk).slice(6)).toEqual(['e1', 'e2', 'e3']);
  expect(disk.written.slice(2).map((written) => written.states)).toEqual([
    ['device:1'],
    ['device:1'],
    [],
    [],
  ]);
  await vi.waitFor(() => expect(states).toEqual(['full', 'ok']));
  expect(disk.restored).toBeGreaterThan(0);
});

test('a state on disk is never older than an alarm of its device: until lane e has caught up it is forgotten', async () => {
  const { queue, disk, numbers } = setUp();
  disk.failures = ['SQLITE_FULL'];
  const smoke = (value: string): SealedBatch => ({
    ...raiseOf(numbers),
    states: [{ key: 'device:1', value }],
  });
  const batches = [smoke('{"smoke":true}'), smoke('{"smoke":false}')].map((batch) => queue.append(batch).all);
  await Promise.all(batches);
  expect(disk.written.map((written) => written.states)).toEqual([
    ['forget device:1'],
    ['forget device:1'],
    ['device:1'],
  ]);
});

test('the split of a batch changes no hash', async () => {
  const plain = setUp();
  const full = setUp();
  full.disk.failures = ['SQLITE_FULL'];
  const batch = batchOf([rowOf(plain.numbers), ...raiseOf(plain.numbers).rows, rowOf(plain.numbers)]);
  await Promise.all([plain.queue.append(batch).all, full.queue.append(batch).all]);
  expect(full.queue.end.heads).toEqual(plain.queue.end.heads);
});

test('lane e does not use up the reserve: it waits although a commit would succeed', async () => {
  const { queue, disk, numbers } = setUp();
  disk.failures = ['SQLITE_FULL'];
  disk.space = 'some';
  const { alarms, all } = queue.append(batchOf([rowOf(numbers)]));
  await alarms;
  await vi.waitFor(() => expect(disk.roomChecks).toBeGreaterThan(2));
  expect(disk.attempts).toHaveLength(1);
  disk.space = 'ample';
  await all;
  expect(disk.attempts).toHaveLength(2);
});

test('without a reserve and with little space lane e stops before the disk is full', async () => {
  const { queue, disk, numbers, states } = setUp();
  disk.space = 'low';
  const { alarms, all } = queue.append(batchOf([rowOf(numbers), ...raiseOf(numbers).rows]));
  await alarms;
  expect(rows(disk)).toEqual(['a1', 'a2']);
  expect(states).toEqual(['full']);
  disk.space = 'ample';
  await all;
  expect(rows(disk)).toEqual(['a1', 'a2', 'e1']);
});

test('the reserve may be used up as well: alarms stay pending and are stored when there is space', async () => {
  const { queue, disk, numbers } = setUp();
  disk.down = 'SQLITE_FULL';
  const { alarms, all } = queue.append(raiseOf(numbers));
  await vi.waitFor(() => expect(disk.attempts.length).toBeGreaterThan(2));
  expect(queue.pending).toBe(1);
  disk.down = undefined;
  await alarms;
  await all;
  expect(rows(disk)).toEqual(['a1', 'a2']);
});

test('cursor moves ride along with rows, and go alone when there are none', async () => {
  const { queue, disk, numbers } = setUp();
  const move = { recipient: 'province', lane: 'e' as const, cursor: { ack: 1, have: [] } };
  await Promise.all([queue.append(batchOf([rowOf(numbers)])).all, queue.move(move)]);
  await queue.move(move);
  expect(disk.written.map(({ rows, cursors }) => [rows.length, cursors])).toEqual([
    [1, 1],
    [0, 1],
  ]);
});

test('a cursor move whose commit fails is stored with the next attempt', async () => {
  const { queue, disk } = setUp();
  disk.failures = ['SQLITE_IOERR'];
  await queue.move({ recipient: 'province', lane: 'e', cursor: { ack: 1, have: [] } });
  expect(disk.written.map(({ cursors }) => cursors)).toEqual([1]);
});

test('a task runs when nothing waits, an urgent one before the next commit', async () => {
  const { queue, disk, numbers } = setUp();
  const order: string[] = [];
  const plain = queue.task(async () => void order.push(`plain after ${disk.written.length}`));
  const urgent = queue.task(async () => void order.push(`urgent after ${disk.written.length}`), true);
  await Promise.all([queue.append(batchOf([rowOf(numbers)])).all, plain, urgent]);
  expect(order).toEqual(['urgent after 0', 'plain after 1']);
});

test('a task that fails fails alone', async () => {
  const { queue, disk, numbers } = setUp();
  const failing = queue.task(() => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  await queue.append(batchOf([rowOf(numbers)])).all;
  expect(disk.written).toHaveLength(1);
});

test('a malformed file is written no more, and says so', async () => {
  const { queue, disk, numbers, states } = setUp();
  disk.down = 'SQLITE_CORRUPT';
  const { all } = queue.append(batchOf([rowOf(numbers)]));
  await vi.waitFor(() => expect(queue.damaged).toBe(true));
  void queue.append(batchOf([rowOf(numbers)]));
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(disk.attempts).toHaveLength(1);
  expect(states).toEqual(['failing']);
  expect(queue.pending).toBe(2);
  await queue.close();
  await expect(all).rejects.toThrow(JournalClosedError);
});

test('closing stores what can be stored', async () => {
  const { queue, disk, numbers } = setUp();
  const batches = Array.from({ length: 5 }, () => queue.append(batchOf([rowOf(numbers)])).all);
  await queue.close();
  await Promise.all(batches);
  expect(rows(disk)).toHaveLength(5);
});

test('closing on a broken disk rejects what is not stored, without an unhandled rejection', async () => {
  const { queue, disk, numbers } = setUp();
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  onTestFinished(() => void process.off('unhandledRejection', unhandled));
  disk.down = 'SQLITE_IOERR';
  const { all } = queue.append(batchOf([rowOf(numbers)]));
  await vi.waitFor(() => expect(disk.attempts.length).toBeGreaterThan(0));
  await queue.close();
  await expect(all).rejects.toThrow(JournalClosedError);
  expect(() => queue.append(batchOf([rowOf(numbers)]))).not.toThrow();
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).not.toHaveBeenCalled();
});
