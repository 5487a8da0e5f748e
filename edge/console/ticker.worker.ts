// A worker's timers keep their pace when the tab is hidden. The period is TICK_MS of ticker.ts.
setInterval(() => postMessage(0), 500);
