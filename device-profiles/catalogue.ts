import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../contract/package-root.ts';
import type { CompiledProfile, ProfileMatch } from './compile.ts';
import { loadProfile } from './load-profile.ts';
import type { ProfileFault } from './profile-fault.ts';

/** A profile file beyond this is not read: 1 MiB. */
const MAX_FILE_BYTES = 1024 * 1024;

/** All profiles of a gateway, by id. Immutable. */
export class Catalogue {
  readonly #byId: ReadonlyMap<string, CompiledProfile>;
  readonly #bySource = new Map<string, CompiledProfile[]>();

  private constructor(profiles: ReadonlyMap<string, CompiledProfile>) {
    this.#byId = profiles;
    for (const profile of profiles.values()) {
      const { source } = profile;
      this.#bySource.set(source, [...(this.#bySource.get(source) ?? []), profile]);
    }
  }

  /**
   * Reads every `*.yaml` below the folders. A faulty file is left out and reported; the others still load. A site
   * profile replaces the built-in one of the same id; the same id twice in one folder is a fault of the second.
   */
  static load(dirs: { builtin: string; site?: string }): { catalogue: Catalogue; faults: ProfileFault[] } {
    const faults: ProfileFault[] = [];
    const profiles = new Map(loadFolder(dirs.builtin, 'builtin', faults));
    if (dirs.site !== undefined) {
      for (const [id, profile] of loadFolder(dirs.site, 'site', faults)) profiles.set(id, profile);
    }
    return { catalogue: new Catalogue(profiles), faults };
  }

  /** A catalogue of these profiles alone; later ones replace earlier ones of the same id. */
  static of(profiles: readonly CompiledProfile[]): Catalogue {
    return new Catalogue(new Map(profiles.map((profile) => [profile.id, profile])));
  }

  /** O(1). */
  get(id: string): CompiledProfile | undefined {
    return this.#byId.get(id);
  }

  /** In the order of their ids. */
  list(): CompiledProfile[] {
    return [...this.#byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Every profile with this topic among its forms, and the device each reads from it. Some microseconds for a dozen
   * profiles: callers remember it by topic.
   */
  match(source: string, channel: string): ProfileMatch[] {
    return (this.#bySource.get(source) ?? []).flatMap((profile) => profile.match(channel) ?? []);
  }

  /** A command or an echo that no profile takes as news: not worth a place among the unknown devices. */
  ignores(source: string, channel: string): boolean {
    const matches = this.match(source, channel);
    return matches.length > 0 && matches.every(({ ignore }) => ignore);
  }
}

/** Folder of the profiles that ship with the gateway. */
export function builtinProfiles(): string {
  return packageFile('device-profiles', 'builtin');
}

/** The profile files below a folder, sorted; a file stands for itself. Throws if there is no such path. */
export function profileFiles(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The text of a profile file, or a fault that says why there is none. */
export function readProfileFile(file: string): string | ProfileFault {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE_BYTES)
      return fileFault(file, `has ${size} bytes; a profile has at most ${MAX_FILE_BYTES}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fileFault(file, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function loadFolder(
  folder: string,
  origin: CompiledProfile['origin'],
  faults: ProfileFault[],
): Map<string, CompiledProfile> {
  const profiles = new Map<string, CompiledProfile>();
  let files: string[] = [];
  try {
    files = profileFiles(folder);
  } catch {
    faults.push(fileFault(folder, 'there is no such folder of profiles; create it, or correct its name'));
  }
  for (const file of files) {
    const text = readProfileFile(file);
    if (typeof text !== 'string') {
      faults.push(text);
      continue;
    }
    const loaded = loadProfile(text, file, origin);
    faults.push(...loaded.faults);
    if (loaded.profile === undefined) continue;
    const { id } = loaded.profile;
    const first = profiles.get(id);
    if (first === undefined) profiles.set(id, loaded.profile);
    else
      faults.push(
        loaded.source.fault(['id'], `"${id}" is the id of ${first.file} already; give this one another`),
      );
  }
  return profiles;
}

function fileFault(file: string, message: string): ProfileFault {
  return { file, line: 0, column: 0, key: '', message };
}
