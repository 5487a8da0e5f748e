import type { RawMessage } from '../../contract/raw-message.ts';
import { maskPayload } from '../../device-profiles/mask.ts';

/** Most groups kept; a campus has hundreds of devices, a scan of topics makes thousands. */
const INBOX_GROUPS = 1_000;
/** 4 MiB of samples in all. */
const INBOX_BYTES = 4 * 1024 * 1024;
/** Samples of a group: the last three. */
const INBOX_SAMPLES = 3;
/** While a device floods, its last samples are not replaced more often than this. */
const INBOX_SAMPLE_EVERY_MS = 100;
/** 4 KiB of a payload; the rest is cut off and marked. */
const INBOX_SAMPLE_BYTES = 4 * 1024;

/** Why a message is here: nobody registered its device, or its profile could not make sense of it. */
export type InboxReason = 'unknown-device' | 'unmapped' | 'undecodable';

/** One payload as it came. */
export interface InboxSample {
  /** Milliseconds since 1970. */
  at: number;
  /** At most 4 KiB. */
  payload: Buffer;
  /** Bytes of the whole payload. */
  bytes: number;
}

/** Messages of one source and channel, or of one registered device, that nobody understood. */
export interface InboxGroup {
  readonly source: string;
  readonly adapter: string;
  /** The last channel seen. */
  channel: string;
  readonly reason: InboxReason;
  /** Id of the registered device whose profile failed. */
  readonly device?: string;
  /** User of the connection, if it has one: tells the installer which cable or bridge it came over. */
  user?: string;
  /** What the profile said about the last one. */
  detail?: string;
  count: number;
  firstAt: number;
  lastAt: number;
  /** Oldest first. */
  readonly samples: InboxSample[];
}

interface Slot extends InboxGroup {
  bytes: number;
}

/**
 * Bounded memory of messages that became no event, for the installer to look at. The group that was quiet longest
 * goes first; what went is counted. Not persistent: a device that still exists speaks again.
 */
export class UnknownDeviceInbox {
  readonly #groups = new Map<string, Slot>();
  readonly #maxGroups: number;
  readonly #maxBytes: number;
  #bytes = 0;
  #messages = 0;
  #evicted = 0;

  constructor(limits: { groups?: number; bytes?: number } = {}) {
    this.#maxGroups = limits.groups ?? INBOX_GROUPS;
    this.#maxBytes = limits.bytes ?? INBOX_BYTES;
  }

  /** Messages taken since the start. */
  get messages(): number {
    return this.#messages;
  }

  /** Groups dropped to make room since the start. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Bytes of samples held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a message; never throws, keeps at most a copy of its first 4 KiB. */
  add(
    raw: RawMessage,
    reason: InboxReason,
    device?: string,
    detail?: string,
    mask?: readonly string[],
  ): void {
    this.#messages += 1;
    const name = `${reason}\0${raw.source}\0${device ?? raw.deviceKey ?? raw.channel}`;
    const group = this.#groups.get(name) ?? this.#group(raw, reason, device);
    group.count += 1;
    group.lastAt = raw.receivedAt;
    group.channel = raw.channel;
    if (raw.user !== undefined) group.user = raw.user;
    if (detail !== undefined) group.detail = detail;
    this.#keepSample(group, raw, mask);
    // Last in the map is last heard: the first is the one to give up.
    this.#groups.delete(name);
    this.#groups.set(name, group);
    this.#makeRoom();
  }

  /** Groups, last heard first. */
  list(): InboxGroup[] {
    return [...this.#groups.values()].reverse();
  }

  /** Forgets what a device or channel left here, once it is registered. */
  forget(matches: (group: InboxGroup) => boolean): void {
    for (const [name, group] of this.#groups) if (matches(group)) this.#drop(name, group);
  }

  #group(raw: RawMessage, reason: InboxReason, device: string | undefined): Slot {
    const { source, adapter, channel, receivedAt } = raw;
    const group = {
      source,
      adapter,
      channel,
      reason,
      count: 0,
      firstAt: receivedAt,
      lastAt: receivedAt,
      samples: [],
      bytes: 0,
    };
    return device === undefined ? group : { ...group, device };
  }

  #keepSample(group: Slot, raw: RawMessage, mask: readonly string[] | undefined): void {
    const newest = group.samples.at(-1);
    const isFlood = newest !== undefined && Math.abs(raw.receivedAt - newest.at) < INBOX_SAMPLE_EVERY_MS;
    if (isFlood && group.samples.length === INBOX_SAMPLES) return;
    // A copy: the buffer of a large payload, or of a whole read, must not stay for its first bytes.
    const payload = Buffer.from(maskPayload(raw.payload, mask).subarray(0, INBOX_SAMPLE_BYTES));
    group.samples.push({ at: raw.receivedAt, payload, bytes: raw.payload.length });
    this.#count(group, payload.length);
    if (group.samples.length > INBOX_SAMPLES)
      this.#count(group, -(group.samples.shift()?.payload.length ?? 0));
  }

  #count(group: Slot, bytes: number): void {
    group.bytes += bytes;
    this.#bytes += bytes;
  }

  #makeRoom(): void {
    for (const [name, group] of this.#groups) {
      if (this.#groups.size <= this.#maxGroups && this.#bytes <= this.#maxBytes) return;
      this.#drop(name, group);
      this.#evicted += 1;
    }
  }

  #drop(name: string, group: Slot): void {
    this.#groups.delete(name);
    this.#bytes -= group.bytes;
  }
}
