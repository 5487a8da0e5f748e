import type { BrokerAccount } from './options.ts';
import { covers, isCatchAll, type TopicFault, type TopicLimits, topicFault } from './topic.ts';

/** What one account may do. Answers about topics are cached: a device uses few of them, for months. */
export class Rights {
  readonly #publish: readonly string[];
  readonly #subscribe: readonly string[];
  readonly #limits: TopicLimits;
  readonly #faults = new Map<string, TopicFault | 'not-allowed' | undefined>();
  readonly #receivable = new Map<string, boolean>();

  constructor(account: BrokerAccount, limits: TopicLimits) {
    this.#publish = account.publish;
    this.#subscribe = account.subscribe;
    this.#limits = limits;
  }

  /**
   * Why a message on this topic is not taken; undefined if it is. Topics that begin with `$` are the broker's own,
   * whatever the account says.
   */
  publishFault(topic: string): TopicFault | 'not-allowed' | undefined {
    const known = this.#faults.get(topic);
    if (known !== undefined || this.#faults.has(topic)) return known;
    let fault: TopicFault | 'not-allowed' | undefined = topicFault(topic, this.#limits);
    if (!covered(topic, this.#publish)) fault ??= 'not-allowed';
    keep(this.#faults, topic, fault);
    return fault;
  }

  mayReceive(topic: string): boolean {
    const known = this.#receivable.get(topic);
    if (known !== undefined) return known;
    const may = covered(topic, this.#subscribe);
    keep(this.#receivable, topic, may);
    return may;
  }

  /** Whether a filter may be subscribed to: covered by the account, and neither a catch-all nor `$...`. */
  maySubscribe(filter: string): boolean {
    if (filter.startsWith('$') || isCatchAll(filter)) return false;
    return this.#subscribe.some((allowed) => covers(allowed, filter));
  }
}

const CACHED_TOPICS = 256;

function keep<V>(cache: Map<string, V>, topic: string, value: V): void {
  if (cache.size >= CACHED_TOPICS) cache.clear();
  cache.set(topic, value);
}

function covered(topic: string, filters: readonly string[]): boolean {
  return !topic.startsWith('$') && filters.some((filter) => covers(filter, topic));
}
