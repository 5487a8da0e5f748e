import type { Alarm } from '../../contract/alarm.ts';
import type { Device, Place, Slot } from '../../contract/site.ts';
import type { HealthState } from '../adapters/onvif/health.ts';
import { isPrivatePlace } from '../registry/private-place.ts';

/** What of the campus says which camera sees what. */
export interface CameraSite {
  devices(): readonly Device[];
  device(id: string): Device | undefined;
  slot(id: string): Slot | undefined;
  place(id: string): Place | undefined;
  links(): ReadonlyArray<{ slot: string; cameras: readonly string[] }>;
  /** Is this device a camera whose picture can be fetched? */
  isCamera(device: Device): boolean;
  /** What is known of the channel to a camera; undefined: nothing yet. */
  stateOf?(device: string): HealthState | undefined;
}

/** Cameras of an alarm. */
export interface AlarmCameras {
  /** Those that see it, nearest first: all of them are asked. */
  asked: string[];
  /** Others nearby, nearest first: offered where those fail. */
  spare: string[];
}

/** Linked cameras that are asked; more would only take time from each other. */
const MAX_ASKED = 4;
const MAX_SPARE = 4;
/** Levels of places that count as nearby: room, floor, building. */
const NEARBY_LEVELS = 3;

/**
 * Which cameras an alarm is shown by: the one that raised it, then those linked to its slot in their order; to spare, the
 * others in its room, on its floor, in its building, those that answer first. Private cameras among the asked stay in the list, so that the
 * refusal is said; among the others they do not appear.
 */
export function camerasOf(
  { slot, place, device }: Pick<Alarm, 'slot' | 'place' | 'device'>,
  site: CameraSite,
): AlarmCameras {
  const isKnown = (id: string): boolean => {
    const found = site.device(id);
    return found !== undefined && site.isCamera(found);
  };
  const linked = site.links().find((link) => link.slot === slot)?.cameras ?? [];
  const own = device === undefined ? [] : [device];
  const seeing = [...new Set([...own, ...linked])].filter(isKnown);
  if (seeing.length === 0) return { asked: [], spare: [] };
  const at = place ?? (slot === undefined ? undefined : site.slot(slot)?.place);
  const others = [...seeing.slice(MAX_ASKED), ...nearby(at, site)].filter(
    (id, index, all) =>
      all.indexOf(id) === index && !seeing.slice(0, MAX_ASKED).includes(id) && !isPrivateCamera(id, site),
  );
  return { asked: seeing.slice(0, MAX_ASKED), spare: others.slice(0, MAX_SPARE) };
}

/** Where a camera hangs; undefined: it has no slot. */
export function placeOfCamera(id: string, site: Pick<CameraSite, 'device' | 'slot'>): string | undefined {
  const slot = site.device(id)?.slot;
  return slot === undefined ? undefined : site.slot(slot)?.place;
}

/** Does it hang in a private place? Then no picture of it is ever asked for, kept or shown. */
export function isPrivateCamera(id: string, site: Pick<CameraSite, 'device' | 'slot' | 'place'>): boolean {
  return isPrivatePlace(placeOfCamera(id, site), (place) => site.place(place));
}

function nearby(from: string | undefined, site: CameraSite): string[] {
  if (from === undefined) return [];
  const chains = site
    .devices()
    .filter((device) => site.isCamera(device))
    .map(({ id }) => ({ id, chain: upward(placeOfCamera(id, site), site) }));
  const found: string[] = [];
  const levels = upward(from, site)
    // a whole campus is not nearby
    .filter((id) => site.place(id)?.kind !== 'campus')
    .slice(0, NEARBY_LEVELS);
  for (const level of levels) {
    const near = chains.filter(({ id, chain }) => chain.includes(level) && !found.includes(id));
    found.push(...near.map(({ id }) => id).sort((a, b) => doubtOf(a, site) - doubtOf(b, site)));
  }
  // few are asked: a switch that fails takes the neighbours of a dead camera along
  const isDead = (id: string): boolean => doubtOf(id, site) === 2;
  return [...found.filter((id) => !isDead(id)), ...found.filter(isDead)];
}

/** 0: it answers, or nothing is known yet; 1: in part; 2: it will give nothing. */
function doubtOf(id: string, { stateOf }: CameraSite): number {
  const state = stateOf?.(id);
  if (state === 'offline' || state === 'refused') return 2;
  return state === undefined || state === 'ok' ? 0 : 1;
}

/** A place and what it lies in, from the inside out. */
function upward(from: string | undefined, site: Pick<CameraSite, 'place'>): string[] {
  const chain: string[] = [];
  let at = from === undefined ? undefined : site.place(from);
  // the check of an import allows no cycle; the bound keeps a hand-edited file from hanging the gateway
  while (at !== undefined && chain.length < 10) {
    chain.push(at.id);
    at = at.parent === undefined ? undefined : site.place(at.parent);
  }
  return chain;
}
