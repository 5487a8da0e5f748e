import { bitOf } from './bit.ts';
import type { ConditionDefinition } from './entry-schema.ts';
import type { When } from './expand-map.ts';
import { plainNumber } from './plain-number.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { compileFirst, compileReference, compileText, type Reader, type Scope } from './reference.ts';
import { compileSetting, compileTable, type Settings } from './settings.ts';

/** Does a value compare as wanted? */
export type Test = (value: unknown, settings: Settings) => boolean;

/** A further condition of an entry, on the body or element it reads. */
export type Check = (body: unknown, scope: Scope, settings: Settings) => boolean;

type Comparison = Pick<When, 'in' | 'above' | 'below' | 'atLeast' | 'atMost' | 'any' | 'word'>;

/** Values are compared strictly; texts without regard to case and outer spaces. */
export function normaliseValue(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value;
}

/** Reads what `when` or a condition compares. */
export function compileValue({
  path,
  text,
  bit,
  bits,
}: Pick<When, 'path' | 'text' | 'bit' | 'bits'>): Reader {
  const read = text === undefined ? compileReference(path) : compileText(text);
  return bit === undefined ? read : (body, scope) => bitOf(read(body, scope), bit, bits);
}

/** Compares numbers: then every number is a known value. */
export function isNumeric({
  above,
  below,
  atLeast,
  atMost,
}: Pick<Comparison, 'above' | 'below' | 'atLeast' | 'atMost'>): boolean {
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
  if (when.word !== undefined) {
    const words = new Set(when.word.map(normaliseValue));
    tests.push((value) => typeof value === 'string' && wordsOf(value).some((word) => words.has(word)));
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
  const { path, not } = definition;
  const read = Array.isArray(path) ? compileFirst(path) : compileValue({ ...definition, path });
  if (definition.missing === true) return (body, scope) => read(body, scope) === undefined;
  if (not !== undefined) {
    const values = new Set(not.map(normaliseValue));
    return (body, scope) => !values.has(normaliseValue(read(body, scope)));
  }
  const test = compileTest(profile, definition);
  return (body, scope, settings) => {
    const value = read(body, scope);
    return value !== undefined && test(value, settings);
  };
}

/** `Human Vehicle`, as ONVIF lists classes. */
function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== 'object';
}

function isThere(value: unknown): boolean {
  return typeof value === 'string' ? value.trim() !== '' : isScalar(value);
}
