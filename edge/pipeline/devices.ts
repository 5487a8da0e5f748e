import type { Alarm } from '../../contract/alarm.ts';
import { type BodyParts, bodyParts, subjectOf } from '../../contract/cloud-event.ts';
import type { EventDraft, Origin } from '../../contract/event.ts';
import type { Device } from '../../contract/site.ts';
import type { Catalogue } from '../../device-profiles/catalogue.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { noState } from '../../device-profiles/device-state.ts';
import { maySay } from '../../device-profiles/may-say.ts';
import { type DeviceState, forget, type Settings } from '../../device-profiles/normalise.ts';
import type { DeviceInput } from '../alarms/sources.ts';
import type { Watched } from '../ops/silence-watch.ts';
import { settingsOf } from '../registry/device-settings.ts';
import type { Registry } from '../registry/registry.ts';
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
  /** When an unreadable message was last reported, ms since 1970. */
  reportedAt: number;
  /** The adapter that it was last heard through; undefined since the start. */
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

/** What the gateway itself says of a device, by its connection. */
const watchedByUs: ReadonlySet<string> = new Set(['DEV.OFFLINE', 'SYS.GATEWAY_DOWN']);

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
  readonly #identity: GatewayIdentity;
  /** By source, then channel. */
  #routes = new Map<string, Map<string, readonly Route[]>>();

  /** `stored`: device id to state, as the last run left it. */
  constructor(
    catalogue: Pick<Catalogue, 'get' | 'match' | 'ignores'>,
    registry: Registry,
    stored: Map<string, DeviceState>,
    identity: GatewayIdentity,
  ) {
    this.#identity = identity;
    this.#catalogue = catalogue;
    this.#registry = registry;
    this.#stored = stored;
  }

  /** Devices or profiles changed: look everything up anew; states stay. */
  refresh(): void {
    this.#routes = new Map();
    for (const live of this.#byId.values()) this.#stored.set(live.device.id, live.state as DeviceState);
    for (const [id, live] of this.#byId) {
      const device = this.#registry.device(id);
      const profile = device === undefined ? undefined : this.#catalogue.get(device.profile);
      if (device === undefined || profile === undefined) this.#byId.delete(id);
      else Object.assign(live, { device, profile, settings: settingsOf(device), origins: new Map() });
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
      reportedAt: Number.NEGATIVE_INFINITY,
      adapter: undefined,
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
      const { id, bridge } = device;
      const live = this.get(id);
      const heartbeatMs = live?.profile.heartbeatMs(live.settings);
      if (live === undefined || heartbeatMs === undefined) continue;
      const reachable =
        !isDown(id) &&
        (bridge === undefined || !isDown(bridge)) &&
        !unheard.some((adapter) => this.isReachedBy(device, adapter));
      yield { id, heartbeatMs, heardAt: live.heardAt, reachable };
    }
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
    const { profile, settings } = live;
    if (alarm.type === 'DEV.SILENT') return profile.heartbeatMs(settings) !== undefined;
    return maySay(profile, settings, input, alarm.type);
  }

  /** What it says next is a first sight. Returns the state to store. */
  forget(id: string): DeviceState {
    const live = this.get(id);
    const state = live?.state === undefined ? noState : forget(live.state);
    if (live === undefined) this.#stored.delete(id);
    else live.state = state;
    return state;
  }

  /** The devices behind a bridge are unknown now: what they say next is a first sight. Returns their ids. */
  forgetBehind(bridge: string): string[] {
    const ids: string[] = [];
    for (const device of this.#registry.devicesBehind(bridge)) {
      const live = this.get(device.id);
      if (live?.state !== undefined) live.state = forget(live.state);
      ids.push(device.id);
    }
    return ids;
  }

  /**
   * Is it reached through this external broker: was it last heard there, or, not heard since the start, has it no account
   * at the embedded one?
   */
  isReachedBy(device: Device, adapter: string): boolean {
    const last = this.get(device.id)?.adapter;
    return last === undefined ? !this.#hasAccount(device) : last === adapter;
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
    for (let next: Device | undefined = device, hops = 0; next !== undefined && hops < 8; hops++) {
      if (next.user !== undefined) return true;
      next = next.bridge === undefined ? undefined : this.#registry.device(next.bridge);
    }
    return false;
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

/** A draft that says a bridge went or came back. */
export function bridgeEdge(draft: EventDraft): 'down' | 'up' | undefined {
  if (draft.type !== 'SYS.GATEWAY_DOWN') return undefined;
  return draft.edge === 'raise' ? 'down' : 'up';
}
