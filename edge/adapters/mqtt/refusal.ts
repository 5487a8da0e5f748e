import type { Logger } from 'pino';
import type { Refusal, Sink } from '../adapter.ts';
import type { Connection } from './connection.ts';
import type { Counters } from './counters.ts';
import { Seen } from './seen.ts';

/** Stable names of what the broker refuses; metrics labels, listed in docs/mqtt.md. */
export type RefusalReason =
  | 'bad-client-id'
  | 'bad-credentials'
  | 'bad-filter'
  | 'bad-packet'
  | 'bad-topic'
  | 'connect-timeout'
  | 'credentials-unchecked'
  | 'mqtt5'
  | 'no-credentials'
  | 'not-allowed'
  | 'retained-full'
  | 'subscribe-not-allowed'
  | 'throttled'
  | 'tls'
  | 'too-large'
  | 'too-many-clients'
  | 'too-many-of-account'
  | 'too-many-of-address'
  | 'too-many-subscriptions'
  | 'too-slow'
  | 'too-many-unreleased'
  | 'will-not-allowed';

/** Closes a connection through aedes; the refusal has been counted and reported already. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** What is known of a refusal beyond its connection. */
export interface RefusalDetail {
  channel?: string;
  /** What was refused; the first {@link SAMPLE_BYTES} are kept. */
  sample?: Buffer;
  address?: string;
  /** Whom an unauthenticated peer claims to be. */
  user?: string;
  /** For the log: what the installer can do about it. */
  hint?: string;
}

const SAMPLE_BYTES = 256;
/** Characters kept of names that peers choose. */
const MAX_NAME = 256;

/** Counts, reports and logs refusals. Each (reason, device) is logged once; counters tell how often. */
export class Refusals {
  readonly #adapter: string;
  readonly #counters: Counters;
  readonly #logger: Logger;
  readonly #clock: () => number;
  readonly #logged = new Seen(1000);
  #sink: Sink | undefined;

  constructor(adapter: string, counters: Counters, logger: Logger, clock: () => number) {
    this.#adapter = adapter;
    this.#counters = counters;
    this.#logger = logger;
    this.#clock = clock;
  }

  reportTo(sink: Sink): void {
    this.#sink = sink;
  }

  report(reason: RefusalReason, connection: Connection | undefined, detail: RefusalDetail = {}): void {
    this.#counters.refused(reason);
    const refusal: Refusal = { adapter: this.#adapter, reason, at: this.#clock() };
    const address = detail.address ?? connection?.address;
    if (address !== undefined) refusal.address = address;
    if (connection?.clientId !== undefined) {
      refusal.clientId = connection.clientId.slice(0, MAX_NAME);
    }
    const user = connection?.user ?? detail.user;
    if (user !== undefined) refusal.user = user.slice(0, MAX_NAME);
    if (detail.channel !== undefined) refusal.channel = detail.channel;
    // Copied: a view would keep its whole network chunk in memory.
    if (detail.sample !== undefined) refusal.sample = Buffer.from(detail.sample.subarray(0, SAMPLE_BYTES));
    const who = user ?? address ?? '';
    if (this.#logged.first(`${reason} ${who}`)) {
      const { sample, ...known } = refusal;
      this.#logger.warn(known, detail.hint ?? `mqtt: refused, ${reason}`);
    }
    this.#sink?.refused(refusal);
  }
}
