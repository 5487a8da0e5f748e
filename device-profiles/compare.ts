import type { ConditionDefinition } from './entry-schema.ts';
import type { When } from './expand-map.ts';
import { plainNumber } from './plain-number.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { compileReference, compileText, type Reader, type Scope } from './reference.ts';
import { compileSetting, compileTable, type Settings } from './settings.ts';

/** Does a value compare as wanted? */
export type Test = (value: unknown, settings: Settings) => boolean;

/** A further condition of an entry, on the body or element it reads. */
export type Check = (body: unknown, scope: Scope, settings: Settings) => boolean;

type Comparison = Pick<When, 'in' | 'above' | 'below' | 'atLeast' | 'atMost' | 'any'>;

/** Values are compared strictly; texts without regard to case and outer spaces. */
export function normaliseValue(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value;
}

/** Reads what `when` or a condition compares. */
export function compileValue({ path, text, bit }: Pick<When, 'path' | 'text' | 'bit'>): Reader {
  const read = text === undefined ? compileReference(path) : compileText(text);
  return bit === undefined ? read : (body, scope) => bitOf(read(body, scope), bit);
}

/** One bit of a whole number, 0 or 1; what is none stays as it is, and is a value nobody knows. */
function bitOf(value: unknown, bit: number): unknown {
  const number = plainNumber(value);
  return number === undefined || !Number.isSafeInteger(number) || number < 0
    ? value
    : Math.floor(number / 2 ** bit) % 2;
}

/** Compares numbers: then every number is a known value. */
export function isNumeric({ above, below, atLeast, atMost }: Comparison): boolean {
  return [above, below, atLeast, atMost].some((limit) => limit !== undefined);
}

/** Compiles the comparison of an entry. Without any, every single value but null passes. */
export function compileTest(profile: Pick<ProfileDefinition, 'settings'>, when: Comparison): Test {
  const tests: Test[] = when.any === true ? [isThere] : [];
  if (Array.isArray(when.in)) {
    const values = new Set(when.in.map(normaliseValue));
    tests.push((value) => values.has(value) || values.has(normaliseValue(value)));
  } else if (when.in !== undefined) {
    const table = compileTable(profile.settings, when.in.setting);
    tests.push(
      (value, settings) =>
        (typeof value === 'string' || typeof value === 'number') &&
        table(settings, String(value)) !== undefined,
    );
  }
  for (const [limit, holds] of [
    [when.above, (value: number, than: number) => value > than],
    [when.below, (value: number, than: number) => value < than],
    [when.atLeast, (value: number, than: number) => value >= than],
    [when.atMost, (value: number, than: number) => value <= than],
  ] as const) {
    if (limit === undefined) continue;
    const read = typeof limit === 'number' ? () => limit : compileSetting(profile.settings, limit.setting);
    tests.push((value, settings) => {
      const number = plainNumber(value);
      const than = read(settings);
      return number !== undefined && typeof than === 'number' && holds(number, than);
    });
  }
  const [only] = tests;
  if (only === undefined) return isScalar;
  return tests.length === 1 ? only : (value, settings) => tests.every((test) => test(value, settings));
}

/** Compiles one condition of `and`. A missing key does not hold, unless that is what is asked for. */
export function compileCheck(
  profile: Pick<ProfileDefinition, 'settings'>,
  definition: ConditionDefinition,
): Check {
  const read = compileValue(definition);
  if (definition.missing === true) return (body, scope) => read(body, scope) === undefined;
  const test = compileTest(profile, definition);
  return (body, scope, settings) => {
    const value = read(body, scope);
    return value !== undefined && test(value, settings);
  };
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== 'object';
}

function isThere(value: unknown): boolean {
  return typeof value === 'string' ? value.trim() !== '' : isScalar(value);
}
