import type { Device, OrgUnit, Place, Site, Slot } from '../../contract/site.ts';

/** What the registry adds to an event's origin. */
export interface DeviceOrigin {
  readonly device: string;
  readonly profile: string;
  readonly slot?: string;
  readonly place?: string;
  readonly unit?: string;
}

const nobody: readonly Device[] = [];

/** A site indexed for the hot path: every look-up is O(1) and allocates nothing. Never changes once built. */
export class SiteView {
  readonly site: Site;
  readonly places = new Map<string, Place>();
  readonly units = new Map<string, OrgUnit>();
  readonly slots = new Map<string, Slot>();
  readonly devices = new Map<string, Device>();
  readonly links = new Map<string, readonly string[]>();
  readonly #byAddress = new Map<string, Map<string, Device>>();
  readonly #byUser = new Map<string, Device[]>();
  readonly #behind = new Map<string, Device[]>();
  readonly #paths = new Map<string, readonly string[]>();
  readonly #origins = new Map<string, Map<string, DeviceOrigin>>();

  constructor(site: Site) {
    this.site = site;
    for (const place of site.places) this.places.set(place.id, place);
    for (const unit of site.units) this.units.set(unit.id, unit);
    for (const slot of site.slots) this.slots.set(slot.id, slot);
    for (const link of site.links) this.links.set(link.slot, link.cameras);
    for (const device of site.devices) this.#addDevice(device);
    for (const place of site.places) this.#paths.set(place.id, this.#pathOf(place));
  }

  findDevice(profile: string, key: string): Device | undefined {
    return this.#byAddress.get(profile)?.get(key);
  }

  devicesOfUser(user: string): readonly Device[] {
    return this.#byUser.get(user) ?? nobody;
  }

  devicesBehind(bridge: string): readonly Device[] {
    return this.#behind.get(bridge) ?? nobody;
  }

  /** Names from the campus down to the place itself; empty for an unknown place. */
  placePath(id: string): readonly string[] {
    return this.#paths.get(id) ?? [];
  }

  /** The slot is the input's, else the device's; place and unit are the slot's. The same object every time. */
  originOf(device: Device, input?: string): DeviceOrigin {
    let inputs = this.#origins.get(device.id);
    if (inputs === undefined) {
      inputs = new Map([['', this.#ownOrigin(device)]]);
      for (const [name, { slot }] of Object.entries(device.inputs ?? {})) {
        inputs.set(name, this.#origin(device, slot ?? device.slot));
      }
      this.#origins.set(device.id, inputs);
    }
    // Inputs that the registry does not list are those of the device.
    return (input === undefined ? undefined : inputs.get(input)) ?? (inputs.get('') as DeviceOrigin);
  }

  #addDevice(device: Device): void {
    this.devices.set(device.id, device);
    const addresses = this.#byAddress.get(device.profile) ?? new Map<string, Device>();
    this.#byAddress.set(device.profile, addresses.set(device.key ?? device.id, device));
    if (device.user !== undefined) append(this.#byUser, device.user, device);
    if (device.bridge !== undefined) append(this.#behind, device.bridge, device);
  }

  #pathOf(place: Place): readonly string[] {
    const names: string[] = [];
    // The check of an import allows no cycle; the bound keeps a hand-edited file from hanging the gateway.
    for (
      let at: Place | undefined = place;
      at !== undefined && names.length < 10;
      at = this.places.get(at.parent ?? '')
    ) {
      names.unshift(at.name);
    }
    return names;
  }

  /** Of the device as a whole: where it has no slot, the smallest place that holds all of its inputs. */
  #ownOrigin(device: Device): DeviceOrigin {
    const origin = this.#origin(device, device.slot);
    if (device.slot !== undefined) return origin;
    const chains = Object.values(device.inputs ?? {}).flatMap(({ slot }) => {
      const place = slot === undefined ? undefined : this.slots.get(slot)?.place;
      return place === undefined ? [] : [this.#upward(place)];
    });
    const common = chains[0]?.find((place) => chains.every((chain) => chain.includes(place)));
    return common === undefined ? origin : { ...origin, place: common };
  }

  /** A place and everything it lies in, from the inside out. */
  #upward(place: string): string[] {
    const chain: string[] = [];
    // bounded like #pathOf
    for (
      let at = this.places.get(place);
      at !== undefined && chain.length < 10;
      at = this.places.get(at.parent ?? '')
    ) {
      chain.push(at.id);
    }
    return chain;
  }

  #origin(device: Device, slotId: string | undefined): DeviceOrigin {
    const origin = { device: device.id, profile: device.profile };
    const slot = slotId === undefined ? undefined : this.slots.get(slotId);
    if (slot === undefined) return origin;
    const { id, place, unit } = slot;
    return unit === undefined ? { ...origin, slot: id, place } : { ...origin, slot: id, place, unit };
  }
}

function append(map: Map<string, Device[]>, key: string, device: Device): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [device]);
  else list.push(device);
}
