import type { CompiledProfile } from './compile.ts';
import type { Scope } from './reference.ts';

/** Longest part of a key. */
const MAX_PART = 200;
/** No device that this gateway hears is older than this. */
const FIRST_YEAR = 2020;

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

/** `0000-00-00`, `1970-01-01T08:00:00+08:00`: a clock that was never set says it of every event. */
function isNoClock(text: string): boolean {
  const year = /^\s*(\d{4})[-/]\d{1,2}[-/]\d{1,2}/.exec(text)?.[1];
  return year !== undefined && Number(year) < FIRST_YEAR;
}

/** A number that JavaScript cannot hold exactly is no key: two events would look like one. */
function partOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '')
    return isNoClock(value) ? undefined : value.slice(0, MAX_PART);
  if (typeof value !== 'number') return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}
