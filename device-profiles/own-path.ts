/** Reads one value out of a decoded payload; undefined when it is not there. */
export type Getter = (body: unknown) => unknown;

/** Keys that lead out of the payload into JavaScript's own objects. */
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

/** What is wrong with a path, as a sentence; undefined if nothing. */
export function pathFault(path: string): string | undefined {
  const keys = path.split('.');
  if (keys.includes('')) return `"${path}" has an empty key; write keys joined by ".", such as "state.smoke"`;
  const bad = keys.find((key) => forbidden.has(key));
  return bad === undefined ? undefined : `"${bad}" is never read from a payload`;
}

/**
 * Compiles `a.b.0.c` to a getter. Own keys only: what a payload inherits (`toString`, `__proto__`) is not in it.
 * `undefined` as path reads the value itself. A number is a position in a list, from 0.
 */
export function compilePath(path: string | undefined): Getter {
  if (path === undefined) return (body) => body;
  const keys = path.split('.');
  const [key] = keys;
  if (keys.length === 1 && key !== undefined) return (body) => ownValue(body, key);
  return (body) => {
    let value = body;
    for (const step of keys) {
      value = ownValue(value, step);
      if (value === undefined) return undefined;
    }
    return value;
  };
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
