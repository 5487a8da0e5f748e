import { z } from 'zod';

/** Identity in every uplink topic: `cs/v1/{city4}/{county6}/{school10}/{gateway}`. */
export interface UplinkPath {
  city: string;
  county: string;
  school: string;
  gateway: string;
}

export const gatewayIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1-63 of a-z, 0-9 and "-", starting with a letter or digit');

const leaves = ['up/a', 'up/e', 'up/inv', 'up/state', 'dn/rcpt', 'dn/cmd', 'dn/cfg'] as const;
export type UplinkLeaf = (typeof leaves)[number];

/** Topic of a leaf for a gateway. `region` is its county, 6 digits. */
export function uplinkTopic(path: UplinkPath, leaf: UplinkLeaf): string {
  return `cs/v1/${path.city}/${path.county}/${path.school}/${path.gateway}/${leaf}`;
}

/** The path of a gateway in a county. */
export function uplinkPath(region: string, school: string, gateway: string): UplinkPath {
  return { city: region.slice(0, 4), county: region, school, gateway };
}

const pattern = /^cs\/v1\/(\d{4})\/(\d{6})\/(\d{10})\/([a-z0-9][a-z0-9-]{0,62})\/((?:up|dn)\/[a-z]+)$/;

/** Parses any topic of this version; undefined for everything else. */
export function parseUplinkTopic(topic: string): { path: UplinkPath; leaf: UplinkLeaf } | undefined {
  const [, city = '', county = '', school = '', gateway = '', leaf = ''] = pattern.exec(topic) ?? [];
  const known = leaves.find((l) => l === leaf);
  return known === undefined ? undefined : { path: { city, county, school, gateway }, leaf: known };
}
