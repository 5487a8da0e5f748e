import type { EventDraft } from '../../contract/event.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import { type Normalised, nameKeys, normalise, type ProfileClock } from '../../device-profiles/normalise.ts';
import type { Outcome } from '../adapters/adapter.ts';
import type { InboxReason, UnknownDeviceInbox } from '../registry/inbox.ts';
import type { LiveDevice, LiveDevices, Route } from './devices.ts';
import type { ClientQueue } from './fair-queue.ts';
import { type Item, MessageItem, type Share } from './item.ts';
import { ownDraft } from './own-event.ts';
import { retainedCopy } from './retained-copy.ts';

/** QoS 0 messages without an alarm are dropped, and counted, when this many items wait. */
const QOS0_DEPTH = 50_000;
/** Unknown keys of one device that are told: it may make up ever new ones. */
const MAX_STRANGE = 64;
/** A device's unreadable messages are journaled at most once in this time; the inbox counts them all. */
const UNMAPPED_EVERY_MS = 600_000;

export interface IntakeOptions {
  devices: LiveDevices;
  inbox: UnknownDeviceInbox;
  profileClock: ProfileClock;
  /** Every final status, counted. */
  onOutcome: (status: Outcome['status'], raw: RawMessage) => void;
}

/** A message that needs a commit. */
export interface Taken {
  item: Item;
  shares: Share[];
  /** The queue its device already waits in; else the client's own. */
  queue: ClientQueue<Item> | undefined;
}

/** Normalises a message on arrival: finds its devices, applies their profiles, keeps what nobody understands. */
export class Intake {
  readonly #o: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#o = options;
  }

  /** Undefined when nothing has to be stored: `resolve` was called then. */
  take(
    raw: RawMessage,
    depth: number,
    resolve: (outcome: Outcome) => void,
    reject: (error: Error) => void,
  ): Taken | undefined {
    const { deviceKey, source, channel } = raw;
    const { devices } = this.#o;
    const routes =
      deviceKey === undefined ? devices.route(source, channel) : devices.routeTo(deviceKey, channel);
    const retained =
      raw.retain === true
        ? retainedCopy(raw, devices.readersOf(source, channel), routes.length > 0)
        : undefined;
    let status: Outcome['status'] = 'unknown-device';
    const shares: Share[] = [];
    let queue: ClientQueue<Item> | undefined;
    let mustWait = retained !== undefined;
    for (const route of routes) {
      const share = this.#normalise(raw, route);
      status = better(status, share.status);
      shares.push(share);
      mustWait ||=
        share.drafts.length > 0 ||
        share.state !== undefined ||
        share.adapter !== undefined ||
        share.live.waiting > 0;
      if (share.live.waiting > 0) queue ??= share.live.queue;
    }
    if (routes.length === 0) {
      if (deviceKey === undefined && devices.ignores(source, channel)) status = 'ignored';
      else this.#o.inbox.addUnknown(raw);
    }
    this.#o.onOutcome(status, raw);
    if (!mustWait) {
      resolve({ status });
      return undefined;
    }
    const item = new MessageItem({
      shares,
      raw,
      retained,
      outcome: { status },
      resolve,
      reject,
    });
    if (depth > QOS0_DEPTH && raw.qos === 0 && !item.urgent) {
      this.#o.onOutcome('dropped', raw);
      resolve({ status: 'dropped' });
      return undefined;
    }
    return { item, shares, queue };
  }

  #normalise(raw: RawMessage, { live, captures }: Route): Share & { status: Outcome['status'] } {
    const result =
      live.profile.source === raw.source
        ? normalise(live.profile, raw, {
            settings: live.settings,
            state: live.state,
            clock: this.#o.profileClock,
            deviceKey: live.device.key ?? live.device.id,
            captures,
          })
        : ofAnotherSource(raw, live);
    if (raw.stored !== 'retained' && raw.will !== true) live.heardAt = raw.receivedMonotonicMs;
    const changed = result.state !== live.state;
    live.state = result.state;
    const moved = live.adapter !== raw.adapter;
    live.adapter = raw.adapter;
    const { status, drafts } = result;
    const unread = unreadOf(live, result);
    if (unread !== undefined) {
      const { id } = live.device;
      const { mask } = live.profile.definition;
      const { reason, detail } = unread;
      this.#o.inbox.addUnread(raw, reason, { device: id, detail, mask });
      if (this.#reportable(live, raw.receivedAt)) {
        drafts.push(
          ownDraft('DEV.UNMAPPED', 'pulse', raw.receivedAt, { status: reason, detail: detail ?? '' }),
        );
      }
    }
    return {
      live,
      drafts,
      state: changed ? result.state : undefined,
      adapter: moved ? raw.adapter : undefined,
      status,
    };
  }

  #reportable(live: LiveDevice, at: number): boolean {
    if (Math.abs(at - live.reportedAt) < UNMAPPED_EVERY_MS) return false;
    live.reportedAt = at;
    return true;
  }
}

/**
 * What of a message its profile could not read, if anything. Values that nobody knows count with every message; keys that
 * nobody knows once for each device and start, for a device says them for ever.
 */
function unreadOf(
  live: LiveDevice,
  { status, unknown, strange, detail }: Pick<Normalised, 'status' | 'unknown' | 'strange' | 'detail'>,
): { reason: Exclude<InboxReason, 'unknown-device'>; detail: string | undefined } | undefined {
  if (status === 'unmapped' || status === 'undecodable') return { reason: status, detail };
  if (unknown !== undefined) return { reason: 'partly', detail };
  if (strange === undefined || live.strange.size >= MAX_STRANGE) return undefined;
  const news = strange.filter((key) => !live.strange.has(key)).slice(0, MAX_STRANGE - live.strange.size);
  for (const key of news) live.strange.add(key);
  if (news.length === 0) return undefined;
  return { reason: 'partly', detail: `profile ${live.profile.id} does not know its keys ${nameKeys(news)}` };
}

/** A device that is registered with the profile of another transport: what it says is kept and shown. */
function ofAnotherSource(raw: RawMessage, { profile, state }: LiveDevice) {
  const detail = `profile ${profile.id} reads messages of ${profile.source}, this one came over ${raw.source}: register the device with another profile`;
  const drafts: EventDraft[] = [];
  return { status: 'unmapped' as const, drafts, state, detail };
}

const order: Outcome['status'][] = ['unknown-device', 'undecodable', 'unmapped', 'ignored', 'mapped'];

function better(a: Outcome['status'], b: Outcome['status']): Outcome['status'] {
  return order.indexOf(b) > order.indexOf(a) ? b : a;
}
