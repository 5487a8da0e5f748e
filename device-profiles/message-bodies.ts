import { keyCapture } from './compile-each.ts';
import type { PivotDefinition, UnfoldDefinition } from './form-schema.ts';
import { compilePath, type Getter } from './own-path.ts';

/** A part of a message that is read by itself. */
export interface Body {
  readonly body: Readonly<Record<string, unknown>>;
  /** It is history, whatever its message is. */
  readonly late: boolean;
}

/** The parts of a message, in the order in which they are read, and what was too much. */
export interface Bodies {
  readonly list: readonly Body[];
  readonly left?: { readonly count: number; readonly why: string };
}

/** Takes a decoded payload apart. */
export type Divide = (payload: Readonly<Record<string, unknown>>) => Bodies;

/** Bodies of one message that are read: a history of a day in steps of ten minutes has 144. */
const MAX_BODIES = 256;
/** Codes of one pivot that are read; the largest device known has some hundred. */
const MAX_CODES = 512;
/** Bodies of one message after all its pivots: codes that come again and again. */
const MAX_PARTS = 512;

/** Compiles `unfold` and `pivot` of a form; undefined for a form without, whose payload is its only body. */
export function compileDivide(form: {
  unfold?: UnfoldDefinition | UnfoldDefinition[] | undefined;
  pivot?: PivotDefinition | undefined;
}): Divide | undefined {
  const levels = form.unfold === undefined ? [] : [form.unfold].flat().map(compileLevel);
  const pivot = form.pivot === undefined ? undefined : compilePivot(form.pivot);
  if (levels.length === 0 && pivot === undefined) return undefined;
  return (payload) => {
    const list: Body[] = [];
    const missed: Missed = { count: 0, why: '' };
    const bodies = collect({ body: payload, late: false }, levels, list, missed) - list.length;
    if (bodies > 0)
      miss(missed, bodies, `the message holds ${bodies + list.length} messages; ${list.length} were read`);
    const pivoted = pivot === undefined ? list : list.flatMap((part) => pivot(part, missed));
    const parts = pivoted.slice(0, MAX_PARTS);
    if (pivoted.length > parts.length) missTooMany(missed, pivoted.length - parts.length);
    return missed.count === 0 ? { list: parts } : { list: parts, left: missed };
  };
}

/** What was not read, and the first reason. */
interface Missed {
  count: number;
  why: string;
}

function miss(missed: Missed, count: number, why: string): void {
  if (missed.count === 0) missed.why = why;
  missed.count += count;
}

function missTooMany(missed: Missed, count: number): void {
  miss(missed, count, `the message holds ${count} codes beyond those that are read`);
}

interface Level {
  readonly name: string;
  readonly read: Getter;
  readonly late: boolean;
  readonly only: boolean;
  readonly with: readonly string[];
}

function compileLevel(level: UnfoldDefinition): Level {
  return {
    name: level.in,
    read: compilePath(level.in),
    late: level.late === true,
    only: level.only === true,
    with: level.with ?? [],
  };
}

/**
 * Puts the bodies of a message into `list`: elements first, in their order, the message around them last, so that what
 * is now has the last word over history. Returns how many there were.
 */
function collect(around: Body, levels: readonly Level[], list: Body[], missed: Missed): number {
  const [level, ...inner] = levels;
  const found = level?.read(around.body);
  let count = 0;
  if (level !== undefined && typeof found === 'object' && found !== null) {
    const elements: unknown[] = Array.isArray(found) ? found : [found];
    for (const element of elements) {
      if (list.length >= MAX_BODIES) {
        count++;
        continue;
      }
      const body = withKeys(element, around.body, level.with);
      count += collect({ body, late: around.late || level.late }, inner, list, missed);
    }
  } else if (level !== undefined && isMisfit(found, level.only))
    miss(missed, 1, `what is at "${level.name}" is no list and no object`);
  if (level?.only === true) return count;
  list.push(around);
  return count + 1;
}

/** A single value where a list should be; nothing at all is one only where nothing else is read. */
function isMisfit(found: unknown, only: boolean): boolean {
  return found === undefined ? only : found !== null;
}

/** An element as a body; one that is a single value is its `value`. */
function withKeys(
  element: unknown,
  around: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  const own =
    typeof element === 'object' && element !== null
      ? (element as Record<string, unknown>)
      : { value: element };
  if (keys.length === 0) return own;
  const body: Record<string, unknown> = { ...own };
  for (const key of keys) if (Object.hasOwn(around, key)) body[key] = around[key];
  return body;
}

/**
 * A list of `{code, value}`, or an object of `{code: {value}}`, becomes an object `{code: value}`. A code that comes
 * again starts another body: a press that came and went within one message is told, in its order.
 */
function compilePivot(pivot: PivotDefinition): (part: Body, missed: Missed) => Body[] {
  const read = compilePath(pivot.in);
  const keyOf = pivot.key === undefined ? undefined : compilePath(pivot.key);
  const readValue = pivot.value === undefined ? undefined : compilePath(pivot.value);
  const timeOf = pivot.time === undefined ? undefined : compilePath(pivot.time);
  const isCode = pivot.like === undefined ? undefined : keyCapture(pivot.like);
  return (part, missed) => {
    const found = read(part.body);
    if (typeof found !== 'object' || found === null) {
      if (isMisfit(found, false)) miss(missed, 1, `what is at "${pivot.in}" is no list and no object`);
      return [part];
    }
    // a list of one is often sent without its brackets
    const list = keyOf !== undefined && isName(keyOf(found)) ? [found] : found;
    let codes = noCodes();
    let newest: unknown;
    const parts: Body[] = [];
    const settle = () => {
      // beside the codes: "each" does not take it for one
      if (newest !== undefined) Object.defineProperty(codes, '$time', { value: newest });
      parts.push({ ...part, body: { ...part.body, [pivot.as]: codes } });
    };
    const names = Object.keys(list).filter((name) => isCode === undefined || isCode(name) !== undefined);
    if (isCode !== undefined && names.length === 0) return [part];
    if (names.length > MAX_CODES) missTooMany(missed, names.length - MAX_CODES);
    for (const name of names.slice(0, MAX_CODES)) {
      const element = (list as Record<string, unknown>)[name];
      const code = keyOf === undefined ? name : keyOf(element);
      if (!isName(code)) {
        if (element !== null) miss(missed, 1, `an element of "${pivot.in}" has no "${pivot.key}"`);
        continue;
      }
      const isPlain = keyOf === undefined && (typeof element !== 'object' || element === null);
      const value = isPlain || readValue === undefined ? element : readValue(element);
      if (Object.hasOwn(codes, String(code))) {
        settle();
        codes = noCodes();
        newest = undefined;
      }
      if (value !== undefined) codes[String(code)] = value;
      else if (pivot.in !== undefined) miss(missed, 1, `an element of "${pivot.in}" has no "${pivot.value}"`);
      newest = later(newest, timeOf?.(element));
    }
    settle();
    return parts;
  };
}

function isName(code: unknown): code is string | number {
  return typeof code === 'string' || typeof code === 'number';
}

/** Without a prototype, so that a code may have any name. */
function noCodes(): Record<string, unknown> {
  return Object.create(null);
}

function later(a: unknown, b: unknown): unknown {
  const isTime = (typeof b === 'number' && Number.isFinite(b)) || (typeof b === 'string' && b !== '');
  if (!isTime) return a;
  return typeof a !== typeof b || (a as number | string) < (b as number | string) ? b : a;
}
