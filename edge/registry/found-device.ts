import type { Device } from '../../contract/site.ts';
import type { Found } from '../adapters/onvif/discovery.ts';
import { factsOf } from '../adapters/onvif/discovery-message.ts';

/**
 * What a found device is to one that is registered. `here`: it is that one, at its address. `moved`: it is that one, at another
 * address. `other`: another unit answers at the address of that one.
 */
export interface Relation {
  device: string;
  is: 'here' | 'moved' | 'other';
}

/** By its endpoint reference, else its serial number, else its address alone. */
export function relationOf(
  { endpoint, url }: Pick<Found, 'endpoint' | 'url'>,
  serial: string | undefined,
  devices: readonly Device[],
): Relation | undefined {
  const at = new URL(url).host;
  let atAddress: Relation | undefined;
  let bySerial: Relation | undefined;
  for (const { id, onvif } of devices) {
    if (onvif === undefined) continue;
    const isHere = new URL(onvif.url).host === at;
    if (endpoint !== undefined && onvif.endpoint === endpoint)
      return { device: id, is: isHere ? 'here' : 'moved' };
    const hasSerial = serial !== undefined && serial !== '' && onvif.serial !== undefined;
    if (hasSerial && onvif.serial === serial) bySerial = { device: id, is: isHere ? 'here' : 'moved' };
    const isOther =
      (endpoint !== undefined && onvif.endpoint !== undefined) || (hasSerial && onvif.serial !== serial);
    if (isHere) atAddress = { device: id, is: isOther ? 'other' : 'here' };
  }
  return bySerial ?? atAddress;
}

/** Does it call itself an access controller (profiles A, C, D) and no camera? */
export function isAccess({ types, scopes }: Pick<Found, 'types' | 'scopes'>): boolean {
  if (types.some((type) => type.startsWith('NetworkVideo'))) return false;
  return factsOf(scopes).profiles.some((profile) => /^[ACD]$/i.test(profile));
}

/** `cam-1`, `cam-2`...: the first that is free. */
export function freeCameraId(prefix: string, registry: { device(id: string): unknown }): string {
  let n = 1;
  while (registry.device(`${prefix}-${n}`) !== undefined) n++;
  return `${prefix}-${n}`;
}
