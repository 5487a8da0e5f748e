/** Bounds of the pull points; all times in milliseconds. */
export interface OnvifLimits {
  /** How long a device may hold a pull while there is nothing to tell. */
  pullMs: number;
  /** For an answer beyond that: connection, TLS, and the last byte. */
  answerMs: number;
  /** No successful pull for so long: the event channel is dead. 2.5 pulls. */
  silentAfterMs: number;
  /** Spans of the wait before the next attempt. */
  backOff: { firstMs: number; maxMs: number };
  /** Between attempts with credentials that were refused, and between looks at a device without pull points. */
  refusedMs: number;
  /** A subscription that nobody renews ends by itself after this. */
  terminationMs: number;
  /** Subscriptions whose answer was lost and which may still live there; beyond, none is made. */
  maxOrphans: number;
  /** Largest answer, bytes. */
  maxBytes: number;
  /** `Initialized` within this time of a new subscription is its beginning, later it is news. */
  startingMs: number;
  /** For Unsubscribe when the gateway stops. */
  stopMs: number;
  /** Devices that are added together begin within this time, each at its own moment. */
  spreadMs: number;
}

/** The limits that follow from what an installer may set. */
export function limitsOf(set: {
  pullMs: number;
  answerMs: number;
  backOff: { firstMs: number; maxMs: number };
  refusedMs: number;
  terminationMs: number;
}): OnvifLimits {
  return {
    ...set,
    silentAfterMs: 2.5 * set.pullMs,
    maxOrphans: 3,
    maxBytes: 2 * 1024 * 1024, // 100 notifications of a few KB each, and room
    startingMs: 10_000,
    stopMs: 2_000,
    spreadMs: 10_000,
  };
}
