import type { Alarm } from '../../contract/alarm.ts';
import { type BodyParts, bodyParts, subjectOf } from '../../contract/cloud-event.ts';
import type { EventDraft, Origin } from '../../contract/event.ts';
import type { Device } from '../../contract/site.ts';
import type { Catalogue } from '../../device-profiles/catalogue.ts';
import { afterClockStep } from '../../device-profiles/clock-step.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { noState } from '../../device-profiles/device-state.ts';
import { expire } from '../../device-profiles/expiry.ts';
import { maySay } from '../../device-profiles/may-say.ts';
import { type DeviceState, forget, type Settings } from '../../device-profiles/normalise.ts';
import type { ConditionPoint } from '../alarms/book.ts';
import type { DeviceInput } from '../alarms/sources.ts';
import type { Watched } from '../ops/silence-watch.ts';
import { settingsOf } from '../registry/device-settings.ts';
import type { Registry } from '../registry/registry.ts';
import { wayTo } from '../registry/way-to.ts';
import type { ClientQueue } from './fair-queue.ts';
import type { Item } from './item.ts';

/** A registered device at work: its profile, its settings and what its last message left. */
export interface LiveDevice {
  device: Device;
  profile: CompiledProfile;
  settings: Settings;
  state: DeviceState | undefined;
  /** Items of this device that wait for a batch; while there are any, they stay in one client's queue. */
  waiting: number;
  queue: ClientQueue<Item> | undefined;
  /** When it last said something that was not retained, monotonic milliseconds; undefined: not since the start. */
  heardAt: number | undefined;
  /** Keys of its messages that its profile does not name, since the start. */
  strange: Set<string>;
  /** When an unreadable message was last reported, ms since 1970. */
  reportedAt: number;
  /** The adapter that it was last heard through, also before the start; undefined: never heard. */
  adapter: string | undefined;
  /** By input; see `originOf`. */
  origins: Map<string | undefined, KnownOrigin>;
}

/** An origin and what it contributes to the bodies of its events. */
export interface KnownOrigin {
  readonly origin: Origin;
  readonly parts: BodyParts;
}

/** Where a topic leads. */
export interface Route {
  live: LiveDevice;
  captures: Record<string, string>;
}

/** Topics of a source remembered; 50,000 are some 10 MB. */
const MAX_ROUTES = 50_000;

const ADAPTER = 'adapter:';

/** Under which key the journal keeps the adapter that a device was last heard through. */
export function adapterKey(device: string): string {
  return `${ADAPTER}${device}`;
}

/** The adapters of devices among what the journal keeps. */
export function heardThrough(states: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...states].flatMap(([key, value]) =>
      key.startsWith(ADAPTER) ? [[key.slice(ADAPTER.length), value] as const] : [],
    ),
  );
}

/** What the gateway itself says of a device, by its connection. */
const watchedByUs: ReadonlySet<string> = new Set(['DEV.OFFLINE', 'SYS.GATEWAY_DOWN']);

/** What the gateway says of the event channel of a device that it asks over ONVIF. */
const saidOfChannels: ReadonlySet<string> = new Set(['DEV.SILENT', 'DEV.AUTH']);

/** Inputs of one device whose origin is remembered. */
const MAX_ORIGINS = 128;

const nowhere: readonly Route[] = [];

/** Who this gateway is; part of every event's origin. */
export interface GatewayIdentity {
  gateway: string;
  school: string;
  region: string;
}

/** The registered devices with their states, and the way from a topic to them. */
export class LiveDevices {
  readonly #catalogue: Pick<Catalogue, 'get' | 'match' | 'ignores'>;
  readonly #registry: Registry;
  readonly #byId = new Map<string, LiveDevice>();
  readonly #stored: Map<string, DeviceState>;
  /** By device: where it was heard before it was at work here. */
  readonly #adapters: Map<string, string>;
  readonly #identity: GatewayIdentity;
  /** By source, then channel. */
  #routes = new Map<string, Map<string, readonly Route[]>>();
  /** Of devices that their adapter names: by profile, then channel. */
  #captures = new Map<string, Map<string, Record<string, string>>>();

  /** `stored`: device id to state, and `adapters`: to where it was heard, as the last run left it. */
  constructor(
    catalogue: Pick<Catalogue, 'get' | 'match' | 'ignores'>,
    registry: Registry,
    stored: Map<string, DeviceState>,
    identity: GatewayIdentity,
    adapters: ReadonlyMap<string, string> = new Map(),
  ) {
    this.#adapters = new Map(adapters);
    this.#identity = identity;
    this.#catalogue = catalogue;
    this.#registry = registry;
    this.#stored = stored;
  }

  /** Devices or profiles changed: look everything up anew; states stay. */
  refresh(): void {
    this.#routes = new Map();
    this.#captures = new Map();
    for (const { device, state, adapter } of this.#byId.values()) {
      this.#stored.set(device.id, state as DeviceState);
      if (adapter !== undefined) this.#adapters.set(device.id, adapter);
    }
    for (const [id, live] of this.#byId) {
      const device = this.#registry.device(id);
      const profile = device === undefined ? undefined : this.#catalogue.get(device.profile);
      if (device === undefined || profile === undefined) this.#byId.delete(id);
      else {
        const strange = profile === live.profile ? live.strange : new Set<string>();
        Object.assign(live, { device, profile, settings: settingsOf(device), strange, origins: new Map() });
      }
    }
  }

  /** Registered devices that a message on this channel is for; empty for an unknown device. */
  route(source: string, channel: string): readonly Route[] {
    let known = this.#routes.get(source);
    if (known === undefined || known.size >= MAX_ROUTES) {
      known = new Map();
      this.#routes.set(source, known);
    }
    let routes = known.get(channel);
    if (routes === undefined) {
      routes = this.#find(source, channel);
      known.set(channel, routes);
    }
    return routes;
  }

  /**
   * The way to the device that an adapter names, whatever its topic; empty for one that is not registered any more. Its
   * profile may be of another source.
   */
  routeTo(id: string, channel: string): readonly Route[] {
    const live = this.get(id);
    if (live === undefined) return nowhere;
    // like what is remembered of a source: a topic of one profile has the same captures for all of its devices
    const { id: profile } = live.profile;
    let known = this.#captures.get(profile);
    if (known === undefined || known.size >= MAX_ROUTES) {
      known = new Map();
      this.#captures.set(profile, known);
    }
    let captures = known.get(channel);
    if (captures === undefined) {
      captures = live.profile.match(channel)?.captures ?? {};
      known.set(channel, captures);
    }
    return [{ live, captures }];
  }

  /** A command or an echo that no profile takes as news: no message of an unknown device. */
  ignores(source: string, channel: string): boolean {
    return this.#catalogue.ignores(source, channel);
  }

  /** Profiles that read this channel, for whatever device. */
  readersOf(source: string, channel: string): CompiledProfile[] {
    return this.#catalogue.match(source, channel).map(({ profile }) => profile);
  }

  get(id: string): LiveDevice | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const device = this.#registry.device(id);
    const profile = device === undefined ? undefined : this.#catalogue.get(device.profile);
    if (device === undefined || profile === undefined) return undefined;
    const live: LiveDevice = {
      device,
      profile,
      settings: settingsOf(device),
      state: this.#stored.get(id),
      waiting: 0,
      queue: undefined,
      heardAt: undefined,
      strange: new Set(),
      reportedAt: Number.NEGATIVE_INFINITY,
      adapter: this.#adapters.get(id),
      origins: new Map(),
    };
    this.#byId.set(id, live);
    return live;
  }

  /** Where an input of a device is, and whose gateway this is. The same object every time. */
  originOf(live: LiveDevice, input: string | undefined): KnownOrigin {
    let known = live.origins.get(input);
    if (known === undefined) {
      known = knownOrigin({ ...this.#identity, ...this.#registry.originOf(live.device, input) }, input);
      if (live.origins.size < MAX_ORIGINS) live.origins.set(input, known);
    }
    return known;
  }

  /**
   * The devices whose silence means something, one by one. `isDown`: who is known to be away; `unheard`: external brokers
   * of which nothing is heard.
   */
  *watched(isDown: (device: string) => boolean, unheard: readonly string[] = []): Generator<Watched> {
    for (const device of this.#registry.devices()) {
      const { id } = device;
      const live = this.get(id);
      const heartbeatMs = live?.profile.heartbeatMs(live.settings);
      if (live === undefined || heartbeatMs === undefined) continue;
      const reachable = this.isReachable(device, isDown, unheard);
      yield { id, heartbeatMs, heardAt: live.heardAt, reachable };
    }
  }

  /** Do the bridges and brokers on the way to it work? As for `watched`. */
  isReachable(device: Device, isDown: (device: string) => boolean, unheard: readonly string[] = []): boolean {
    return (
      !this.#way(device).some((hop) => isDown(hop.id)) &&
      !unheard.some((adapter) => this.isReachedBy(device, adapter))
    );
  }

  /** When it last spoke since the start, monotonic milliseconds; `ever`: a run before has heard it, too. */
  heard(id: string): { at: number | undefined; ever: boolean } {
    const live = this.get(id);
    return { at: live?.heardAt, ever: live?.state !== undefined };
  }

  /** Can this device or input still say something of this alarm? Not, once it is removed, moved or means something else. */
  speaksFor({ device: id, input }: DeviceInput, alarm: Alarm): boolean {
    const device = this.#registry.device(id);
    if (device === undefined) return false;
    const origin = { ...this.#identity, ...this.#registry.originOf(device, input) };
    if (subjectOf(input === undefined ? { origin } : { origin, input }) !== alarm.subject) return false;
    const live = this.get(id);
    // a profile with a fault must not let go of anything
    if (live === undefined || watchedByUs.has(alarm.type)) return true;
    if (device.onvif !== undefined && saidOfChannels.has(alarm.type)) return true;
    const { profile, settings } = live;
    if (alarm.type === 'DEV.SILENT') return profile.heartbeatMs(settings) !== undefined;
    return maySay(profile, settings, input, alarm.type);
  }

  /** May a device at this slot say something of one of these types at all? In doubt, and where there is no device yet, it may. */
  maySayAt(slot: string, types: readonly string[]): boolean {
    const points = this.#registry.devices().flatMap((device) => {
      const inputs = Object.keys(device.inputs ?? {}).filter(
        (input) => this.#registry.originOf(device, input).slot === slot,
      );
      return [...(device.slot === slot ? [undefined] : []), ...inputs].map((input) => ({ device, input }));
    });
    if (points.length === 0) return true;
    return points.some(({ device: { id, onvif }, input }) => {
      const live = this.get(id);
      if (live === undefined || onvif !== undefined) return true;
      return types.some((type) => maySay(live.profile, live.settings, input, type));
    });
  }

  /** What it says next is a first sight. Returns the state to store. */
  forget(id: string): DeviceState {
    const live = this.get(id);
    const state = live?.state === undefined ? noState : forget(live.state);
    if (live === undefined) this.#stored.delete(id);
    else live.state = state;
    return state;
  }

  /** Another unit speaks for this device from now on: nothing is known of it. */
  renew(id: string): void {
    const live = this.get(id);
    if (live === undefined) this.#stored.delete(id);
    else Object.assign(live, { state: undefined, reportedAt: Number.NEGATIVE_INFINITY });
  }

  /** The gateway's own clock was set. At once, before anything else is read; returns the states to store. */
  clockStepped(): Map<string, DeviceState> {
    const changed = new Map<string, DeviceState>();
    const step = (id: string, before: DeviceState | undefined): DeviceState | undefined => {
      const after = before && afterClockStep(before);
      if (after !== undefined && after !== before) changed.set(id, after);
      return after;
    };
    for (const [id, live] of this.#byId) live.state = step(id, live.state);
    for (const [id, state] of this.#stored)
      if (!this.#byId.has(id)) this.#stored.set(id, step(id, state) ?? state);
    return changed;
  }

  /**
   * Makes the conditions unknown that were not said again within their `maxActive`, and returns them.
   * A device of which something waits is left for the next call: its message may be the repetition.
   */
  expire(now: number): ConditionPoint[] {
    const points: ConditionPoint[] = [];
    for (const { id: device } of this.#registry.devices()) {
      const live = this.get(device);
      if (live?.state?.limits === undefined || live.waiting > 0) continue;
      const over = expire(live.state, now);
      if (over === undefined) continue;
      live.state = over.state;
      for (const { input, type } of over.expired)
        points.push(input === undefined ? { device, type } : { device, input, type });
    }
    return points;
  }

  /**
   * The devices behind a bridge, at any depth, are unknown now: what they say next is a first sight. Returns their ids,
   * with the state to store where there is one.
   */
  forgetBehind(bridge: string): Map<string, DeviceState | undefined> {
    const forgotten = new Map<string, DeviceState | undefined>();
    const passed = new Set([bridge]);
    for (const id of passed) {
      for (const device of this.#registry.devicesBehind(id)) {
        if (passed.has(device.id)) continue;
        passed.add(device.id);
        const live = this.get(device.id);
        if (live?.state !== undefined) live.state = forget(live.state);
        // what waits brings a state of its own; this one would say that its events are stored
        forgotten.set(device.id, live?.waiting === 0 ? live.state : undefined);
      }
    }
    return forgotten;
  }

  /** It was heard through this adapter while it was a stranger. False: it has been heard since. */
  wasHeard(id: string, adapter: string): boolean {
    const live = this.get(id);
    if (live === undefined || live.adapter !== undefined) return false;
    live.adapter = adapter;
    this.#adapters.set(id, adapter);
    return true;
  }

  /**
   * Is it reached through this external broker: was it last heard there, or, never heard, has it no account at the
   * embedded one?
   */
  isReachedBy(device: Device, adapter: string): boolean {
    const live = this.get(device.id);
    if (live?.adapter !== undefined) return live.adapter === adapter;
    // a camera is no device of a broker
    return live?.profile.source === 'mqtt' && !this.#hasAccount(device);
  }

  /**
   * The devices that are reached through this external broker are unknown now. Returns their ids, with the state to store
   * where there is one.
   */
  forgetReachedBy(adapter: string): Map<string, DeviceState | undefined> {
    const forgotten = new Map<string, DeviceState | undefined>();
    for (const device of this.#registry.devices()) {
      if (!this.isReachedBy(device, adapter)) continue;
      const live = this.get(device.id);
      if (live?.state !== undefined) live.state = forget(live.state);
      forgotten.set(device.id, live?.state);
    }
    return forgotten;
  }

  /** Has it, or a bridge before it, an account at the embedded broker? */
  #hasAccount(device: Device): boolean {
    return this.#way(device).some(({ user }) => user !== undefined);
  }

  /** The device itself and the bridges it is reached through, the nearest first. */
  #way(device: Device): Device[] {
    return wayTo(device, (id) => this.#registry.device(id));
  }

  #find(source: string, channel: string): readonly Route[] {
    const routes: Route[] = [];
    for (const { profile, deviceKey, captures } of this.#catalogue.match(source, channel)) {
      const device = this.#registry.findDevice(profile.id, deviceKey);
      const live = device === undefined ? undefined : this.get(device.id);
      if (live !== undefined) routes.push({ live, captures });
    }
    return routes.length === 0 ? nowhere : routes;
  }
}

export function knownOrigin(origin: Origin, input: string | undefined): KnownOrigin {
  return { origin, parts: bodyParts(origin, input) };
}

/** Says a draft that its device is away? Then so is what is reached through it. */
export function goesAway({ type, edge }: EventDraft): boolean {
  return edge === 'raise' && (type === 'SYS.GATEWAY_DOWN' || type === 'DEV.OFFLINE');
}
