import type { TopicFilter } from './topic-filter.ts';
import type { Notification } from './types.ts';

/** What a camera keeps for a subscription before the oldest is lost. */
const QUEUE_LIMIT = 2_000;

interface Waiter {
  limit: number;
  resolve(messages: Notification[] | undefined): void;
}

/** One live subscription: a queue that PullMessages drains, and a life that ends by time. */
export class PullPoint {
  readonly id: string;
  readonly lifeMs: number;
  readonly #filter: TopicFilter;
  readonly #queue: Notification[] = [];
  readonly #waiters = new Set<Waiter>();
  readonly #ended: (self: PullPoint) => void;
  #expiry: NodeJS.Timeout | undefined;
  #expiresAt = 0;
  #live = true;

  /** `ended` is called when the time is over, not after `end()`. */
  constructor(id: string, lifeMs: number, filter: TopicFilter, ended: (self: PullPoint) => void) {
    this.id = id;
    this.lifeMs = lifeMs;
    this.#filter = filter;
    this.#ended = ended;
    this.keep(lifeMs);
  }

  /** Lives for another `ms` from now. */
  keep(ms: number): void {
    clearTimeout(this.#expiry);
    this.#expiresAt = performance.now() + ms;
    this.#expiry = setTimeout(
      () => {
        this.end();
        this.#ended(this);
      },
      Math.min(ms, 2 ** 31 - 1),
    );
    this.#expiry.unref();
  }

  /** How long it still lives without being kept. */
  leftMs(): number {
    return Math.max(0, this.#expiresAt - performance.now());
  }

  /** Ends now; a waiting pull is told so. */
  end(): void {
    this.#live = false;
    clearTimeout(this.#expiry);
    for (const waiter of [...this.#waiters]) waiter.resolve(undefined);
  }

  /** Queues what passes the filter and wakes a waiting pull; how many were taken, how many of the oldest lost. */
  offer(notifications: readonly Notification[]): { taken: number; lost: number } {
    const passing = notifications.filter(({ topic }) => this.#filter(topic));
    this.#queue.push(...passing);
    const lost = Math.max(0, this.#queue.length - QUEUE_LIMIT);
    this.#queue.splice(0, lost);
    const [waiter] = this.#waiters;
    if (waiter !== undefined && this.#queue.length > 0) waiter.resolve(this.#queue.splice(0, waiter.limit));
    return { taken: passing.length, lost };
  }

  /** Resolves with messages as soon as there are any, with [] after `waitMs`, with undefined if it ended meanwhile. */
  pull(waitMs: number, limit: number, aborted: AbortSignal): Promise<Notification[] | undefined> {
    if (!this.#live) return Promise.resolve(undefined);
    if (this.#queue.length > 0 || waitMs <= 0) return Promise.resolve(this.#queue.splice(0, limit));
    return new Promise((resolve) => {
      const settle = (messages: Notification[] | undefined): void => {
        clearTimeout(timer);
        aborted.removeEventListener('abort', leave);
        this.#waiters.delete(waiter);
        resolve(messages);
      };
      const waiter: Waiter = { limit, resolve: settle };
      const leave = (): void => settle([]);
      const timer = setTimeout(leave, waitMs);
      aborted.addEventListener('abort', leave, { once: true });
      this.#waiters.add(waiter);
    });
  }
}
