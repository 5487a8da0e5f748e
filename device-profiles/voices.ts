import type { Edge } from '../contract/event.ts';
import type { EmitDefinition } from './entry-schema.ts';
import type { MapEntry } from './expand-map.ts';
import { placeOf } from './place.ts';
import type { ProfileDefinition } from './profile-schema.ts';

/** Which voice of a condition an entry is. */
export interface Voice {
  /** A condition is active while any of its sources is. */
  readonly source: string;
  /** Other sources speak of the same condition: raises of a message go before its clears. */
  readonly shared: boolean;
}

/** The source of entries that only raise, and of those that only clear: they speak together. */
const TOGETHER = '*';
/** Any type: a setting may name it. */
const ANY = '*';

/**
 * Finds the voice of each entry of one form. A key that raises and clears speaks for itself; keys that only raise and
 * keys that only clear speak together; what is given a `source` speaks as that.
 */
export function voicesOf(profile: ProfileDefinition, here: readonly MapEntry[]): (entry: MapEntry) => Voice {
  const edges = new Map<string, Set<Edge>>();
  const speakers = new Map<string, Set<string>>();
  for (const entry of here) {
    const { emit } = entry;
    if (emit === undefined || !isStateEdge(emit.edge)) continue;
    add(edges, conditionOf(entry, emit), emit.edge);
    for (const type of typesOf(profile, emit)) add(speakers, type, speakerOf(entry, emit));
  }
  return (entry) => {
    const { emit } = entry;
    if (emit === undefined) return { source: placeOf(entry), shared: false };
    if (!isStateEdge(emit.edge)) return { source: emit.source ?? placeOf(entry), shared: false };
    const said = edges.get(conditionOf(entry, emit));
    const both = said?.has('raise') && said.has('clear');
    const types = typesOf(profile, emit);
    const all = types.has(ANY)
      ? [...speakers.values()]
      : [...types, ANY].flatMap((type) => speakers.get(type) ?? []);
    const own = speakerOf(entry, emit);
    return {
      source: emit.source ?? (both ? placeOf(entry) : TOGETHER),
      shared: all.some((names) => names.size > 1 || !names.has(own)),
    };
  };
}

export function isStateEdge(edge: Edge | undefined): boolean {
  return edge === 'raise' || edge === 'clear';
}

/** Who speaks: those of one `source` are one speaker, in the order of their message. */
function speakerOf(entry: MapEntry, emit: EmitDefinition): string {
  return emit.source === undefined ? placeOf(entry) : `=${emit.source}`;
}

function conditionOf(entry: MapEntry, emit: EmitDefinition): string {
  return `${placeOf(entry)}\0${JSON.stringify(emit.type)}`;
}

/** Codes that an entry may emit; `*` for any. */
function typesOf(profile: ProfileDefinition, { type, typeBy }: EmitDefinition): ReadonlySet<string> {
  if (typeBy !== undefined) return new Set([ANY]);
  if (typeof type === 'string') return new Set([type]);
  if ('input' in type) return new Set(Object.values(profile.meanings));
  const names = profile.settings[type.setting]?.enum;
  // without a list a setting may name any event type
  return new Set(
    names === undefined ? [ANY] : names.map((name) => profile.meanings[String(name)] ?? String(name)),
  );
}

function add<T>(sets: Map<string, Set<T>>, key: string, value: T): void {
  const set = sets.get(key) ?? new Set<T>();
  set.add(value);
  sets.set(key, set);
}
