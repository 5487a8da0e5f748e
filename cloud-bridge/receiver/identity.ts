import { resolveRegion } from '../../contract/region.ts';
import type { UplinkPath } from '../../contract/uplink-topic.ts';

/**
 * Does what a frame or hello says of itself fit the topic it came on, which the broker's access rights tie to a
 * certificate? An abolished county and its only successor are the same. Undefined: it fits; else what does not.
 */
export function identityFault(
  path: UplinkPath,
  claimed: { gateway: string; school: string; region: string },
): string | undefined {
  if (claimed.gateway !== path.gateway) return differs('gateway', claimed.gateway, path.gateway);
  if (claimed.school !== path.school) return differs('school', claimed.school, path.school);
  if (current(claimed.region) !== current(path.county)) return differs('region', claimed.region, path.county);
  const cities = [path.county.slice(0, 4), current(path.county).slice(0, 4)];
  if (!cities.includes(path.city)) return differs('city of the topic', path.city, cities.join(' or '));
  return undefined;
}

function current(code: string): string {
  return resolveRegion(code)?.code ?? code;
}

function differs(what: string, claimed: string, path: string): string {
  return `${what} is "${claimed.slice(0, 64)}", the topic belongs to "${path}"`;
}
