import { normaliseValue } from './compare.ts';
import type { Complaint } from './complaint.ts';
import type { MapEntry } from './expand-map.ts';
import { concerns, placeOf } from './place.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { isStateEdge } from './voices.ts';

/** Entries that contradict or hide each other. */
export function lintPairs(profile: ProfileDefinition, entries: readonly MapEntry[]): Complaint[] {
  const complaints: Complaint[] = [];
  const places = new Map<string, { entry: MapEntry; values: Set<unknown> }[]>();
  for (const later of entries) {
    const place = placeOf(later);
    const group = places.get(place) ?? [];
    places.set(place, group);
    const values = valuesOf(later);
    for (const { entry: earlier, values: taken } of group) {
      const common = [...values].filter((value) => taken.has(value));
      if (common.length === 0 || !isSameCase(earlier, later) || !sameForms(profile, earlier, later)) continue;
      const said = sayPair(earlier, later, common, values.size);
      if (said !== undefined) complaints.push({ path: placeIn(later), message: said });
    }
    group.push({ entry: later, values });
  }
  return complaints;
}

function sayPair(earlier: MapEntry, later: MapEntry, common: unknown[], all: number): string | undefined {
  if (later.else === true) {
    const takesAll = earlier.if === undefined && earlier.and === undefined && common.length === all;
    return takesAll ? `is never reached: ${nameOf(earlier)} takes all its values` : undefined;
  }
  if (earlier.emit === undefined || later.emit === undefined) return undefined;
  if (JSON.stringify(earlier.emit.type) !== JSON.stringify(later.emit.type)) return undefined;
  const listed = common.map((value) => JSON.stringify(value)).join(', ');
  return earlier.emit.edge === later.emit.edge
    ? `is never reached for ${listed}: ${nameOf(earlier)} says the same`
    : `says ${later.emit.edge} for ${listed}, ${nameOf(earlier)} says ${earlier.emit.edge}`;
}

/** Under the same further conditions, for the same input. */
function isSameCase(a: MapEntry, b: MapEntry): boolean {
  const caseOf = (entry: MapEntry) => JSON.stringify([entry.if, entry.and, entry.input]);
  return caseOf(a) === caseOf(b);
}

function valuesOf({ when }: MapEntry): Set<unknown> {
  return new Set(Array.isArray(when.in) ? when.in.map(normaliseValue) : []);
}

function sameForms(profile: ProfileDefinition, a: MapEntry, b: MapEntry): boolean {
  return profile.match.some(({ name }) => concerns(a, name) && concerns(b, name));
}

/** Where an entry is complained of: a row of a table by itself. */
function placeIn({ row, at, emitAt }: MapEntry): (string | number)[] {
  return row === undefined ? [...at] : [...emitAt];
}

function nameOf({ row, at }: MapEntry): string {
  return row === undefined ? `map[${at[1]}]` : `tables.${row.table}["${row.code}"]`;
}

/** Conditions that can never begin or never end as written. */
export function lintConditions(profile: ProfileDefinition, entries: readonly MapEntry[]): Complaint[] {
  const complaints: Complaint[] = [];
  const edges = new Map<string, Map<string, Set<string>>>();
  for (const entry of entries) {
    const { emit } = entry;
    if (emit === undefined || !isStateEdge(emit.edge)) continue;
    const type = JSON.stringify(emit.type);
    const speakers = edges.get(type) ?? new Map<string, Set<string>>();
    const speaker = emit.source ?? placeOf(entry);
    speakers.set(speaker, new Set([...(speakers.get(speaker) ?? []), emit.edge]));
    edges.set(type, speakers);
  }
  for (const entry of entries) {
    const { emit } = entry;
    const speakers = emit === undefined ? undefined : edges.get(JSON.stringify(emit.type));
    if (emit === undefined || speakers === undefined) continue;
    const all = [...speakers.values()];
    const alone = (edge: string) => all.some((set) => set.size === 1 && set.has(edge));
    const own = speakers.get(emit.source ?? placeOf(entry));
    const path = placeIn(entry);
    if (emit.edge === 'clear' && !all.some((set) => set.has('raise'))) {
      complaints.push({ path, message: 'is never reached: nothing raises what it clears' });
    } else if (
      emit.edge === 'raise' &&
      own?.size === 1 &&
      all.some((set) => set.has('clear')) &&
      (emit.source !== undefined || !alone('clear'))
    ) {
      const speaker = emit.source ?? placeOf(entry);
      const message = `nothing clears what "${speaker}" raises: other keys clear only what they raise themselves`;
      complaints.push({ path, message });
    }
  }
  return [...complaints, ...lintTracked(profile, entries)];
}

/** With `state` and a device that repeats everything, all that raises or clears must be followed. */
function lintTracked({ state, republishes }: ProfileDefinition, entries: readonly MapEntry[]): Complaint[] {
  if (state === undefined || !republishes) return [];
  return entries.flatMap(({ when, emit, at }) =>
    !isStateEdge(emit?.edge) || (when.path !== undefined && state.includes(when.path))
      ? []
      : [
          {
            path: [...at, 'when'],
            message: 'its path must be in "state": the device repeats it with every message',
          },
        ],
  );
}
