import type { Field } from './compile-map.ts';

/** Below this, trying them all costs less than looking for those that are meant. */
const FEW_FIELDS = 12;

/**
 * The fields that a body can have something for, in order: a family's profile names some hundred keys, of which a
 * message has a dozen.
 */
export function compileFieldsOf(fields: readonly Field[]): (body: object) => readonly Field[] {
  if (fields.length <= FEW_FIELDS) return () => fields;
  const always: number[] = [];
  const byKey = new Map<string, number[]>();
  for (const [i, { firstKey }] of fields.entries()) {
    const known = firstKey === undefined ? always : byKey.get(firstKey);
    if (known === undefined) byKey.set(firstKey as string, [i]);
    else known.push(i);
  }
  return (body) => {
    const found = [...always];
    for (const key of Object.keys(body)) {
      const here = byKey.get(key);
      if (here !== undefined) found.push(...here);
    }
    found.sort((a, b) => a - b);
    return found.map((i) => fields[i] as Field);
  };
}
