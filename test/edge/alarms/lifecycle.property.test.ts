import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Alarm,
  type AlarmActionRequest,
  alarmActionSchema,
  alarmSchema,
  type Transition,
  transitionSchema,
} from '../../../contract/alarm.ts';
import { edgeSchema, freshnessSchema, modeSchema, severitySchema } from '../../../contract/event.ts';
import { isSounding, SILENCE_MAX_MS } from '../../../contract/sounding.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { keyOf } from '../../../edge/alarms/key.ts';
import type { Actor } from '../../../edge/alarms/lifecycle.ts';
import { actorOf, guard, guard2, leader, Play, pair } from './play.ts';

// short lists, so that events and actions meet on the same alarms often
const types = [
  'EMG.PANIC',
  'EMG.SILENT',
  'FIR.SMOKE',
  'INT.24H',
  'INT.AREA',
  'VEH.UNAUTH',
  'DEV.FAULT',
  'VID.MOTION',
];
const people: Actor[] = [
  guard,
  guard2,
  leader,
  pair,
  pair,
  pair,
  { ...leader, user: 'zhao', second: { user: 'sun', role: 'guard' } },
  { ...leader, second: { user: leader.user, role: 'shift-leader' } },
  { ...leader, second: { user: 'x', role: 'installer' } },
  { ...guard, second: { user: 'wang', role: 'shift-leader' } },
  actorOf('installer'),
  actorOf('administrator'),
  actorOf('system'),
];

const anEvent = fc.record({
  do: fc.constant('event' as const),
  type: fc.constantFrom(...types),
  edge: fc.constantFrom(...edgeSchema.options, 'raise' as const, 'clear' as const),
  freshness: fc.constantFrom('live' as const, 'live' as const, ...freshnessSchema.options),
  mode: fc.constantFrom('live' as const, 'live' as const, 'live' as const, ...modeSchema.options),
  severity: fc.option(fc.constantFrom(...severitySchema.options.map((option) => option.value)), {
    nil: undefined,
  }),
  device: fc.constantFrom('d1', 'd2'),
  slot: fc.constantFrom('hall', 'hall', 'hall', undefined),
  input: fc.constantFrom('1', undefined, undefined, undefined, undefined, undefined),
  armed: fc.constantFrom('always' as const, 'never' as const),
  age: fc.constantFrom(0, 0, 5_000, 600_000),
});
const anAct = fc.record({
  do: fc.constant('act' as const),
  which: fc.nat(5),
  action: fc.constantFrom(
    ...alarmActionSchema.options,
    'dispose' as const,
    'reset' as const,
    'close' as const,
  ),
  actor: fc.constantFrom(...people),
  stale: fc.constantFrom(0, 0, 0, 0, 1),
  how: fc.constantFrom('video' as const, 'video' as const, undefined),
  verdict: fc.constantFrom('real' as const, 'false' as const, 'real' as const, undefined),
  policeCode: fc.constantFrom(undefined, undefined, '100200', '990000*', 'nonsense'),
  silenceMs: fc.constantFrom(undefined, -1, 5_000, 99_000_000),
});
const aStep = fc.oneof(
  { weight: 5, arbitrary: anEvent },
  { weight: 8, arbitrary: anAct },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('lose' as const), device: fc.constantFrom('d1', 'd2') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(200_000) }) },
);
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

/** Plays one step; the person's request is returned where there was one. */
function take(play: Play, step: Step): { id: string; request: AlarmActionRequest } | undefined {
  if (step.do === 'wait') play.now += step.ms;
  if (step.do === 'lose') play.lose(step.device);
  if (step.do === 'event') {
    const { do: _, age, severity, type, edge, slot, input, ...rest } = step;
    play.send(type, edge, {
      ...rest,
      at: play.now - age,
      ...(severity !== undefined && { severity }),
      ...(slot !== undefined && { slot }),
      ...(input !== undefined && { input }),
    });
  }
  if (step.do !== 'act') return undefined;
  const known = [...play.book.open(), ...play.book.closed()];
  const alarm = known[step.which % Math.max(1, known.length)];
  if (alarm === undefined) return undefined;
  const request: AlarmActionRequest = {
    version: Math.max(1, alarm.version - step.stale),
    station: step.actor.station,
    ...(step.how !== undefined && { how: step.how }),
    ...(step.verdict !== undefined && { verdict: step.verdict }),
    ...(step.policeCode !== undefined && { policeCode: step.policeCode }),
    ...(step.silenceMs !== undefined && { until: new Date(play.now + step.silenceMs).toISOString() }),
  };
  play.act(alarm.id, step.action, step.actor, request);
  return { id: alarm.id, request };
}

// size max: as long as allowed, or no sequence would ever get as far as a close
const steps = fc.array(aStep, { minLength: 1, maxLength: 120, size: 'max' });
const runs = { numRuns: 400 };

function isByPerson({ role }: Transition): boolean {
  return role === 'guard' || role === 'shift-leader';
}

describe('any order of any events and actions', () => {
  test('never closes, resets or hides an unhandled severity 1', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) {
          const seen = play.transitions.length;
          const before = new Map(play.book.open().map((alarm) => [alarm.id, alarm]));
          take(play, step);
          for (const t of play.transitions.slice(seen)) checkTransition(before.get(t.alarmId), t);
          const open = new Set(play.book.open().map(({ id }) => id));
          for (const alarm of latest(play.transitions)) {
            // hidden: not listed
            expect(open.has(alarm.id)).toBe(alarm.operator !== 'closed');
            if (alarm.severity > 1 || alarm.operator !== 'new') continue;
            // hidden: not heard, beyond 30 s of silence
            const audible = alarm.silent !== true && alarm.mode !== 'test' && alarm.mode !== 'walktest';
            const sounds = audible && (alarm.lifeSafety || alarm.freshness === 'live');
            expect(isSounding(alarm, play.now + SILENCE_MAX_MS)).toBe(sounds);
          }
        }
      }),
      runs,
    );
  });

  /** What may change a severity 1-2 alarm, told from the transition alone. */
  function checkTransition(before: Alarm | undefined, t: Transition): void {
    const severity = before?.severity ?? t.alarm.severity;
    if (before === undefined || severity > 2) return;
    // it goes on as a real alarm, which the drills raise in the same commit
    if (t.action === 'make-real') {
      expect(before.mode).not.toBe('live');
      return;
    }
    expect(t.alarm.severity).toBeLessThanOrEqual(severity);
    if (before.operator === 'new' && t.to.operator !== 'new') {
      expect(isByPerson(t), 'only a person takes an alarm').toBe(true);
    }
    if (before.latched && !t.to.latched) {
      expect(t).toMatchObject({ action: 'reset', role: 'shift-leader', from: { condition: 'returned' } });
      expect(before.operator, 'somebody has taken it before').not.toBe('new');
      if (severity === 1) expect(t.second).toSatisfy((second) => second !== undefined && second !== t.actor);
    }
    if (before.operator !== 'disposed' && t.to.operator === 'disposed') {
      expect(t).toMatchObject({ action: 'dispose', role: 'shift-leader' });
    }
    if (t.to.operator === 'closed') {
      const from = { condition: 'returned', operator: 'disposed', latched: false };
      expect(t).toMatchObject({ action: 'close', role: 'shift-leader', from });
      if (severity === 1) expect(t.second).toSatisfy((second) => second !== undefined && second !== t.actor);
    }
  }

  test('never swallows a live or life-safety trigger', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) {
          const active = step.do === 'event' && step.edge === 'raise' ? activeOf(play, step) : false;
          take(play, step);
          if (step.do !== 'event' || (step.edge !== 'raise' && step.edge !== 'pulse')) continue;
          if (step.type === 'VID.MOTION' || (step.type === 'INT.AREA' && step.armed === 'never')) continue;
          const lifeSafety = ['EMG.PANIC', 'EMG.SILENT', 'FIR.SMOKE'].includes(step.type);
          const stale = step.freshness !== 'live';
          if (stale && !lifeSafety) continue;
          if (step.edge === 'pulse' && step.freshness === 'replay') continue;
          // a fire that was active all the time may have been disposed of: its state told again is no news
          if (active && (step.freshness === 'replay' || step.freshness === 'initial')) continue;
          const instance = play.book
            .open()
            .find((alarm) => isOf(alarm, step) && alarm.operator !== 'disposed');
          expect(instance, 'an alarm to handle is listed').toBeDefined();
          if (step.edge === 'raise') expect(instance?.condition).toBe('active');
          if (instance?.severity === 1) {
            expect([
              'new',
              'dispatched',
              'on-scene',
              ...(stale ? ['acknowledged', 'confirmed'] : []),
            ]).toContain(instance.operator);
          }
        }
      }),
      runs,
    );
  });

  test('changes only the mode class of the event, and only alarms of its type and subject', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) {
          const seen = play.transitions.length;
          take(play, step);
          if (step.do !== 'event') continue;
          for (const { alarm } of play.transitions.slice(seen)) expect(isOf(alarm, step)).toBe(true);
        }
      }),
      runs,
    );
  });

  test('loses no transition: versions are contiguous, and the folded state equals the live state', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) take(play, step);
        const last = new Map<string, Transition>();
        for (const t of play.transitions) {
          const before = last.get(t.alarmId);
          expect(t.version).toBe((before?.version ?? 0) + 1);
          expect(t.from).toEqual(before?.to);
          expect(t.alarm.version).toBe(t.version);
          expect(t.alarm).not.toHaveProperty('delivery');
          expect(transitionSchema.parse(t)).toEqual(t);
          last.set(t.alarmId, t);
        }
        // as stored and read again, some of it twice
        const stored: Transition[] = JSON.parse(JSON.stringify(play.transitions));
        const rebuilt = book(() => play.now);
        for (const t of stored) {
          rebuilt.fold(t);
          rebuilt.fold(stored[0] as Transition);
        }
        expect(rebuilt.open()).toEqual(play.book.open());
        expect(rebuilt.closed()).toEqual(play.book.closed());
        const restored = book(() => play.now);
        restored.restore([...play.book.closed(), ...play.book.open()].reverse());
        expect(restored.open()).toEqual(play.book.open());
        for (const { id } of [...play.book.open(), ...play.book.closed()]) {
          expect(alarmSchema.parse(rebuilt.get(id))).toEqual(play.book.get(id));
        }
        // and all three go on alike
        const known = new Set(last.keys());
        for (const type of types) {
          for (const edge of ['raise', 'clear'] as const) {
            const event = play.event(type, edge, { severity: 1 });
            const results = [play.book, rebuilt, restored].map((each) =>
              each.onEvent(event, { armed: 'always' }).map(({ transition }) => summary(transition, known)),
            );
            expect(results[1]).toEqual(results[0]);
            expect(results[2]).toEqual(results[0]);
          }
        }
      }),
      runs,
    );
  });

  test('keeps at most one alarm to handle per key', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) take(play, step);
        const keys = play.book
          .open()
          .filter(({ operator }) => operator !== 'disposed')
          .map(keyOf);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      runs,
    );
  });

  test('the same request of the same person twice changes the alarm once', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) {
          const seen = play.transitions.length;
          const done = take(play, step);
          if (step.do !== 'act' || done === undefined || play.transitions.length === seen) continue;
          const again = play.act(done.id, step.action, step.actor, done.request);
          expect(again).toMatchObject({ refused: 'already-done', alarm: { id: done.id } });
        }
      }),
      runs,
    );
  });

  test('moves handling forward only, but for a new trigger', () => {
    const order = ['new', 'acknowledged', 'confirmed', 'dispatched', 'on-scene', 'disposed', 'closed'];
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        for (const step of sequence) take(play, step);
        for (const { from, to, action } of play.transitions) {
          if (from === undefined || order.indexOf(to.operator) >= order.indexOf(from.operator)) continue;
          expect(action).toBe('repeat');
          expect(to.operator).toBe('new');
          expect(['acknowledged', 'confirmed']).toContain(from.operator);
        }
      }),
      runs,
    );
  });
});

describe('the random play', () => {
  test('reaches every transition and every refusal, so that the properties above mean something', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(steps, (sequence) => {
        const play = new Play();
        const act = play.act.bind(play);
        play.act = (...args) => {
          const result = act(...args);
          if ('refused' in result) reached.add(result.refused);
          return result;
        };
        for (const step of sequence) take(play, step);
        for (const { action, alarm } of play.transitions) {
          reached.add(alarm.severity === 1 ? `${action} 1` : action);
          if (alarm.previous !== undefined) reached.add('previous');
        }
      }),
      { numRuns: 1_000, seed: 7 },
    );
    for (const action of [
      'raise',
      'repeat',
      'ease',
      'return',
      'lose',
      'silence',
      'acknowledge',
      'confirm',
      'dispatch',
    ]) {
      expect(reached).toContain(`${action} 1`);
    }
    for (const action of ['arrive', 'propose', 'dispose', 'reset', 'close'])
      expect(reached).toContain(`${action} 1`);
    for (const code of ['already-done', 'version-conflict', 'not-possible', 'condition-active', 'invalid']) {
      expect(reached).toContain(code);
    }
    for (const code of ['not-allowed', 'second-person-needed', 'previous', 'close'])
      expect(reached).toContain(code);
  });
});

function latest(transitions: readonly Transition[]): Iterable<Alarm> {
  const alarms = new Map<string, Alarm>();
  for (const { alarm } of transitions) alarms.set(alarm.id, alarm);
  return alarms.values();
}

function classOf(mode: string): string {
  return mode === 'walktest' ? 'test' : mode;
}

interface Told {
  type: string;
  device: string;
  slot: string | undefined;
  input: string | undefined;
  mode: string;
}

function isOf(alarm: Alarm, event: Told): boolean {
  const subject = event.slot ?? (event.input === undefined ? event.device : `${event.device}#${event.input}`);
  return (
    alarm.type === event.type && alarm.subject === subject && classOf(alarm.mode) === classOf(event.mode)
  );
}

function activeOf(play: Play, event: Told): boolean {
  return play.book.open().some((alarm) => isOf(alarm, event) && alarm.condition === 'active');
}

function book(clock: () => number): AlarmBook {
  let ids = 0;
  return new AlarmBook({ clock, newId: () => `01990000-0000-7000-9000-${String(++ids).padStart(12, '0')}` });
}

function summary({ action, alarmId, version, to }: Transition, known: ReadonlySet<string>): object {
  return { action, to, version, alarmId: known.has(alarmId) ? alarmId : 'new' };
}
