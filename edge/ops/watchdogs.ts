import type { Logger } from 'pino';
import type { EventDraft } from '../../contract/event.ts';
import type { ConnectionChange } from '../adapters/adapter.ts';
import type { AlarmBook } from '../alarms/book.ts';
import type { SignInFailure } from '../api/ports.ts';
import type { StorageState } from '../journal/batch.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { Presence, PresenceEdge } from '../registry/presence.ts';
import type { Registry } from '../registry/registry.ts';
import { absentDevice, absentDevices } from './absence.ts';
import type { ClockWatch } from './clock-watch.ts';
import { SilenceWatch, type Watched } from './silence-watch.ts';
import type { UplinkState } from './uplink-view.ts';

/** An uplink that is down for less is no fault: brokers restart. */
const UPLINK_LOST_AFTER_MS = 30_000;
/** SYS.DROPPED clears when nothing was dropped for so long. */
const DROPPED_CLEARS_AFTER_MS = 600_000;
/** A device that is connected for so long is online, whatever its last will said. */
const CONNECTED_MEANS_ONLINE_MS = 15_000;
/** SYS.NO_SOUND: nobody would hear an alarm. A page that is loaded again is silent for a moment. */
export const NO_SOUND_AFTER_MS = 60_000;
/** After a start consoles come back by themselves; a browser may want a click first. */
export const NO_SOUND_AFTER_START_MS = 120_000;
/** Of those who publish too fast, so many are named at once. */
const PACED_NAMED = 5;
/** And so many altogether while SYS.DROPPED is open. */
const PACED_KEPT = 20;
const TICK_MS = 1_000;
/** How often another process's import is looked for, in ticks. */
const REFRESH_TICKS = 5;

export interface WatchdogOptions {
  book: AlarmBook;
  presence: Presence;
  clockWatch: ClockWatch;
  registry: Registry;
  /** Uplinks of the configuration: what another one left lost is over. */
  recipients: readonly string[];
  /** Are other devices reached through this one? */
  isBridge: (device: string) => boolean;
  /** Messages dropped since the start. */
  dropped: () => number;
  /** Users who publish too fast, and how many of their messages had to wait since the last call. */
  takePaced: () => ReadonlyMap<string, number>;
  /** A console of somebody on duty can be heard. */
  soundArmed: () => boolean;
  /** All devices with a heartbeat. `isDown`: known to be away. */
  watched: (isDown: (device: string) => boolean) => Iterable<Watched>;
  logger: Logger;
  /** Milliseconds since 1970. */
  clock: () => number;
  /** Milliseconds, for waits that a step of the wall clock must neither end nor prolong. */
  monotonic: () => number;
}

export interface WatchdogOutputs {
  emit: (draft: EventDraft, device?: string) => Promise<void>;
  /** Shows the status to the consoles. */
  show: () => void;
}

/** Watches what no device reports: links, storage, clock, presence, drops. Once a second, and when told. */
export class Watchdogs {
  readonly #o: WatchdogOptions;
  readonly #downSince = new Map<string, number>();
  readonly #lost = new Set<string>();
  readonly #lastSeen = new Map<string, number>();
  readonly #silence = new SilenceWatch();
  /** Users with a connection, and since when. */
  readonly #connectedAt = new Map<string, number>();
  #out: WatchdogOutputs | undefined;
  #timer: NodeJS.Timeout | undefined;
  #storage: StorageState = 'ok';
  #clockFault = false;
  #soundFault = false;
  #soundDueAt = 0;
  #dropped = 0;
  #droppedAt: number | undefined;
  /** Who was named as too fast, and when it last was; milliseconds since 1970. */
  readonly #tooFast = new Map<string, number>();
  #ticks = 0;

  constructor(options: WatchdogOptions) {
    this.#o = options;
  }

  start(out: WatchdogOutputs): void {
    this.#out = out;
    this.#soundDueAt = this.#o.monotonic() + NO_SOUND_AFTER_START_MS;
    // what the last run raised and this one must clear
    for (const { type, subject, condition, device } of this.#o.book.open()) {
      // over already, and only waits for a person
      if (condition === 'returned') continue;
      if (type === 'DEV.SILENT' && device !== undefined) this.#silence.restore([device]);
      if (type === 'SYS.UPLINK_LOST' && this.#o.recipients.includes(subject)) this.#lost.add(subject);
      else if (type === 'SYS.UPLINK_LOST') this.#link(subject, 'clear');
      if (type === 'SYS.CLOCK') this.#clockFault = true;
      if (type === 'SYS.NO_SOUND') this.#soundFault = true;
      if (type === 'SYS.DROPPED') this.#droppedAt = this.#o.clock();
      if (type === 'SYS.STORAGE') this.#emit(ownDraft('SYS.STORAGE', 'clear', this.#o.clock()));
    }
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#out = undefined;
  }

  connection(change: ConnectionChange): void {
    if (change.user !== undefined && change.online) this.#connectedAt.set(change.user, change.at);
    else if (change.user !== undefined) this.#connectedAt.delete(change.user);
    if (change.user !== undefined) this.#lastSeen.set(change.user, change.at);
    this.#presence(this.#o.presence.change(change));
  }

  uplink({ recipient, state, since }: UplinkState): void {
    if (state === 'up') this.#downSince.delete(recipient);
    else if (!this.#downSince.has(recipient)) this.#downSince.set(recipient, since);
    if (state === 'up' && this.#lost.delete(recipient)) this.#link(recipient, 'clear');
    this.#out?.show();
  }

  storage(state: StorageState, error?: Error): void {
    if (state === this.#storage) return;
    const was = this.#storage;
    this.#storage = state;
    const at = this.#o.clock();
    if (state === 'ok') this.#emit(ownDraft('SYS.STORAGE', 'clear', at));
    else if (was === 'ok')
      this.#emit(ownDraft('SYS.STORAGE', 'raise', at, { state, reason: error?.message ?? '' }));
    this.#out?.show();
  }

  signInFailed(failure: SignInFailure): void {
    this.#emit(ownDraft('SYS.LOGIN_FAIL', 'pulse', this.#o.clock(), { ...failure }));
  }

  /** When a connection of this user last began or ended, milliseconds since 1970. */
  lastSeen(user: string): number | undefined {
    return this.#lastSeen.get(user);
  }

  #tick(): void {
    const now = this.#o.clock();
    const step = this.#o.clockWatch.tick();
    if (step !== 0) this.#o.logger.warn({ stepMs: step }, 'the wall clock was set; check the time source');
    this.#clock(step, now);
    this.#presence(this.#o.presence.tick(now));
    this.#contradictOffline(now);
    for (const [recipient, since] of this.#downSince) {
      if (this.#lost.has(recipient) || now - since < UPLINK_LOST_AFTER_MS) continue;
      this.#lost.add(recipient);
      this.#link(recipient, 'raise');
    }
    this.#drops(now);
    this.#silences();
    this.#sound(now);
    if (++this.#ticks % REFRESH_TICKS === 0) {
      this.#o.registry
        .refresh()
        .catch((error) => this.#o.logger.error({ err: error }, 'site.db cannot be read'));
    }
    this.#out?.show();
  }

  #clock(step: number, now: number): void {
    const { clockWatch } = this.#o;
    const bad = clockWatch.quality() !== 'sync';
    if (bad === this.#clockFault) return;
    this.#clockFault = bad;
    const { behindMs } = clockWatch;
    const data = { stepMs: step, ...(behindMs > 0 && { behindMs }) };
    this.#emit(ownDraft('SYS.CLOCK', bad ? 'raise' : 'clear', now, data));
  }

  #drops(now: number): void {
    const dropped = this.#o.dropped();
    const paced = this.#o.takePaced();
    const newcomers = this.#newlyTooFast(paced.keys(), now);
    if (dropped > this.#dropped || paced.size > 0) {
      const isOpen = this.#droppedAt !== undefined;
      if (!isOpen || newcomers.length > 0) {
        const data = {
          count: dropped - this.#dropped,
          ...(this.#tooFast.size > 0 && { tooFast: [...this.#tooFast.keys()] }),
        };
        this.#emit(ownDraft('SYS.DROPPED', isOpen ? 'update' : 'raise', now, data));
      }
      this.#droppedAt = now;
      this.#dropped = dropped;
    } else if (this.#droppedAt !== undefined && now - this.#droppedAt > DROPPED_CLEARS_AFTER_MS) {
      this.#droppedAt = undefined;
      this.#tooFast.clear();
      this.#emit(ownDraft('SYS.DROPPED', 'clear', now, { count: dropped }));
    }
  }

  /** Whoever was not named yet, or is too fast again after a pause: named and logged, a few at a time. */
  #newlyTooFast(users: Iterable<string>, now: number): string[] {
    for (const [user, at] of this.#tooFast)
      if (now - at > DROPPED_CLEARS_AFTER_MS) this.#tooFast.delete(user);
    const news: string[] = [];
    for (const user of users) {
      const isNew = !this.#tooFast.has(user);
      if (isNew && (news.length >= PACED_NAMED || this.#tooFast.size >= PACED_KEPT)) continue;
      this.#tooFast.set(user, now);
      if (isNew) news.push(user);
    }
    if (news.length > 0)
      this.#o.logger.warn(
        { users: news },
        'mqtt: publishes faster than max_rate: its messages wait; find out why it does',
      );
    return news;
  }

  #silences(): void {
    const away = absentDevices(this.#o.book.open());
    const watched = this.#o.watched((device) => away.has(device));
    for (const { device, edge, silentMs } of this.#silence.tick(this.#o.monotonic(), watched)) {
      const data = { silentMinutes: Math.floor(silentMs / 60_000) };
      this.#emit(ownDraft('DEV.SILENT', edge, this.#o.clock(), data), device);
    }
  }

  #sound(now: number): void {
    if (this.#o.soundArmed()) {
      this.#soundDueAt = this.#o.monotonic() + NO_SOUND_AFTER_MS;
      if (this.#soundFault) this.#emit(ownDraft('SYS.NO_SOUND', 'clear', now));
      this.#soundFault = false;
    } else if (!this.#soundFault && this.#o.monotonic() >= this.#soundDueAt) {
      // once: a gateway without any console does not repeat itself
      this.#soundFault = true;
      this.#emit(ownDraft('SYS.NO_SOUND', 'raise', now));
    }
  }

  /** A bridge that is gone takes the devices behind it along, so it has a fault of its own. */
  #presence(edges: readonly PresenceEdge[]): void {
    for (const { device, edge, reason } of edges) {
      const type = this.#o.isBridge(device) ? 'SYS.GATEWAY_DOWN' : 'DEV.OFFLINE';
      const isOpen = this.#o.book
        .open()
        .some((alarm) => alarm.type === type && absentDevice(alarm) === device);
      // its own last will may have said so already
      if (edge === 'raise' && isOpen) continue;
      const data = { by: 'connection', reason: reason ?? '' };
      this.#emit(ownDraft(type, edge, this.#o.clock(), data), device);
    }
  }

  /** A last will without a birth message leaves a device offline that is connected: the connection knows better. */
  #contradictOffline(now: number): void {
    for (const { type, condition, device } of this.#o.book.open()) {
      if (type !== 'DEV.OFFLINE' || condition !== 'active' || device === undefined) continue;
      const { user, bridge } = this.#o.registry.device(device) ?? {};
      const since = user === undefined || bridge !== undefined ? undefined : this.#connectedAt.get(user);
      if (since === undefined || now - since < CONNECTED_MEANS_ONLINE_MS) continue;
      this.#emit(ownDraft('DEV.OFFLINE', 'clear', now, { by: 'connection' }), device);
    }
  }

  #link(recipient: string, edge: 'raise' | 'clear'): void {
    this.#emit({ ...ownDraft('SYS.UPLINK_LOST', edge, this.#o.clock(), { recipient }), input: recipient });
  }

  #emit(draft: EventDraft, device?: string): void {
    this.#out?.emit(draft, device).catch((error) => {
      this.#o.logger.warn({ err: error }, 'an event of the gateway itself was not stored');
    });
  }
}
