import { findRegion, resolveRegion } from '../../contract/region.ts';
import type { UplinkPath } from '../../contract/uplink-topic.ts';

/** A gateway whose county the receiver was told, instead of believing the first path it comes from. */
export interface EnrolledGateway {
  school: string;
  gateway: string;
  /** County, 6 digits; one that the table of regions does not know is good, too. */
  region: string;
}

/** The county of each enrolled gateway. */
export class Enrolment {
  readonly #regions: ReadonlyMap<string, string>;

  constructor(gateways: readonly EnrolledGateway[] = []) {
    this.#regions = new Map(gateways.map(({ school, gateway, region }) => [`${school}/${gateway}`, region]));
  }

  /** Undefined: not enrolled, so it is bound to the county that it is first seen in. */
  regionOf({ school, gateway }: UplinkPath): string | undefined {
    return this.#regions.get(`${school}/${gateway}`);
  }
}

/** Can a gateway be where the topic says? `enrolled`: where it has to be. Undefined: yes; else what is wrong. */
export function pathFault(path: UplinkPath, enrolled: string | undefined): string | undefined {
  const { city, county } = path;
  if (enrolled === undefined && findRegion(county) === undefined) {
    return `${county} is no county known here; if it exists, name the gateway under "gateways" in receiver.yaml`;
  }
  if (enrolled !== undefined && regionAfter(enrolled, county) === undefined) {
    return `the topic is of county ${county}, the gateway is enrolled in ${enrolled}`;
  }
  const cities = [county.slice(0, 4), current(county).slice(0, 4)];
  return cities.includes(city) ? undefined : differs('city of the topic', city, cities.join(' or '));
}

/**
 * The county that a gateway of `bound` belongs to after it came from `county`: a successor takes over, an older code
 * of the same county changes nothing. Undefined: that is another county.
 */
export function regionAfter(bound: string, county: string): string | undefined {
  if (bound === county) return bound;
  if (resolveRegion(bound)?.successors.includes(county)) return county;
  const { successors = [] } = resolveRegion(county) ?? {};
  return successors.length === 1 && successors[0] === bound ? bound : undefined;
}

/** Do two codes name one county, as far as the table of regions knows? */
export function sameRegion(a: string, b: string): boolean {
  return (regionAfter(a, b) ?? regionAfter(b, a)) !== undefined || current(a) === current(b);
}

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
  return undefined;
}

function current(code: string): string {
  return resolveRegion(code)?.code ?? code;
}

function differs(what: string, claimed: string, path: string): string {
  return `${what} is "${claimed.slice(0, 64)}", the topic belongs to "${path}"`;
}
