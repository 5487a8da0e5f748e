import type { Alarm } from '../../contract/alarm.ts';
import { subjectOf } from '../../contract/cloud-event.ts';
import type { Event } from '../../contract/event.ts';

/** Sources kept of one alarm; a slot with more wired inputs than that is a fault of the plan. */
const SOURCES_MAX = 256;

/** Who says so: the input, else the device, else what a gateway's own event is about. */
export function sourceOf(event: Event): string {
  const { device } = event.origin;
  if (device === undefined) return subjectOf(event);
  return sourceName(device, event.input);
}

/** A device, or one of its inputs, as it stands in `sources`. */
export function sourceName(device: string, input: string | undefined): string {
  return input === undefined ? device : `${device}#${input}`;
}

/** What an alarm is held by, and which of that is out of reach. */
export type Hold = Pick<Alarm, 'sources' | 'lost'>;

/** Is the alarm active already, and would this raise tell nothing of its sources: it is one, or there is no room for it? */
export function isHeldBy(alarm: Alarm, event: Event): boolean {
  if (alarm.condition !== 'active' || alarm.lost?.includes(sourceOf(event)) === true) return false;
  return heldBy(alarm, event) === alarm.sources;
}

/** What holds an alarm active after this raise: its source speaks, so it is out of reach no more. */
export function holdAfterRaise(alarm: Alarm | undefined, event: Event): Hold {
  const source = sourceOf(event);
  const sources = heldBy(alarm, event);
  const lost = (alarm === undefined ? [] : lostOf(alarm)).filter((other) => other !== source);
  return { sources, lost: lost.length === 0 ? undefined : lost };
}

/** What is left of the sources out of reach when only these still hold it; undefined: none. */
export function lostAmong(alarm: Alarm, sources: readonly string[]): string[] | undefined {
  const lost = lostOf(alarm).filter((source) => sources.includes(source));
  return lost.length === 0 ? undefined : lost;
}

/** An alarm stored before lost sources were kept is `unknown` because of all of them. */
function lostOf({ condition, sources = [], lost }: Alarm): readonly string[] {
  if (condition === 'returned') return [];
  return lost ?? (condition === 'unknown' ? sources : []);
}

/** The same list if nothing is new. A returned alarm is held by nobody. */
function heldBy(alarm: Alarm | undefined, event: Event): string[] {
  const source = sourceOf(event);
  const before = alarm === undefined || alarm.condition === 'returned' ? [] : (alarm.sources ?? []);
  if (before.includes(source) || before.length >= SOURCES_MAX) return before;
  return [...before, source];
}

/**
 * What still holds it after this clear: an empty list when nothing does, undefined when the clear says nothing about
 * it, because it comes from a source that does not hold it. Several inputs may share a slot. An alarm stored before
 * sources were kept has none: any clear returns it.
 */
export function heldAfter(alarm: Alarm, event: Event): string[] | undefined {
  const { sources } = alarm;
  if (sources === undefined || sources.length === 0) return [];
  const source = sourceOf(event);
  return sources.includes(source) ? sources.filter((other) => other !== source) : undefined;
}

/** A device, or one of its inputs. */
export interface DeviceInput {
  device: string;
  input?: string;
}

/** Reads what `sourceOf` wrote of a device. */
export function deviceOfSource(source: string): DeviceInput {
  const cut = source.indexOf('#');
  return cut < 0 ? { device: source } : { device: source.slice(0, cut), input: source.slice(cut + 1) };
}
