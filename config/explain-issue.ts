import type { z } from 'zod';
import { nearest } from '../contract/nearest.ts';
import { type ConfigFault, splitHint, withoutCredentials } from './fault.ts';
import { type Outline, outlineOf, outlinesAt } from './schema-outline.ts';
import type { YamlSource } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Put by the parse in place of zod's own words, so that a schema's own message is recognised. */
export const NO_MESSAGE = '';

/** Turns zod's issues into faults of the file: where it stands, what is wrong, what to write. */
export function explainIssues(
  source: YamlSource,
  schema: z.ZodType,
  issues: readonly Issue[],
): ConfigFault[] {
  const root = outlineOf(schema);
  return issues.flatMap((issue) => explain(source, root, issue, issue.path));
}

function explain(source: YamlSource, root: Outline, issue: Issue, path: Path): ConfigFault[] {
  if (issue.code === 'unrecognized_keys') {
    const known = outlinesAt(root, path).flatMap((outline) => Object.keys(outline.properties ?? {}));
    const names = known.filter(unique);
    return issue.keys.map((key) => unknownKey(source, names, [...path, key]));
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    return issue.issues.map((inner) => {
      const { message, hint } = own(inner.message) ?? { message: keyProblem(inner) };
      return source.faultAtKey([...path, ...inner.path], message, hint);
    });
  }
  const value = issue.input;
  if (value === undefined && /^invalid_(?:type|value|union)$/.test(issue.code ?? '')) {
    return [source.fault(path, 'is missing', `add ${adding(path, outlinesAt(root, path))}`)];
  }
  if (issue.code === 'invalid_union') {
    const branch = likeliest(issue.errors);
    if (branch !== undefined) {
      return branch.flatMap((inner) => explain(source, root, inner, [...path, ...inner.path]));
    }
  }
  const outlines = outlinesAt(root, path);
  if (value === null)
    return [source.fault(path, 'is empty', `${writing(outlines) ?? 'fill it in'} or remove the key`)];
  const said = own(issue.message);
  const isSized = issue.code === 'too_small' || issue.code === 'too_big';
  if (Array.isArray(value) && isSized && said === undefined) {
    const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    return [source.fault(path, `must have ${bound} entries (has ${value.length})`)];
  }
  if (value === '' && issue.code === 'too_small')
    return [source.fault(path, 'must not be empty', writing(outlines))];
  const written = source.written(path);
  const what =
    said?.message ?? `must be ${outlines.map(describe).filter(unique).join(' or ') || 'something else'}`;
  const message = `${what}${isValue(what, value, path, written)}`;
  return [
    source.fault(path, message, said?.hint ?? remedy(value, outlines, isSecret(path) ? undefined : written)),
  ];
}

function keyProblem(issue: Issue): string {
  if (issue.code === 'too_big') return `is too long for a key (at most ${issue.maximum} characters)`;
  return 'is not possible as a key';
}

/** A message the schema itself gives: what is wrong, then after a semicolon what to do. */
function own(text: string): { message: string; hint?: string } | undefined {
  return text === NO_MESSAGE ? undefined : splitHint(text);
}

function unknownKey(source: YamlSource, known: readonly string[], path: Path): ConfigFault {
  const near = nearest(String(path.at(-1)), known);
  const hint = near !== undefined ? `did you mean "${near}"?` : `write one of ${known.join(', ')}`;
  return source.faultAtKey(path, 'is not a known key', known.length === 0 ? 'remove it' : hint);
}

/**
 * Of a value's possible forms, the one the person most likely meant: right kind of value, fewest faults. Without one,
 * the form that has words of its own for such a value.
 */
function likeliest(branches: readonly Issue[][]): Issue[] | undefined {
  const isInside = (issue: Issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys';
  const hasWords = (issue: Issue) => issue.code !== 'invalid_type' && own(issue.message) !== undefined;
  const inside = branches.filter((issues) => issues.every(isInside));
  const meant = inside.length > 0 ? inside : branches.filter((issues) => issues.every(hasWords));
  return [...meant].sort((a, b) => weightOf(a) - weightOf(b))[0];
}

/** Number of faults that issues will make. */
function weightOf(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys') return sum + issue.keys.length;
    const branch = issue.code === 'invalid_union' ? likeliest(issue.errors) : undefined;
    return sum + (branch === undefined ? 1 : weightOf(branch));
  }, 0);
}

function describe(outline: Outline): string {
  if (outline.enum !== undefined)
    return outline.enum
      .map(String)
      .join(', ')
      .replace(/, ([^,]*)$/, ' or $1');
  if (outline.const !== undefined) return String(outline.const);
  switch (outline.type) {
    case 'integer':
      return range(outline, '') ?? 'a whole number';
    case 'number':
      return range(outline, '') ?? 'a number';
    case 'string': {
      const { minLength, maxLength } = outline;
      const size = range({ minimum: minLength, maximum: maxLength }, ' characters');
      return size === undefined || (minLength ?? 1) === 1
        ? `text${maxLength ? ` of at most ${maxLength} characters` : ''}`
        : size;
    }
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a mapping of keys and values';
    default:
      return 'something else';
  }
}

function range(
  { minimum, maximum }: { minimum?: number; maximum?: number },
  unit: string,
): string | undefined {
  const from = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (from !== undefined && to !== undefined) return `${from}-${to}${unit}`;
  if (from !== undefined) return `at least ${from}${unit}`;
  return to === undefined ? undefined : `at most ${to}${unit}`;
}

/** ` (is "abc")`, unless the message says so already or the value is a secret. */
function isValue(message: string, value: unknown, path: Path, written: string | undefined): string {
  if (isSecret(path)) return '';
  if (typeof value === 'object') {
    const kind = Array.isArray(value) ? 'a list' : 'a mapping';
    return message.startsWith('must be') ? ` (is ${kind})` : '';
  }
  const text = typeof value === 'string' ? JSON.stringify(shorten(value)) : (written ?? String(value));
  return message.includes(text) ? '' : ` (is ${text})`;
}

function remedy(value: unknown, outlines: Outline[], written: string | undefined): string | undefined {
  const types = outlines.map((outline) => outline.type);
  if (typeof value === 'string') {
    if (value.includes('：')) return 'write ": ", a plain colon and a space, instead of "："';
    if (types.includes('boolean') && /^(?:yes|on|no|off)$/i.test(value))
      return `write ${/^(?:yes|on)$/i.test(value)}`;
    const near = nearest(value, outlines.flatMap(words));
    if (near !== undefined) return `did you mean "${near}"?`;
  }
  const free = outlines.some(
    ({ type, enum: words, const: word }) => type === 'string' && !words && word === undefined,
  );
  if (free && (typeof value === 'number' || typeof value === 'boolean')) {
    return written === undefined ? 'put it in quotes' : `put it in quotes: "${written}"`;
  }
  if (written !== undefined && outlines.some(isPlainList)) {
    return `write [${typeof value === 'string' && !/^[\w.-]+$/.test(value) ? JSON.stringify(value) : written}]`;
  }
  if ((types.includes('integer') || types.includes('number')) && isNumeric(value))
    return `write ${value} without quotes`;
  return writing(outlines);
}

/** A list of texts or numbers, not of mappings. */
function isPlainList(outline: Outline): boolean {
  const items = outline.type === 'array' ? outlinesAt(outline, [0]) : [];
  return items.some(({ type }) => type === 'string' || type === 'number' || type === 'integer');
}

function isNumeric(value: unknown): value is string {
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value);
}

function words(outline: Outline): string[] {
  return [...(outline.enum ?? []), outline.const].filter((word) => typeof word === 'string');
}

function writing(outlines: Outline[]): string | undefined {
  const example = exampleOf(outlines);
  return example === undefined ? undefined : `write e.g. ${example}`;
}

function adding(path: Path, outlines: Outline[]): string {
  const key = String(path.at(-1) ?? 'it');
  const example = exampleOf(outlines);
  if (example !== undefined) return `"${key}: ${example}"`;
  const choice = outlines.flatMap((outline) => outline.enum ?? []);
  return choice.length > 0 ? `"${key}:" with one of ${choice.join(', ')}` : `"${key}: ..."`;
}

function exampleOf(outlines: Outline[]): string | undefined {
  const [example] = outlines.flatMap(
    ({ examples, default: preset }) => examples ?? (preset === undefined ? [] : [preset]),
  );
  if (example === undefined || (typeof example === 'object' && isEmpty(example))) return undefined;
  // Digits stay text only in quotes.
  return typeof example === 'string' && !isNumeric(example) ? example : JSON.stringify(example);
}

function isEmpty(example: unknown): boolean {
  return JSON.stringify(example).length <= 2;
}

function isSecret(path: Path): boolean {
  const key = String(path.findLast((step) => typeof step === 'string') ?? '');
  return /pass|secret|token|^pins?$/i.test(key) && !/_file$|_env$/.test(key);
}

function shorten(text: string): string {
  // Masked before it is cut: half a password is no longer recognised.
  const masked = withoutCredentials(text).replace(/^((?:\w+:\/{1,2})?[^\s:/@]*):[^\r\n]*@/, '$1:***@');
  return masked.length <= 60 ? masked : `${masked.slice(0, 57)}...`;
}

function unique<T>(item: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(item) === index;
}
