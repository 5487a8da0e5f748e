import type { CompiledProfile } from './compile.ts';
import type { Complaint } from './complaint.ts';
import type { MapEntry } from './expand-map.ts';
import type { Trace } from './trace.ts';

/** Rows that a note names at most. */
const MAX_NAMED = 5;

/** What no sample exercises is a guess. */
export function lintReach(profile: CompiledProfile, reached: Trace): Complaint[] {
  const { definition, entries, forms } = profile;
  const hit = new Set(entries.flatMap(({ index, at }) => (reached.entries.has(index) ? [String(at)] : [])));
  const unreached = definition.map.flatMap((_, i) => {
    const path = ['map', i];
    return hit.has(String(path))
      ? []
      : [{ path, message: 'no sample reaches this entry; add one that does' }];
  });
  const unmet = forms.flatMap((form, i) =>
    form.ignore || form.skip || reached.forms.has(form)
      ? []
      : [{ path: ['match', i], message: 'no sample has this form; add one that does' }],
  );
  const played = new Set(
    definition.samples.flatMap((sample) => ('command' in sample ? [sample.command] : [])),
  );
  const unplayed = Object.keys(definition.commands).flatMap((name) =>
    played.has(name)
      ? []
      : [{ path: ['commands', name], message: `no sample gives this command; add "command: ${name}"` }],
  );
  return [...unreached, ...unmet, ...lintRows(entries, reached), ...unplayed];
}

/** Rows of a table by what they say: where one of them is reached, the others are taken to be as good. */
function lintRows(entries: readonly MapEntry[], reached: Trace): Complaint[] {
  const families = new Map<string, { table: string; codes: Set<string>; hit: boolean }>();
  for (const { index, row, emit } of entries) {
    if (row === undefined) continue;
    const key = JSON.stringify([row.table, emit?.type, emit?.edge]);
    const family = families.get(key) ?? { table: row.table, codes: new Set(), hit: false };
    family.codes.add(row.code);
    family.hit ||= reached.entries.has(index);
    families.set(key, family);
  }
  return [...families.values()].flatMap(({ table, codes, hit }) => {
    if (hit) return [];
    const [first = ''] = codes;
    const named = [...codes].slice(0, MAX_NAMED).map((code) => JSON.stringify(code));
    const more = codes.size > MAX_NAMED ? `, and ${codes.size - MAX_NAMED} more that say the same` : '';
    const message = `no sample reaches ${named.join(', ')}${more}; add one that does`;
    return [{ path: ['tables', table, first], message }];
  });
}
