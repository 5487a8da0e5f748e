import type { BlindWindow } from '../../contract/zone.ts';

/** Windows that nobody has signed for; more are put together, the oldest first. */
const MAX_WINDOWS = 20;

/** The windows that the last run left unsigned, and the one that ends with this start. `from`: its last sign of life. Pure. */
export function blindWindows(
  kept: readonly BlindWindow[],
  from: string | undefined,
  now: string,
  id: string,
): BlindWindow[] {
  const all = from === undefined ? [...kept] : [...kept, windowOf(id, from, now)];
  const [first, second, ...rest] = all;
  if (all.length <= MAX_WINDOWS || first === undefined || second === undefined) return all;
  const isUnsure = first.clockSetBack === true || second.clockSetBack === true;
  const both = { id: second.id, from: first.from, to: second.to };
  return [isUnsure ? { ...both, clockSetBack: true } : both, ...rest];
}

function windowOf(id: string, from: string, to: string): BlindWindow {
  return Date.parse(to) < Date.parse(from) ? { id, from, to, clockSetBack: true } : { id, from, to };
}

/** What is left after somebody has signed for all up to this one. Pure. */
export function afterSigning(
  windows: readonly BlindWindow[],
  id: string,
): { signed: BlindWindow[]; left: BlindWindow[] } {
  const index = windows.findIndex((window) => window.id === id);
  return { signed: windows.slice(0, index + 1), left: windows.slice(index + 1) };
}
