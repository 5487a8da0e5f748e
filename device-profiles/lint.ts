import { type ConfigFault, splitHint } from '../config/fault.ts';
import { eventType } from '../contract/event-type.ts';
import { type CompiledProfile, isReachable } from './compile.ts';
import { concerns, normaliseValue, placeOf } from './compile-map.ts';
import type { Loaded } from './load-profile.ts';
import { isMasked } from './mask.ts';
import type { EntryDefinition, ProfileDefinition } from './profile-schema.ts';
import { replaySamples } from './replay.ts';
import { checkSetting } from './settings.ts';

type Path = (string | number)[];

interface Complaint {
  path: Path;
  /** What is wrong, then perhaps after a semicolon what to do. */
  message: string;
}

/** What `profiles check` finds in a profile that could be read. */
export interface LintReport {
  /** Each makes the check fail. */
  faults: ConfigFault[];
  /** Worth a look: entries that no sample reaches, keys that nothing reads. */
  notes: ConfigFault[];
}

/** Looks for what the schema cannot see, and replays the samples. */
export function lint(loaded: Loaded): LintReport {
  if (loaded.profile === undefined) return { faults: loaded.faults, notes: [] };
  const { profile, source } = loaded;
  const { definition } = profile;
  const complaints = [
    ...lintForms(profile),
    ...lintSettings(definition),
    ...definition.map.flatMap((entry, i) => lintEntry(definition, entry, i)),
    ...lintPairs(definition),
    ...lintConditions(definition),
    ...lintMasks(definition),
  ];
  const { faults, reached } = replaySamples(profile);
  const unreached = definition.map.flatMap((_, i) =>
    reached.has(i) ? [] : [{ path: ['map', i], message: 'no sample reaches this entry; add one that does' }],
  );
  const place = ({ path, message: text }: Complaint) => {
    const { message, hint } = splitHint(text);
    return source.faultAtKey(path, message, hint);
  };
  return {
    // What samples say is quoted whole: a semicolon there parts nothing.
    faults: [
      ...complaints.map(place),
      ...faults.map(({ path, message }) => source.faultAtKey(path, message)),
    ],
    notes: [...lintUnused(definition), ...unreached].map(place),
  };
}

function lintForms({ definition, forms }: CompiledProfile): Complaint[] {
  const complaints: Complaint[] = [];
  const names = new Set<string>();
  for (const [i, form] of forms.entries()) {
    const path: Path = ['match', i];
    if (form.name !== undefined && names.has(form.name)) {
      complaints.push({ path: [...path, 'name'], message: `"${form.name}" is the name of an earlier form` });
    }
    if (form.name !== undefined) names.add(form.name);
    if (!form.skip) {
      for (const [, name = ''] of definition.device.matchAll(/\{([^}]*)\}/g)) {
        if (form.topic.names.includes(name)) continue;
        complaints.push({ path: [...path, 'topic'], message: `has no {${name}}, which "device" needs` });
      }
    }
    const example = form.topic.fill({}, () => 'x');
    const taken = forms
      .slice(0, i)
      .find((earlier) => takesAll(earlier) && earlier.topic.match(example) !== undefined);
    if (taken !== undefined) {
      complaints.push({
        path,
        message: `is never reached: "${taken.topic.pattern}" before it takes its messages`,
      });
    }
  }
  return complaints;
}

type Form = CompiledProfile['forms'][number];

/** A form that asks for no key takes every message of its topic. */
function takesAll(form: Form): boolean {
  return form.skip || form.ignore || form.has.length === 0;
}

function lintSettings({ settings, meanings }: ProfileDefinition): Complaint[] {
  return Object.entries(settings).flatMap(([name, setting]) => {
    const path: Path = ['settings', name];
    if (name === 'inputs')
      return [{ path, message: '"inputs" is what the registry says of the inputs; rename it' }];
    if (setting.default === undefined) return [];
    return checkSetting(meanings, setting, setting.default, '').map(({ message }) => ({
      path: [...path, 'default'],
      message,
    }));
  });
}

function lintEntry(profile: ProfileDefinition, entry: EntryDefinition, index: number): Complaint[] {
  const path: Path = ['map', index];
  const complaints: Complaint[] = [];
  const say = (at: Path, message: string) => complaints.push({ path: [...path, ...at], message });
  if (!isReachable(profile, index)) {
    const forms = profile.match.flatMap(({ name, ignore, skip }) => (ignore || skip ? [] : (name ?? [])));
    say(['on'], `is never reached: no form is named so; write one of ${forms.join(', ')}`);
  }
  const { when, emit } = entry;
  const needs = (at: Path, name: string, type: string) => {
    const setting = profile.settings[name];
    if (setting === undefined) say(at, `there is no setting "${name}"`);
    else if (type !== '' && setting.type !== type && !(type === 'number' && setting.type === 'integer')) {
      say(at, `setting "${name}" must be of type ${type}`);
    }
  };
  if (entry.if !== undefined) needs(['if', 'setting'], entry.if.setting, '');
  if (when.in !== undefined && !Array.isArray(when.in))
    needs(['when', 'in', 'setting'], when.in.setting, 'object');
  for (const limit of ['above', 'below', 'atLeast', 'atMost'] as const) {
    const value = when[limit];
    if (typeof value === 'object') needs(['when', limit, 'setting'], value.setting, 'number');
  }
  const low = numeric(when.above) ?? numeric(when.atLeast);
  const high = numeric(when.below) ?? numeric(when.atMost);
  if (low !== undefined && high !== undefined && low >= high)
    say(['when'], 'is never reached: no number is in it');
  if (emit === undefined) return complaints;
  const compares = Object.keys(when).some((key) => key !== 'path');
  if (!compares && emit.edge !== 'update') say(['when'], `any value would ${emit.edge}; say which ("in")`);
  if (emit.by !== undefined && emit.edge !== 'update') say(['emit', 'by'], 'is for edge "update" only');
  if (typeof emit.type === 'string') {
    const momentary =
      eventType(emit.type)?.stateful === false && (emit.edge === 'raise' || emit.edge === 'clear');
    if (momentary) say(['emit', 'edge'], `${emit.type} is momentary; write "pulse" or "update"`);
  } else if ('setting' in emit.type) {
    needs(['emit', 'type', 'setting'], emit.type.setting, '');
  } else {
    if (entry.each === undefined) say(['emit', 'type'], 'only an input of "each" has a meaning');
    if (profile.meanings.none === undefined)
      say(['emit', 'type'], '"meanings" needs "none", for inputs of no use yet');
  }
  if (emit.flip === 'polarity' && entry.each === undefined)
    say(['emit', 'flip'], 'only an input has a polarity');
  if (emit.flip !== undefined && emit.flip !== 'polarity') needs(['emit', 'flip'], emit.flip, 'boolean');
  for (const [i, name] of (emit.readings ?? []).entries()) {
    if (!profile.readings.some((reading) => reading.name === name)) {
      say(['emit', 'readings', i], `there is no reading "${name}"`);
    }
  }
  return complaints;
}

function numeric(limit: EntryDefinition['when']['above']): number | undefined {
  return typeof limit === 'number' ? limit : undefined;
}

/** Entries that contradict or hide each other. */
function lintPairs(profile: ProfileDefinition): Complaint[] {
  const complaints: Complaint[] = [];
  for (const [i, later] of profile.map.entries()) {
    const values = valuesOf(later);
    for (const [j, earlier] of profile.map.slice(0, i).entries()) {
      if (placeOf(earlier) !== placeOf(later) || !sameForms(profile, earlier, later)) continue;
      const common = valuesOf(earlier).filter((value) => values.includes(value));
      if (common.length === 0 || JSON.stringify(earlier.if) !== JSON.stringify(later.if)) continue;
      const path: Path = ['map', i];
      if (later.else === true && earlier.if === undefined && common.length === values.length) {
        complaints.push({ path, message: `is never reached: map[${j}] takes all its values` });
        continue;
      }
      const sameType = JSON.stringify(earlier.emit?.type) === JSON.stringify(later.emit?.type);
      if (!sameType || later.else === true || earlier.emit === undefined || later.emit === undefined)
        continue;
      const listed = common.map((value) => JSON.stringify(value)).join(', ');
      complaints.push({
        path,
        message:
          earlier.emit.edge === later.emit.edge
            ? `is never reached for ${listed}: map[${j}] says the same`
            : `says ${later.emit.edge} for ${listed}, map[${j}] says ${earlier.emit.edge}`,
      });
    }
  }
  return complaints;
}

function valuesOf({ when }: EntryDefinition): unknown[] {
  return Array.isArray(when.in) ? when.in.map(normaliseValue) : [];
}

function sameForms(profile: ProfileDefinition, a: EntryDefinition, b: EntryDefinition): boolean {
  return profile.match.some(({ name }) => concerns(a, name) && concerns(b, name));
}

/** Conditions that can never begin or never end as written. */
function lintConditions(profile: ProfileDefinition): Complaint[] {
  const complaints: Complaint[] = [];
  const edges = new Map<string, Map<string, Set<string>>>();
  for (const { emit, ...entry } of profile.map) {
    if (emit === undefined || (emit.edge !== 'raise' && emit.edge !== 'clear')) continue;
    const type = JSON.stringify(emit.type);
    const places = edges.get(type) ?? new Map<string, Set<string>>();
    const place = placeOf(entry as EntryDefinition);
    places.set(place, new Set([...(places.get(place) ?? []), emit.edge]));
    edges.set(type, places);
  }
  for (const [i, entry] of profile.map.entries()) {
    const { emit } = entry;
    const places = emit === undefined ? undefined : edges.get(JSON.stringify(emit.type));
    if (emit === undefined || places === undefined) continue;
    const all = [...places.values()];
    const alone = (edge: string) => all.some((set) => set.size === 1 && set.has(edge));
    const own = places.get(placeOf(entry));
    if (emit.edge === 'clear' && !all.some((set) => set.has('raise'))) {
      complaints.push({ path: ['map', i], message: 'is never reached: nothing raises what it clears' });
    } else if (
      emit.edge === 'raise' &&
      own?.size === 1 &&
      all.some((set) => set.has('clear')) &&
      !alone('clear')
    ) {
      complaints.push({
        path: ['map', i],
        message: `nothing clears what "${placeOf(entry)}" raises: other keys clear only what they raise themselves`,
      });
    }
  }
  const { state } = profile;
  if (state === undefined || !profile.republishes) return complaints;
  for (const [i, { when, emit }] of profile.map.entries()) {
    if (emit?.edge !== 'raise' && emit?.edge !== 'clear') continue;
    if (when.path !== undefined && state.includes(when.path)) continue;
    const message = 'its path must be in "state": the device repeats it with every message';
    complaints.push({ path: ['map', i, 'when'], message });
  }
  return complaints;
}

/** Harmless, but perhaps a slip. */
function lintUnused(profile: ProfileDefinition): Complaint[] {
  const mapped = new Set(profile.map.map(({ when }) => when.path));
  return (profile.state ?? []).flatMap((path, i) =>
    mapped.has(path) ? [] : [{ path: ['state', i], message: `no entry of "map" reads "${path}"` }],
  );
}

/** What is masked must not be used. */
function lintMasks(profile: ProfileDefinition): Complaint[] {
  const { mask } = profile;
  const used: [Path, string][] = [
    ...profile.readings.map(({ path }, i): [Path, string] => [['readings', i, 'path'], path]),
    ...(profile.dedup?.by ?? []).flatMap((by, i): [Path, string][] =>
      by === 'time' ? [] : [[['dedup', 'by', i], by.slice(5)]],
    ),
    ...profile.map.flatMap(({ emit }, i) =>
      Object.entries(emit?.data ?? {}).flatMap(([name, from]): [Path, string][] =>
        typeof from === 'object' && from !== null ? [[['map', i, 'emit', 'data', name], from.path]] : [],
      ),
    ),
  ];
  return used.flatMap(([path, read]) =>
    isMasked(mask, read) ? [{ path, message: `"${read}" is masked: it must not reach an event` }] : [],
  );
}
