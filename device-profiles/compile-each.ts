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
  const capture = each.key === undefined ? undefined : keyCapture(each.key, each.names);
  return {
    read: compilePath(each.in),
    input: each.input === undefined ? undefined : compileFirst([each.input].flat()),
    named:
      capture === undefined || each.in !== undefined
        ? capture
        : (key) => (known.has(key) ? undefined : capture(key)),
  };
}

/** The name that a key gives by its pattern; undefined: it is not like it. */
export type KeyCapture = ((key: string) => string | undefined) & {
  readonly pattern: string;
  /** Tells patterns apart that take other names. */
  readonly id: string;
};

/** Compiles a pattern of keys such as `input:{n}`; with `names` the capture must be one of these. */
export function keyCapture(pattern: string, names?: readonly string[]): KeyCapture {
  const [before = '', after = ''] = pattern.split(/\{[^}]*\}/);
  const isName = names === undefined ? undefined : nameTest(names);
  const capture = (key: string) => {
    if (key.length <= before.length + after.length || !key.startsWith(before) || !key.endsWith(after))
      return undefined;
    const name = key.slice(before.length, key.length - after.length);
    return isName === undefined || isName(name) ? name : undefined;
  };
  return Object.assign(capture, { pattern, id: `${pattern}\0${names?.join() ?? ''}` });
}

/** Compiles names in which `#` stands for a number of up to four digits, without a leading zero: `#`, `l#`, `left`. */
export function nameTest(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes('#')));
  const numbered = names
    .filter((name) => name.includes('#'))
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('#', '(?:0|[1-9]\\d{0,3})'));
  const like = numbered.length === 0 ? undefined : new RegExp(`^(?:${numbered.join('|')})$`);
  return (name) => exact.has(name) || like?.test(name) === true;
}

/** The list or object that is gone through, as text; empty: the payload itself. */
export function listOf(each: NonNullable<MapEntry['each']>): string {
  return typeof each === 'string' ? each : (each.in ?? '');
}
