import { z } from 'zod';
import type { ClockRecord } from './device-clock.ts';

/** A value that a payload or a profile compares. */
export type Scalar = string | number | boolean | null;

/**
 * What one source (a key of the payload) last said of a condition: 0 clear, 1 active; after its bridge was lost
 * 2 was clear, 3 was active; 4 clear, while history that came since left it active: the next clear is told.
 */
export type Signal = 0 | 1 | 2 | 3 | 4;

/** Sources by name; a condition is active while any of them is. */
export type Condition = Readonly<Record<string, Signal>>;

/** Conditions of one input by event type; a device's own test has its own, under the type's test key. */
export type Conditions = Readonly<Record<string, Condition>>;

/** What a device's messages left behind. Plain JSON, stored as text; never changed in place. */
export interface DeviceState {
  /** By input name; '' is the device itself. */
  readonly points?: Readonly<Record<string, Conditions>>;
  /** What speaks for a condition where several rules or objects may (`voice`), by condition and source. */
  readonly voices?: Readonly<Record<string, readonly string[]>>;
  /** Conditions that become unknown unless they are said again in time (`maxActive`), by `limitKey`. */
  readonly limits?: Readonly<Record<string, Limit>>;
  /** Last values of `update` entries. */
  readonly values?: Readonly<Record<string, Scalar>>;
  /** Names behind the numbers of its messages (Sparkplug B). */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly clock?: ClockRecord;
  /** Since when the device says that it is being tested, ms since 1970. */
  readonly testSince?: number;
}

/** How long a condition may last without being said again. */
export interface Limit {
  /** When it was last said, ms since 1970. */
  readonly since: number;
  /** Milliseconds. */
  readonly max: number;
}

/** The state of a device that nothing was heard of. */
export const noState: DeviceState = Object.freeze({});

/** For the `state` of a sample, which a person writes; the daemon trusts what it stored itself. */
export const deviceStateSchema = z.strictObject({
  points: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.record(z.string(), z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)])),
      ),
    )
    .optional(),
  voices: z.record(z.string(), z.array(z.string())).optional(),
  limits: z.record(z.string(), z.strictObject({ since: z.number(), max: z.number() })).optional(),
  values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  aliases: z.record(z.string(), z.string()).optional(),
  clock: z.strictObject({ last: z.number(), proven: z.number(), ahead: z.number() }).optional(),
  testSince: z.number().optional(),
});

/** The key of a type's condition while the device tests itself: a test never hides a real alarm. */
export function testKeyOf(type: string): string {
  return `${type}~test`;
}

/** Names the condition of an input among the limits of a device. */
export function limitKey(input: string | undefined, type: string): string {
  return `${type}#${input ?? ''}`;
}

export function isActive(signal: Signal): boolean {
  return signal === 1 || signal === 3;
}

export function isLost(signal: Signal): boolean {
  return signal === 2 || signal === 3;
}

/**
 * The state of a device whose bridge was lost: nothing is cleared, everything is unsure. The next message counts as
 * a first sight: what is active is raised again, what was active and returned is cleared; what stayed clear is silent.
 */
export function forget(state: DeviceState): DeviceState {
  if (state.points === undefined) return state;
  const { voices: _voices, limits: _limits, points, ...rest } = state;
  return { ...rest, points: mapValues(points, (input) => mapValues(input, unsure)) };
}

/** Nobody knows any more whether the condition holds. */
export function unsure(condition: Condition): Condition {
  return mapValues(condition, (signal): Signal => (isActive(signal) || signal === 4 ? 3 : 2));
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
