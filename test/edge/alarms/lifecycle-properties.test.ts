import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alarm,
  alarmActionSchema,
  alarmSchema,
  type Transition,
  transitionSchema,
} from '../../../contract/alarm.ts';
import { modeSchema } from '../../../contract/event.ts';
import { ISOLATE_MAX_MS, isSounding, SHELVE_MAX_MS, SILENCE_MAX_MS } from '../../../contract/sounding.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import type { Actor } from '../../../edge/alarms/lifecycle.ts';
import { guard, leader, pair } from './play.ts';
import { WatchedPlay } from './watched-play.ts';

const hour = 3_600_000;
// short lists, so that events and actions meet on the same alarms often
const types = ['EMG.PANIC', 'EMG.DURESS', 'FIR.SMOKE', 'INT.24H', 'FIR.DOOR', 'DEV.FAULT'];
const people: Actor[] = [guard, leader, pair, pair, pair, { ...leader, user: 'zhao' }];

const anEvent = fc.record({
  do: fc.constant('event' as const),
  type: fc.constantFrom(...types),
  edge: fc.constantFrom('raise' as const, 'raise' as const, 'pulse' as const, 'clear' as const),
  device: fc.constantFrom('d1', 'd1', 'd2'),
  slot: fc.constantFrom('hall', 'hall', 'gate'),
  mode: fc.constantFrom('live' as const, 'live' as const, 'live' as const, ...modeSchema.options),
  echo: fc.constantFrom(false, false, true),
});
const anAct = fc.record({
  do: fc.constant('act' as const),
  which: fc.nat(5),
  action: fc.constantFrom(
    ...alarmActionSchema.options,
    ...(['dispose', 'reset', 'close', 'shelve', 'isolate', 'isolate'] as const),
  ),
  actor: fc.constantFrom(...people),
  untilMs: fc.constantFrom(5_000, hour, 11 * hour, 23 * hour, 25 * hour),
});
const aStep = fc.oneof(
  { weight: 6, arbitrary: anEvent },
  { weight: 8, arbitrary: anAct },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, 31_000, 200_000, hour, 13 * hour, 25 * hour),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.constantFrom(2 * hour, -2 * hour, -56 * 365 * 24 * hour),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), ms: fc.constantFrom(0, hour) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lose' as const), device: fc.constantFrom('d1', 'd2') }),
  },
);
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

function take(play: WatchedPlay, step: Step): void {
  switch (step.do) {
    case 'event': {
      const { do: _, type, edge, ...about } = step;
      play.send(type, edge, about);
      return;
    }
    case 'wait':
      play.wait(step.ms);
      return;
    case 'jump':
      play.now += step.ms;
      return;
    case 'restart':
      play.restart(step.ms);
      play.wait(0);
      return;
    case 'lose':
      play.change(play.book.lose([step.device]));
      return;
    case 'act': {
      const known = [...play.book.open(), ...play.book.closed()];
      const alarm = known[step.which % Math.max(1, known.length)];
      if (alarm === undefined) return;
      play.act(alarm.id, step.action, step.actor, {
        how: 'video',
        verdict: 'real',
        reason: 'because',
        patrol: 'every half hour',
        until: new Date(play.now + step.untilMs).toISOString(),
      });
    }
  }
}

const steps = fc.array(aStep, { minLength: 1, maxLength: 60, size: 'max' });
const runs = { numRuns: 200 };

/** What may change a severity 1, told from the transition alone. */
function checkTransition(before: Alarm | undefined, t: Transition): void {
  expect(t.alarm.severity === 1 && t.alarm.shelved !== undefined, 'severity 1 is never shelved').toBe(false);
  if (t.alarm.isolated !== undefined) expect(t.alarm.type).not.toMatch(/^EMG/);
  if (t.action === 'isolate' && t.role !== 'system') {
    expect(t).toMatchObject({ role: 'shift-leader' });
    expect(t.second).toSatisfy((second) => second !== undefined && second !== t.actor);
  }
  // one of a drill may become a real one, which has its own
  if (before === undefined || before.severity > 1 || before.mode !== 'live') return;
  expect(t.alarm.severity).toBe(1);
  const byPerson = t.role === 'guard' || t.role === 'shift-leader';
  if (before.operator === 'new' && t.to.operator !== 'new') expect(byPerson).toBe(true);
  if (before.latched && !t.to.latched) expect(t).toMatchObject({ action: 'reset', role: 'shift-leader' });
  if (t.to.operator === 'closed' && before.operator !== 'closed') {
    expect(t).toMatchObject({
      action: 'close',
      role: 'shift-leader',
      from: { operator: 'disposed', latched: false },
    });
    expect(t.second).toSatisfy((second) => second !== undefined && second !== t.actor);
    expect(before.condition === 'returned' || before.isolated !== undefined).toBe(true);
  }
}

describe('any order of actions, events, time, clock steps and restarts', () => {
  test('never closes, resets or hides an unhandled severity 1', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new WatchedPlay();
        const last = new Map<string, Alarm>();
        let seen = 0;
        for (const step of sequence) {
          take(play, step);
          for (const { transition, alarm } of play.changes.slice(seen)) {
            checkTransition(last.get(alarm.id), transition);
            last.set(alarm.id, alarm);
          }
          seen = play.changes.length;
          const open = new Set(play.book.open().map(({ id }) => id));
          for (const alarm of last.values()) {
            expect(open.has(alarm.id), 'listed').toBe(alarm.operator !== 'closed');
            if (alarm.severity > 1 || alarm.operator !== 'new') continue;
            const audible = alarm.silent !== true && (alarm.mode === 'live' || alarm.mode === 'drill');
            // a clock that was set back ends no silence early, and none lasts longer than it may
            expect(isSounding(alarm, play.now + SILENCE_MAX_MS)).toBe(
              audible && alarm.isolated === undefined,
            );
          }
        }
      }),
      runs,
    );
  });

  test('nothing is shelved or isolated for longer than allowed, and each end is a row', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new WatchedPlay();
        const began = new Map<string, number>();
        let passed = 0;
        for (const step of sequence) {
          const before = play.mono;
          take(play, step);
          passed += step.do === 'restart' ? 0 : play.mono - before;
          const paused = new Set<string>();
          for (const { id, shelved, isolated, operator } of play.book.open()) {
            for (const [pause, max] of [
              [shelved, SHELVE_MAX_MS],
              [isolated, ISOLATE_MAX_MS],
            ] as const) {
              if (pause === undefined || operator === 'closed') continue;
              const name = `${id} ${pause.until} ${pause.at}`;
              paused.add(name);
              if (!began.has(name)) began.set(name, passed);
              // time runs on in the gateway; what a restart does not know may begin anew, once each
              const restarts = sequence.filter((one) => one.do === 'restart').length;
              expect(passed - (began.get(name) as number)).toBeLessThanOrEqual(max * (1 + restarts));
            }
          }
        }
        play.wait(2 * ISOLATE_MAX_MS);
        for (const alarm of play.book.open()) {
          expect(alarm.shelved).toBeUndefined();
          expect(alarm.isolated).toBeUndefined();
        }
        expect(play.watch.isolations.view()).toEqual([]);
        const shields = play.eventsOf('FIR.SHIELD').map(({ edge }) => edge);
        expect(shields.filter((edge) => edge === 'clear').length).toBeLessThanOrEqual(shields.length);
        expect(shields.at(-1) ?? 'clear').toBe('clear');
      }),
      runs,
    );
  });

  test('loses no transition: versions are contiguous, and the folded state equals the live state', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new WatchedPlay();
        for (const step of sequence) take(play, step);
        const last = new Map<string, Transition>();
        const rebuilt = new AlarmBook({ clock: () => play.now, newId: () => '' });
        for (const { transition } of play.changes) {
          const before = last.get(transition.alarmId);
          expect(transition.version).toBe((before?.version ?? 0) + 1);
          expect(transition.from).toEqual(before?.to);
          last.set(transition.alarmId, transition);
          rebuilt.fold(JSON.parse(JSON.stringify(transition)));
        }
        for (const transition of last.values())
          expect(transitionSchema.parse(transition)).toEqual(transition);
        expect(rebuilt.open()).toEqual(play.book.open());
        for (const alarm of play.book.open()) expect(alarmSchema.parse(alarm)).toEqual(alarm);
      }),
      runs,
    );
  });
});
