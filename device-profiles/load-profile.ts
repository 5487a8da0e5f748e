import { z } from 'zod';
import type { ConfigFault } from '../config/fault.ts';
import { checkYaml, readYaml } from '../config/load-yaml.ts';
import { YamlSource } from '../config/yaml-source.ts';
import { type CompiledProfile, compileProfile } from './compile.ts';
import { preparedDefinition } from './prepared.ts';
import { type ProfileDefinition, profileSchema } from './profile-schema.ts';
import { sampleSchema } from './sample-schema.ts';

/** A profile as read, or what is wrong with it. `source` places further faults. */
export type Loaded =
  | { profile: CompiledProfile; source: YamlSource; faults: [] }
  | { profile: undefined; faults: ConfigFault[] };

/** A profile file beyond this is not read: 1 MiB. */
const MAX_FILE_BYTES = 1024 * 1024;

/** A gateway logs the faults of a profile at each start; what is no profile at all has one in every line. */
const MAX_FAULTS = 100;

/** `samples:` and all behind it, unless another key follows. */
const LAST_SAMPLES = /^samples:(?![\s\S]*^[A-Za-z]+:)[\s\S]*/m;
const NO_SAMPLES = 'samples: []\n';
const withoutSamplesSchema = profileSchema.extend({ samples: z.array(sampleSchema) });

/** Lists that may be written as their only element. */
const listable = ['match', 'test'];

/** Reads one profile from its file. Never throws; all faults at once, up to 100. */
export function loadProfileFile(file: string, origin: CompiledProfile['origin']): Loaded {
  const read = readYaml(file, { maxBytes: MAX_FILE_BYTES });
  return 'faults' in read ? { profile: undefined, faults: read.faults } : settle(read.source, origin);
}

/**
 * As `loadProfileFile` for a profile that CI has checked, without its samples where they come last: they are most of the
 * text, and a gateway that starts has no use for them.
 */
export function loadWithoutSamples(file: string, origin: CompiledProfile['origin']): Loaded {
  const definition = preparedDefinition(file);
  if (definition !== undefined) {
    const source = new YamlSource(file, '');
    return { profile: compileProfile(definition, file, origin), source, faults: [] };
  }
  const read = readYaml(file, {
    maxBytes: MAX_FILE_BYTES,
    edit: (text) => text.replace(LAST_SAMPLES, NO_SAMPLES),
  });
  return 'faults' in read
    ? { profile: undefined, faults: read.faults }
    : settle(read.source, origin, withoutSamplesSchema);
}

/** As `loadProfileFile` for text at hand; `file` is the name that faults carry. */
export function loadProfile(text: string, file: string, origin: CompiledProfile['origin']): Loaded {
  return settle(new YamlSource(file, text), origin);
}

function settle(
  source: YamlSource,
  origin: CompiledProfile['origin'],
  schema: z.ZodType<ProfileDefinition> = profileSchema,
): Loaded {
  const { value, faults } = checkYaml(source, schema, withLists(source.value));
  if (value !== undefined) return { profile: compileProfile(value, source.file, origin), source, faults: [] };
  return { profile: undefined, faults: few(unique(faults)) };
}

function withLists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const copy: Record<string, unknown> = { ...value };
  for (const key of listable) {
    const written = copy[key];
    if (typeof written === 'object' && written !== null && !Array.isArray(written)) copy[key] = [written];
  }
  return copy;
}

function unique(faults: readonly ConfigFault[]): ConfigFault[] {
  const seen = new Set<string>();
  return faults.filter(({ line, column, path, message }) => {
    const text = `${line}:${column}:${path}:${message}`;
    return !seen.has(text) && seen.add(text);
  });
}

function few(faults: ConfigFault[]): ConfigFault[] {
  const next = faults[MAX_FAULTS];
  if (next === undefined) return faults;
  const message = `${faults.length - MAX_FAULTS} more faults follow from here on`;
  return [...faults.slice(0, MAX_FAULTS), { ...next, path: '', message, hint: 'correct the first ones' }];
}
