import { describe, expect, test } from 'vitest';
import { patternOf } from '../../edge/console/sound/annunciator.ts';
import { patterns, samplesOf } from '../../edge/console/sound/patterns.ts';

const RATE = 8_000;

describe('patterns', () => {
  test.each(Object.entries(patterns))(
    '%s is loud, does not clip, and loops without a click',
    (_name, pattern) => {
      const samples = samplesOf(pattern, RATE);
      const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
      expect(samples).toHaveLength(Math.round(pattern.round * RATE));
      expect(peak).toBeGreaterThan(0.2);
      expect(peak).toBeLessThanOrEqual(1);
      expect(Math.abs(samples[0] ?? 1)).toBeLessThan(0.01);
      expect(Math.abs(samples.at(-1) ?? 1)).toBeLessThan(0.05);
    },
  );

  test('severity 1 fills far more of its time than severity 2', () => {
    const share = (name: keyof typeof patterns) =>
      patterns[name].tones.reduce((sum, { length }) => sum + length, 0) / patterns[name].round;
    expect(share('severity-1')).toBeGreaterThan(3 * share('severity-2'));
  });

  test('no two share a rhythm and a pitch', () => {
    const shapes = Object.values(patterns).map(({ round, tones }) => JSON.stringify({ round, tones }));
    expect(new Set(shapes).size).toBe(shapes.length);
  });
});

describe('what is heard', () => {
  const quiet = { sounding: [], louder: false, lost: false, mutedUntil: 0, now: 100 } as const;

  test('the most urgent of what sounds', () => {
    expect(patternOf(quiet)).toBeUndefined();
    expect(patternOf({ ...quiet, sounding: [2, 1, 2] })).toBe('severity-1');
    expect(patternOf({ ...quiet, sounding: [2] })).toBe('severity-2');
  });

  test('a severity 1 that nobody takes grows louder; nothing else does', () => {
    expect(patternOf({ ...quiet, louder: true, sounding: [1] })).toBe('severity-1-louder');
    expect(patternOf({ ...quiet, louder: true, sounding: [2] })).toBe('severity-2');
  });

  test('a lost gateway goes before everything', () => {
    expect(patternOf({ ...quiet, sounding: [1], lost: true })).toBe('lost');
  });

  test('a muted loss lets the alarms be heard, and sounds again afterwards', () => {
    const muted = { ...quiet, sounding: [1] as const, lost: true, mutedUntil: 130 };
    expect(patternOf(muted)).toBe('severity-1');
    expect(patternOf({ ...muted, now: 130 })).toBe('lost');
  });
});
