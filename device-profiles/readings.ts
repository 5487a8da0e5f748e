import type { Reading } from '../contract/reading.ts';
import type { CompiledReading } from './compile.ts';

/** How devices write the units of our list. */
const written: Readonly<Record<string, string>> = {
  '°c': 'cel',
  '℃': 'cel',
  c: 'cel',
  lel: '%lel',
  'lel %': '%lel',
  '%rh': '%rh',
  lux: 'lx',
};

/** Longest text reading kept. */
const MAX_TEXT = 200;

/**
 * The readings of a message that are there and of the expected kind: with a unit a finite number, without one also
 * text or a boolean. `fault`: the payload names another unit than the profile.
 */
export function readReadings(
  definitions: readonly CompiledReading[],
  body: unknown,
): { readings: Reading[]; fault: string | undefined } {
  const readings: Reading[] = [];
  let fault: string | undefined;
  for (const { name, read, unit, scale, unitOf } of definitions) {
    const value = read(body);
    if (unit !== undefined && unitOf !== undefined) {
      const said = unitOf(body);
      if (said !== undefined && !isUnit(said, unit)) {
        fault = `the unit of "${name}" is not ${unit}: correct the profile`;
        continue;
      }
    }
    if (typeof value === 'number' && Number.isFinite(value)) {
      const scaled = scale === undefined ? value : Number((value * scale).toPrecision(12));
      readings.push(unit === undefined ? { name, value: scaled } : { name, value: scaled, unit });
    } else if (unit === undefined && (typeof value === 'boolean' || typeof value === 'string')) {
      readings.push({ name, value: typeof value === 'string' ? value.slice(0, MAX_TEXT) : value });
    }
  }
  return { readings, fault };
}

function isUnit(said: unknown, unit: string): boolean {
  if (typeof said !== 'string') return false;
  const lower = said.trim().toLowerCase();
  return (written[lower] ?? lower) === unit.toLowerCase();
}
