import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { afterClockStep } from '../../../device-profiles/clock-step.ts';
import { ClockStep } from '../../../edge/pipeline/clock-step.ts';
import type { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { CampusPlay, campusRegistry } from '../drills/campus-play.ts';

const HOUR = 3_600_000;
const { dir, remove } = tempDir('clock-step');
let registry: Registry;

beforeAll(async () => {
  registry = await campusRegistry(join(dir, 'site.db'));
});
afterAll(async () => {
  await registry.close();
  remove();
});

/** A module whose clock is right says what the time is. */
async function say(play: CampusPlay, right: number, input: number, state: 'alarm' | 'normal') {
  const t = new Date(right).toISOString();
  await play.report('io-1', input, state, 'io-1', { t });
}

test.each([2 * HOUR, -2 * HOUR, -56 * 365 * 24 * HOUR])(
  'bug: after the gateway clock was set by %i ms every press was late, for the clock of the device stayed proven',
  async (step) => {
    const play = new CampusPlay(registry);
    const began = play.wall;
    const right = () => began + play.monotonic - 1_000;
    await say(play, right(), 1, 'normal');
    await play.pass(60_000);
    await say(play, right(), 2, 'normal');
    await play.pass(60_000);
    // before: a message that waited is late
    await say(play, right() - 45_000, 2, 'alarm');
    expect(play.told('FIR.SMOKE').at(-1)?.freshness).toBe('late');
    play.wall += step;
    await play.pass(1_000);
    await say(play, right(), 1, 'alarm');
    const press = play.told('EMG.PANIC').at(-1);
    expect(press).toMatchObject({ freshness: 'live', edge: 'raise' });
    expect(press?.occurredAt, 'the receipt dates it').toBe(new Date(play.wall).toISOString());
    // set right again, the device is proven anew
    play.wall -= step;
    await play.pass(1_000);
    await say(play, right(), 1, 'normal');
    await play.pass(60_000);
    await say(play, right() - 45_000, 1, 'alarm');
    expect(play.told('EMG.PANIC', 'raise').at(-1)?.freshness).toBe('late');
    // and it is in what the journal keeps, also of who has not spoken since
    play.wall += step;
    await play.report('io-2', 1, 'normal');
    const kept = play.states.get('device:io-1') ?? '{}';
    expect(JSON.parse(kept)).not.toHaveProperty('clock');
  },
);

test('the rest of a state stays', () => {
  const plain = { points: { '': { 'FIR.SMOKE': { x: 1 as const } } } };
  expect(afterClockStep({ ...plain, clock: { last: 1, proven: 1, ahead: 0 } })).toEqual(plain);
  expect(afterClockStep(plain)).toBe(plain);
});

test('drift and the pace of a time service are no step', () => {
  const steps = new ClockStep();
  expect(steps.since(1_000_000, 500)).toBe(0);
  expect(steps.since(1_060_100, 60_500)).toBe(0);
  expect(steps.since(1_125_100, 120_500)).toBe(5_000);
  expect(steps.since(1_125_200, 120_600)).toBe(0);
  expect(steps.since(1_000, 121_000)).toBe(-1_124_600);
});
