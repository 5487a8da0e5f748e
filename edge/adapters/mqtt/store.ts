import { Readable } from 'node:stream';
import type { AedesPacket } from './aedes.ts';
import type { InboundQos2 } from './qos2.ts';
import type { RetainedStore } from './retained.ts';

interface StoreClient {
  id: string;
}

interface StoredSubscription {
  clientId: string;
  topic: string;
  qos: 0 | 1 | 2;
}

/** The part of aedes' own in-memory store that we keep: subscriptions and queues of sessions. */
export interface BaseStore {
  addSubscriptions(client: StoreClient, subscriptions: StoredSubscription[]): Promise<void>;
  removeSubscriptions(client: StoreClient, filters: string[]): Promise<void>;
  cleanSubscriptions(client: StoreClient): Promise<void>;
  subscriptionsByClient(client: StoreClient): Promise<StoredSubscription[]>;
  subscriptionsByTopic(topic: string): Promise<StoredSubscription[]>;
  countOffline(): Promise<{ subsCount: number; clientsCount: number }>;
  outgoingEnqueueCombi(subscriptions: StoredSubscription[], packet: AedesPacket): Promise<void>;
  outgoingUpdate(client: StoreClient, packet: AedesPacket): Promise<void>;
  outgoingClearMessageId(client: StoreClient, packet: AedesPacket): Promise<AedesPacket | undefined>;
  outgoingStream(client: StoreClient): Readable;
}

export interface StoreHooks {
  /** Of the connection behind an aedes client. */
  qos2Of(client: StoreClient): InboundQos2 | undefined;
  /** `session`: what aedes takes for the client identifier. */
  maySubscribe(session: string, filter: string): boolean;
  maxQueued: number;
  queueDropped(): void;
}

const DONE = Promise.resolve();
const NO_SUBSCRIPTIONS: Promise<StoredSubscription[]> = Promise.resolve([]);
const NO_PACKET: Promise<undefined> = Promise.resolve(undefined);

/**
 * What aedes keeps between packets, with the bounds and rights that its own store lacks.
 *
 * Retained messages and unreleased QoS 2 identifiers are ours; subscriptions and queues go to `base`. Sessions live
 * in memory: after a restart devices find `session present` 0 and subscribe again.
 */
export class SessionStore {
  readonly #base: BaseStore;
  readonly #retained: RetainedStore;
  readonly #hooks: StoreHooks;
  /** Messages queued for each session; absent: none. */
  readonly #queued = new Map<string, number>();
  /** Kept sessions with subscriptions, and their filters with QoS 1 or 2; 0 spares every publish the look-up. */
  #keptSessions = 0;
  #keptFilters = 0;

  constructor(base: BaseStore, retained: RetainedStore, hooks: StoreHooks) {
    this.#base = base;
    this.#retained = retained;
    this.#hooks = hooks;
  }

  async setup(): Promise<void> {}

  // Retained messages

  storeRetained(packet: AedesPacket): Promise<void> {
    this.#retained.store(packet);
    return DONE;
  }

  createRetainedStreamCombi(filters: string[]): Readable {
    return Readable.from(this.#retained.matching(filters));
  }

  // Subscriptions of kept sessions

  async addSubscriptions(client: StoreClient, subscriptions: StoredSubscription[]): Promise<void> {
    // aedes passes every filter of the SUBSCRIBE, also those just refused.
    const granted = subscriptions.filter(({ topic }) => this.#hooks.maySubscribe(client.id, topic));
    this.#keptSessions++;
    this.#keptFilters++; // not 0 from now on
    await this.#base.addSubscriptions(client, granted);
    await this.#recount();
  }

  async removeSubscriptions(client: StoreClient, filters: string[]): Promise<void> {
    await this.#base.removeSubscriptions(client, filters);
    await this.#recount();
  }

  async cleanSubscriptions(client: StoreClient): Promise<void> {
    if (this.#keptSessions === 0) return;
    await this.#base.cleanSubscriptions(client);
    await this.#recount();
  }

  /** Only what the account still allows: rights may have shrunk since. */
  async subscriptionsByClient(client: StoreClient): Promise<StoredSubscription[]> {
    if (this.#keptSessions === 0) return await NO_SUBSCRIPTIONS;
    const kept = await this.#base.subscriptionsByClient(client);
    const lost = kept.filter(({ topic }) => !this.#hooks.maySubscribe(client.id, topic));
    if (lost.length === 0) return kept;
    await this.removeSubscriptions(
      client,
      lost.map(({ topic }) => topic),
    );
    return kept.filter((subscription) => !lost.includes(subscription));
  }

  subscriptionsByTopic(topic: string): Promise<StoredSubscription[]> {
    return this.#keptFilters === 0 ? NO_SUBSCRIPTIONS : this.#base.subscriptionsByTopic(topic);
  }

  async #recount(): Promise<void> {
    const { subsCount, clientsCount } = await this.#base.countOffline();
    this.#keptFilters = subsCount;
    this.#keptSessions = clientsCount;
  }

  // Queues of kept sessions

  outgoingEnqueue(subscription: StoredSubscription, packet: AedesPacket): Promise<void> {
    return this.outgoingEnqueueCombi([subscription], packet);
  }

  outgoingEnqueueCombi(subscriptions: StoredSubscription[], packet: AedesPacket): Promise<void> {
    if (subscriptions.length === 0) return DONE;
    const roomy = subscriptions.filter(({ clientId }) => this.#takeRoom(clientId));
    return roomy.length === 0 ? DONE : this.#base.outgoingEnqueueCombi(roomy, packet);
  }

  outgoingUpdate(client: StoreClient, packet: AedesPacket): Promise<void> {
    return this.#base.outgoingUpdate(client, packet);
  }

  async outgoingClearMessageId(client: StoreClient, packet: AedesPacket): Promise<AedesPacket | undefined> {
    // The base would make an entry for ever for every client identifier it is asked about.
    if (!this.#queued.has(client.id)) return await NO_PACKET;
    const cleared = await this.#base.outgoingClearMessageId(client, packet);
    if (cleared !== undefined) this.#giveRoom(client.id);
    return cleared;
  }

  outgoingStream(client: StoreClient): Readable {
    return this.#base.outgoingStream(client);
  }

  /** Ends a kept session: its subscriptions and its queue. */
  async forget(clientId: string): Promise<void> {
    const client = { id: clientId };
    await this.cleanSubscriptions(client);
    for await (const packet of this.outgoingStream(client)) await this.outgoingClearMessageId(client, packet);
  }

  #takeRoom(clientId: string): boolean {
    const queued = this.#queued.get(clientId) ?? 0;
    if (queued >= this.#hooks.maxQueued) {
      this.#hooks.queueDropped();
      return false;
    }
    this.#queued.set(clientId, queued + 1);
    return true;
  }

  #giveRoom(clientId: string): void {
    const queued = this.#queued.get(clientId) ?? 0;
    if (queued <= 1) this.#queued.delete(clientId);
    else this.#queued.set(clientId, queued - 1);
  }

  // QoS 2 from devices: rejecting means "not seen", as aedes expects

  async incomingGetPacket(client: StoreClient, packet: AedesPacket): Promise<AedesPacket> {
    const entry = this.#hooks.qos2Of(client)?.get(packet.messageId ?? 0);
    if (packet.cmd === 'pubrel') {
      if (entry?.committed === true) return packet;
      throw NOT_SEEN;
    }
    if (entry?.delivered === true) return packet;
    // Marked at once: two repetitions may ask before either is stored.
    if (entry !== undefined) entry.delivered = true;
    throw NOT_SEEN;
  }

  /** Nothing to do: it was noted when it arrived. */
  incomingStorePacket(): Promise<void> {
    return DONE;
  }

  async incomingDelPacket(client: StoreClient, packet: AedesPacket): Promise<void> {
    this.#hooks.qos2Of(client)?.release(packet.messageId ?? 0);
  }

  /** Nothing to do: sessions own their QoS 2 state. A refused CONNECT must not clear that of its victim. */
  cleanIncoming(): Promise<void> {
    return DONE;
  }

  // Wills: aedes publishes from the connection; the stored copy is for clusters. A clock step of minutes would
  // make aedes take this broker for dead and publish the wills of devices that are connected.

  putWill(): Promise<void> {
    return DONE;
  }

  delWill(): Promise<undefined> {
    return NO_PACKET;
  }

  streamWill(): Readable {
    return Readable.from([]);
  }
}

const NOT_SEEN = new Error('no such packet');
