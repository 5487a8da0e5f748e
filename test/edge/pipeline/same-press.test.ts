import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SamePress } from '../../../edge/pipeline/same-press.ts';
import { Play } from '../alarms/play.ts';

const press = () => new Play().event('EMG.PANIC', 'pulse', { slot: 'hall' });

function presses(): { at(ms: number, way: string): boolean } {
  let now = 0;
  const same = new SamePress(() => now);
  return {
    at: (ms, way) => {
      now = ms;
      return same.isEcho(press(), way);
    },
  };
}

describe('one press on two ways', () => {
  test('is an echo on the second way, within 3 seconds', () => {
    const p = presses();
    expect(p.at(0, 'mqtt a')).toBe(false);
    expect(p.at(800, 'site b')).toBe(true);
    expect(p.at(10_000, 'mqtt a')).toBe(false);
    expect(p.at(13_001, 'site b')).toBe(false);
  });

  test('a second press on the same way is one, however soon it comes', () => {
    const p = presses();
    expect(p.at(0, 'a')).toBe(false);
    expect(p.at(200, 'a')).toBe(false);
    expect(p.at(300, 'b')).toBe(true);
    expect(p.at(400, 'b')).toBe(true);
    expect(p.at(500, 'b')).toBe(false);
  });

  test('a press whose first report is long ago takes no second press for its echo', () => {
    const p = presses();
    p.at(0, 'a');
    p.at(500, 'b');
    expect(p.at(3_200, 'a')).toBe(false);
    expect(p.at(3_700, 'b')).toBe(true);
  });

  test('clears, stored news and other alarms are nothing to it', () => {
    const play = new Play();
    const same = new SamePress(() => 0);
    same.isEcho(press(), 'a');
    expect(same.isEcho(play.event('EMG.PANIC', 'clear', { slot: 'hall' }), 'b')).toBe(false);
    expect(same.isEcho(play.event('EMG.PANIC', 'pulse', { slot: 'hall', freshness: 'late' }), 'b')).toBe(
      false,
    );
    expect(same.isEcho(play.event('EMG.PANIC', 'pulse', { slot: 'gate' }), 'b')).toBe(false);
    expect(same.isEcho(play.event('EMG.PANIC', 'pulse', { slot: 'hall' }), 'b')).toBe(true);
  });

  test('never fewer presses than any one way has seen', () => {
    const report = fc.record({ way: fc.constantFrom('a', 'b', 'c'), after: fc.nat(2_000) });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 40 }), (reports) => {
        const p = presses();
        const seen: Record<string, number> = {};
        let now = 0;
        let counted = 0;
        for (const { way, after } of reports) {
          now += after;
          seen[way] = (seen[way] ?? 0) + 1;
          if (!p.at(now, way)) counted++;
          expect(counted).toBeGreaterThanOrEqual(Math.max(...Object.values(seen)));
        }
      }),
    );
  });
});
