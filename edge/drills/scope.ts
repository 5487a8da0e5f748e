import type { Device, Place, Site, Slot } from '../../contract/site.ts';
import { inScope } from '../registry/scope.ts';
import { zoneOfSlots } from '../registry/zone-members.ts';
import type { Point } from './drill-state.ts';

/** The campus as a scope is read against it. */
export interface Campus {
  site(): Pick<Site, 'zones' | 'slots' | 'places'>;
  devices(): readonly Device[];
  device(id: string): Device | undefined;
  place(id: string): Place | undefined;
  slot(id: string): Slot | undefined;
}

/** What a person asks to practise with. */
export interface WantedScope {
  places?: readonly string[] | undefined;
  slots?: readonly string[] | undefined;
  devices?: readonly string[] | undefined;
  zone?: string | undefined;
}

/**
 * The points of a scope as registered now, in the order of the registry: what stands at a slot in these places or below,
 * or in this zone; of it only the slots and devices that are named, where some are.
 */
export function pointsOf(campus: Campus, { places, slots, devices, zone }: WantedScope): Point[] {
  const members = zone === undefined ? undefined : zoneOfSlots(campus.site());
  const isIn = (id: string): boolean => {
    if (slots !== undefined && !slots.includes(id)) return false;
    if (members !== undefined && members.get(id)?.id !== zone) return false;
    const place = campus.slot(id)?.place;
    if (place === undefined) return false;
    return places === undefined || inScope({ places: [...places] }, { place }, campus);
  };
  const points = new Map<string, Point>();
  for (const device of campus.devices()) {
    if (devices !== undefined && !devices.includes(device.id)) continue;
    if (device.slot !== undefined && isIn(device.slot)) add(points, { device: device.id, slot: device.slot });
    for (const [input, { slot }] of Object.entries(device.inputs ?? {}))
      if (slot !== undefined && isIn(slot)) add(points, { device: device.id, slot, input });
  }
  return [...points.values()];
}

/** Several inputs at one slot are one point. */
function add(points: Map<string, Point>, point: Point): void {
  const key = `${point.device} ${point.slot}`;
  if (!points.has(key)) points.set(key, point);
}
