import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import { keepDaysOf } from '../../../edge/media/keep-days.ts';
import { MediaRetention } from '../../../edge/media/media-retention.ts';
import { MediaDamaged, type MediaDraft, MediaStore, NoRoom } from '../../../edge/media/store.ts';
import { plantMedia } from '../../acceptance/planted-media.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { alarmOf, jpeg, silent } from './support.ts';

const DAY_MS = 86_400_000;
const ends: Array<() => unknown> = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function folder(): string {
  const { dir, remove } = tempDir('media');
  ends.push(remove);
  return dir;
}

function draft(more: Partial<MediaDraft> = {}): MediaDraft {
  const at = new Date().toISOString();
  return { kind: 'snapshot', camera: 'cam-1', alarms: ['a1'], at, keepDays: 180, ...more };
}

async function open(
  dir: string,
  maxBytes = 1_000_000,
  freeBytes?: () => Promise<number>,
): Promise<MediaStore> {
  const store = new MediaStore({
    dir,
    maxBytes,
    minFreeBytes: 1_000,
    logger: silent,
    ...(freeBytes === undefined ? {} : { freeBytes }),
  });
  await store.ready;
  return store;
}

/** `alarms`: what is known of each; a function that throws: the journal cannot be read. */
function retain(
  store: MediaStore,
  maxBytes: number,
  alarms: (id: string) => Alarm | undefined,
  now = Date.now(),
) {
  const retention = new MediaRetention({
    store,
    maxBytes,
    alarm: async (id) => alarms(id),
    clock: () => now,
    clockQuality: () => 'sync',
    logger: silent,
  });
  ends.push(() => retention.stop());
  return retention;
}

const closed = (more: Partial<Alarm> = {}): Alarm => alarmOf({ operator: 'closed', ...more });

describe('the store', () => {
  test('keeps a picture under its day, with its hash, and finds it again', async () => {
    const dir = folder();
    const store = await open(dir);
    const bytes = jpeg();
    const media = await store.put(draft(), { bytes });
    expect(media.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    const facts = await store.facts(media.id);
    expect(facts).toMatchObject({ id: media.id, bytes: bytes.length, camera: 'cam-1', alarms: ['a1'] });
    const file = await store.verified(facts!);
    expect(file).toBe(join(dir, ...new Date().toISOString().slice(0, 10).split('-'), `${media.id}.jpg`));
    expect(readFileSync(file)).toEqual(bytes);
    const again = await open(dir);
    expect([again.files, again.bytes]).toEqual([1, bytes.length]);
  });

  test('a file that was changed since is not shown', async () => {
    const store = await open(folder());
    const { id } = await store.put(draft(), { bytes: jpeg() });
    const facts = (await store.facts(id))!;
    const file = await store.verified(facts);
    writeFileSync(file, jpeg(2_000, 8));
    await expect(store.verified(facts)).rejects.toThrow(MediaDamaged);
  });

  test.each(['', 'x', '../../etc/passwd', '00000000-0000-4000-8000-000000000000', '..%2f..'])(
    '"%s" is no medium',
    async (id) => expect(await (await open(folder())).facts(id)).toBeUndefined(),
  );

  test('what a crash left half-stored is removed at the next start, and nothing else', async () => {
    const dir = folder();
    plantMedia(dir, 2, 500);
    const day = join(dir, '2026', '11', '01');
    const [first] = readdirSync(day).filter((name) => name.endsWith('.jpg'));
    writeFileSync(join(day, '019a0000-0000-7000-8000-00000000ffff.jpg'), jpeg());
    const store = await open(dir);
    expect(store.files).toBe(2);
    expect(readdirSync(day).filter((name) => name.endsWith('.jpg'))).toHaveLength(2);
    expect(existsSync(join(day, first!))).toBe(true);
  });

  test('without room it says so and leaves nothing behind', async () => {
    const dir = folder();
    const store = await open(dir, 3_000);
    await store.put(draft(), { bytes: jpeg(2_000) });
    await expect(store.put(draft(), { bytes: jpeg(2_000) })).rejects.toThrow(NoRoom);
    expect([store.files, store.bytes]).toEqual([1, 2_000]);
    expect(readdirSync(store.tmp)).toEqual([]);
  });

  test('the last of the disk is left to the journal', async () => {
    let free = 10_000;
    const store = await open(folder(), 1e9, async () => free);
    await store.put(draft(), { bytes: jpeg(2_000) });
    free = 2_500;
    await expect(store.put(draft(), { bytes: jpeg(2_000) })).rejects.toThrow(
      /media.max_mib, or free the disk/,
    );
  });
});

describe('what is kept, and how long', () => {
  test.each<[Partial<Alarm>, number]>([
    [{}, 180],
    [{ severity: 2 }, 90],
    [{ severity: 3 }, 30],
    [{ mode: 'drill' }, 30],
    [{ disposition: { verdict: 'false', by: 'li', at: '' } }, 30],
    [{ severity: 3, disposition: { verdict: 'real', by: 'li', at: '' } }, 180],
  ])('%o: %i days', (more, days) => expect(keepDaysOf(alarmOf(more))).toBe(days));

  test('by age, each class for its time; what an open alarm has stays whatever its age', async () => {
    const now = Date.UTC(2026, 10, 1) + 100 * DAY_MS;
    const dir = folder();
    plantMedia(dir, 4, 500);
    const store = await open(dir);
    const ids = await store.ids('2026/11/01');
    const alarms: Record<string, Alarm | undefined> = {
      [ids[0]!]: closed(),
      [ids[1]!]: closed({ severity: 2 }),
      [ids[2]!]: alarmOf({ severity: 3 }),
      [ids[3]!]: undefined,
    };
    const retention = retain(store, 1e9, (id) => alarms[id], now);
    await retention.sweep();
    // of one that nobody knows any more: 90 days, as its facts say
    expect(await store.ids('2026/11/01')).toEqual([ids[0], ids[2]]);
    expect(retention.removed).toEqual({ age: 2, room: 0 });
    expect([store.files, store.bytes]).toEqual([2, 1_000]);
  });

  test('nothing goes by age while the clock is not sure, nor when the journal cannot be asked', async () => {
    const dir = folder();
    plantMedia(dir, 3, 500);
    const store = await open(dir);
    const now = Date.UTC(2030, 0, 1);
    const unread = retain(
      store,
      1e9,
      () => {
        throw new Error('the journal cannot be read');
      },
      now,
    );
    await unread.sweep();
    const unsure = new MediaRetention({
      store,
      maxBytes: 1e9,
      alarm: async () => undefined,
      clock: () => now,
      clockQuality: () => 'unsync',
      logger: silent,
    });
    await unsure.sweep();
    expect(store.files).toBe(3);
  });

  test('while there is room nothing goes but by age', async () => {
    const dir = folder();
    plantMedia(dir, 5, 1_000);
    const store = await open(dir, 10_000);
    retain(store, 10_000, () => closed({ mode: 'drill' }));
    for (let i = 0; i < 5; i++) await store.put(draft(), { bytes: jpeg(1_000) });
    expect(store.files).toBe(10);
  });

  test('without room the least important go first, the oldest of them first, and never an open one', async () => {
    const dir = folder();
    plantMedia(dir, 6, 1_000);
    const store = await open(dir, 6_000);
    const ids = await store.ids('2026/11/01');
    const alarms: Record<string, Alarm> = {
      [ids[0]!]: alarmOf({ severity: 3 }),
      [ids[1]!]: closed(),
      [ids[2]!]: closed({ severity: 2 }),
      [ids[3]!]: closed({ severity: 3 }),
      [ids[4]!]: closed({ severity: 3 }),
      [ids[5]!]: closed({ severity: 2 }),
    };
    const retention = retain(store, 6_000, (id) => alarms[id]);
    const put = () => store.put(draft(), { bytes: jpeg(1_000) });
    const left = async () => (await store.ids('2026/11/01')).map((id) => ids.indexOf(id));
    await put();
    expect(await left()).toEqual([0, 1, 2, 4, 5]);
    await put();
    expect(await left()).toEqual([0, 1, 2, 5]);
    await put();
    expect(await left()).toEqual([0, 1, 5]);
    expect(retention.removed).toEqual({ age: 0, room: 3 });
  });

  test('a store full of open alarms takes nothing more, and loses nothing', async () => {
    const dir = folder();
    plantMedia(dir, 3, 1_000);
    const store = await open(dir, 3_000);
    const retention = retain(store, 3_000, () => alarmOf());
    await expect(store.put(draft(), { bytes: jpeg(1_000) })).rejects.toThrow(NoRoom);
    expect(store.files).toBe(3);
    expect(retention.removed.room).toBe(0);
  });
});
