import { randomUUID } from 'node:crypto';
import type { ConnectPacket } from 'aedes';
import type { Connection } from './connection.ts';
import type { Connections } from './connections.ts';
import type { BrokerContext } from './context.ts';
import type { Mqtt5Peers } from './mqtt5-peers.ts';
import type { BrokerAccess, BrokerAccount } from './options.ts';
import { Pacers } from './pacer.ts';
import type { RefusalDetail, RefusalReason } from './refusal.ts';
import { Rights } from './rights.ts';
import { type SessionBook, sessionId } from './sessions.ts';
import { FailureThrottle } from './throttle.ts';
import { isIllFormed, topicFault } from './topic.ts';

/** Why a CONNECT is refused, and the CONNACK that says so; without one the connection just closes. */
export interface Denial {
  reason: RefusalReason;
  connack?: Buffer;
  detail?: RefusalDetail;
}

/** MQTT 3.1, CONNECT. */
const MAX_CLIENT_ID_OF_3_1 = 23;

// Return codes of MQTT 3.1.1, table 3.1
const IDENTIFIER_REJECTED = 2;
const SERVER_UNAVAILABLE = 3;
const BAD_CREDENTIALS = 4;
const NOT_AUTHORIZED = 5;

/** Decides who may connect. */
export class Admission {
  readonly #context: BrokerContext;
  readonly #access: BrokerAccess;
  readonly #sessions: SessionBook;
  readonly #connections: Connections;
  readonly #pacers: Pacers;
  readonly #mqtt5: Mqtt5Peers;
  readonly #throttle = new FailureThrottle();

  constructor(
    context: BrokerContext,
    access: BrokerAccess,
    sessions: SessionBook,
    connections: Connections,
    mqtt5: Mqtt5Peers,
  ) {
    this.#context = context;
    this.#access = access;
    this.#sessions = sessions;
    this.#connections = connections;
    this.#pacers = new Pacers(context.limits.pace);
    this.#mqtt5 = mqtt5;
  }

  /** Judges a CONNECT. When nothing is returned the connection is signed in and owns its session. */
  async judge(connection: Connection, packet: ConnectPacket): Promise<Denial | undefined> {
    if (packet.protocolVersion === 5) return this.#denyMqtt5(connection, packet);
    const denial = this.#identify(connection, packet) ?? this.#inspectWill(packet);
    if (denial !== undefined) return denial;

    const account = await this.#authenticate(connection, packet);
    if ('reason' in account) return account;
    // The device may have gone while its password was checked: then it must not keep the session.
    if (connection.client.closed) return { reason: 'connect-timeout' };

    const { user } = account;
    const id = sessionId(user, packet.clientId);
    if (!this.#connections.roomForAccount(account, id)) return denyOneMore(user);
    this.#sessions.claim(id, user, packet.clean === true, connection);
    this.#connections.signedIn(connection);
    // aedes keeps clients by this name: those of two users never meet
    packet.clientId = id;
    connection.sessionId = id;
    connection.user = user;
    connection.pacer = this.#pacers.join(user);
    connection.rights = new Rights(account, this.#context.limits);
    connection.keepaliveMs = (packet.keepalive ?? 0) * 1000;
    this.#grantWill(connection, packet);
    return undefined;
  }

  #denyMqtt5(connection: Connection, packet: ConnectPacket): Denial {
    connection.clientId = packet.clientId;
    this.#mqtt5.count(connection.address, packet.clientId, this.#context.clock());
    return {
      reason: 'mqtt5',
      connack: Buffer.from([0x20, 3, 0, 0x84, 0]), // unsupported protocol version, no properties
      detail: {
        hint:
          `mqtt: the device at ${connection.address} (client id ${JSON.stringify(packet.clientId)}) speaks MQTT 5, ` +
          'the built-in broker speaks 3.1.1: set the device to MQTT 3.1.1 or connect it through an external broker',
      },
    };
  }

  #identify(connection: Connection, packet: ConnectPacket): Denial | undefined {
    if (packet.clientId === '') {
      // A session that is kept needs a name [MQTT-3.1.3-8]; 3.1 always does.
      if (!packet.clean || packet.protocolVersion === 3) {
        return { reason: 'bad-client-id', connack: connack(IDENTIFIER_REJECTED) };
      }
      packet.clientId = `auto-${randomUUID()}`;
    }
    if (isIllFormed(packet.clientId)) return { reason: 'bad-client-id' };
    const tooLong = packet.protocolVersion === 3 && packet.clientId.length > MAX_CLIENT_ID_OF_3_1;
    if (tooLong || Buffer.byteLength(packet.clientId) > this.#context.limits.maxClientIdBytes) {
      return { reason: 'bad-client-id', connack: connack(IDENTIFIER_REJECTED) };
    }
    connection.clientId = packet.clientId;
    return undefined;
  }

  #inspectWill({ will }: ConnectPacket): Denial | undefined {
    if (will === undefined) return undefined;
    const fault = topicFault(will.topic, this.#context.limits);
    if (fault !== undefined) {
      return { reason: 'bad-topic', detail: { channel: will.topic, hint: `mqtt: will topic is ${fault}` } };
    }
    return (will.qos ?? 0) > 2 ? { reason: 'bad-packet' } : undefined;
  }

  async #authenticate(connection: Connection, packet: ConnectPacket): Promise<BrokerAccount | Denial> {
    const { username: user, password } = packet;
    const { address, certificate } = connection;
    const certified = certificate === undefined ? undefined : this.#access.certified?.(certificate);
    if (certified !== undefined) {
      if (user !== undefined && user !== '' && user !== certified.user) {
        return denyOtherCertificate(address, user, certified.user);
      }
      if (password === undefined) return certified;
    }
    if (user === undefined || user === '' || password === undefined) {
      return { reason: 'no-credentials', connack: connack(NOT_AUTHORIZED) };
    }
    if (isIllFormed(user)) return { reason: 'bad-credentials' };
    if (this.#throttle.blocks(address, user, this.#context.clock())) {
      return { reason: 'throttled', connack: connack(NOT_AUTHORIZED), detail: { user } };
    }
    let account: BrokerAccount | undefined;
    try {
      account = await this.#access.authenticate(user, password);
    } catch (error) {
      this.#context.logger.error(
        { err: error },
        'mqtt: a password could not be checked, the device will try again',
      );
      return { reason: 'credentials-unchecked', connack: connack(SERVER_UNAVAILABLE), detail: { user } };
    }
    if (account === undefined) {
      this.#throttle.failed(address, user, this.#context.clock());
      return {
        reason: 'bad-credentials',
        connack: connack(BAD_CREDENTIALS),
        detail: {
          user,
          hint:
            `mqtt: ${address} signed in as ${JSON.stringify(user.slice(0, 64))} with a wrong password or unknown ` +
            'user: compare the device with its credentials, or issue new ones',
        },
      };
    }
    this.#throttle.succeeded(address, user);
    return account;
  }

  /** A will that may not be published is dropped, not the device: its alarms matter more. */
  #grantWill(connection: Connection, packet: ConnectPacket): void {
    const { will } = packet;
    if (will === undefined) return;
    const allowed = connection.rights?.publishFault(will.topic) === undefined;
    if (allowed && will.payload.length <= this.#context.limits.maxPayloadBytes) {
      connection.will = will;
      return;
    }
    delete packet.will;
    this.#context.refusals.report(allowed ? 'too-large' : 'will-not-allowed', connection, {
      channel: will.topic,
    });
  }
}

function denyOneMore(user: string): Denial {
  return {
    reason: 'too-many-of-account',
    connack: connack(SERVER_UNAVAILABLE),
    detail: {
      user,
      hint:
        `mqtt: ${user} has as many connections as an account may have: one more is refused; give each device its own ` +
        'account, or find out who uses this one',
    },
  };
}

function denyOtherCertificate(address: string, user: string, certified: string): Denial {
  return {
    reason: 'bad-credentials',
    connack: connack(BAD_CREDENTIALS),
    detail: {
      user,
      hint:
        `mqtt: ${address} shows the certificate of ${JSON.stringify(certified)} and signs in as ` +
        `${JSON.stringify(user.slice(0, 64))}: give it its own certificate, or leave the user out`,
    },
  };
}

function connack(returnCode: number): Buffer {
  return Buffer.from([0x20, 2, 0, returnCode]);
}
