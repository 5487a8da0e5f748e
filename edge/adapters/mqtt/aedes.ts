import type { EventEmitter } from 'node:events';
import type { Aedes, Client } from 'aedes';

/** A packet as aedes' handlers pass it around; what we read or change of it. */
export interface AedesPacket {
  cmd?: string;
  topic: string;
  payload: Buffer;
  qos: 0 | 1 | 2;
  retain: boolean;
  dup: boolean;
  messageId?: number;
}

type Done = (error?: Error | null) => void;

/** What we touch of aedes 1.2 beyond its published types. All of it is in this file. */
interface AedesInternals {
  persistence: unknown;
  publish(packet: AedesPacket, client: Client | Done | null, done?: Done): void;
}

interface ClientInternals {
  _disconnected: boolean;
  _parser: {
    /** Bytes of the packet being received that are not here yet make `length` larger than what was returned. */
    parse(chunk: Buffer): number;
    packet: { cmd?: string; length: number };
  };
}

/** Whether the device said goodbye (DISCONNECT) before its connection ended. */
export function saidGoodbye(client: Client): boolean {
  return (client as unknown as ClientInternals)._disconnected;
}

export interface ParserHooks {
  /** The remaining length that a packet of this kind (`publish`, `subscribe`...) may declare, asked after each chunk. */
  maxPacketBytes(cmd: string | undefined): number;
  /** The packet being received is longer than that; `start` is what there is of it, without its fixed header. */
  tooLarge(start: Buffer, cmd: string | undefined): void;
  /** Parser or handlers threw (mqtt-packet does so on some malformed packets; aedes lets it end the process). */
  threw(error: Error): void;
}

/** Puts our checks around the packet parser of a connection. Called before any byte was read. */
export function guardParser(client: Client, hooks: ParserHooks): void {
  const parser = (client as unknown as ClientInternals)._parser;
  const parse = parser.parse.bind(parser);
  parser.parse = (chunk) => {
    let left = 0;
    try {
      left = parse(chunk);
    } catch (error) {
      hooks.threw(error instanceof Error ? error : new Error(String(error)));
      return 0;
    }
    const { cmd, length } = parser.packet;
    if (length > hooks.maxPacketBytes(cmd)) {
      hooks.tooLarge(chunk.subarray(Math.max(0, chunk.length - left)), cmd);
    }
    return left;
  };
}

/** The store that aedes made for itself; `replace` puts another one in its place. */
export function swapPersistence<Base, Own>(aedes: Aedes, replace: (base: Base) => Own): Own {
  const internals = aedes as unknown as AedesInternals;
  const own = replace(internals.persistence as Base);
  internals.persistence = own;
  return own;
}

/**
 * Lets a publisher go on as soon as its message is handed to the subscribers.
 *
 * Stock aedes reads on from a publisher only when every subscriber's socket has taken the message: one device that
 * stops reading would hold up the alarms of others.
 */
export function detachDelivery(aedes: Aedes): void {
  const internals = aedes as unknown as AedesInternals;
  const publish = internals.publish.bind(aedes);
  internals.publish = (packet, client, done) => {
    if (typeof client === 'function') {
      publish(packet, client);
      return;
    }
    publish(packet, client, ignore);
    done?.();
  };
}

/** Delivers to subscribers and retains, in a client's name, outside of its connection. */
export function publishFor(aedes: Aedes, client: Client, packet: AedesPacket): void {
  (aedes as unknown as AedesInternals).publish(packet, client, ignore);
}

/** Errors of the broker itself; its types do not list the event. Without a listener they end the process. */
export function onBrokerError(aedes: Aedes, listener: (error: unknown) => void): void {
  (aedes as EventEmitter).on('error', listener);
}

function ignore(): void {}
