import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { HealthState } from '../../../edge/adapters/onvif/health.ts';
import type { StreamHead } from '../../../edge/adapters/video/source.ts';
import { camerasOf } from '../../../edge/media/cameras.ts';
import { Jobs } from '../../../edge/media/jobs.ts';
import { Ring } from '../../../edge/media/ring.ts';
import { TooMuchWork, Turns } from '../../../edge/ops/turns.ts';
import { alarmOf, cameraSite } from './support.ts';

describe('which cameras', () => {
  test('the linked ones in their order; others of the room, the floor, the building to spare', () => {
    const site = cameraSite({ 's-panic': ['cam-f1', 'cam-gate'] });
    const { asked, spare } = camerasOf(alarmOf(), site);
    expect(asked).toEqual(['cam-f1', 'cam-gate']);
    expect(spare).toEqual(['cam-room-1', 'cam-b1', 'cam-f2']);
  });

  test('a camera that raises an alarm itself comes first; what is no camera or not registered is left out', () => {
    const site = cameraSite({ 's-panic': ['nobody', 'io-1', 'cam-f1'] });
    expect(camerasOf(alarmOf({ device: 'cam-gate' }), site).asked).toEqual(['cam-gate', 'cam-f1']);
    expect(camerasOf(alarmOf({ slot: 'v-gate' }), site)).toEqual({ asked: [], spare: [] });
  });

  test('a private one that is linked is named, so that its refusal is said; none is offered', () => {
    const site = cameraSite({ 's-panic': ['cam-bed', 'cam-f1'] });
    const { asked, spare } = camerasOf(alarmOf(), site);
    expect(asked).toEqual(['cam-bed', 'cam-f1']);
    expect(spare).not.toContain('cam-dorm');
  });

  test('bug: cameras that are known to be dead were asked before those that answer', () => {
    const site = cameraSite({ 's-panic': ['cam-gate'] });
    const states = new Map<string, HealthState>([
      ['cam-room-1', 'refused'],
      ['cam-f1', 'silent'],
      ['cam-f2', 'offline'],
    ]);
    const { spare } = camerasOf(alarmOf(), { ...site, stateOf: (id) => states.get(id) });
    expect(spare).toEqual(['cam-f1', 'cam-b1', 'cam-room-1', 'cam-f2']);
  });

  test('four at most are asked; the others are to spare', () => {
    const site = cameraSite({ 's-panic': ['cam-f1', 'cam-gate', 'cam-b1', 'cam-f2', 'cam-campus'] });
    const { asked, spare } = camerasOf(alarmOf(), site);
    expect(asked).toHaveLength(4);
    expect(spare[0]).toBe('cam-campus');
  });
});

describe('the ring', () => {
  const head: StreamHead = { player: 'mse', codec: 'avc1', mime: 'video/mp4', init: Buffer.from('init') };
  /** A keyframe each second, and three pieces after it. */
  const fill = (ring: Ring, seconds: number, bytes = 10): void => {
    ring.begin(head);
    for (let ms = 0; ms < seconds * 1_000; ms += 250)
      ring.add({ data: Buffer.alloc(bytes, ms / 250), keyframe: ms % 1_000 === 0 }, ms);
  };

  test('gives what was asked for from the keyframe before, and no more', () => {
    const ring = new Ring({ beforeMs: 5_000, maxBytes: 1e6 });
    fill(ring, 20);
    const piece = ring.since(17_500);
    expect(piece?.at).toBe(17_000);
    expect(piece?.segments).toHaveLength(12);
    expect(ring.since(0)?.at).toBeGreaterThanOrEqual(14_000);
    expect(ring.newest()?.at).toBe(19_000);
  });

  test('stays within its bytes, and begins with a keyframe all the same', () => {
    const ring = new Ring({ beforeMs: 60_000, maxBytes: 10_000 });
    fill(ring, 60, 1_000);
    expect(ring.bytes).toBeLessThanOrEqual(10_000);
    expect(ring.since(0)?.at).toBe(58_000);
    const huge = new Ring({ beforeMs: 60_000, maxBytes: 3_000 });
    fill(huge, 2, 1_000);
    expect(huge.bytes).toBeLessThanOrEqual(3_000);
  });

  test('does not join what a break has parted, and begins with no half picture', () => {
    const ring = new Ring({ beforeMs: 5_000, maxBytes: 1e6 });
    fill(ring, 3);
    ring.begin(head);
    expect(ring.newest()).toBeUndefined();
    ring.add({ data: Buffer.from('x'), keyframe: false }, 3_100);
    expect(ring.newest()).toBeUndefined();
  });
});

describe('jobs', () => {
  test('each camera once at a time, the most urgent alarm first, alarms that come together share', async () => {
    let now = 0;
    const open: Array<() => void> = [];
    const begun: string[] = [];
    const done: string[] = [];
    const jobs = new Jobs<string>({
      atOnce: 1,
      sharedMs: 1_000,
      monotonic: () => now,
      take: (camera) => {
        begun.push(camera);
        return new Promise((resolve) => open.push(() => resolve(camera)));
      },
      done: (camera, alarms) => done.push(`${camera}: ${alarms.join(' ')}`),
    });
    jobs.add('cam-1', 'a', 3);
    jobs.add('cam-1', 'b', 3);
    jobs.add('cam-2', 'c', 3);
    jobs.add('cam-3', 'd', 1);
    now = 5_000;
    jobs.add('cam-1', 'late', 1);
    expect(begun).toEqual(['cam-1']);
    for (let step = 0; step < 4; step++) {
      open.shift()?.();
      await setImmediate();
    }
    expect(begun).toEqual(['cam-1', 'cam-3', 'cam-1', 'cam-2']);
    expect(done).toEqual(['cam-1: a b', 'cam-3: d', 'cam-1: late', 'cam-2: c']);
    expect(jobs.size).toBe(0);
  });
});

test('turns: so many at a time, so many wait, more are refused', async () => {
  const turns = new Turns(2, 1);
  const open: Array<() => void> = [];
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => open.push(resolve));
    running--;
  };
  const all = [turns.take(work), turns.take(work), turns.take(work)];
  await expect(turns.take(work)).rejects.toThrow(TooMuchWork);
  while (open.length > 0) {
    open.shift()?.();
    await setImmediate();
  }
  await Promise.all(all);
  expect(most).toBe(2);
});
