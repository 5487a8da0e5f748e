import { performance } from 'node:perf_hooks';
import type { Aedes, Client } from 'aedes';
import type { RawMessage } from '../../../contract/raw-message.ts';
import { type AedesPacket, publishFor } from './aedes.ts';
import type { Connection } from './connection.ts';
import type { BrokerContext } from './context.ts';
import type { Counters } from './counters.ts';
import { type RefusalReason, RefusedError } from './refusal.ts';
import type { RetainedStore } from './retained.ts';

type Done = (error?: Error | null) => void;

/** Where a refused message goes after its acknowledgement: nobody may subscribe to `$...`. */
const NOWHERE = '$refused';
const NOTHING = Buffer.alloc(0);
/** What a waiting message takes in memory beside its payload, about. */
const HELD_OVERHEAD = 256;

/**
 * Takes what devices publish. aedes calls it (`authorizePublish`) before anything else happens to a message, and
 * acknowledges when `done` is called: QoS 1 and 2 after the commit, QoS 0 at once.
 */
export class Intake {
  readonly #context: BrokerContext;
  readonly #counters: Counters;
  readonly #retained: RetainedStore;
  readonly #aedes: Aedes;
  #pending = 0;
  #idle: (() => void) | undefined;

  constructor(context: BrokerContext, retained: RetainedStore, aedes: Aedes) {
    this.#context = context;
    this.#counters = context.counters;
    this.#retained = retained;
    this.#aedes = aedes;
  }

  /** Messages handed over, whose acknowledgement waits for the commit. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when nothing is pending. */
  async drained(): Promise<void> {
    if (this.#pending === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  publish(connection: Connection | undefined, client: Client, packet: AedesPacket, done: Done): void {
    if (connection?.phase !== 'open') {
      // A packet behind a CONNECT that is still being judged; reading waits, so this is a second line.
      done(new RefusedError('bad-packet'));
      return;
    }
    if (packet === connection.will) {
      this.#takeWill(connection, packet, done);
      return;
    }
    this.#counters.bytes += packet.payload.length;
    const { pacer } = connection;
    if (pacer === undefined || pacer.passes(performance.now())) {
      this.#take(connection, client, packet, done);
      return;
    }
    this.#counters.paced++;
    connection.paced++;
    pacer.wait(() => this.#take(connection, client, packet, done));
  }

  #take(connection: Connection, client: Client, packet: AedesPacket, done: Done): void {
    switch (packet.qos) {
      case 0:
        this.#counters.messagesQos0++;
        this.#takeQos0(connection, packet, done);
        return;
      case 1:
        this.#counters.messagesQos1++;
        this.#takeQos1(connection, client, packet, done);
        return;
      case 2:
        this.#takeQos2(connection, client, packet, done);
        return;
    }
  }

  #takeQos0(connection: Connection, packet: AedesPacket, done: Done): void {
    const broken = this.#check(connection, packet);
    if (broken !== undefined) {
      done(broken);
      return;
    }
    if (packet.topic !== NOWHERE) this.#hand(connection, packet, false).catch(ignore);
    done(null);
  }

  #takeQos1(connection: Connection, client: Client, packet: AedesPacket, done: Done): void {
    const broken = this.#check(connection, packet);
    if (broken !== undefined) {
      done(broken);
      return;
    }
    if (packet.topic === NOWHERE) {
      this.#counters.acked++;
      done(null);
      return;
    }
    const bytes = packet.payload.length + HELD_OVERHEAD;
    this.#hold(connection, bytes);
    this.#hand(connection, packet, false).then(
      () => {
        this.#release(connection, bytes);
        if (client.closed) publishFor(this.#aedes, client, packet);
        else {
          this.#counters.acked++;
          done(null);
        }
      },
      (error: Error) => {
        this.#release(connection, bytes);
        done(notCommitted(connection, error));
      },
    );
  }

  #takeQos2(connection: Connection, client: Client, packet: AedesPacket, done: Done): void {
    const { qos2 } = connection;
    const messageId = packet.messageId ?? 0;
    if (qos2 === undefined || messageId <= 0) {
      done(this.#breach('bad-packet', connection, packet));
      return;
    }
    const bytes = packet.payload.length + HELD_OVERHEAD;
    const acknowledge: Done = (error) => {
      this.#release(connection, bytes);
      if (client.closed) return;
      if (error === undefined) this.#counters.acked++;
      done(error);
    };
    const repeated = qos2.get(messageId);
    if (repeated !== undefined) {
      this.#counters.qos2Repeated++;
      this.#hold(connection, bytes);
      if (repeated.committed) acknowledge();
      else repeated.waiters.push(acknowledge);
      return;
    }
    this.#counters.messagesQos2++;
    if (qos2.size >= this.#context.limits.maxUnreleased) {
      done(this.#breach('too-many-unreleased', connection, packet));
      return;
    }
    const broken = this.#check(connection, packet);
    if (broken !== undefined) {
      done(broken);
      return;
    }
    const entry = qos2.begin(messageId);
    entry.waiters.push(acknowledge);
    this.#hold(connection, bytes);
    const settle = (error?: Error): void => {
      const { waiters } = entry;
      entry.waiters = [];
      for (const waiter of waiters) waiter(error);
    };
    const committed = (): void => {
      entry.committed = true;
      // Nobody is left to acknowledge to: what aedes does on acknowledging must still be done.
      if (connection.client.closed && !entry.delivered) {
        entry.delivered = true;
        publishFor(this.#aedes, client, packet);
      }
      settle();
    };
    if (packet.topic === NOWHERE) {
      committed();
      return;
    }
    this.#hand(connection, packet, false).then(committed, (error: Error) => {
      qos2.abandon(messageId);
      settle(notCommitted(connection, error));
    });
  }

  /** A will is published when its connection has ended without a goodbye, unless we ended it. */
  #takeWill(connection: Connection, packet: AedesPacket, done: Done): void {
    if (connection.closedByUs) {
      this.#counters.willsWithheld++;
      done(new Error('the gateway closed the connection: no will'));
      return;
    }
    // what it said before it died comes first
    connection.pacer?.flush();
    this.#counters.wills++;
    this.#reserveRetained(connection, packet);
    const committed = this.#hand(connection, packet, true);
    if (packet.qos === 0) {
      committed.catch(ignore);
      done(null);
      return;
    }
    this.#pending++;
    committed.then(
      () => {
        this.#settled();
        done(null);
      },
      (error: Error) => {
        this.#settled();
        done(error);
      },
    );
  }

  #hand(connection: Connection, packet: AedesPacket, will: boolean): Promise<unknown> {
    const raw: RawMessage = {
      source: 'mqtt',
      adapter: this.#context.name,
      channel: packet.topic,
      clientId: connection.clientId,
      user: connection.user,
      payload: packet.payload,
      qos: packet.qos,
      receivedAt: this.#context.clock(),
      receivedMonotonicMs: performance.now(),
      retain: packet.retain === true,
      dup: packet.dup === true,
      will,
    };
    if (packet.qos > 0 && packet.messageId !== undefined) raw.packetId = packet.messageId;
    try {
      return this.#context.sink.message(raw);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Whether a message may be taken. What breaks the protocol ends the connection: the error to do so is returned.
   * What only breaks a rule of ours is refused and acknowledged, or the device would send it for ever: it is
   * emptied and addressed to nowhere.
   */
  #check(connection: Connection, packet: AedesPacket): RefusedError | undefined {
    const { topic, payload } = packet;
    if (packet.qos > 0 && (packet.messageId ?? 0) <= 0) return this.#breach('bad-packet', connection, packet);
    const fault = connection.rights === undefined ? 'not-allowed' : connection.rights.publishFault(topic);
    if (fault === 'ill-formed') return this.#breach('bad-topic', connection, packet);
    if (fault !== undefined) {
      this.#divert(fault === 'not-allowed' ? fault : 'bad-topic', connection, packet);
      return undefined;
    }
    if (payload.length > this.#context.limits.maxPayloadBytes) {
      this.#divert('too-large', connection, packet);
      return undefined;
    }
    if (packet.retain) this.#reserveRetained(connection, packet);
    return undefined;
  }

  #reserveRetained(connection: Connection, packet: AedesPacket): void {
    if (!packet.retain || this.#retained.reserve(packet.topic, packet.payload.length)) return;
    packet.retain = false;
    this.#context.refusals.report('retained-full', connection, {
      channel: packet.topic,
      hint: 'mqtt: no room to retain more messages: the message was processed, later subscribers will not see it',
    });
  }

  #breach(reason: RefusalReason, connection: Connection, packet: AedesPacket): RefusedError {
    connection.reason ??= reason;
    this.#context.refusals.report(reason, connection, { channel: packet.topic, sample: packet.payload });
    return new RefusedError(reason);
  }

  #divert(reason: RefusalReason, connection: Connection, packet: AedesPacket): void {
    this.#context.refusals.report(reason, connection, { channel: packet.topic, sample: packet.payload });
    packet.topic = NOWHERE;
    packet.payload = NOTHING;
  }

  #hold(connection: Connection, bytes: number): void {
    this.#pending++;
    connection.hold(bytes, performance.now());
  }

  #release(connection: Connection, bytes: number): void {
    connection.release(bytes);
    this.#settled();
  }

  #settled(): void {
    this.#pending--;
    if (this.#pending === 0) this.#idle?.();
  }
}

/** The pipeline gave a message back: the gateway is stopping. The device sends it again after it reconnects. */
function notCommitted(connection: Connection, error: Error): Error {
  connection.closedByUs = true;
  connection.reason ??= 'the gateway is stopping';
  return error;
}

function ignore(): void {}
