import type { Alarm } from '../../contract/alarm.ts';
import type { Device, Phone, Place, Slot } from '../../contract/site.ts';
import { call } from './api.ts';

/** What `GET /api/v1/site` tells: what things are called and where they are. */
export interface Site {
  readonly gateway: { readonly name: string; readonly zone?: string };
  readonly places: readonly Pick<Place, 'id' | 'name' | 'kind' | 'parent' | 'plan'>[];
  readonly slots: readonly Pick<Slot, 'id' | 'name' | 'place' | 'unit'>[];
  readonly devices: readonly Pick<Device, 'id' | 'name' | 'slot'>[];
  readonly links?: readonly { readonly slot: string; readonly cameras: readonly string[] }[];
  readonly phones?: readonly Phone[];
  readonly people?: readonly { readonly user: string; readonly name: string }[];
}

export const emptySite: Site = { gateway: { name: '' }, places: [], slots: [], devices: [] };

/** Deepest place tree that is followed; a site file that loops ends here. */
const MAX_DEPTH = 8;

/** Names of the campus by id; an id that is not known stands for itself. */
export class Campus {
  readonly school: string;
  readonly zone: string | undefined;
  /** Whom to call, the first first. */
  readonly phones: readonly Phone[];
  readonly #places: ReadonlyMap<string, Site['places'][number]>;
  readonly #slots: ReadonlyMap<string, Site['slots'][number]>;
  readonly #devices: ReadonlyMap<string, Site['devices'][number]>;
  readonly #people: ReadonlyMap<string, string>;
  readonly #cameras: ReadonlyMap<string, readonly string[]>;

  constructor(site: Site) {
    this.school = site.gateway.name;
    this.zone = site.gateway.zone;
    this.phones = site.phones ?? [];
    this.#places = byId(site.places);
    this.#slots = byId(site.slots);
    this.#devices = byId(site.devices);
    this.#people = new Map(site.people?.map(({ user, name }) => [user, name]));
    this.#cameras = new Map(site.links?.map(({ slot, cameras }) => [slot, cameras]));
  }

  /** Names from the building to the room; the campus itself is left out unless it is all there is. */
  placePath(id: string | undefined): string[] {
    if (id === undefined) return [];
    const chain = this.#upward(id);
    if (chain.length === 0) return [id];
    return chain
      .filter(({ kind }, depth) => kind !== 'campus' || depth === 0)
      .map(({ name }) => name)
      .reverse();
  }

  /** The place of an alarm, or that of its slot. */
  placeOf({ place, slot }: Pick<Alarm, 'place' | 'slot'>): string[] {
    return this.placePath(place ?? (slot === undefined ? undefined : this.#slots.get(slot)?.place));
  }

  /** Whom to call about an alarm: who stands for its place or unit, and who stands for all. */
  phonesOf({ place, slot }: Pick<Alarm, 'place' | 'slot'>): readonly Phone[] {
    const known = slot === undefined ? undefined : this.#slots.get(slot);
    const around = new Set(this.#upward(place ?? known?.place).map(({ id }) => id));
    return this.phones.filter(({ places = [], units = [] }) => {
      if (places.length + units.length === 0) return true;
      return places.some((id) => around.has(id)) || units.some((id) => id === known?.unit);
    });
  }

  /** Where an alarm is on a floor plan: the point of its place, or of the nearest place around that has one. */
  pointOf({ place, slot }: Pick<Alarm, 'place' | 'slot'>): Place['plan'] {
    const from = place ?? (slot === undefined ? undefined : this.#slots.get(slot)?.place);
    return this.#upward(from).find(({ plan }) => plan !== undefined)?.plan;
  }

  /** A place and all that it lies in, from the inside out. */
  #upward(id: string | undefined): Site['places'][number][] {
    const chain: Site['places'][number][] = [];
    let place = id === undefined ? undefined : this.#places.get(id);
    for (let depth = 0; place !== undefined && depth < MAX_DEPTH; depth += 1) {
      chain.push(place);
      place = place.parent === undefined ? undefined : this.#places.get(place.parent);
    }
    return chain;
  }

  slotName(id: string | undefined): string | undefined {
    return id === undefined ? undefined : (this.#slots.get(id)?.name ?? id);
  }

  deviceName(id: string | undefined): string | undefined {
    return id === undefined ? undefined : (this.#devices.get(id)?.name ?? id);
  }

  /** Where a device is. */
  placeOfDevice(id: string): string[] {
    const slot = this.#devices.get(id)?.slot;
    return this.placePath(slot === undefined ? undefined : this.#slots.get(slot)?.place);
  }

  /** Cameras that see a slot, nearest first. */
  camerasOf(slot: string | undefined): readonly string[] {
    return (slot === undefined ? undefined : this.#cameras.get(slot)) ?? [];
  }

  /** Name of who has this user name; people who have left stand under it. */
  personName(user: string): string {
    return this.#people.get(user) ?? user;
  }
}

/** The campus as the gateway knows it; undefined when this role may not see it. */
export async function fetchCampus(): Promise<Campus | undefined> {
  const { body } = await call<Site>('GET', 'site');
  return body === undefined ? undefined : new Campus(body);
}

function byId<Item extends { id: string }>(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [item.id, item]));
}
