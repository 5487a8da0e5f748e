import type { z } from 'zod';
import { type CompiledProfile, compileProfile } from './compile.ts';
import type { ProfileFault } from './profile-fault.ts';
import { profileSchema } from './profile-schema.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** A profile as read, or everything that is wrong with it. `source` places further faults. */
export type Loaded =
  | { profile: CompiledProfile; source: YamlSource; faults: [] }
  | { profile: undefined; source: YamlSource; faults: ProfileFault[] };

/** Lists that may be written as their only element. */
const listable = ['match', 'test'];

/** Reads one profile from YAML text. Never throws; all faults at once. */
export function loadProfile(text: string, file: string, origin: CompiledProfile['origin']): Loaded {
  const source = readYaml(text, file);
  if (source.faults.length > 0) return { profile: undefined, source, faults: source.faults };
  const parsed = profileSchema.safeParse(withLists(source.value));
  if (parsed.success) return { profile: compileProfile(parsed.data, file, origin), source, faults: [] };
  const faults = parsed.error.issues.flatMap(flatten).map(({ path, message }) => source.fault(path, message));
  return { profile: undefined, source, faults: unique(faults) };
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

interface Complaint {
  path: PropertyKey[];
  message: string;
}

/** One complaint for each thing wrong, said of the alternative that the person most likely meant. */
function flatten(issue: z.core.$ZodIssue): Complaint[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such key' }));
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }];
  if (
    issue.code === 'invalid_type' &&
    issue.input === undefined &&
    issue.message.includes('received undefined')
  ) {
    return [{ path, message: 'is missing' }];
  }
  if (issue.code !== 'invalid_union') return [{ path, message: issue.message }];
  const branches = issue.errors.map((errors) =>
    errors.flatMap((error) => flatten({ ...error, path: [...path, ...error.path] } as z.core.$ZodIssue)),
  );
  const meant = branches
    .filter((_, i) =>
      issue.errors[i]?.some((error) => error.path.length > 0 || error.code !== 'invalid_type'),
    )
    .sort((a, b) => a.length - b.length)[0];
  return meant ?? [{ path, message: 'is of the wrong kind' }];
}

function unique(faults: readonly ProfileFault[]): ProfileFault[] {
  const seen = new Set<string>();
  return faults.filter(({ line, column, key, message }) => {
    const text = `${line}:${column}:${key}:${message}`;
    return !seen.has(text) && seen.add(text);
  });
}
