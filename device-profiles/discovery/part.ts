import type { z } from 'zod';
import type { entrySchema } from '../entry-schema.ts';
import type { profileSchema } from '../profile-schema.ts';
import type { Config } from './abbreviations.ts';
import type { ValuePath } from './value-path.ts';

/** A profile as it is written. */
export type WrittenProfile = z.input<typeof profileSchema>;
type WrittenEntry = z.input<typeof entrySchema>;
type Scalar = string | number | boolean | null;

/** A value that a device may send, and what must be told of it. */
export interface Example {
  value: Scalar;
  event: { type: string; edge: string; input?: string };
}

/** What one topic of a device says about one input, and how to read it. */
export interface Part {
  topic: string;
  at: ValuePath;
  entries: Omit<WrittenEntry, 'on'>[];
  examples: Example[];
}

/** What becomes of one entity. */
export interface EntityParts {
  parts: Part[];
  input?: { means: string; polarity?: 'nc' };
  readings?: NonNullable<WrittenProfile['readings']>;
  commands?: NonNullable<WrittenProfile['commands']>;
  /** Press meanings, by `{input}/{press}`. */
  press?: Record<string, string>;
  /** Longest healthy silence, seconds. */
  heartbeatS?: number;
  notes: string[];
}

/** The path of an entry: the whole payload is read as the key `value`. */
export function pathOf(at: ValuePath): string {
  return 'whole' in at ? 'value' : at.path;
}

/** A value as a payload may carry it: `true` as well as `"true"`, 1 as well as `"1"`. */
export function spellings(value: Scalar): Scalar[] {
  if (value === null) return [null];
  const text = String(value).trim();
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return [lower === 'true', lower];
  return text !== '' && String(Number(text)) === text ? [Number(text), text] : [text];
}

/** A scalar of a config, or its default; undefined when it is none that a profile can compare. */
export function scalarOf(value: unknown, fallback: Scalar): Scalar | undefined {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  // what starts like JSON is read as such, and never as a word
  const isWord = typeof value === 'string' && value.length <= 200 && /^\s*[^\s"{[]/.test(value);
  return isWord ? value : undefined;
}

/** Words of states that must differ, or why they cannot be told apart. */
export function readWords<Name extends string>(
  config: Config,
  words: Readonly<Record<Name, Scalar>>,
): Record<Name, Scalar> | { fault: string } {
  const read = {} as Record<Name, Scalar>;
  const seen = new Set<Scalar>();
  for (const name of Object.keys(words) as Name[]) {
    const value = scalarOf(config.get(name), words[name]);
    if (value === undefined) return { fault: `"${name}" is no single value; write a site profile by hand` };
    const spelt = spellings(value).map((one) => (typeof one === 'string' ? one.toLowerCase() : one));
    if (spelt.some((one) => seen.has(one))) return { fault: `"${name}" is the word of another state` };
    for (const one of spelt) seen.add(one);
    read[name] = value;
  }
  return read;
}
