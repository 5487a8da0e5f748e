import type { EmitDefinition, EntryDefinition, InputDefinition, RowDefinition } from './entry-schema.ts';
import type { ProfileDefinition } from './profile-schema.ts';

type FilePath = readonly (string | number)[];

/** What an entry compares; `path` is one path. */
export type When = Omit<EntryDefinition['when'], 'path' | 'table'> & { path?: string | undefined };

/** One entry of `map` written out: one path, one meaning. A code table is one such entry for each of its rows. */
export interface MapEntry {
  /** Its place among all that are written out. */
  readonly index: number;
  readonly on: EntryDefinition['on'];
  readonly each: EntryDefinition['each'];
  readonly when: When;
  readonly and: EntryDefinition['and'];
  readonly if: EntryDefinition['if'];
  readonly else: EntryDefinition['else'];
  readonly input: InputDefinition | undefined;
  /** Undefined: the value is known and says nothing. */
  readonly emit: EmitDefinition | undefined;
  /** Where its entry stands in the profile, and what it emits: in the entry, or in a row of a table. */
  readonly at: FilePath;
  readonly emitAt: FilePath;
  /** The table and the code of a row. */
  readonly row: { readonly table: string; readonly code: string } | undefined;
}

/** Writes `map` out: lists of paths one by one, code tables row by row. Rows without type and edge are left to `lint`. */
export function expandMap(profile: Pick<ProfileDefinition, 'map' | 'tables'>): MapEntry[] {
  const entries: MapEntry[] = [];
  for (const [i, entry] of profile.map.entries()) {
    for (const path of [entry.when.path].flat()) {
      for (const made of expandEntry(profile, entry, path, ['map', i])) {
        entries.push({ ...made, index: entries.length });
      }
    }
  }
  return entries;
}

function expandEntry(
  { tables }: Pick<ProfileDefinition, 'tables'>,
  entry: EntryDefinition,
  path: string | undefined,
  at: FilePath,
): Omit<MapEntry, 'index'>[] {
  const { table, ...rest } = entry.when;
  const base = {
    on: entry.on,
    each: entry.each,
    when: { ...rest, path },
    and: entry.and,
    if: entry.if,
    else: entry.else,
    input: entry.input,
    at,
  };
  if (table === undefined) {
    const emit = entry.emit === undefined ? undefined : complete(entry.emit);
    return [{ ...base, emit, emitAt: [...at, 'emit'], row: undefined }];
  }
  const rows = Object.hasOwn(tables, table) ? (tables[table] ?? {}) : {};
  return Object.entries(rows).flatMap(([code, row]) => {
    const emit = emitOf(row, entry.emit);
    if (emit === undefined && row.ignore === undefined) return [];
    return {
      ...base,
      when: { ...base.when, in: valuesOf(code) },
      input: row.input ?? entry.input,
      emit,
      emitAt: ['tables', table, code],
      row: { table, code },
    };
  });
}

/** What a row says, with the defaults of its entry; undefined for `ignore`, and where no type or edge is said. */
export function emitOf(row: RowDefinition, defaults: EntryDefinition['emit']): EmitDefinition | undefined {
  const { ignore, input: _input, ...own } = row;
  if (ignore !== undefined) return undefined;
  const data = { ...defaults?.data, ...own.data };
  const emit = { ...defaults, ...own };
  return complete(Object.keys(data).length === 0 ? emit : { ...emit, data });
}

/** The paths and templates by which an entry names its input. */
export function textsOfInput(input: InputDefinition | undefined): string[] {
  if (input === undefined) return [];
  return typeof input === 'string' || Array.isArray(input) ? [input].flat() : [];
}

function complete(emit: NonNullable<EntryDefinition['emit']>): EmitDefinition | undefined {
  const { type, edge } = emit;
  return type === undefined || edge === undefined ? undefined : { ...emit, type, edge };
}

/** A code is looked up as text: `'5'` takes 5 as well, `'true'` takes true. */
function valuesOf(code: string): (string | number | boolean)[] {
  if (code === 'true' || code === 'false') return [code, code === 'true'];
  return String(Number(code)) === code ? [code, Number(code)] : [code];
}
