/** What the screen sounds like. `lost`: no word from the gateway; `armed`: the sound was switched on. */
export type PatternName = 'severity-1' | 'severity-1-louder' | 'severity-2' | 'lost' | 'armed';

/** A tone of a pattern: from `at`, `length` long (seconds). */
interface Tone {
  readonly at: number;
  readonly length: number;
  readonly hz: number;
}

export interface Pattern {
  /** Length of one round, seconds; it is looped without a gap. */
  readonly round: number;
  readonly tones: readonly Tone[];
  /** 0 to 1. */
  readonly loudness: number;
}

/** Told apart without knowing them: a fast two-tone warble, two calm beeps, a slow fall. */
export const patterns: Readonly<Record<PatternName, Pattern>> = {
  'severity-1': {
    round: 1.6,
    loudness: 0.9,
    tones: [0, 1, 2, 3, 4, 5].map((n) => ({ at: n * 0.2, length: 0.2, hz: n % 2 === 0 ? 1040 : 780 })),
  },
  // without a pause, at full level, and where the ear hears best
  'severity-1-louder': {
    round: 1.2,
    loudness: 1,
    tones: [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ({
      at: n * 0.15,
      length: 0.15,
      hz: n % 2 === 0 ? 2_080 : 1_240,
    })),
  },
  'severity-2': {
    round: 2.4,
    loudness: 0.7,
    tones: [
      { at: 0, length: 0.22, hz: 660 },
      { at: 0.32, length: 0.22, hz: 660 },
    ],
  },
  lost: {
    round: 3,
    loudness: 0.8,
    tones: [
      { at: 0, length: 0.3, hz: 880 },
      { at: 0.35, length: 0.3, hz: 587 },
      { at: 0.7, length: 0.6, hz: 392 },
    ],
  },
  armed: {
    round: 0.5,
    loudness: 0.4,
    tones: [
      { at: 0, length: 0.12, hz: 660 },
      { at: 0.14, length: 0.2, hz: 990 },
    ],
  },
};

/** Harmonics make a tone easier to locate in a room than a pure one, and audible on small speakers. */
const HARMONICS = [1, 0.5, 0.25, 0.12] as const;
const HARMONIC_SUM = HARMONICS.reduce((sum, share) => sum + share, 0);
/** Rise and fall of a tone, seconds: without them it clicks. */
const RAMP = 0.01;

/** One round of a pattern as samples of -1 to 1. Pure. */
export function samplesOf(pattern: Pattern, sampleRate: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(Math.round(pattern.round * sampleRate));
  for (const { at, length, hz } of pattern.tones) {
    const first = Math.round(at * sampleRate);
    const count = Math.min(Math.round(length * sampleRate), samples.length - first);
    for (let i = 0; i < count; i += 1) {
      const t = i / sampleRate;
      const ramp = Math.min(1, t / RAMP, (length - t) / RAMP);
      samples[first + i] = pattern.loudness * Math.max(0, ramp) * wave(hz, t);
    }
  }
  return samples;
}

function wave(hz: number, t: number): number {
  const value = HARMONICS.reduce(
    (sum, share, index) => sum + share * Math.sin(2 * Math.PI * hz * (index + 1) * t),
    0,
  );
  return value / HARMONIC_SUM;
}
