import type { Place, Site, Slot } from '../../contract/site.ts';
import type { Zone } from '../../contract/zone.ts';

/** Kinds of places descend strictly, so this is more than any tree has; it ends the walk in a hand-made loop. */
const MAX_DEPTH = 10;

/**
 * Which zone each slot is in: the one that names it, else the one with the nearest place around it. A slot that is
 * `armed: always` is watched around the clock and in no zone.
 */
export function zoneOfSlots({
  zones,
  slots,
  places,
}: Pick<Site, 'zones' | 'slots' | 'places'>): Map<string, Zone> {
  const bySlot = new Map(zones.flatMap((zone) => (zone.slots ?? []).map((id) => [id, zone] as const)));
  const byPlace = new Map(zones.flatMap((zone) => (zone.places ?? []).map((id) => [id, zone] as const)));
  const parents = new Map(places.map(({ id, parent }) => [id, parent]));
  const members = new Map<string, Zone>();
  for (const slot of slots) {
    if (slot.armed === 'always') continue;
    const zone = bySlot.get(slot.id) ?? around(slot, byPlace, parents);
    if (zone !== undefined) members.set(slot.id, zone);
  }
  return members;
}

function around(
  { place }: Slot,
  byPlace: ReadonlyMap<string, Zone>,
  parents: ReadonlyMap<string, string | undefined>,
): Zone | undefined {
  let at: string | undefined = place;
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
    const zone = byPlace.get(at);
    if (zone !== undefined) return zone;
    at = parents.get(at);
  }
  return undefined;
}

/** The smallest place that holds all of these; undefined: they have none in common. */
export function commonPlace(
  ids: readonly string[],
  place: (id: string) => Pick<Place, 'parent'> | undefined,
): string | undefined {
  const upward = (id: string): string[] => {
    const chain: string[] = [];
    for (let at: string | undefined = id; at !== undefined && chain.length < MAX_DEPTH; ) {
      chain.push(at);
      at = place(at)?.parent;
    }
    return chain;
  };
  const chains = [...new Set(ids)].map(upward);
  return chains[0]?.find((id) => chains.every((chain) => chain.includes(id)));
}
