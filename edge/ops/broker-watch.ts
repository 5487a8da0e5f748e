import type { Logger } from 'pino';
import type { EventDraft } from '../../contract/event.ts';
import type { AlarmBook } from '../alarms/book.ts';
import { ownDraft } from '../pipeline/own-event.ts';

/** A broker that is away for less is no fault: brokers restart. */
export const BROKER_LOST_AFTER_MS = 30_000;
const TICK_MS = 1_000;

/** An external broker as the watch sees it. */
export interface WatchedBroker {
  readonly name: string;
  status(): { clients: number; failure?: string };
}

export interface BrokerWatchOptions {
  brokers: readonly WatchedBroker[];
  book: Pick<AlarmBook, 'open'>;
  /** Milliseconds, for a wait that a step of the wall clock must neither end nor prolong. */
  monotonic: () => number;
  /** Milliseconds since 1970. */
  clock: () => number;
  emit: (draft: EventDraft) => Promise<void>;
  /** The devices behind this broker are unknown now. */
  lose: (broker: string) => Promise<void>;
  logger: Logger;
}

/** SYS.GATEWAY_DOWN for a broker of the site that cannot be reached; its name is the event's input. */
export class BrokerWatch {
  readonly #o: BrokerWatchOptions;
  readonly #seenAt = new Map<string, number>();
  readonly #lost = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BrokerWatchOptions) {
    this.#o = options;
  }

  start(): void {
    const { brokers, book, monotonic } = this.#o;
    for (const { name } of brokers) this.#seenAt.set(name, monotonic());
    // what the last run raised and this one must clear
    for (const { type, subject, condition, device } of book.open()) {
      if (type !== 'SYS.GATEWAY_DOWN' || condition === 'returned' || device !== undefined) continue;
      if (this.#seenAt.has(subject)) this.#lost.add(subject);
      // it is in the configuration no more
      else this.#emit(this.#draft(subject, 'clear'));
    }
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks once; called every second. */
  tick(): void {
    const now = this.#o.monotonic();
    for (const broker of this.#o.brokers) {
      const { name } = broker;
      const { clients, failure } = broker.status();
      if (clients > 0) {
        this.#seenAt.set(name, now);
        if (this.#lost.delete(name)) this.#emit(this.#draft(name, 'clear'));
      } else if (!this.#lost.has(name) && now - (this.#seenAt.get(name) ?? now) >= BROKER_LOST_AFTER_MS) {
        this.#lost.add(name);
        this.#emit(this.#draft(name, 'raise', failure));
        this.#o.lose(name).catch((err) => this.#warn(err));
      }
    }
  }

  #draft(broker: string, edge: 'raise' | 'clear', reason = ''): EventDraft {
    const data = { broker, ...(edge === 'raise' ? { reason } : {}) };
    return { ...ownDraft('SYS.GATEWAY_DOWN', edge, this.#o.clock(), data), input: broker };
  }

  #emit(draft: EventDraft): void {
    this.#o.emit(draft).catch((err) => this.#warn(err));
  }

  #warn(err: unknown): void {
    this.#o.logger.warn({ err }, 'an event of the gateway itself was not stored');
  }
}
