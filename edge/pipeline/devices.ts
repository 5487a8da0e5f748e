import { type BodyParts, bodyParts, subjectOf } from '../../contract/cloud-event.ts';
import type { EventDraft, Origin } from '../../contract/event.ts';
import type { Device } from '../../contract/site.ts';
import type { Catalogue } from '../../device-profiles/catalogue.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { noState } from '../../device-profiles/device-state.ts';
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
  readonly #catalogue: Catalogue;
  readonly #registry: Registry;
  readonly #byId = new Map<string, LiveDevice>();
  readonly #stored: Map<string, DeviceState>;
  readonly #identity: GatewayIdentity;
  /** By source, then channel. */
  #routes = new Map<string, Map<string, readonly Route[]>>();

  /** `stored`: device id to state, as the last run left it. */
  constructor(
    catalogue: Catalogue,
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

  /** The devices whose silence means something, one by one. `isDown`: who is known to be away. */
  *watched(isDown: (device: string) => boolean): Generator<Watched> {
    for (const { id, bridge } of this.#registry.devices()) {
      const live = this.get(id);
      const heartbeatMs = live?.profile.heartbeatMs?.(live.settings);
      if (live === undefined || heartbeatMs === undefined) continue;
      const reachable = !isDown(id) && (bridge === undefined || !isDown(bridge));
      yield { id, heartbeatMs, heardAt: live.heardAt, reachable };
    }
  }

  /** Is what this device or input says about this subject? Not, once it is removed or watches another slot. */
  speaksFor({ device: id, input }: DeviceInput, subject: string): boolean {
    // not by its profile: a profile with a fault must not let go of anything
    const device = this.#registry.device(id);
    if (device === undefined) return false;
    const origin = { ...this.#identity, ...this.#registry.originOf(device, input) };
    return subjectOf(input === undefined ? { origin } : { origin, input }) === subject;
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
