// Apart from live.ts so that the console can have them without zod.

/** Server heartbeat period, milliseconds. */
export const LIVE_HEARTBEAT_MS = 5_000;
/** A client that hears nothing for this long sounds by itself. */
export const LIVE_WATCHDOG_MS = 12_000;
/** WebSocket close codes of the live feed. */
export const liveClose = { sessionEnded: 4001, tooSlow: 4002, badSince: 4003 } as const;
