/** `23.5`, `-4`; no exponent, no hexadecimal, no spaces: what else looks like a number is often a code. */
const PLAIN = /^[+-]?\d{1,15}(?:\.\d{1,15})?$/;

/** A finite number, or the number that a text plainly writes; undefined for anything else. */
export function plainNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && PLAIN.test(value) ? Number(value) : undefined;
}
