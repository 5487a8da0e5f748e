import type { KpiPoint } from '../../contract/kpi.ts';
import type { Device, Place, Slot } from '../../contract/site.ts';
import type { Source } from './tally.ts';

/** What things are called and where they are, as registered now. */
export interface KpiDirectory {
  place(id: string): Pick<Place, 'name' | 'kind' | 'parent'> | undefined;
  slot(id: string): Pick<Slot, 'name' | 'place'> | undefined;
  device(id: string): Pick<Device, 'name' | 'slot'> | undefined;
}

/** Kinds of places descend strictly, so no tree is deeper; it ends the walk in a hand-made loop. */
const MAX_DEPTH = 10;

/** Names of where something came from; `slot` and `device` are left out where they are not known. */
export function pointOf(
  { slot, device, subject }: Partial<Source>,
  directory: KpiDirectory,
  zoneNames: ReadonlyMap<string, string>,
): KpiPoint {
  const name =
    (slot === undefined ? undefined : directory.slot(slot)?.name) ??
    (device === undefined ? undefined : directory.device(device)?.name);
  const zone = subject?.startsWith('zone:') ? zoneNames.get(subject.slice('zone:'.length)) : undefined;
  const at = directory.slot(slot ?? directory.device(device ?? '')?.slot ?? '')?.place;
  const path = pathOf(at, directory);
  return {
    ...(slot === undefined ? {} : { slot }),
    ...(device === undefined ? {} : { device }),
    name: name ?? zone ?? slot ?? device ?? subject ?? '',
    ...(path === '' ? {} : { place: path }),
  };
}

/** From the building to the room; the campus itself is left out unless it is all there is. */
function pathOf(id: string | undefined, directory: KpiDirectory): string {
  const names: string[] = [];
  let place = id === undefined ? undefined : directory.place(id);
  for (let depth = 0; place !== undefined && depth < MAX_DEPTH; depth++) {
    if (place.kind !== 'campus' || names.length === 0) names.unshift(place.name);
    place = place.parent === undefined ? undefined : directory.place(place.parent);
  }
  return names.join(' / ');
}
