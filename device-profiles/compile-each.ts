import type { MapEntry } from './expand-map.ts';
import { compilePath } from './own-path.ts';
import { compileFirst, type Reader } from './reference.ts';

/** The elements of a list or object, of which each is an input. */
export interface Each {
  readonly read: Reader;
  /** Where an element names its input. */
  readonly input: Reader | undefined;
  /** The input that a key names; undefined: not one of these keys. */
  readonly named: ((key: string) => string | undefined) | undefined;
}

/** Compiles `each`. `known`: keys of the payload that other entries read, which a pattern of keys leaves to them. */
export function compileEach(each: MapEntry['each'], known: ReadonlySet<string>): Each | undefined {
  if (each === undefined) return undefined;
  if (typeof each === 'string') return { read: compilePath(each), input: undefined, named: undefined };
  const capture = each.key === undefined ? undefined : keyCapture(each.key);
  return {
    read: compilePath(each.in),
    input: each.input === undefined ? undefined : compileFirst([each.input].flat()),
    named:
      capture === undefined || each.in !== undefined
        ? capture
        : (key) => (known.has(key) ? undefined : capture(key)),
  };
}

/** Compiles a pattern of keys such as `input:{n}`. */
export function keyCapture(pattern: string): (key: string) => string | undefined {
  const [before = '', after = ''] = pattern.split(/\{[^}]*\}/);
  return (key) =>
    key.length > before.length + after.length && key.startsWith(before) && key.endsWith(after)
      ? key.slice(before.length, key.length - after.length)
      : undefined;
}

/** The list or object that is gone through, as text; empty: the payload itself. */
export function listOf(each: NonNullable<MapEntry['each']>): string {
  return typeof each === 'string' ? each : (each.in ?? '');
}
