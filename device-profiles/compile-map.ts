import type { Edge } from '../contract/event.ts';
import { type Check, compileCheck, compileTest, compileValue, isNumeric, normaliseValue } from './compare.ts';
import { compileEach, type Each, listOf } from './compile-each.ts';
import type { Scalar } from './device-state.ts';
import type { EmitDefinition, InputDefinition } from './entry-schema.ts';
import type { MapEntry } from './expand-map.ts';
import { MASK, readsMasked } from './mask.ts';
import { placeOf } from './place.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { compileFirst, compileReference, compileText, type Reader, type Scope } from './reference.ts';
import { compileSetting, compileTable, type Settings } from './settings.ts';
import { type TypeRef, typeRef } from './type-ref.ts';
import { type Voice, voicesOf } from './voices.ts';

/** What an entry makes of a value it applies to. */
export interface Action extends Voice {
  readonly edge: Edge;
  /** Undefined when a setting names no type: then nothing is emitted, and it is counted. */
  readonly type: (settings: Settings, input: string | undefined, value: Scalar) => TypeRef | undefined;
  /** A setting that knows better than `type`. */
  readonly typeBy: ((settings: Settings, body: unknown, scope: Scope) => TypeRef | undefined) | undefined;
  /** Raise and clear change places. */
  readonly flip: ((settings: Settings, input: string | undefined) => boolean) | undefined;
  /** The last value is kept and only changes are emitted. */
  readonly tracked: boolean;
  readonly data: readonly (readonly [name: string, value: Scalar | Reader])[];
  /** Names of readings; undefined: all. */
  readonly readings: readonly string[] | undefined;
  /** `update`: the least change of a number. */
  readonly by: number;
  /** `pulse`: told only when this is another than the last time. */
  readonly once: Reader | undefined;
  /** The session that a condition belongs to. */
  readonly session: Reader | undefined;
  /** What within the input speaks; undefined: the input itself. */
  readonly voice: readonly Reader[] | undefined;
  /** A raise that is not repeated for so long says nothing any more, milliseconds. */
  readonly maxActiveMs: number | undefined;
}

/** One entry of `map`, compiled. */
export interface Entry {
  /** Its place among the entries written out. */
  readonly index: number;
  readonly hits: (value: unknown, settings: Settings) => boolean;
  /** Compares numbers: then every number is a known value. */
  readonly numeric: boolean;
  readonly applies: ((settings: Settings) => boolean) | undefined;
  /** Only where the input has no meaning. */
  readonly meaningless: ((settings: Settings, input: string | undefined) => boolean) | undefined;
  /** Must all hold, on the body or the element that is read. */
  readonly and: readonly Check[] | undefined;
  readonly otherwise: boolean;
  /** Names the input, where `each` does not. */
  readonly input: Reader | undefined;
  /** Undefined: the value is known and says nothing. */
  readonly action: Action | undefined;
}

/** All entries that read one place of one form's payload. */
export interface Field {
  /** As written, for messages. */
  readonly name: string;
  /** A body without this key has nothing for it; undefined: that cannot be told by one key. */
  readonly firstKey: string | undefined;
  readonly each: Each | undefined;
  readonly read: Reader;
  /** An entry lists null; otherwise null is not there. */
  readonly knowsNull: boolean;
  /** Other entries read within it: an object is none of its values. */
  readonly opened: boolean;
  /** In order. */
  readonly entries: readonly Entry[];
  /** Entries by value, when all of them compare with listed values; texts in lower case. */
  readonly cases: ReadonlyMap<unknown, readonly Entry[]> | undefined;
}

/** Compiles the entries that concern one form. `known`: keys that entries, readings and `known` name. */
export function compileFields(
  profile: ProfileDefinition,
  here: readonly MapEntry[],
  known: ReadonlySet<string>,
): Field[] {
  const places = new Map<string, MapEntry[]>();
  for (const entry of here) {
    const place = `${placeOf(entry)}\0${namesOf(entry)}`;
    const group = places.get(place);
    if (group === undefined) places.set(place, [entry]);
    else group.push(entry);
  }
  const voiceOf = voicesOf(profile, here);
  return [...places.values()].flatMap((entries) => {
    const first = entries[0];
    if (first === undefined) return [];
    const compiled = entries.map((entry) => compileEntry(profile, entry, voiceOf(entry)));
    return {
      name: placeOf(first),
      firstKey: firstKeyOf(first),
      each: compileEach(first.each, known),
      read: compileValue(first.when),
      knowsNull: entries.some(({ when }) => Array.isArray(when.in) && when.in.includes(null)),
      opened: isOpened(first, here),
      entries: compiled,
      cases: casesOf(entries, compiled),
    };
  });
}

/** Entries that take other keys of one pattern read another place. */
function namesOf({ each }: MapEntry): string {
  return typeof each === 'object' ? (each.names?.join() ?? '') : '';
}

function isOpened(entry: MapEntry, here: readonly MapEntry[]): boolean {
  const { path } = entry.when;
  if (entry.each === undefined)
    return path !== undefined && here.some(({ when }) => when.path?.startsWith(`${path}.`));
  // an element itself, of which others read what is in it
  if (path !== undefined || entry.when.text !== undefined) return false;
  const list = placeOf(entry);
  return here.some((one) => one.when.path !== undefined && placeOf(one).startsWith(`${list}.`));
}

function firstKeyOf({ each, when: { path, text } }: MapEntry): string | undefined {
  if (each !== undefined) return listOf(each).split('.')[0] || undefined;
  return path === undefined || text !== undefined || path.startsWith('$') ? undefined : path.split('.')[0];
}

function casesOf(entries: readonly MapEntry[], compiled: readonly Entry[]): Field['cases'] {
  const cases = new Map<unknown, Entry[]>();
  for (const [i, { when }] of entries.entries()) {
    const entry = compiled[i];
    if (entry === undefined || !Array.isArray(when.in) || isNumeric(when) || when.any === true || when.word)
      return undefined;
    for (const value of new Set(when.in.map(normaliseValue))) {
      const listed = cases.get(value);
      if (listed === undefined) cases.set(value, [entry]);
      else listed.push(entry);
    }
  }
  return cases;
}

function compileEntry(profile: ProfileDefinition, entry: MapEntry, voice: Voice): Entry {
  return {
    index: entry.index,
    hits: compileTest(profile, entry.when),
    numeric: isNumeric(entry.when),
    applies: compileIf(profile, entry),
    meaningless:
      entry.if !== undefined && 'input' in entry.if
        ? (settings, input) => inputOf(settings, input)?.means === undefined
        : undefined,
    and: entry.and?.map((condition) => compileCheck(profile, condition)),
    otherwise: entry.else === true,
    input: entry.input === undefined ? undefined : compileInput(profile, entry.input),
    action: entry.emit === undefined ? undefined : compileAction(profile, entry, entry.emit, voice),
  };
}

function compileIf(profile: ProfileDefinition, entry: MapEntry): Entry['applies'] {
  if (entry.if === undefined) return undefined;
  if ('input' in entry.if) return undefined;
  const read = compileSetting(profile.settings, entry.if.setting);
  const values = new Set<unknown>(entry.if.in);
  return (settings) => values.has(read(settings));
}

/** What is masked names no input. */
function compileInput(profile: ProfileDefinition, input: InputDefinition): Reader | undefined {
  if (typeof input === 'object' && 'text' in input) return () => input.text;
  const texts = [input].flat().filter((text) => !readsMasked(profile.mask, text));
  return texts.length === 0 ? undefined : compileFirst(texts);
}

function compileAction(
  profile: ProfileDefinition,
  { when }: MapEntry,
  emit: EmitDefinition,
  voice: Voice,
): Action {
  return {
    ...voice,
    edge: emit.edge,
    type: compileType(profile, emit.type),
    typeBy: emit.typeBy === undefined ? undefined : compileTypeBy(profile, emit.typeBy),
    flip: emit.flip === undefined ? undefined : compileFlip(profile, emit.flip),
    tracked: profile.state === undefined || (when.path !== undefined && profile.state.includes(when.path)),
    data: Object.entries(emit.data ?? {}).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null
        ? compileData(profile, 'path' in value ? value.path : value.text)
        : value,
    ]),
    readings: emit.readings,
    by: emit.by ?? 0,
    once: emit.once === undefined ? undefined : compileReference(emit.once),
    session: emit.session === undefined ? undefined : compileReference(emit.session),
    voice:
      emit.voice === undefined
        ? undefined
        : [emit.voice]
            .flat()
            .filter((path) => !readsMasked(profile.mask, path))
            .map(compileReference),
    maxActiveMs: emit.maxActive,
  };
}

/** A masked path never reaches an event, whatever the profile says. */
function compileData(profile: ProfileDefinition, text: string): Scalar | Reader {
  return readsMasked(profile.mask, text) ? MASK : compileText(text);
}

function compileType(profile: ProfileDefinition, type: EmitDefinition['type']): Action['type'] {
  if (typeof type === 'string') {
    const ref = typeRef(type);
    return () => ref;
  }
  const meaning = compileMeaning(profile);
  if ('input' in type) {
    const unassigned = meaning('none');
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

function compileTypeBy(
  profile: ProfileDefinition,
  { path, setting }: NonNullable<EmitDefinition['typeBy']>,
): NonNullable<Action['typeBy']> {
  const read = compileReference(path);
  const table = compileTable(profile.settings, setting);
  const meaning = compileMeaning(profile);
  return (settings, body, scope) => {
    const name = read(body, scope);
    return typeof name === 'string' ? meaning(table(settings, name)) : undefined;
  };
}

/** A meaning, or an event type itself. */
function compileMeaning({ meanings }: ProfileDefinition): (name: unknown) => TypeRef | undefined {
  const types = new Map(Object.entries(meanings).map(([name, code]) => [name, typeRef(code)]));
  return (name) => types.get(name as string) ?? typeRef(name);
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
