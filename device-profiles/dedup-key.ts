import type { CompiledProfile } from './compile.ts';
import type { Scope } from './reference.ts';

/** Longest part of a key. */
const MAX_PART = 200;

/**
 * The key that names a message, from the parts its profile lists. All parts or no key: half a key would swallow real
 * events. `times` gives the device's time while its clock is in sync, and as the device says it.
 */
export function dedupKey(
  by: CompiledProfile['dedupBy'],
  body: unknown,
  scope: Scope,
  times: { proven: () => string | undefined; said: () => string | undefined },
): string | undefined {
  if (by.length === 0) return undefined;
  const parts: string[] = [];
  for (const read of by) {
    const part =
      read === 'time' ? times.proven() : read === 'said-time' ? times.said() : partOf(read(body, scope));
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts.join('|');
}

/** A number that JavaScript cannot hold exactly is no key: two events would look like one. */
function partOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value.slice(0, MAX_PART);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}
