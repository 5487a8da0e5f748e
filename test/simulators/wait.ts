import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `check` yields a truthy value and returns it; the error names what was waited for. */
export async function waitFor<T>(
  what: string,
  check: () => T | Promise<T>,
  withinMs = 15_000,
  everyMs = 20,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await check();
    if (value) return value as NonNullable<T>;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await sleep(everyMs);
  }
}
