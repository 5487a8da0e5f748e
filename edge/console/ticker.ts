/** How often the screen looks at clocks and links. */
const TICK_MS = 500;

/**
 * Calls `tick` every 500 ms, in hidden tabs too: there a page's own timers run once a minute, those of a worker do not
 * slow down. Returns what stops it.
 */
export function startTicker(tick: () => void): () => void {
  const worker = startWorker();
  if (worker === undefined) {
    const timer = setInterval(tick, TICK_MS);
    return () => clearInterval(timer);
  }
  worker.onmessage = tick;
  return () => worker.terminate();
}

function startWorker(): Worker | undefined {
  try {
    return new Worker(new URL('./ticker.worker.ts', import.meta.url));
  } catch {
    return undefined;
  }
}
