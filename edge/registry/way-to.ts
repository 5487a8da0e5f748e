import type { Device } from '../../contract/site.ts';

/** Bridges behind bridges; the bound keeps a circle, which an import refuses, from hanging the gateway. */
const MAX_HOPS = 8;

/** The device itself and the bridges it is reached through, the nearest first. */
export function wayTo(device: Device, find: (id: string) => Device | undefined): Device[] {
  const way: Device[] = [];
  for (let next: Device | undefined = device; next !== undefined && way.length < MAX_HOPS; ) {
    way.push(next);
    next = next.bridge === undefined ? undefined : find(next.bridge);
  }
  return way;
}
