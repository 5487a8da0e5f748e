import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Clock, Lane } from '../../../contract/event.ts';
import type { RawMessage } from '../../../contract/raw-message.ts';
import { siteSchema } from '../../../contract/site.ts';
import type { Outcome } from '../../../edge/adapters/adapter.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { AlarmDesk } from '../../../edge/alarms/desk.ts';
import { Isolations } from '../../../edge/alarms/isolations.ts';
import type { SealedBatch, StorageState } from '../../../edge/journal/batch.ts';
import { LiveDevices } from '../../../edge/pipeline/devices.ts';
import { Duplicates } from '../../../edge/pipeline/duplicates.ts';
import { Intake } from '../../../edge/pipeline/intake.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';
import { BATCH_ROWS, Pipeline, STUCK_COMMIT_MS } from '../../../edge/pipeline.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';
import { profileFacts, topicsOf } from '../../../edge/registry/profile-facts.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { testCampus } from '../../simulators/test-campus.ts';
import { catalogue } from '../../support/builtin-catalogue.ts';

interface Commit {
  batch: SealedBatch;
  /** Lane `a` and its alarms are on disk. */
  saveAlarms(): void;
  finish(): void;
  fail(error: Error): void;
}

/** A disk that takes its time: a batch is stored when the test says so. */
class FakeJournal {
  storage: StorageState = 'ok';
  readonly commits: Commit[] = [];
  /** Called while a batch is handed over. */
  onAppend: (batch: SealedBatch) => void = () => undefined;
  readonly #seq = { a: 0, e: 0 };
  readonly #listeners = new Set<(state: StorageState) => void>();

  nextSeq(lane: Lane): number {
    this.#seq[lane] += 1;
    return this.#seq[lane];
  }

  append(batch: SealedBatch): { alarms: Promise<void>; all: Promise<void> } {
    const alarms = deferred();
    const all = deferred();
    this.onAppend(batch);
    this.commits.push({
      batch,
      saveAlarms: alarms.resolve,
      finish: () => {
        alarms.resolve();
        all.resolve();
      },
      fail: (error) => {
        alarms.reject(error);
        all.reject(error);
      },
    });
    return { alarms: alarms.promise, all: all.promise };
  }

  onStorage(listener: (state: StorageState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  become(state: StorageState): void {
    this.storage = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** The commit of that number, as soon as it is under way. */
  commit(number: number): Promise<Commit> {
    return vi.waitFor(() => this.commits[number] ?? expect.fail(`no commit ${number}`), waiting);
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

const waiting = { timeout: 5_000, interval: 5 };
const logger = pino({ level: 'silent' });
const guard = { user: 'wang', role: 'guard', station: 'gate-1' } as const;
const dir = mkdtempSync(join(tmpdir(), 'pipeline-'));

let registry: Registry;
let journal: FakeJournal;
let clockQuality: Clock['quality'];
let book: AlarmBook;
let pipeline: Pipeline;
let unsaved: Alarm[][];

beforeAll(async () => {
  registry = await Registry.open({ file: join(dir, 'site.db'), logger, topicsOf: topicsOf(catalogue) });
  await registry.importSite(siteSchema.parse(testCampus(3)), { profiles: profileFacts(catalogue) });
});

afterAll(async () => {
  await registry.close();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(async () => {
  journal = new FakeJournal();
  clockQuality = 'sync';
  unsaved = [];
  const clock = Date.now;
  const identity = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  const devices = new LiveDevices(catalogue, registry, new Map(), identity);
  book = new AlarmBook({ clock, newId: uuidv7, recipients: ['province'] });
  pipeline = new Pipeline({
    identity,
    journal,
    registry,
    devices,
    book,
    duplicates: new Duplicates(),
    clock,
    clockQuality: () => clockQuality,
    intake: new Intake({
      devices,
      inbox: new UnknownDeviceInbox(),
      profileClock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
      onOutcome: () => undefined,
    }),
    onUnsaved: (alarms) => unsaved.push(alarms),
    onFault: (error) => {
      throw error;
    },
    onConnection: () => undefined,
    onRefused: () => undefined,
  });
  // first sights are news of their own
  const seen = Promise.all(
    ['io-1', 'io-2', 'io-3'].flatMap((id) =>
      [1, 2, 5].map((input) => pipeline.message(report(id, input, 'normal'))),
    ),
  );
  (await journal.commit(0)).finish();
  await seen;
  journal.commits.length = 0;
});

afterEach(() => pipeline.stop());

/** What module `id` reports of one input: 1 is a panic button, 2 a smoke detector, 5 means nothing. */
function report(id: string, input: number, value: 'alarm' | 'normal' = 'alarm'): RawMessage {
  return {
    source: 'mqtt',
    adapter: 'mqtt',
    channel: `io/${id}/state`,
    clientId: id,
    user: id,
    payload: Buffer.from(JSON.stringify({ ch: { [input]: value } })),
    qos: 1,
    receivedAt: Date.now(),
    receivedMonotonicMs: performance.now(),
  };
}

/** A promise with whether it has settled. */
function watched<T>(promise: Promise<T>): { promise: Promise<T>; readonly done: boolean } {
  let done = false;
  const settled = () => {
    done = true;
  };
  promise.then(settled, settled);
  return {
    promise,
    get done() {
      return done;
    },
  };
}

/** Everything that can happen without the disk has happened. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const types = ({ batch }: Commit) => batch.rows.map(({ type }) => type);

/** A commit is under way, and hangs. */
async function hang(): Promise<Commit> {
  void pipeline.message(report('io-3', 5)).catch(() => undefined);
  return journal.commit(journal.commits.length);
}

/** An alarm raised while a commit hangs, as soon as it is shown. */
async function raiseWhileStuck(): Promise<{
  panic: { promise: Promise<Outcome>; done: boolean };
  alarm: Alarm;
}> {
  const panic = watched(pipeline.message(report('io-1', 1)));
  const alarm = await vi.waitFor(
    () => unsaved.flat().find(({ type }) => type === 'EMG.PANIC') ?? expect.fail('not shown'),
    waiting,
  );
  return { panic, alarm };
}

describe('acknowledgement', () => {
  test('a message is acknowledged after its commit, not before', async () => {
    const panic = watched(pipeline.message(report('io-1', 1)));
    const commit = await journal.commit(0);
    await turns();
    expect(types(commit)).toEqual(['EMG.PANIC', 'ALM.TRANSITION']);
    expect(panic.done).toBe(false);
    commit.finish();
    expect(await panic.promise).toEqual({ status: 'mapped' });
  });

  test('an alarm is acknowledged when lane a is on disk; what shares its batch waits for the rest', async () => {
    const panic = watched(pipeline.message(report('io-1', 1)));
    const input = watched(pipeline.message(report('io-2', 5)));
    const commit = await journal.commit(0);
    commit.saveAlarms();
    await panic.promise;
    await turns();
    expect(input.done).toBe(false);
    commit.finish();
    await input.promise;
  });

  test('a message is refused when the gateway stops before it is on disk', async () => {
    const panic = pipeline.message(report('io-1', 1));
    const commit = await journal.commit(0);
    commit.fail(new Error('closed'));
    await expect(panic).rejects.toThrow('closed');
    expect(pipeline.unsaved()).toEqual([]);
  });
});

describe('a batch', () => {
  test('says how far the clock of the gateway can be trusted', async () => {
    clockQuality = 'holdover';
    void pipeline.emit(ownDraft('SYS.BOOT', 'pulse', Date.now()));
    const { batch } = await journal.commit(0);
    expect(JSON.parse(batch.rows[0]?.body ?? '').data.clock).toEqual({
      source: 'gateway',
      quality: 'holdover',
    });
  });

  test('takes alarms first, whoever came before, and leaves what is too much for the next', async () => {
    const flood = Array.from({ length: BATCH_ROWS + 200 }, (_, i) =>
      pipeline.message(report('io-2', 5, i % 2 === 0 ? 'alarm' : 'normal')),
    );
    const panic = pipeline.message(report('io-1', 1));
    const first = await journal.commit(0);
    expect(types(first).slice(0, 3)).toEqual(['EMG.PANIC', 'ALM.TRANSITION', 'DEV.INPUT']);
    expect(first.batch.rows.length).toBeLessThanOrEqual(BATCH_ROWS + 1);
    expect(pipeline.depth).toBeGreaterThan(0);
    first.finish();
    await panic;
    const second = await journal.commit(1);
    expect(pipeline.depth).toBe(0);
    second.finish();
    await Promise.all(flood);
    const seqs = [first, second].flatMap(({ batch }) =>
      batch.rows.filter(({ lane }) => lane === 'e').map(({ seq }) => seq),
    );
    expect(seqs).toEqual(seqs.map((_, i) => (seqs[0] ?? 0) + i));
  });
});

const noDrills = {
  makeReal: () => {
    throw new Error('there are no drills here');
  },
};

function isolationsOf(alarms: AlarmBook): Isolations {
  const monotonic = () => performance.now();
  return new Isolations({ book: alarms, clock: Date.now, monotonic, kept: undefined });
}

describe('while a commit is stuck', () => {
  test('an alarm is evaluated, shown unsaved and not acknowledged, until it is stored', async () => {
    const first = await hang();
    const { panic, alarm } = await raiseWhileStuck();
    expect(book.get(alarm.id)?.operator).toBe('new');
    expect(pipeline.unsaved()).toEqual([alarm]);
    expect(panic.done).toBe(false);
    first.finish();
    (await journal.commit(1)).finish();
    await panic.promise;
    expect(pipeline.unsaved()).toEqual([]);
    expect(pipeline.isUnsaved(alarm.id)).toBe(false);
  });

  test('the desk says so although storage reports no error', async () => {
    const desk = new AlarmDesk({ book, pipeline, isolations: isolationsOf(book), drills: noDrills });
    await hang();
    const { alarm } = await raiseWhileStuck();
    expect(journal.storage).toBe('ok');
    expect(desk.isUnsaved(alarm.id)).toBe(true);
    expect(desk.isUnsaved(uuidv7())).toBe(false);
  });

  test('an alarm of the stuck commit itself is shown unsaved, but not while it may still be quick', async () => {
    const atOnce: boolean[] = [];
    journal.onAppend = ({ alarms }) => atOnce.push(...alarms.map(({ id }) => pipeline.isUnsaved(id)));
    const panic = watched(pipeline.message(report('io-1', 1)));
    const commit = await journal.commit(0);
    const [alarm] = book.open();
    expect(atOnce).toEqual([false]);
    await vi.waitFor(() => expect(unsaved.flat()).toMatchObject([{ id: alarm?.id }]), waiting);
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(true);
    commit.finish();
    await panic.promise;
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(false);
  });

  test('an alarm whose lane is stored is saved, though the rest of its batch is not', async () => {
    journal.become('full');
    const panic = pipeline.message(report('io-1', 1));
    const input = pipeline.message(report('io-2', 5));
    const commit = await journal.commit(0);
    const [alarm] = book.open();
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(true);
    commit.saveAlarms();
    await panic;
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(false);
    expect(pipeline.unsaved()).toEqual([]);
    commit.finish();
    await input;
  });

  test('an alarm that changed again stays unsaved when its first batch is stored', async () => {
    journal.become('failing');
    const panic = pipeline.message(report('io-1', 1));
    const first = await journal.commit(0);
    const [alarm] = book.open();
    const acted = await pipeline.act(
      alarm?.id ?? '',
      'acknowledge',
      { version: 1, station: 'gate-1' },
      guard,
    );
    const second = await journal.commit(1);
    first.finish();
    await panic;
    expect(pipeline.unsaved()).toMatchObject([{ id: alarm?.id, version: 2 }]);
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(true);
    second.finish();
    await acted.stored;
    expect(pipeline.isUnsaved(alarm?.id ?? '')).toBe(false);
  });

  test('an action is decided, holds, and is answered as not stored', async () => {
    const panic = pipeline.message(report('io-1', 1));
    (await journal.commit(0)).finish();
    await panic;
    const [alarm] = book.open();
    const stuck = await hang();
    const desk = new AlarmDesk({ book, pipeline, isolations: isolationsOf(book), drills: noDrills });
    const result = await desk.act(alarm?.id ?? '', 'acknowledge', { version: 1, station: 'gate-1' }, guard);
    expect(result).toMatchObject({ stored: false, alarm: { operator: 'acknowledged', version: 2 } });
    expect(book.get(alarm?.id ?? '')?.operator).toBe('acknowledged');
    expect(desk.isUnsaved(alarm?.id ?? '')).toBe(true);

    const again = await pipeline.act(alarm?.id ?? '', 'dispatch', { version: 2, station: 'gate-1' }, guard);
    const stored = watched(again.stored);
    await turns();
    expect(stored.done).toBe(false);
    stuck.finish();
    for (const commit of journal.commits) commit.finish();
    await stored.promise;
  });

  test('one of 5,000 unsaved alarms is found without looking at the others', async () => {
    journal.become('failing');
    await hang();
    for (let i = 0; i < 5_000; i++) {
      const draft = ownDraft('SYS.UPLINK_LOST', 'raise', Date.now(), { recipient: `r${i}` });
      void pipeline.emit({ ...draft, input: `r${i}` });
    }
    await vi.waitFor(() => expect(pipeline.unsaved()).toHaveLength(5_000), waiting);
    const ids = book.open().map(({ id }) => id);
    const began = performance.now();
    expect(ids.every((id) => pipeline.isUnsaved(id))).toBe(true);
    // looking through them all each time takes seconds
    expect(performance.now() - began).toBeLessThan(250);
  });
});

describe('a flood while storage is slow', () => {
  /** What module 2 says `count` times, of no importance; one row each. */
  function flood(count: number): void {
    for (let i = 0; i < count; i++)
      void pipeline.message(report('io-2', 5, i % 2 === 0 ? 'alarm' : 'normal')).catch(() => undefined);
  }

  test('bug: what waited was evaluated ahead of a storage that was merely slow, and a panic was stored behind it', async () => {
    flood(8 * BATCH_ROWS);
    const panic = watched(pipeline.message(report('io-3', 1)));
    (await journal.commit(0)).finish();
    await panic.promise;
    // the next takes its time, and is not stuck for ever
    const slow = await journal.commit(1);
    const late = watched(pipeline.message(report('io-1', 1)));
    await vi.waitFor(() => expect(unsaved.flat().map(({ type }) => type)).toContain('EMG.PANIC'), waiting);
    const ahead = journal.commits.slice(2).findIndex((commit) => types(commit).includes('EMG.PANIC'));
    const rows = journal.commits.slice(2, 2 + ahead).flatMap(types);
    expect(rows.length).toBeLessThanOrEqual(BATCH_ROWS);
    expect(pipeline.depth).toBeGreaterThan(4 * BATCH_ROWS);
    slow.finish();
    for (const commit of journal.commits) commit.finish();
    await late.promise;
  });

  test('bug: an alarm behind batches that are stored one by one waited for all of them', async () => {
    journal.become('failing');
    flood(3 * BATCH_ROWS);
    await vi.waitFor(() => expect(pipeline.depth).toBe(0), waiting);
    journal.become('ok');
    // progress, but the last of them has waited for long
    const sealed = performance.now();
    await vi.waitFor(() => expect(performance.now() - sealed).toBeGreaterThan(STUCK_COMMIT_MS), waiting);
    const before = journal.commits.length;
    journal.commits[0]?.finish();
    await turns();
    const panic = watched(pipeline.message(report('io-1', 1)));
    await turns();
    expect(journal.commits.slice(before).flatMap(types)).toContain('EMG.PANIC');
    expect(unsaved.flat().map(({ type }) => type)).toContain('EMG.PANIC');
    for (const commit of journal.commits) commit.finish();
    await panic.promise;
  });

  test('bug: the loop was held until 20,000 rows were evaluated', async () => {
    let turn = 0;
    let counting = true;
    const count = (): void => {
      turn++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const rowsOf = new Map<number, number>();
    let panicAfter = 0;
    let panic: Promise<Outcome> | undefined;
    journal.onAppend = ({ rows }) => {
      rowsOf.set(turn, (rowsOf.get(turn) ?? 0) + rows.length);
      if (rows.some(({ type }) => type === 'EMG.PANIC')) panicAfter = journal.commits.length;
      if (journal.commits.length === 2) panic = pipeline.message(report('io-1', 1));
    };
    await hang();
    journal.become('failing');
    flood(8 * BATCH_ROWS);
    await vi.waitFor(() => expect(pipeline.depth).toBe(0), waiting);
    counting = false;
    // a turn of the queue and one of the watch at most
    expect(Math.max(...rowsOf.values())).toBeLessThanOrEqual(BATCH_ROWS + 2);
    expect(journal.commits.length).toBeGreaterThan(8);
    expect(panicAfter).toBe(3);
    for (const commit of journal.commits) commit.finish();
    await panic;
  });
});

test('bug: two users with one client identifier shared a queue', async () => {
  for (let i = 0; i < 100; i++) {
    const raw = report('io-2', 5, i % 2 === 0 ? 'alarm' : 'normal');
    void pipeline.message({ ...raw, clientId: 'panel' }).catch(() => undefined);
  }
  void pipeline.message({ ...report('io-1', 1), clientId: 'panel' }).catch(() => undefined);
  const first = await journal.commit(0);
  expect(types(first).slice(0, 2)).toEqual(['EMG.PANIC', 'ALM.TRANSITION']);
});

describe('a stop', () => {
  test('hands everything that waits to the journal, in order, and takes no more', async () => {
    const first = await hang();
    const panic = watched(pipeline.message(report('io-1', 1)));
    const input = watched(pipeline.message(report('io-2', 5)));
    const own = watched(pipeline.emit(ownDraft('SYS.BOOT', 'pulse', Date.now())));
    pipeline.stop();
    expect(journal.commits).toHaveLength(2);
    expect(pipeline.depth).toBe(0);
    const late = 'the gateway is stopping';
    await expect(pipeline.message(report('io-2', 2))).rejects.toThrow(late);
    await expect(pipeline.emit(ownDraft('SYS.BOOT', 'pulse', Date.now()))).rejects.toThrow(late);
    await expect(
      pipeline.act(uuidv7(), 'acknowledge', { version: 1, station: 'gate-1' }, guard),
    ).rejects.toThrow(late);
    expect([panic.done, input.done, own.done]).toEqual([false, false, false]);
    first.finish();
    (await journal.commit(1)).finish();
    await Promise.all([panic.promise, input.promise, own.promise]);
    expect(journal.commits).toHaveLength(2);
  });
});
