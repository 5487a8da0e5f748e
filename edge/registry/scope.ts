import type { Device, Place, Scope, Slot } from '../../contract/site.ts';

/** Where something is and whose it is; nothing known: it concerns the whole campus. */
export interface Whereabouts {
  place?: string | undefined;
  unit?: string | undefined;
}

/** More levels than a campus has; ends the walk where places contain each other. */
const MAX_DEPTH = 16;

/**
 * Whether something lies within what a person is responsible for: in one of the places (or anywhere below it), or with
 * one of the units. No scope: the whole campus. What has neither place nor unit (the gateway itself, a device nobody
 * placed) is everybody's, so that it is never nobody's.
 */
export function inScope(
  scope: Scope | undefined,
  { place, unit }: Whereabouts,
  directory: { place(id: string): Pick<Place, 'parent'> | undefined },
): boolean {
  if (scope === undefined) return true;
  if (place === undefined && unit === undefined) return true;
  if (unit !== undefined && scope.units?.includes(unit) === true) return true;
  let current = place;
  for (let depth = 0; current !== undefined && depth < MAX_DEPTH; depth++) {
    if (scope.places?.includes(current) === true) return true;
    current = directory.place(current)?.parent;
  }
  return false;
}

/** Place and unit of the slot a device fills; nothing for a device that nobody placed. */
export function whereaboutsOf(
  id: string,
  directory: { device(id: string): Pick<Device, 'slot'> | undefined; slots(): readonly Slot[] },
): Whereabouts {
  const slot = directory.device(id)?.slot;
  const found = slot === undefined ? undefined : directory.slots().find((one) => one.id === slot);
  return found === undefined ? {} : { place: found.place, unit: found.unit };
}
