import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absorb, addRange, holesBetween, rangeOf, subtract } from '../../cloud-bridge/ranges.ts';
import type { Range } from '../../contract/frame.ts';

const expand = (ranges: readonly Range[]) =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const range = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 8 }));

describe('ranges', () => {
  it('are sets: adding, subtracting and absorbing agree with plain sets of numbers', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 12 }), range, fc.nat(50), (added, [from, length], ack) => {
        let ranges: Range[] = [];
        const set = new Set<number>();
        for (const [low, count] of added) {
          ranges = addRange(ranges, low, low + count);
          for (let n = low; n <= low + count; n++) set.add(n);
        }
        expect(expand(ranges)).toEqual([...set].sort((a, b) => a - b));
        for (const [i, [low]] of ranges.entries())
          expect(low).toBeGreaterThan((ranges[i - 1]?.[1] ?? -1) + 1);

        const wanted = expand([[from, from + length]]);
        expect(expand(subtract(from, from + length, ranges))).toEqual(wanted.filter((n) => !set.has(n)));
        for (const n of wanted) expect(rangeOf(n, ranges) !== undefined).toBe(set.has(n));

        const moved = absorb(ack, ranges);
        let mark = ack;
        for (let n = 1; n <= ack; n++) set.add(n);
        while (set.has(mark + 1)) mark += 1;
        expect(moved.ack).toBe(mark);
        expect(expand(moved.have)).toEqual([...set].filter((n) => n > mark).sort((a, b) => a - b));
        const top = Math.max(mark, ...set);
        const holes = expand([[1, top]]).filter((n) => n > mark && !set.has(n));
        expect(expand(holesBetween(moved.ack, moved.have))).toEqual(top >= 1 ? holes : []);
      }),
    );
  });
});
