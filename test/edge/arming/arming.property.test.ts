import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Event } from '../../../contract/event.ts';
import { MoveRefusal } from '../../../edge/pipeline/move-refusal.ts';
import { ArmingWorld, dormitory, guard, leader } from './arming-world.ts';

// Any order of people, signals, time, clock steps, power cuts and imports (CONTRACT section 4).

/** In term, armed every night, so that the schedule takes part. */
const campus = {
  ...dormitory,
  zones: (dormitory.zones as object[]).map((zone) => ({
    ...zone,
    schedule: [
      { from: '10:10', to: '10:40' },
      { from: '22:00', to: '06:00', mode: 'stay' },
    ],
  })),
  calendar: [{ id: 't', kind: 'term', name: '学期', from: '2026-09-01', to: '2026-09-30' }],
};

type Step =
  | { do: 'arm' | 'stay'; force: boolean }
  | { do: 'disarm' | 'unbypass' | 'restart' | 'import' }
  | { do: 'bypass'; slot: string }
  | { do: 'say'; slot: string; type: string; edge: Event['edge']; freshness: Event['freshness'] }
  | { do: 'pass' | 'jump'; seconds: number };

const slot = fc.constantFrom('door', 'door', 'motion', 'window');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('arm', 'stay'), force: fc.boolean() }),
  fc.record({ do: fc.constantFrom('disarm', 'unbypass', 'restart', 'import') }),
  fc.record({ do: fc.constant('bypass'), slot }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('say'),
      slot,
      type: fc.constantFrom('INT.DOOR', 'INT.AREA', 'VID.LINE'),
      edge: fc.constantFrom('raise', 'clear', 'pulse'),
      freshness: fc.constantFrom('live', 'live', 'live', 'late', 'initial'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass'), seconds: fc.integer({ min: 1, max: 70 }) }) },
  fc.record({ do: fc.constant('jump'), seconds: fc.constantFrom(7_200, -7_200, -1_788_746_400) }),
) as fc.Arbitrary<Step>;

test('only a person disarms; every live signal of an armed zone is alarmed, at once or when its delay ends, unless a person was there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 40 }), async (beginsArmed, steps) => {
      const world = new ArmingWorld(campus);
      if (beginsArmed) {
        await world.desk.act('z-dorm', 'arm', { version: 0 }, guard);
        world.pass(61);
      }
      // what a delay keeps back now: it has to be judged by the end of the delay
      let owed: Event[] = [];
      let byPerson = !beginsArmed;
      for (const one of steps) {
        if (world.arming.status().zones.length === 0) world.replaceSite(campus);
        const before = world.zone();
        const judgedBefore = world.judged.length;
        const disarms = one.do === 'disarm';
        try {
          await play(world, one, (held) => owed.push(held));
          if (disarms) byPerson = true;
        } catch (error) {
          if (!(error instanceof MoveRefusal)) throw error;
          // refused: nothing may have changed
          expect(world.zone()).toEqual(before);
        }
        if (world.arming.status().zones.length === 0) world.replaceSite(campus);
        const { mode, phase } = world.zone();
        if (mode !== 'disarmed') byPerson = false;
        expect(mode === 'disarmed', JSON.stringify(one)).toBe(byPerson);
        if (disarms && mode === 'disarmed') owed = [];
        if (one.do === 'bypass') owed = owed.filter(({ origin }) => origin.slot !== one.slot);
        const judged = new Set(world.judged.slice(judgedBefore).map(({ id }) => id));
        owed = owed.filter(({ id }) => !judged.has(id));
        if (phase === 'armed' || phase === 'alarm') expect(owed, JSON.stringify(one)).toEqual([]);
      }
      expect(
        world.emitted.filter(({ type }) => type === 'ARM.UNSET').every(({ data }) => data?.by !== 'schedule'),
      ).toBe(true);
    }),
    { numRuns: 300 },
  );
}, 60_000);

async function play(world: ArmingWorld, one: Step, owes: (event: Event) => void): Promise<void> {
  const { version, phase, mode, bypasses } = world.zone();
  switch (one.do) {
    case 'arm':
    case 'stay':
      await world.desk.act(
        'z-dorm',
        one.do,
        { version, ...(one.force ? { force: true, reason: '测试' } : {}) },
        leader,
      );
      return;
    case 'disarm':
      await world.desk.act('z-dorm', 'disarm', { version }, guard);
      return;
    case 'bypass':
      await world.desk.act('z-dorm', 'bypass', { version, slot: one.slot, reason: '测试' }, leader);
      return;
    case 'unbypass':
      await world.desk.act('z-dorm', 'unbypass', { version, slot: bypasses[0]?.slot ?? 'door' }, guard);
      return;
    case 'restart':
      return world.restart(5_000);
    case 'import':
      // a zone that is disarmed is gone with its import
      if (world.site.zones.length === 0) world.replaceSite(campus);
      else if (mode !== 'disarmed') world.replaceSite({ ...campus, zones: [] });
      return;
    case 'pass':
      return world.pass(one.seconds);
    case 'jump':
      world.wall += one.seconds * 1_000;
      return;
    case 'say': {
      const verdict = world.say(one.type, one.slot, one.edge, { freshness: one.freshness });
      if (one.edge === 'clear' || one.freshness !== 'live') return;
      const off = mode === 'disarmed' || (mode === 'stay' && one.slot === 'motion');
      const watched = !off && !bypasses.some((bypass) => bypass.slot === one.slot);
      if (!watched) expect(verdict ?? 'never').toBe('never');
      else if (one.slot !== 'door') expect(verdict).toBe('always');
      // on the way out a door may open and close; on the way in nothing is forgotten
      else if (verdict === 'never' && phase !== 'exit') {
        const held = heldOf(world, one);
        if (held !== undefined) owes(held);
      }
    }
  }
}

/** The event that the zone keeps back for this source; a repetition of it is no second one. */
function heldOf(world: ArmingWorld, { slot: at, type }: { slot: string; type: string }): Event | undefined {
  const held = world.arming.zones
    .get('z-dorm')
    ?.state.held.find(({ raise }) => raise.type === type && raise.origin.slot === at);
  expect(held, 'a signal that is not alarmed is kept back').toBeDefined();
  return held?.raise;
}
