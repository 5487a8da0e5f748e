import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigFault } from '../config/fault.ts';
import { packageFile } from '../contract/package-root.ts';
import type { CompiledProfile, ProfileMatch } from './compile.ts';
import { loadProfileFile, loadWithoutSamples } from './load-profile.ts';

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
   * `samples: false` leaves out those of built-in profiles.
   */
  static load(
    dirs: { builtin: string; site?: string },
    { samples = true }: { samples?: boolean } = {},
  ): { catalogue: Catalogue; faults: ConfigFault[] } {
    const faults: ConfigFault[] = [];
    const profiles = new Map(loadFolder(dirs.builtin, 'builtin', faults, samples));
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
    // a profile of any topic says nothing of this one
    const matches = this.match(source, channel).filter(({ weight }) => weight > 0);
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
  return filesBelow(path, new Set()).sort();
}

/** A mounted ConfigMap is made of links, to its files and to their folder. `read`: folders, for links may go round. */
function filesBelow(folder: string, read: Set<string>): string[] {
  const real = realpathSync(folder);
  if (read.has(real)) return [];
  read.add(real);
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // `..data` of a ConfigMap, `.git`: what is in them is linked from beside them, or is no profile
    if (entry.name.startsWith('.')) return [];
    const target = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (target?.isDirectory() === true) return filesBelow(path, read);
    // a link to nothing is a fault of whoever reads it
    return /\.ya?ml$/i.test(entry.name) && (target === undefined || target.isFile()) ? [path] : [];
  });
}

function loadFolder(
  folder: string,
  origin: CompiledProfile['origin'],
  faults: ConfigFault[],
  samples = true,
): Map<string, CompiledProfile> {
  const profiles = new Map<string, CompiledProfile>();
  let files: string[] = [];
  try {
    files = profileFiles(folder);
  } catch {
    const message = 'there is no such folder of profiles';
    const hint = 'create it, or correct its name';
    faults.push({ file: folder, line: 1, column: 1, path: '', message, hint });
  }
  for (const file of files) {
    const loaded = samples ? loadProfileFile(file, origin) : loadWithoutSamples(file, origin);
    faults.push(...loaded.faults);
    if (loaded.profile === undefined) continue;
    const { id } = loaded.profile;
    const first = profiles.get(id);
    if (first === undefined) profiles.set(id, loaded.profile);
    else
      faults.push(
        loaded.source.faultAtKey(
          ['id'],
          `"${id}" is the id of ${first.file} already`,
          'give this one another',
        ),
      );
  }
  return profiles;
}
