import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import { transitionSchema } from '../../../contract/alarm.ts';
import { modeClass } from '../../../edge/alarms/key.ts';
import { actions, guard, leader, Play, pair } from './play.ts';

describe('several devices or inputs at one slot', () => {
  test('water at input 5 and 6: when 6 is dry again, the alarm stays active for 5', () => {
    const play = new Play();
    const wet = play.raise('ENV.WATER', { device: 'io-a', input: '5', slot: 'cellar' });
    play.send('ENV.WATER', 'raise', { device: 'io-a', input: '6', slot: 'cellar' });
    play.send('ENV.WATER', 'clear', { device: 'io-a', input: '6', slot: 'cellar' });
    expect(play.alarm(wet.id)).toMatchObject({ condition: 'active', operator: 'new', sources: ['io-a#5'] });
    play.send('ENV.WATER', 'clear', { device: 'io-a', input: '5', slot: 'cellar' });
    expect(play.alarm(wet.id)).toMatchObject({ condition: 'returned', operator: 'closed' });
  });

  test('two panic buttons of one slot: a leader cannot reset and close while the first is pressed', () => {
    const play = new Play();
    const first = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'button-2', slot: 'hall' });
    play.send('EMG.PANIC', 'clear', { device: 'button-2', slot: 'hall' });
    play.act(first.id, 'acknowledge', guard);
    play.act(first.id, 'dispose', leader, { verdict: 'real' });
    expect(play.act(first.id, 'reset', pair)).toMatchObject({ refused: 'condition-active' });
    play.send('EMG.PANIC', 'clear', { device: 'button-1', slot: 'hall' });
    expect(play.act(first.id, 'reset', pair)).toHaveProperty('changes');
  });

  test('the first clear of a source that never raised it clears nothing', () => {
    const play = new Play();
    const smoke = play.raise('FIR.SMOKE', { device: 'd1', slot: 'lab' });
    expect(play.send('FIR.SMOKE', 'clear', { device: 'd2', slot: 'lab', freshness: 'initial' })).toEqual([]);
    expect(play.alarm(smoke.id).condition).toBe('active');
  });

  test('a second source learnt at start holds an active alarm as well, without a new sound or count', () => {
    const play = new Play();
    const smoke = play.raise('FIR.SMOKE', { device: 'd1', slot: 'lab' });
    play.act(smoke.id, 'acknowledge', guard);
    play.send('FIR.SMOKE', 'raise', { device: 'd2', slot: 'lab', freshness: 'replay' });
    expect(play.alarm(smoke.id)).toMatchObject({ operator: 'acknowledged', count: 1, sources: ['d1', 'd2'] });
    play.send('FIR.SMOKE', 'clear', { device: 'd1', slot: 'lab' });
    expect(play.alarm(smoke.id).condition).toBe('active');
  });

  test('an alarm that follows a disposed one is held by what still held that one', () => {
    const play = new Play();
    const first = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall' });
    play.act(first.id, 'dispose', leader, { verdict: 'false' });
    play.send('EMG.PANIC', 'raise', { device: 'button-2', slot: 'hall' });
    play.send('EMG.PANIC', 'clear', { device: 'button-2', slot: 'hall' });
    const next = play.book.open().find((alarm) => alarm.previous === first.id);
    expect(next).toMatchObject({ condition: 'active', sources: ['button-1'] });
  });

  test('a dead bridge takes no source away, and an unknown alarm returns with the last of them', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'button-2', slot: 'hall' });
    play.lose('button-1', 'button-2');
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['button-1', 'button-2'] });
    expect(actions(play.send('EMG.PANIC', 'clear', { device: 'button-2', slot: 'hall' }))).toEqual(['ease']);
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['button-1'] });
    play.send('EMG.PANIC', 'clear', { device: 'button-1', slot: 'hall' });
    expect(play.alarm(id).condition).toBe('returned');
    expect(play.alarm(id)).not.toHaveProperty('sources');
    expect(play.alarm(id)).not.toHaveProperty('lost');
  });

  test('an alarm held only by sources out of reach is unknown, whichever device raised it', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'wired', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'radio', input: '2', slot: 'hall' });
    play.send('EMG.PANIC', 'clear', { device: 'wired', slot: 'hall' });
    expect(play.alarm(id)).toMatchObject({ device: 'wired', sources: ['radio#2'], condition: 'active' });
    expect(actions(play.lose('radio'))).toEqual(['lose']);
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['radio#2'] });
    expect(play.lose('radio')).toEqual([]);
  });

  test('an alarm that a device in reach still holds stays active, and is unknown once that one has returned', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'radio', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'wired', slot: 'hall' });
    const [change] = play.lose('radio');
    expect(change?.transition).toMatchObject({ action: 'lose', to: { condition: 'active' } });
    expect(transitionSchema.parse(change?.transition)).toEqual(change?.transition);
    expect(play.alarm(id)).toMatchObject({ condition: 'active', lost: ['radio'] });
    const changes = play.send('EMG.PANIC', 'clear', { device: 'wired', slot: 'hall' });
    expect(actions(changes)).toEqual(['ease', 'lose']);
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['radio'], lost: ['radio'] });
    play.send('EMG.PANIC', 'clear', { device: 'radio', slot: 'hall', freshness: 'initial' });
    expect(play.alarm(id).condition).toBe('returned');
  });

  test('a source that speaks again is in reach: its raise makes the alarm active, and holds it when the other returns', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'radio', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'wired', slot: 'hall' });
    play.lose('radio');
    play.send('EMG.PANIC', 'raise', { device: 'radio', slot: 'hall', freshness: 'initial' });
    expect(play.alarm(id)).toMatchObject({ condition: 'active', count: 2 });
    expect(play.alarm(id)).not.toHaveProperty('lost');
    play.send('EMG.PANIC', 'clear', { device: 'wired', slot: 'hall' });
    expect(play.alarm(id)).toMatchObject({ condition: 'active', sources: ['radio'] });
  });

  test('a source out of reach that is removed leaves those in reach; the last in reach removed leaves it unknown', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'radio', slot: 'hall' });
    play.send('EMG.PANIC', 'raise', { device: 'wired', slot: 'hall' });
    play.lose('radio');
    const { changes } = play.book.release(({ device }) => device !== 'wired');
    expect(actions(changes)).toEqual(['ease', 'lose']);
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['radio'] });
  });

  test('an alarm stored as unknown before lost sources were kept: one that speaks makes it active, the rest stays lost', () => {
    const play = new Play();
    const first = new Play();
    const { id } = first.raise('EMG.PANIC', { device: 'radio-1', slot: 'hall' });
    first.send('EMG.PANIC', 'raise', { device: 'radio-2', slot: 'hall' });
    first.lose('radio-1', 'radio-2');
    const { lost, ...stored } = first.alarm(id);
    play.book.restore([stored]);
    play.send('EMG.PANIC', 'raise', { device: 'radio-1', slot: 'hall', freshness: 'initial' });
    expect(play.alarm(id)).toMatchObject({ condition: 'active', lost: ['radio-2'] });
    play.send('EMG.PANIC', 'clear', { device: 'radio-1', slot: 'hall' });
    expect(play.alarm(id)).toMatchObject({ condition: 'unknown', sources: ['radio-2'] });
  });

  test('one source leaves a transition that changes the sources and nothing else', () => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE', { device: 'd1', slot: 'lab' });
    play.send('FIR.SMOKE', 'raise', { device: 'd2', slot: 'lab' });
    const { version, sources, ...before } = play.alarm(id);
    const [change] = play.send('FIR.SMOKE', 'clear', { device: 'd1', slot: 'lab' });
    expect(change?.transition).toMatchObject({ action: 'ease', actor: 'device:d1', version: version + 1 });
    expect(transitionSchema.parse(change?.transition)).toEqual(change?.transition);
    expect(play.alarm(id)).toEqual({ ...before, version: version + 1, sources: ['d2'] });
    expect(play.send('FIR.SMOKE', 'clear', { device: 'd1', slot: 'lab' })).toEqual([]);
  });

  test('a pulse holds nothing active', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall' });
    play.send('EMG.PANIC', 'pulse', { device: 'button-2', slot: 'hall' });
    expect(play.alarm(id)).toMatchObject({ count: 2, sources: ['button-1'] });
    expect(play.send('EMG.PANIC', 'pulse', { slot: 'gate' })[0]?.alarm).not.toHaveProperty('sources');
  });

  test('a test holds and clears the test alarm only', () => {
    const play = new Play();
    const real = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall' });
    const tried = play.raise('EMG.PANIC', { device: 'button-1', slot: 'hall', mode: 'test' });
    play.send('EMG.PANIC', 'raise', { device: 'button-2', slot: 'hall', mode: 'walktest' });
    play.send('EMG.PANIC', 'clear', { device: 'button-1', slot: 'hall', mode: 'test' });
    expect(play.alarm(real.id).sources).toEqual(['button-1']);
    expect(play.alarm(tried.id)).toMatchObject({ condition: 'active', sources: ['button-2'] });
  });

  test('an alarm stored before sources were kept returns with any clear', () => {
    const play = new Play();
    const { sources, ...stored } = new Play().raise('FIR.SMOKE', { device: 'd1', slot: 'lab' });
    play.book.restore([stored]);
    expect(actions(play.send('FIR.SMOKE', 'clear', { device: 'd2', slot: 'lab' }))).toEqual(['return']);
  });

  test("a gateway's own event is held by what it is about", () => {
    const play = new Play();
    const raise = play.event('SYS.STORAGE', 'raise');
    delete raise.origin.device;
    const [change] = play.book.onEvent(raise, { armed: 'never' });
    expect(change?.alarm.sources).toEqual(['gw1']);
    const clear = { ...raise, id: play.newId(), edge: 'clear' as const };
    expect(actions(play.book.onEvent(clear, { armed: 'never' }))).toEqual(['return']);
  });

  test('keeps 256 sources; one more that is told again and again changes nothing', () => {
    const play = new Play();
    const { id } = play.raise('FIR.SMOKE', { device: 'd0', slot: 'lab' });
    for (let n = 1; n <= 256; n++) play.send('FIR.SMOKE', 'raise', { device: `d${n}`, slot: 'lab' });
    expect(play.alarm(id)).toMatchObject({ count: 257 });
    expect(play.alarm(id).sources).toHaveLength(256);
    const again = { device: 'd256', slot: 'lab', freshness: 'initial' } as const;
    expect(play.send('FIR.SMOKE', 'raise', again)).toEqual([]);
  });

  test('in any order of raises, clears, dead bridges and handling, exactly what is not back holds an alarm', () => {
    const source = { device: fc.constantFrom('d1', 'd2'), input: fc.constantFrom('5', '6') };
    const anEvent = fc.record({
      type: fc.constantFrom('EMG.PANIC', 'ENV.WATER'),
      edge: fc.constantFrom('raise' as const, 'clear' as const),
      mode: fc.constantFrom('live' as const, 'live' as const, 'test' as const, 'walktest' as const),
      ...source,
    });
    const aStep = fc.oneof(
      { weight: 6, arbitrary: anEvent },
      { weight: 2, arbitrary: fc.constantFrom('dispose' as const, 'reset' as const, 'close' as const) },
      { weight: 1, arbitrary: fc.constant('lose' as const) },
    );
    fc.assert(
      fc.property(fc.array(aStep, { maxLength: 60, size: 'max' }), (sequence) => {
        const play = new Play();
        const held = new Map<string, Set<string>>();
        const lost = new Set<string>();
        for (const step of sequence) {
          if (step === 'lose') {
            play.lose('d1');
            for (const [key, holders] of held)
              for (const holder of holders) if (holder.startsWith('d1#')) lost.add(`${key} ${holder}`);
          } else if (typeof step === 'string') {
            for (const { id } of play.book.open()) play.act(id, step, pair, { verdict: 'real' });
          } else {
            const { type, edge, ...rest } = step;
            play.send(type, edge, { ...rest, slot: 'cellar' });
            const key = `${type} ${modeClass(step.mode)}`;
            const holders = held.get(key) ?? new Set();
            holders[edge === 'raise' ? 'add' : 'delete'](`${step.device}#${step.input}`);
            held.set(key, holders);
            lost.delete(`${key} ${step.device}#${step.input}`);
          }
          const open = play.book.open();
          for (const [key, holders] of held) expect(holdersOf(open, key)).toEqual([...holders].sort());
          for (const { condition, sources } of [...open, ...play.book.closed()]) {
            expect(condition === 'returned').toBe(sources === undefined);
          }
          for (const { type, mode, condition, operator, sources = [] } of open) {
            // a disposed one learns nothing of raises: those open the next
            if (condition === 'returned' || operator === 'disposed') continue;
            const isLost = (source: string) => lost.has(`${type} ${modeClass(mode)} ${source}`);
            expect(condition).toBe(sources.every(isLost) ? 'unknown' : 'active');
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Everything that holds an open alarm of this type and mode class. */
function holdersOf(open: readonly Alarm[], key: string): string[] {
  const alarms = open.filter(({ type, mode }) => `${type} ${modeClass(mode)}` === key);
  return [...new Set(alarms.flatMap(({ sources }) => sources ?? []))].sort();
}
