import type { Edge } from '../contract/event.ts';
import type { Scalar } from './device-state.ts';
import { isMasked, MASK } from './mask.ts';
import { compilePath, type Getter } from './own-path.ts';
import type { EmitDefinition, EntryDefinition, ProfileDefinition } from './profile-schema.ts';
import { compileSetting, compileTable, type Settings } from './settings.ts';
import { type TypeRef, typeRef } from './type-ref.ts';

/** What an entry makes of a value it applies to. */
export interface Action {
  readonly edge: Edge;
  /** Undefined when a setting names no type: then nothing is emitted, and it is counted. */
  readonly type: (settings: Settings, input: string | undefined, value: Scalar) => TypeRef | undefined;
  /** Raise and clear change places. */
  readonly flip: ((settings: Settings, input: string | undefined) => boolean) | undefined;
  /** Which key of the payload speaks; a condition is active while any of its sources is. */
  readonly source: string;
  /** Other sources speak of the same condition: raises of a message go before its clears. */
  readonly shared: boolean;
  /** The last value is kept and only changes are emitted. */
  readonly tracked: boolean;
  readonly data: readonly (readonly [name: string, value: Scalar | Getter])[];
  /** Names of readings; undefined: all. */
  readonly readings: readonly string[] | undefined;
  /** `update`: the least change of a number. */
  readonly by: number;
}

/** One entry of `map`, compiled. */
export interface Entry {
  /** Its place in `map`. */
  readonly index: number;
  readonly hits: (value: unknown, settings: Settings) => boolean;
  /** Compares numbers: then every number is a known value. */
  readonly numeric: boolean;
  readonly applies: ((settings: Settings) => boolean) | undefined;
  readonly otherwise: boolean;
  /** Undefined: the value is known and says nothing. */
  readonly action: Action | undefined;
}

/** All entries that read one place of one form's payload. */
export interface Field {
  /** As written, for messages. */
  readonly name: string;
  readonly each: { readonly read: Getter; readonly input: Getter | undefined } | undefined;
  readonly read: Getter;
  /** In order. */
  readonly entries: readonly Entry[];
  /** Entries by value, when all of them compare with listed values; texts in lower case. */
  readonly cases: ReadonlyMap<unknown, readonly Entry[]> | undefined;
}

/** Compiles the entries of `map` that concern one form. */
export function compileFields(profile: ProfileDefinition, form: string | undefined): Field[] {
  const places = new Map<string, { definition: EntryDefinition; index: number }[]>();
  for (const [index, definition] of profile.map.entries()) {
    if (!concerns(definition, form)) continue;
    const place = placeOf(definition);
    places.set(place, [...(places.get(place) ?? []), { definition, index }]);
  }
  const here = [...places.values()].flat().map(({ definition }) => definition);
  return [...places].flatMap(([name, entries]) => {
    const first = entries[0]?.definition;
    if (first === undefined) return [];
    const compiled = entries.map(({ definition, index }) => compileEntry(profile, definition, index, here));
    return {
      name,
      each: compileEach(first),
      read: compilePath(first.when.path),
      entries: compiled,
      cases: casesOf(entries, compiled),
    };
  });
}

/** Does an entry concern a form? Without `on` it concerns all. */
export function concerns(entry: EntryDefinition, form: string | undefined): boolean {
  if (entry.on === undefined) return true;
  return form !== undefined && [entry.on].flat().includes(form);
}

/** Where an entry reads, as text: `smoke`, `ch[]`, `inputs[id].state`. */
export function placeOf({ each, when }: EntryDefinition): string {
  if (each === undefined) return when.path ?? '';
  const list = typeof each === 'string' ? `${each}[]` : `${each.in}[${each.input}]`;
  return when.path === undefined ? list : `${list}.${when.path}`;
}

function compileEach({ each }: EntryDefinition): Field['each'] {
  if (each === undefined) return undefined;
  if (typeof each === 'string') return { read: compilePath(each), input: undefined };
  return { read: compilePath(each.in), input: compilePath(each.input) };
}

function casesOf(
  entries: readonly { definition: EntryDefinition }[],
  compiled: readonly Entry[],
): Field['cases'] {
  const cases = new Map<unknown, Entry[]>();
  for (const [i, { definition }] of entries.entries()) {
    const entry = compiled[i];
    if (entry === undefined || !Array.isArray(definition.when.in) || isNumeric(definition)) return undefined;
    for (const value of definition.when.in) {
      const key = normaliseValue(value);
      const listed = cases.get(key) ?? [];
      if (!listed.includes(entry)) cases.set(key, [...listed, entry]);
    }
  }
  return cases;
}

/** Values are compared strictly; texts without regard to case and outer spaces. */
export function normaliseValue(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value;
}

function compileEntry(
  profile: ProfileDefinition,
  definition: EntryDefinition,
  index: number,
  here: readonly EntryDefinition[],
): Entry {
  return {
    index,
    hits: compileHits(profile, definition.when),
    numeric: isNumeric(definition),
    applies: compileIf(profile, definition),
    otherwise: definition.else === true,
    action:
      definition.emit === undefined ? undefined : compileAction(profile, definition, definition.emit, here),
  };
}

function isNumeric({ when }: EntryDefinition): boolean {
  return [when.above, when.below, when.atLeast, when.atMost].some((limit) => limit !== undefined);
}

function compileIf(profile: ProfileDefinition, definition: EntryDefinition): Entry['applies'] {
  if (definition.if === undefined) return undefined;
  const read = compileSetting(profile.settings, definition.if.setting);
  const values = new Set<unknown>(definition.if.in);
  return (settings) => values.has(read(settings));
}

function compileHits(profile: ProfileDefinition, when: EntryDefinition['when']): Entry['hits'] {
  const checks: Entry['hits'][] = [];
  if (Array.isArray(when.in)) {
    const values = new Set(when.in.map(normaliseValue));
    checks.push((value) => values.has(value) || values.has(normaliseValue(value)));
  } else if (when.in !== undefined) {
    const table = compileTable(profile.settings, when.in.setting);
    checks.push((value, settings) => typeof value === 'string' && table(settings, value) !== undefined);
  }
  for (const [limit, holds] of [
    [when.above, (value: number, than: number) => value > than],
    [when.below, (value: number, than: number) => value < than],
    [when.atLeast, (value: number, than: number) => value >= than],
    [when.atMost, (value: number, than: number) => value <= than],
  ] as const) {
    if (limit === undefined) continue;
    const read = typeof limit === 'number' ? () => limit : compileSetting(profile.settings, limit.setting);
    checks.push((value, settings) => {
      const than = read(settings);
      return (
        typeof value === 'number' && Number.isFinite(value) && typeof than === 'number' && holds(value, than)
      );
    });
  }
  const [only] = checks;
  if (only === undefined) return isScalar;
  return checks.length === 1 ? only : (value, settings) => checks.every((check) => check(value, settings));
}

function isScalar(value: unknown): boolean {
  return value !== null && typeof value !== 'object';
}

function compileAction(
  profile: ProfileDefinition,
  definition: EntryDefinition,
  emit: EmitDefinition,
  here: readonly EntryDefinition[],
): Action {
  const { path } = definition.when;
  return {
    edge: emit.edge,
    type: compileType(profile, emit.type),
    flip: emit.flip === undefined ? undefined : compileFlip(profile, emit.flip),
    source: sourceOf(definition, here),
    shared: here.some((other) => sharesCondition(profile, definition, other)),
    tracked: profile.state === undefined || (path !== undefined && profile.state.includes(path)),
    data: Object.entries(emit.data ?? {}).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? compileData(profile, value.path) : value,
    ]),
    readings: emit.readings,
    by: emit.by ?? 0,
  };
}

/** A masked path never reaches an event, whatever the profile says. */
function compileData(profile: ProfileDefinition, path: string): Scalar | Getter {
  return isMasked(profile.mask, path) ? MASK : compilePath(path);
}

function compileType(profile: ProfileDefinition, type: EmitDefinition['type']): Action['type'] {
  if (typeof type === 'string') {
    const ref = typeRef(type);
    return () => ref;
  }
  const meanings = new Map(Object.entries(profile.meanings).map(([name, code]) => [name, typeRef(code)]));
  const meaning = (name: unknown) => meanings.get(name as string) ?? typeRef(name);
  if ('input' in type) {
    const unassigned = meanings.get('none');
    return (settings, input) => {
      const means = inputOf(settings, input)?.means;
      return means === undefined ? unassigned : (meaning(means) ?? unassigned);
    };
  }
  if (profile.settings[type.setting]?.type === 'object') {
    const table = compileTable(profile.settings, type.setting);
    return (settings, _input, value) => meaning(table(settings, String(value)));
  }
  const read = compileSetting(profile.settings, type.setting);
  return (settings) => meaning(read(settings));
}

function compileFlip(profile: ProfileDefinition, name: string): NonNullable<Action['flip']> {
  if (name === 'polarity') return (settings, input) => inputOf(settings, input)?.polarity === 'nc';
  const read = compileSetting(profile.settings, name);
  return (settings) => read(settings) === true;
}

function inputOf(settings: Settings, input: string | undefined) {
  const { inputs } = settings;
  return inputs !== undefined && input !== undefined && Object.hasOwn(inputs, input)
    ? inputs[input]
    : undefined;
}

/** A key that raises and clears speaks for itself; keys that only raise and keys that only clear speak together. */
function sourceOf(definition: EntryDefinition, here: readonly EntryDefinition[]): string {
  const place = placeOf(definition);
  if (!isStateEdge(definition.emit?.edge)) return place;
  const type = JSON.stringify(definition.emit?.type);
  const edges = new Set(
    here
      .filter((other) => placeOf(other) === place && JSON.stringify(other.emit?.type) === type)
      .map((other) => other.emit?.edge),
  );
  return edges.has('raise') && edges.has('clear') ? place : '*';
}

function sharesCondition(profile: ProfileDefinition, one: EntryDefinition, other: EntryDefinition): boolean {
  if (one.emit === undefined || other.emit === undefined || placeOf(one) === placeOf(other)) return false;
  if (!isStateEdge(one.emit.edge) || !isStateEdge(other.emit.edge)) return false;
  const types = typesOf(profile, one.emit.type);
  return [...typesOf(profile, other.emit.type)].some(
    (type) => types.has(type) || type === '*' || types.has('*'),
  );
}

/** Codes that an entry may emit; `*` for any. */
function typesOf(profile: ProfileDefinition, type: EmitDefinition['type']): ReadonlySet<string> {
  if (typeof type === 'string') return new Set([type]);
  if ('input' in type) return new Set(Object.values(profile.meanings));
  const names = profile.settings[type.setting]?.enum;
  // without a list a setting may name any event type
  return new Set(
    names === undefined ? ['*'] : names.map((name) => profile.meanings[String(name)] ?? String(name)),
  );
}

function isStateEdge(edge: Edge | undefined): boolean {
  return edge === 'raise' || edge === 'clear';
}
