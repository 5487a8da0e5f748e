import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigFault } from '../../config/fault.ts';
import { Catalogue, profileFiles } from '../../device-profiles/catalogue.ts';
import type { CompiledProfile, ProfileMatch } from '../../device-profiles/compile.ts';
import { loadProfile, loadProfileFile } from '../../device-profiles/load-profile.ts';

/** Folders of profiles; the site's own may be missing. */
export interface ProfileFolders {
  builtin: string;
  site?: string;
}

/** Why a profile could not be added. */
export type ProfileRefusal = 'no-folder' | 'not-writable' | 'taken' | { faults: ConfigFault[] };

/**
 * The profiles of a running gateway. Asked like a `Catalogue`, which never changes; this one takes new profiles of the
 * site while it runs.
 */
export class SiteProfiles {
  readonly #folders: ProfileFolders;
  readonly #listeners = new Set<() => void>();
  #catalogue: Catalogue;

  constructor(catalogue: Catalogue, folders: ProfileFolders) {
    this.#catalogue = catalogue;
    this.#folders = folders;
  }

  get(id: string): CompiledProfile | undefined {
    return this.#catalogue.get(id);
  }

  list(): CompiledProfile[] {
    return this.#catalogue.list();
  }

  match(source: string, channel: string): ProfileMatch[] {
    return this.#catalogue.match(source, channel);
  }

  ignores(source: string, channel: string): boolean {
    return this.#catalogue.ignores(source, channel);
  }

  /** Calls back when there are other profiles. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads the site's folder again, as after a file was changed by hand; built-in profiles are read at the start alone.
   * A profile that cannot be read any more keeps its last good form. Returns what is wrong in the files.
   */
  reload(): ConfigFault[] {
    const { site } = this.#folders;
    if (site === undefined || !existsSync(site)) return [];
    const read = profileFiles(site).map((file) => loadProfileFile(file, 'site'));
    const own = read.flatMap(({ profile }) => profile ?? []);
    const faults = read.flatMap((one) => one.faults);
    const before = this.list();
    const lost = before.filter(({ id, origin }) => origin === 'site' && !own.some((one) => one.id === id));
    const { catalogue } =
      lost.length > 0 && faults.length === 0
        ? // a site profile was removed, and may have hidden a built-in one: reading all of them takes a second
          Catalogue.load(this.#folders, { samples: false })
        : { catalogue: Catalogue.of([...before, ...own]) };
    this.#become(catalogue);
    return faults;
  }

  /** Writes a profile into the site's folder and takes it up at once. Nothing is left behind where that fails. */
  add(id: string, yaml: string): ProfileRefusal | undefined {
    const { site } = this.#folders;
    if (site === undefined || !existsSync(site)) return 'no-folder';
    const file = fileOf(site, id);
    if (this.get(id) !== undefined || existsSync(file)) return 'taken';
    const { profile, faults } = loadProfile(yaml, file, 'site');
    if (profile === undefined) return { faults };
    try {
      writeFileSync(file, yaml, { flag: 'wx' });
    } catch {
      return 'not-writable';
    }
    // reading all folders again would hold up alarms
    this.#become(Catalogue.of([...this.list(), profile]));
    return undefined;
  }

  /** Takes back what `add` wrote. */
  remove(id: string): void {
    if (this.#folders.site === undefined) return;
    rmSync(fileOf(this.#folders.site, id), { force: true });
    this.#become(Catalogue.of(this.list().filter((profile) => profile.id !== id)));
  }

  #become(catalogue: Catalogue): void {
    this.#catalogue = catalogue;
    for (const listener of this.#listeners) listener();
  }
}

function fileOf(folder: string, id: string): string {
  return join(folder, `${id.replace(/[^a-z0-9._-]/g, '-')}.yaml`);
}
