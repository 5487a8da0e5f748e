import type { Logger } from 'pino';
import type { Sink } from '../adapter.ts';
import type { Counters } from './counters.ts';
import type { BrokerLimits } from './options.ts';
import type { Refusals } from './refusal.ts';

/** What every part of a running broker works with. */
export interface BrokerContext {
  /** Name of the adapter instance. */
  name: string;
  sink: Sink;
  limits: BrokerLimits;
  counters: Counters;
  refusals: Refusals;
  logger: Logger;
  /** Wall clock, milliseconds since 1970. */
  clock: () => number;
}
