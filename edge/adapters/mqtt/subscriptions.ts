import type { Client, Subscription } from 'aedes';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { BrokerContext } from './context.ts';
import { type RefusalReason, RefusedError } from './refusal.ts';
import { filterFault } from './topic.ts';

/** Says what devices may subscribe to and receive. */
export class Subscriptions {
  readonly #context: BrokerContext;
  readonly #connections: Connections;

  constructor(context: BrokerContext, connections: Connections) {
    this.#context = context;
    this.#connections = connections;
  }

  /** Grants one filter of a SUBSCRIBE, or answers it with 0x80; the connection stays. */
  authorize(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, granted?: Subscription | null) => void,
  ): void {
    const connection = this.#connections.of(client);
    if (connection?.phase !== 'open') {
      done(new RefusedError('bad-packet'));
      return;
    }
    const fault = this.#fault(connection, subscription.topic);
    if (fault === undefined) {
      connection.filters.add(subscription.topic);
      done(null, subscription);
      return;
    }
    this.#context.refusals.report(fault, connection, {
      channel: subscription.topic,
      hint: `mqtt: ${connection.user} may not subscribe to ${JSON.stringify(subscription.topic.slice(0, 256))}`,
    });
    done(null, null);
  }

  /** Whether a message goes to a device. A device that does not read what it is sent is disconnected. */
  mayForward(client: Client, topic: string): boolean {
    const connection = this.#connections.of(client);
    if (connection?.rights?.mayReceive(topic) !== true) return false;
    if (client.conn.writableLength <= this.#context.limits.maxUnsentBytes) return true;
    if (connection.reason !== 'too-slow') {
      connection.reason = 'too-slow';
      this.#context.refusals.report('too-slow', connection, {
        hint: `mqtt: ${connection.user} does not read what it subscribed to: disconnected`,
      });
      // Not from within a delivery to it.
      setImmediate(() => client.close());
    }
    return false;
  }

  #fault(connection: Connection, filter: string): RefusalReason | undefined {
    if (filterFault(filter, this.#context.limits) !== undefined) return 'bad-filter';
    if (connection.rights?.maySubscribe(filter) !== true) return 'subscribe-not-allowed';
    const { filters } = connection;
    const full = filters.size >= this.#context.limits.maxSubscriptions && !filters.has(filter);
    return full ? 'too-many-subscriptions' : undefined;
  }
}
