import type { Device, Place, Slot } from '../../contract/site.ts';

/** Places within places. */
const MAX_DEPTH = 10;

/** Where a device hangs; undefined: it has no slot, or one that is not registered. */
export function placeOfDevice({ slot }: Pick<Device, 'slot'>, slots: readonly Slot[]): string | undefined {
  return slot === undefined ? undefined : slots.find(({ id }) => id === slot)?.place;
}

/** Is this place, or one that it lies in, private: no camera may look there. */
export function isPrivatePlace(id: string | undefined, place: (id: string) => Place | undefined): boolean {
  let at = id === undefined ? undefined : place(id);
  for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
    if (at.private === true) return true;
    at = at.parent === undefined ? undefined : place(at.parent);
  }
  return false;
}
