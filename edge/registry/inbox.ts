import { createHash } from 'node:crypto';
import type { RawMessage } from '../../contract/raw-message.ts';
import { maskPayload } from '../../device-profiles/mask.ts';
import { discoveryName, isDiscovery } from './discovery-topic.ts';
import { InboxSpace, type SpaceLimits } from './inbox-space.ts';

/** Samples of a group: the last three. */
const INBOX_SAMPLES = 3;
/** While a device floods, its last samples are not replaced more often than this. */
const INBOX_SAMPLE_EVERY_MS = 100;
/** 16 KiB of a payload: a profile can read nearly every message from it. The rest is cut off and marked. */
export const INBOX_SAMPLE_BYTES = 16 * 1024;
/** Channels of a group that are remembered beside its samples. */
const INBOX_CHANNELS = 8;
/** Addresses by which a group is found again. */
const MAX_NAMES = 4;
/** Channels whose reading by the profiles is remembered. */
const MAX_READ = 10_000;
/** Client identifiers that are made anew for each connection name nobody. */
const passingClient = /^(?:auto-|mosq[-/|]|mqttjs_|mqttx_|paho)/i;

/** Why a message is here: nobody registered its device, or its profile could make no sense of it, or not of all of it. */
export type InboxReason = 'unknown-device' | 'unmapped' | 'undecodable' | 'partly';

/** One message as it came. */
export interface InboxSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly channel: string;
  /** At most 16 KiB. Not masked where the device is unknown: whoever shows it masks it. */
  readonly payload: Buffer;
  /** Bytes of the whole payload. */
  readonly bytes: number;
  readonly stored?: RawMessage['stored'];
}

/** Messages of one device that nobody understood. */
export interface InboxGroup {
  /** The same for the same device after a restart. */
  readonly id: string;
  readonly source: string;
  readonly adapter: string;
  /** What this group is called inside: addresses that profiles read, or a client, or a channel. */
  readonly names: readonly string[];
  /** The last channel seen. */
  channel: string;
  /** The last channels, at most eight. */
  readonly channels: Set<string>;
  reason: InboxReason;
  /** Id of the registered device whose profile failed. */
  readonly device?: string;
  /** User of the connection, if it has one: tells the installer which cable or bridge it came over. */
  user?: string;
  clientId?: string;
  /** What the profile said about the last one. */
  detail?: string;
  count: number;
  readonly firstAt: number;
  lastAt: number;
  /** Oldest first. */
  readonly samples: InboxSample[];
}

/** What the profiles read from a channel: addresses of the device it belongs to, the most specific first. */
export type ReadAddresses = (source: string, channel: string) => readonly string[];

export interface InboxOptions extends SpaceLimits {
  /** Absent: no profile knows anything. */
  addresses?: ReadAddresses;
  /** Names that are not to be kept. Called for every message of an unknown device. */
  isIgnored?: (names: readonly string[]) => boolean;
}

/** What a message says beside itself. */
export interface Unread {
  /** Id of the registered device. */
  device: string;
  detail: string | undefined;
  /** Paths that its profile masks. */
  mask: readonly string[];
}

/**
 * Bounded memory of messages that became no event, by device, for the installer to look at. Who fills it pays for it:
 * one client that scans topics costs no other client its place. Not persistent: a device that exists speaks again.
 */
export class UnknownDeviceInbox {
  readonly #space: InboxSpace;
  readonly #o: InboxOptions;
  readonly #byName = new Map<string, InboxGroup>();
  readonly #byId = new Map<string, InboxGroup>();
  #read = new Map<string, readonly string[]>();
  #messages = 0;

  constructor(options: InboxOptions = {}) {
    this.#o = options;
    this.#space = new InboxSpace(options, (group) => this.#unlist(group));
  }

  /** Messages taken since the start. */
  get messages(): number {
    return this.#messages;
  }

  /** Groups dropped to make room since the start. */
  get evicted(): number {
    return this.#space.evicted;
  }

  /** Bytes of samples held. */
  get bytes(): number {
    return this.#space.bytes;
  }

  /** Unknown devices now, registered ones whose messages cannot be read, and what describes itself. */
  get counts(): { unknown: number; unreadable: number; described: number } {
    let unreadable = 0;
    let described = 0;
    for (const group of this.#byId.values()) {
      if (group.device !== undefined) unreadable++;
      else if (isDiscovery(group)) described++;
    }
    return { unknown: this.#byId.size - unreadable - described, unreadable, described };
  }

  /** Takes a message of a device that nobody registered; keeps at most a copy of its first 16 KiB. Never throws. */
  addUnknown(raw: RawMessage): void {
    this.#messages += 1;
    const names = this.#namesOf(raw);
    if (this.#o.isIgnored?.(names) === true) return;
    this.#keep(raw, 'unknown-device', names);
  }

  /** Takes a message that the profile of its registered device cannot read. Never throws. */
  addUnread(raw: RawMessage, reason: Exclude<InboxReason, 'unknown-device'>, unread: Unread): void {
    this.#messages += 1;
    this.#keep(raw, reason, [`registered\0${unread.device}`], unread);
  }

  /** Groups, last heard first. */
  list(): InboxGroup[] {
    return [...this.#byId.values()].reverse();
  }

  get(id: string): InboxGroup | undefined {
    return this.#byId.get(id);
  }

  /** Forgets what a device left here, once it is registered or looked at. */
  forget(matches: (group: InboxGroup) => boolean): void {
    for (const group of [...this.#byId.values()]) if (matches(group)) this.#space.drop(group);
  }

  /** The profiles changed: channels are read anew. */
  refresh(): void {
    this.#read = new Map();
  }

  #keep(raw: RawMessage, reason: InboxReason, names: readonly string[], unread?: Unread): void {
    const group = this.#find(names) ?? this.#begin(raw, reason, names, unread?.device);
    group.count += 1;
    group.lastAt = raw.receivedAt;
    group.channel = raw.channel;
    group.reason = reason;
    if (group.channels.size < INBOX_CHANNELS) group.channels.add(raw.channel);
    if (raw.user !== undefined) group.user = raw.user;
    if (raw.clientId !== undefined) group.clientId = raw.clientId;
    if (unread?.detail !== undefined) group.detail = unread.detail;
    this.#alias(group, names);
    this.#keepSample(group, raw, unread?.mask);
    // last in the map is last heard
    this.#byId.delete(group.id);
    this.#byId.set(group.id, group);
    this.#space.touched(group);
  }

  #find(names: readonly string[]): InboxGroup | undefined {
    for (const name of names) {
      const group = this.#byName.get(name);
      if (group !== undefined) return group;
    }
    return undefined;
  }

  #begin(raw: RawMessage, reason: InboxReason, names: readonly string[], device?: string): InboxGroup {
    const { source, adapter, channel, receivedAt } = raw;
    const group: InboxGroup = {
      id: inboxId(names[0] ?? ''),
      source,
      adapter,
      names: [],
      channel,
      channels: new Set(),
      reason,
      ...(device === undefined ? {} : { device }),
      count: 0,
      firstAt: receivedAt,
      lastAt: receivedAt,
      samples: [],
    };
    // a bridge describes each entity of its devices: that must not cost the devices themselves their place
    const kind = names[0] !== undefined && isDiscovery({ names }) ? 'described' : 'unknown';
    this.#space.begin(
      group,
      device === undefined ? `${kind}\0${adapter}\0${raw.user ?? raw.clientId ?? ''}` : 'registered',
    );
    return group;
  }

  /** Two profiles may read the same device from different topics of it. */
  #alias(group: InboxGroup, names: readonly string[]): void {
    for (const name of names) {
      if (group.names.length >= MAX_NAMES || this.#byName.has(name)) continue;
      (group.names as string[]).push(name);
      this.#byName.set(name, group);
    }
  }

  #unlist(group: InboxGroup): void {
    for (const name of group.names) this.#byName.delete(name);
    this.#byId.delete(group.id);
  }

  #namesOf(raw: RawMessage): readonly string[] {
    const { source, adapter, channel, user, clientId } = raw;
    if (raw.deviceKey !== undefined) return [`key\0${source}\0${raw.deviceKey}`];
    const described = discoveryName(channel);
    if (described !== undefined) return [described];
    const addresses = this.#addresses(source, channel);
    if (addresses.length > 0) return addresses;
    if (clientId !== undefined && !passingClient.test(clientId)) {
      return [`client\0${adapter}\0${user ?? ''}\0${clientId}`];
    }
    return [`channel\0${adapter}\0${user ?? ''}\0${channel}`];
  }

  #addresses(source: string, channel: string): readonly string[] {
    const key = `${source}\0${channel}`;
    let addresses = this.#read.get(key);
    if (addresses === undefined) {
      addresses = this.#o.addresses?.(source, channel) ?? [];
      if (this.#read.size >= MAX_READ) this.#read = new Map();
      this.#read.set(key, addresses);
    }
    return addresses;
  }

  #keepSample(group: InboxGroup, raw: RawMessage, mask: readonly string[] | undefined): void {
    const { samples } = group;
    const newest = samples.at(-1);
    const isFlood = newest !== undefined && Math.abs(raw.receivedAt - newest.at) < INBOX_SAMPLE_EVERY_MS;
    if (isFlood && samples.length === INBOX_SAMPLES) return;
    const masked = mask === undefined ? raw.payload : maskPayload(raw.payload, mask);
    samples.push({
      at: raw.receivedAt,
      channel: raw.channel,
      // A copy: the buffer of a large payload, or of a whole read, must not stay for its first bytes.
      payload: Buffer.from(masked.subarray(0, INBOX_SAMPLE_BYTES)),
      bytes: raw.payload.length,
      ...(raw.stored === undefined ? {} : { stored: raw.stored }),
    });
    if (samples.length > INBOX_SAMPLES) samples.splice(worstSample(samples), 1);
  }
}

/** A group by its first name; safe in a URL. */
function inboxId(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 16);
}

/** The oldest whose channel has a newer one: a rare press stays beside a frequent reading. Else the oldest. */
function worstSample(samples: readonly InboxSample[]): number {
  const repeated = samples.findIndex((sample, i) =>
    samples.slice(i + 1).some(({ channel }) => channel === sample.channel),
  );
  return Math.max(repeated, 0);
}
