import { hash } from 'node:crypto';
import type { EventDraft } from '../../contract/event.ts';
import type { RawMessage } from '../../contract/raw-message.ts';

/** Default window of a profile's key, and the window of MQTT redeliveries: 10 min. */
const DUPLICATE_WINDOW_MS = 600_000;

/** Keys kept at most; the oldest half goes first. */
const MAX_KEYS = 200_000;

/**
 * Names a message by user, client, topic, payload and packet identifier (SHA-256, 96 bits). Only an MQTT redelivery (DUP)
 * is compared with it: two real presses may well look the same, and a press that never arrived is sent again with DUP
 * too, but under an identifier of its own.
 */
export function redeliveryKey({
  user = '',
  clientId = '',
  packetId = 0,
  channel,
  payload,
}: RawMessage): string {
  const named = `${user}\0${clientId}\0${packetId}\0${channel}\0${payload.toString('latin1')}`;
  return hash('sha256', named, 'base64url').slice(0, 16);
}

/**
 * The key of one event of a device: its profile's key, else, for what MQTT may deliver again, that of its message.
 */
export function eventKey(device: string, draft: EventDraft, raw: RawMessage): string | undefined {
  const own = draft.dedupKey;
  const input = draft.input ?? '';
  if (own !== undefined) {
    const told = raw.fingerprint === undefined ? '' : `|${raw.fingerprint}`;
    return `k|${device}|${draft.type}|${draft.edge}|${input}|${own}${told}`;
  }
  if (raw.source !== 'mqtt' || (raw.qos ?? 0) === 0) return undefined;
  return `m|${redeliveryKey(raw)}|${draft.type}|${draft.edge}|${input}`;
}

/** Remembers keys of the last window, in two generations so that forgetting is cheap. */
export class Duplicates {
  #young = new Map<string, number>();
  #old = new Map<string, number>();

  /** Was this key seen within `windowMs` before `at`? Milliseconds since 1970 (receipt time). */
  seen(key: string, at: number, windowMs: number = DUPLICATE_WINDOW_MS): boolean {
    const last = this.#young.get(key) ?? this.#old.get(key);
    // a clock set back must not swallow real events, nor let redeliveries through: compare distance
    return last !== undefined && Math.abs(at - last) <= windowMs;
  }

  /** Another unit counts its events anew under the same name. */
  forget(device: string): void {
    for (const keys of [this.#young, this.#old])
      for (const key of keys.keys()) if (key.startsWith(`k|${device}|`)) keys.delete(key);
  }

  remember(key: string, at: number): void {
    this.#young.set(key, at);
    if (this.#young.size < MAX_KEYS / 2) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
