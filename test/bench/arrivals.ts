import { waitFor } from '../simulators/wait.ts';

/**
 * Events a second from the first look that finds some to the one that finds all: connecting and waiting do not count.
 * `count` is asked every 20 ms.
 */
export async function arrivalRate(
  what: string,
  expected: number,
  count: () => number | Promise<number>,
  withinMs = 120_000,
): Promise<number> {
  let first: { at: number; n: number } | undefined;
  let n = 0;
  await waitFor(
    what,
    async () => {
      n = await count();
      if (n > 0) first ??= { at: performance.now(), n };
      return n >= expected;
    },
    withinMs,
    20,
  );
  const { at, n: before } = first as { at: number; n: number };
  return ((n - before) / (performance.now() - at)) * 1000;
}
