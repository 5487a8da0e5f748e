import { isUtf8 } from 'node:buffer';

/** What stands in the place of a PIN, a card number or a name. */
export const MASK = '***';

/** Deeper than this nothing is a device's message. */
const MAX_DEPTH = 100;
/** Texts within texts are opened so often. */
const MAX_TEXTS = 4;

/** What is masked: the keys of each path, last ones last; a single key stands for itself anywhere. */
export type MaskedKeys = readonly (readonly string[])[];

/** `card.no` as keys in lower case; places in lists are all alike. */
export function maskedKeys(paths: readonly string[]): MaskedKeys {
  return paths.map((path) =>
    path
      .toLowerCase()
      .split('.')
      .filter((key) => !/^\d+$/.test(key)),
  );
}

/**
 * Masks a value of JSON in place, wherever the ends of the paths are found in it: at the top, in lists of history, in
 * lists of `{code, value}`, in texts that hold JSON themselves. Throws a RangeError for what is nested too deep.
 */
export function maskTree(value: unknown, masked: MaskedKeys): unknown {
  const root = { value };
  for (const path of masked) {
    // a path of what a profile puts together (`dp.card`) is not in the payload as such: then its last key is
    if (maskPath(root, path, [], 0) === 0 && path.length > 1) maskPath(root, path.slice(-1), [], 0);
  }
  openTexts(root, masked, 0, 0);
  return root.value;
}

/** Number of values that were masked. */
function maskPath(value: unknown, path: readonly string[], above: readonly string[], depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  const record = value as Record<string, unknown>;
  let count = maskPair(record, path.at(-1) ?? '');
  for (const key of Object.keys(record)) {
    const keys = Array.isArray(value) ? above : [...above.slice(1 - path.length), key.toLowerCase()];
    if (!Array.isArray(value) && endsWith(keys, path)) {
      put(record, key, MASK);
      count++;
    } else count += maskPath(record[key], path, path.length === 1 ? [] : keys, depth + 1);
  }
  return count;
}

/** In `{code: 'card', value: '4711'}` everything beside the code is masked. */
function maskPair(record: Record<string, unknown>, code: string): number {
  if (Array.isArray(record)) return 0;
  const name = Object.keys(record).find((key) => {
    const value = record[key];
    return typeof value === 'string' && value.toLowerCase() === code;
  });
  if (name === undefined) return 0;
  for (const key of Object.keys(record)) if (key !== name) put(record, key, MASK);
  return 1;
}

function endsWith(keys: readonly string[], path: readonly string[]): boolean {
  return keys.length >= path.length && path.every((key, i) => keys[keys.length - path.length + i] === key);
}

function put(record: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
}

function openTexts(value: unknown, masked: MaskedKeys, depth: number, texts: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    const inner = record[key];
    if (typeof inner === 'string') {
      const shown = maskInnerText(inner, masked, texts);
      if (shown !== inner) put(record, key, shown);
    } else openTexts(inner, masked, depth + 1, texts);
  }
}

/** A text within JSON: JSON, JSON in base64, or pairs of key and value. */
function maskInnerText(text: string, masked: MaskedKeys, texts: number): string {
  if (texts >= MAX_TEXTS) return MASK;
  if (/^\s*[{[]/.test(text)) return maskJsonText(text, masked, texts) ?? maskText(text, lastKeys(masked));
  if (text.length >= 16 && /^[\w+/-]+={0,2}$/.test(text)) {
    const bytes = Buffer.from(text, 'base64');
    const inner = isUtf8(bytes) ? bytes.toString('utf8') : '';
    if (/^\s*[{[]/.test(inner)) {
      const shown = maskJsonText(inner, masked, texts) ?? MASK;
      return shown === inner ? text : Buffer.from(shown).toString('base64');
    }
  }
  return maskText(text, lastKeys(masked));
}

/** Undefined where it is no JSON; the same text where nothing in it is masked. */
function maskJsonText(text: string, masked: MaskedKeys, texts: number): string | undefined {
  let inner: unknown;
  try {
    inner = JSON.parse(text);
  } catch {
    return undefined;
  }
  const before = JSON.stringify(inner);
  const root = { value: inner };
  for (const path of masked) {
    if (maskPath(root, path, [], 0) === 0 && path.length > 1) maskPath(root, path.slice(-1), [], 0);
  }
  openTexts(root, masked, 0, texts + 1);
  const after = JSON.stringify(root.value);
  return after === before ? text : after;
}

/** The last key of each path: what values are called. */
export function lastKeys(masked: MaskedKeys): string[] {
  return masked.flatMap((path) => path.at(-1) ?? []);
}

/** `"pin": 1234`, `pin=1234`, `pin: "12` (truncated). */
export function maskText(text: string, keys: readonly string[]): string {
  return keys.length === 0 ? text : text.replace(pairs(keys), `$1"${MASK}"`);
}

/** Is one of the keys in the text, but not before a value that could be masked? */
export function hidesMore(text: string, keys: readonly string[]): boolean {
  if (keys.length === 0) return false;
  const named = text.match(new RegExp(`\\b(?:${alternatives(keys)})\\b`, 'gi'))?.length ?? 0;
  return named > (text.match(pairs(keys))?.length ?? 0);
}

function pairs(keys: readonly string[]): RegExp {
  return new RegExp(
    `(["']?\\b(?:${alternatives(keys)})\\b["']?\\s*[:=]\\s*)("(?:[^"\\\\]|\\\\.)*"?|[^\\s,;}\\]]+)`,
    'gi',
  );
}

function alternatives(keys: readonly string[]): string {
  return keys.map((key) => key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
}
