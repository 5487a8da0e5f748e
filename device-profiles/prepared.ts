import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProfileDefinition } from './profile-schema.ts';

/** Definitions without samples, by the SHA-256 of the file they were read from. */
export type Prepared = Record<string, ProfileDefinition>;

/** Beside this module once it is built; from source there is none. */
const file = fileURLToPath(new URL('./prepared.json', import.meta.url));
let prepared: Prepared | undefined;

/**
 * The definition of a profile as the build has read it: the YAML of the built-in profiles takes longer than the rest of
 * a start. Undefined where nothing was built, or the file has changed since.
 */
export function preparedDefinition(profileFile: string): ProfileDefinition | undefined {
  prepared ??= existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Prepared) : {};
  // one that cannot be read is named by whoever reads it next
  return existsSync(profileFile) ? prepared[digestOf(profileFile)] : undefined;
}

/** What a prepared definition is found by. */
export function digestOf(profileFile: string): string {
  return createHash('sha256').update(readFileSync(profileFile)).digest('hex');
}
