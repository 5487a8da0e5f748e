import { type ConfigFault, splitHint } from '../config/fault.ts';
import { type Complaint, unique } from './complaint.ts';
import { lintCommands } from './lint-commands.ts';
import { lintConditions, lintPairs } from './lint-conditions.ts';
import { lintEntry } from './lint-entries.ts';
import { lintForms } from './lint-forms.ts';
import { lintInputs } from './lint-inputs.ts';
import { lintMasks } from './lint-masks.ts';
import { lintReach } from './lint-reach.ts';
import { lintHeartbeat, lintSettings } from './lint-settings.ts';
import { lintTables } from './lint-tables.ts';
import type { Loaded } from './load-profile.ts';
import type { ProfileDefinition } from './profile-schema.ts';
import { replaySamples } from './replay.ts';

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
  const { definition, entries } = profile;
  const complaints = unique([
    ...lintForms(profile),
    ...lintSettings(definition),
    ...lintHeartbeat(definition),
    ...lintInputs(definition),
    ...lintTables(definition),
    ...entries.flatMap((entry) => lintEntry(profile, entry)),
    ...lintPairs(definition, entries),
    ...lintConditions(definition, entries),
    ...lintMasks(profile),
    ...lintCommands(profile),
  ]);
  const { faults, reached } = replaySamples(profile);
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
    notes: [...lintUnused(definition), ...lintReach(profile, reached)].map(place),
  };
}

/** Harmless, but perhaps a slip. */
function lintUnused(profile: ProfileDefinition): Complaint[] {
  const mapped = new Set(profile.map.flatMap(({ when }) => when.path ?? []));
  const tables = new Set(profile.map.map(({ when }) => when.table));
  return [
    ...(profile.state ?? []).flatMap((path, i) =>
      mapped.has(path) ? [] : [{ path: ['state', i], message: `no entry of "map" reads "${path}"` }],
    ),
    ...Object.keys(profile.tables).flatMap((name) =>
      tables.has(name) ? [] : [{ path: ['tables', name], message: 'no entry of "map" uses this table' }],
    ),
  ];
}
