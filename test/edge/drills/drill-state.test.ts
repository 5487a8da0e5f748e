import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventType } from '../../../contract/event-type.ts';
import {
  type Drill,
  heard,
  madeReal,
  pressKey,
  type Signal,
  stillHeld,
} from '../../../edge/drills/drill-state.ts';
import { type Names, reportOf, summaryOf } from '../../../edge/drills/report.ts';

const T0 = Date.parse('2026-09-01T08:00:00.000Z');
const names: Names = {
  device: (id) => id,
  slot: (id) => id,
  placeOfSlot: () => 'lab',
  commonPlace: () => 'lab',
  inputAt: () => undefined,
};
const quiet = { openReal: false, echo: false };

function drillOf(kind: Drill['kind'] = 'drill', types = ['EMG.PANIC']): Drill {
  return {
    id: '01990000-0000-7000-8000-000000000001',
    kind,
    places: ['lab'],
    types,
    points: [
      { device: 'button', slot: 'panic' },
      { device: 'pir', slot: 'hall' },
    ],
    reason: 'autumn drill',
    by: 'leader',
    at: new Date(T0).toISOString(),
    deadline: { until: new Date(T0 + 600_000).toISOString(), ofMs: 600_000 },
    presses: {},
    ticks: {},
  };
}

function signalOf(type: string, over: Partial<Signal> = {}): Signal {
  const entry = eventType(type);
  if (entry === undefined) throw new Error(type);
  const device = over.device ?? 'button';
  const slot = 'slot' in over ? over.slot : 'panic';
  return {
    type,
    kind: entry.kind,
    lifeSafety: entry.lifeSafety,
    silent: entry.silent === true,
    edge: 'raise',
    mode: 'live',
    freshness: 'live',
    device,
    slot,
    subject: slot ?? device,
    source: device,
    at: new Date(T0 + 1_000).toISOString(),
    ...over,
  };
}

describe('a press in a drill', () => {
  it('is practice the first time and real the second', () => {
    const first = heard(drillOf(), signalOf('EMG.PANIC'), quiet);
    expect(first?.mode).toBe('drill');
    const cleared = heard(first!.drill, signalOf('EMG.PANIC', { edge: 'clear' }), quiet);
    expect(cleared?.mode).toBe('drill');
    const second = heard(cleared!.drill, signalOf('EMG.PANIC'), quiet);
    expect(second).toMatchObject({ mode: 'live', turned: { type: 'EMG.PANIC', subject: 'panic' } });
    // whatever follows is real until the end
    expect(heard(second!.drill, signalOf('EMG.PANIC', { edge: 'clear' }), quiet)).toBeUndefined();
    expect(heard(second!.drill, signalOf('EMG.PANIC'), quiet)?.mode).toBe('live');
  });

  it.each([
    ['a device that is not listed', signalOf('EMG.PANIC', { device: 'other' })],
    ['a device that took the place of a listed one', signalOf('EMG.PANIC', { device: 'new-button' })],
    ['another type that concerns life', signalOf('FIR.SMOKE')],
    ['tamper', signalOf('DEV.TAMPER')],
    ['a fault', signalOf('DEV.FAULT')],
  ])('is real from %s', (_, signal) => {
    expect(heard(drillOf(), signal, quiet)).toBeUndefined();
  });

  it.each(['late', 'replay', 'initial'] as const)(
    'is real when it is %s: it was not pressed now',
    (freshness) => {
      expect(heard(drillOf(), signalOf('EMG.PANIC', { freshness }), quiet)?.mode).toBe('live');
    },
  );

  it('is one press when the same state is told again, and when two ways report it', () => {
    const { drill } = heard(drillOf(), signalOf('EMG.PANIC'), quiet)!;
    expect(heard(drill, signalOf('EMG.PANIC', { freshness: 'initial' }), quiet)?.mode).toBe('drill');
    expect(heard(drill, signalOf('EMG.PANIC'), { openReal: false, echo: true })?.mode).toBe('drill');
    expect(heard(drill, signalOf('EMG.PANIC', { freshness: 'late' }), quiet)?.mode).toBe('live');
  });

  it('never changes the mode of an alarm that is open already', () => {
    const open = { openReal: true, echo: false };
    const again = heard(drillOf(), signalOf('EMG.PANIC'), open);
    expect(again?.mode).toBe('live');
    expect(heard(again!.drill, signalOf('EMG.PANIC', { edge: 'clear' }), open)).toBeUndefined();
  });

  it.each([true, false])(
    'bug: of a silent type, the list in its room told that one was real (open already: %s)',
    (openReal) => {
      const drill = drillOf('drill', ['EMG.DURESS', 'EMG.PANIC']);
      const real = heard(drill, signalOf('EMG.DURESS'), { openReal, echo: false })!;
      expect(Object.keys(real.drill.ticks)).toHaveLength(openReal ? 0 : 1);
      const again = heard(real.drill, signalOf('EMG.DURESS'), { openReal, echo: false })!;
      expect(again.mode).toBe('live');
      expect(again.drill.ticks).toEqual(real.drill.ticks);
      const report = (one: Drill) => reportOf(one, names);
      expect(report(again.drill)).toEqual(report(real.drill));
      expect(JSON.stringify(report(again.drill))).not.toContain('real');
      expect(summaryOf(report(again.drill))).not.toHaveProperty('real');
      // what is not silent says so
      const panic = heard(heard(drill, signalOf('EMG.PANIC'), quiet)!.drill, signalOf('EMG.PANIC'), quiet)!;
      expect(summaryOf(report(panic.drill))).toMatchObject({ real: ['panic'] });
    },
  );

  it('is real from then on when a person has made it so', () => {
    const { drill } = heard(drillOf(), signalOf('EMG.PANIC'), quiet)!;
    const real = madeReal(drill, 'EMG.PANIC|panic');
    expect(stillHeld(real)).toEqual([]);
    expect(heard(real, signalOf('EMG.PANIC'), quiet)?.mode).toBe('live');
  });
});

describe('a walk test', () => {
  it('ticks off each point once, by its detector or its own test button', () => {
    const pir = { device: 'pir', slot: 'hall' };
    const walk = drillOf('walktest', ['FIR.SMOKE']);
    const seen = heard(walk, signalOf('INT.AREA', pir), quiet)!;
    expect(seen.mode).toBe('walktest');
    expect(seen.drill.ticks).toMatchObject({ 'pir hall': { type: 'INT.AREA' } });
    const tested = heard(seen.drill, signalOf('FIR.SMOKE', { mode: 'test' }), quiet)!;
    expect(tested.mode).toBe('test');
    expect(Object.keys(tested.drill.ticks)).toEqual(['pir hall', 'button panic']);
  });

  it('does not take a press of an emergency button for a test that was not asked for', () => {
    expect(heard(drillOf('walktest', []), signalOf('EMG.PANIC'), quiet)).toBeUndefined();
  });
});

const aSignal = fc.record({
  type: fc.constantFrom('EMG.PANIC', 'FIR.SMOKE', 'INT.AREA', 'DEV.TAMPER'),
  edge: fc.constantFrom(
    'raise' as const,
    'raise' as const,
    'clear' as const,
    'pulse' as const,
    'update' as const,
  ),
  freshness: fc.constantFrom('live' as const, 'live' as const, 'late' as const, 'initial' as const),
  device: fc.constantFrom('button', 'pir', 'other'),
  slot: fc.constantFrom('panic', 'hall'),
  echo: fc.constantFrom(false, false, false, true),
  make: fc.constantFrom(false, false, false, false, true),
});

describe('any order of signals', () => {
  const listed = (device: string, slot: string): boolean =>
    (device === 'button' && slot === 'panic') || (device === 'pir' && slot === 'hall');

  it('leaves no second press, no unlisted device and no other danger a drill', () => {
    fc.assert(
      fc.property(fc.array(aSignal, { maxLength: 60, size: 'max' }), (signals) => {
        let drill = drillOf();
        const practised = new Map<string, number>();
        for (const { echo, make, ...over } of signals) {
          const signal = signalOf(over.type, over);
          const found = heard(drill, signal, { openReal: false, echo });
          const mode = found?.mode ?? 'live';
          drill = found?.drill ?? drill;
          const key = pressKey(signal);
          if (make) {
            drill = madeReal(drill, key);
          }
          if (mode === 'live') continue;
          expect(listed(signal.device, signal.slot ?? '')).toBe(true);
          expect(signal.type).not.toBe('DEV.TAMPER');
          expect(signal.lifeSafety && signal.type !== 'EMG.PANIC').toBe(false);
          const isPress = signal.edge === 'raise' || signal.edge === 'pulse';
          // the same press by another way, or the state that is known told again
          if (!isPress || echo || signal.freshness !== 'live') continue;
          practised.set(key, (practised.get(key) ?? 0) + 1);
          expect(practised.get(key)).toBe(1);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('loses nothing that still holds at the end', () => {
    fc.assert(
      fc.property(fc.array(aSignal, { maxLength: 60, size: 'max' }), (signals) => {
        let drill = drillOf();
        /** Sources that hold a type, and whether the last word of each was told as practice. */
        const active = new Map<string, { key: string; practice: boolean }>();
        for (const { echo, make: _, ...over } of signals) {
          const signal = signalOf(over.type, over);
          const found = heard(drill, signal, { openReal: false, echo });
          drill = found?.drill ?? drill;
          const key = pressKey(signal);
          const source = `${key} ${signal.source}`;
          const practice = found !== undefined && found.mode !== 'live';
          if (found?.turned !== undefined)
            for (const one of active.values()) if (one.key === key) one.practice = false;
          if (signal.edge === 'raise') active.set(source, { key, practice });
          if (signal.edge === 'clear') active.delete(source);
        }
        const lost = new Set([...active.values()].filter(({ practice }) => practice).map(({ key }) => key));
        expect(new Set(stillHeld(drill).map(pressKey))).toEqual(lost);
      }),
      { numRuns: 500 },
    );
  });
});
