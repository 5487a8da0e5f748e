import type { Reading } from '../contract/reading.ts';
import type { CompiledReading } from './compile.ts';
import { plainNumber } from './plain-number.ts';
import type { Scope } from './reference.ts';

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
 * The readings of a message that are there and of the expected kind: with a unit a finite number (as a text, too), without one also
 * text or a boolean. `fault`: the payload names a unit that the profile does not know.
 */
export function readReadings(
  definitions: readonly CompiledReading[],
  body: unknown,
  scope: Scope,
): { readings: Reading[]; fault: string | undefined } {
  const readings: Reading[] = [];
  let fault: string | undefined;
  for (const definition of definitions) {
    const { name, read, unit, unitOf } = definition;
    const value = read(body, scope);
    if (value === undefined) continue;
    let conversion: Conversion | undefined = definition;
    if (unit !== undefined && unitOf !== undefined) {
      const said = unitOf(body, scope);
      if (said !== undefined && !isUnit(said, unit)) conversion = definition.units?.get(plain(said));
    }
    if (conversion === undefined) {
      fault = `the unit of "${name}" is not ${String(unit)}: correct the profile`;
      continue;
    }
    const number = unit === undefined && typeof value === 'string' ? undefined : plainNumber(value);
    if (number !== undefined) {
      const converted = convert(number, conversion);
      readings.push(unit === undefined ? { name, value: converted } : { name, value: converted, unit });
    } else if (unit === undefined && (typeof value === 'boolean' || typeof value === 'string')) {
      readings.push({ name, value: typeof value === 'string' ? value.slice(0, MAX_TEXT) : value });
    }
  }
  return { readings, fault };
}

/** `value * scale + offset`. */
export interface Conversion {
  readonly scale: number | undefined;
  readonly offset: number | undefined;
}

function convert(value: number, { scale = 1, offset = 0 }: Conversion): number {
  return scale === 1 && offset === 0 ? value : Number((value * scale + offset).toPrecision(12));
}

function isUnit(said: unknown, unit: string): boolean {
  const text = plain(said);
  return (written[text] ?? text) === unit.toLowerCase();
}

/** A unit as it is compared. */
export function plain(said: unknown): string {
  return typeof said === 'string' ? said.trim().toLowerCase() : '';
}
