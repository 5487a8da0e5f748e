import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ConfigFault, sortFaults } from '../../config/fault.ts';
import { checkYaml, readYaml } from '../../config/load-yaml.ts';
import type { YamlSource } from '../../config/yaml-source.ts';
import { type Site, siteSchema } from '../../contract/site.ts';
import { checkSite, type ProfileFacts } from './site-check.ts';
import { idOf, type Table } from './site-issue.ts';

/** A checked site: passwords read from their files, and which sections the file has. */
export interface SiteFile {
  site: Site;
  sections: ReadonlySet<Table>;
}

export interface SiteFileOptions {
  /** What the registry holds. */
  existing?: Site;
  profiles?: ProfileFacts;
  /** Entries of a section in the file that the file does not list will be removed. */
  replace?: boolean;
}

export const emptySite: Site = siteSchema.parse({});

/** Reads and checks the YAML of a campus: every fault at once, each with its line and column. */
export function readSiteFile(
  file: string,
  options: SiteFileOptions = {},
): SiteFile | { faults: ConfigFault[] } {
  const read = readYaml(file);
  if ('faults' in read) return read;
  const { source } = read;
  const sections = sectionsOf(source.value);
  const stays = staying(
    options.existing ?? emptySite,
    source.value,
    options.replace === true ? sections : new Set(),
  );
  const { value: site, faults } = checkYaml(source, siteSchema);
  const context =
    options.profiles === undefined ? { existing: stays } : { existing: stays, profiles: options.profiles };
  const issues = checkSite(source.value, context).map(({ path, message, hint }) =>
    source.fault(path, message, hint),
  );
  const passwords = readPasswords(source);
  const all = [...faults, ...issues, ...passwords.faults];
  if (all.length > 0 || site === undefined) return { faults: sortFaults(all) };
  return { site: withPasswords(site, passwords.read), sections };
}

/** The registry's entries that an import leaves as they are, or updates. */
export function staying(existing: Site, raw: unknown, replaced: ReadonlySet<Table>): Site {
  const keep = (table: Table): boolean => !replaced.has(table);
  const listed = (table: Table): Set<string | undefined> => {
    const entries = (raw as Record<string, unknown> | null)?.[table];
    return new Set(Array.isArray(entries) ? entries.map((entry) => idOf(table, Object(entry))) : []);
  };
  const filter = <T extends object>(
    table: Table,
    entries: T[],
    always: (entry: T) => boolean = () => false,
  ): T[] => {
    if (keep(table)) return entries;
    const names = listed(table);
    return entries.filter((entry) => names.has(idOf(table, entry)) || always(entry));
  };
  return {
    places: filter('places', existing.places),
    units: filter('units', existing.units),
    slots: filter('slots', existing.slots),
    devices: filter('devices', existing.devices),
    credentials: filter('credentials', existing.credentials),
    // Nobody locks himself out with an import.
    users: filter(
      'users',
      existing.users,
      (user) => user.role === 'administrator' || user.role === 'security-administrator',
    ),
    links: filter('links', existing.links),
  };
}

function sectionsOf(raw: unknown): Set<Table> {
  const keys = typeof raw === 'object' && raw !== null ? Object.keys(raw) : [];
  return new Set(keys.filter((key): key is Table => key in siteSchema.shape));
}

interface Passwords {
  /** By path of the entry, `users.0`. */
  read: Map<string, string>;
  faults: ConfigFault[];
}

function readPasswords(source: YamlSource): Passwords {
  const base = dirname(resolve(source.file));
  const passwords: Passwords = { read: new Map(), faults: [] };
  for (const table of ['credentials', 'users'] as const) {
    const entries = (source.value as Record<string, unknown> | null)?.[table];
    for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
      const name = (entry as { password_file?: unknown } | null)?.password_file;
      if (typeof name !== 'string') continue;
      const text = readSecret(resolve(base, name));
      if (typeof text === 'string') passwords.read.set(`${table}.${index}`, text);
      else
        passwords.faults.push(
          source.fault([table, index, 'password_file'], `${JSON.stringify(name)} ${text.problem}`, text.hint),
        );
    }
  }
  return passwords;
}

function readSecret(file: string): string | { problem: string; hint: string } {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing
      ? { problem: 'does not exist', hint: 'write the password into that file, relative to this one' }
      : {
          problem: `cannot be read (${(error as NodeJS.ErrnoException).code})`,
          hint: 'let the user of the gateway read it',
        };
  }
  if (/[\r\n]/.test(text)) return { problem: 'has several lines', hint: 'keep the password alone in it' };
  const hint = 'write 8-128 characters into it';
  return text.length < 8 || text.length > 128 ? { problem: `holds ${text.length} characters`, hint } : text;
}

function withPasswords(site: Site, read: ReadonlyMap<string, string>): Site {
  const fill = <T extends { password?: string | undefined; password_file?: string | undefined }>(
    table: string,
    entries: T[],
  ): T[] =>
    entries.map((entry, index) => {
      const { password_file: _, ...rest } = entry;
      const password = read.get(`${table}.${index}`) ?? entry.password;
      return (password === undefined ? rest : { ...rest, password }) as T;
    });
  return { ...site, credentials: fill('credentials', site.credentials), users: fill('users', site.users) };
}
