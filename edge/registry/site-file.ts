import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ConfigFault, sortFaults } from '../../config/fault.ts';
import { checkYaml, readYaml } from '../../config/load-yaml.ts';
import type { YamlSource } from '../../config/yaml-source.ts';
import { type Site, siteSchema } from '../../contract/site.ts';
import { type PlanImage, planImage } from './plan-image.ts';
import { checkSite, type ProfileFacts } from './site-check.ts';
import { idOf, type Table } from './site-issue.ts';

/** A checked site: passwords read from their files, and which sections the file has. */
export interface SiteFile {
  site: Site;
  sections: ReadonlySet<Table>;
  /** Pictures of plans, by id. */
  images: ReadonlyMap<string, PlanImage>;
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
  const pictures = readImages(source);
  const all = [...faults, ...issues, ...passwords.faults, ...pictures.faults];
  if (all.length > 0 || site === undefined) return { faults: sortFaults(all) };
  return { site: withPasswords(site, passwords.read), sections, images: pictures.read };
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
    zones: filter('zones', existing.zones),
    phones: filter('phones', existing.phones),
    hours: filter('hours', existing.hours),
    plans: filter('plans', existing.plans),
    calendar: filter('calendar', existing.calendar),
  };
}

function sectionsOf(raw: unknown): Set<Table> {
  const keys = typeof raw === 'object' && raw !== null ? Object.keys(raw) : [];
  return new Set(keys.filter((key): key is Table => key in siteSchema.shape));
}

interface Passwords {
  /** By path of the entry, `users.0`; also `devices.0`, and its certificate as `devices.0.ca`. */
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
  readDeviceFiles(source, base, passwords);
  return passwords;
}

/** Passwords and certificates of the devices at which the gateway signs in. */
function readDeviceFiles(source: YamlSource, base: string, found: Passwords): void {
  const entries = (source.value as { devices?: unknown } | null)?.devices;
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const onvif = (entry as { onvif?: { password_file?: unknown; tls?: { ca_file?: unknown } } } | null)
      ?.onvif;
    const take = (path: PropertyKey[], name: unknown, key: string, read: typeof readSecret): void => {
      if (typeof name !== 'string') return;
      const text = read(resolve(base, name));
      if (typeof text === 'string') found.read.set(key, text);
      else {
        const fault = source.fault(
          ['devices', index, 'onvif', ...path],
          `${JSON.stringify(name)} ${text.problem}`,
          text.hint,
        );
        found.faults.push(fault);
      }
    };
    // cameras take short passwords, too
    take(['password_file'], onvif?.password_file, `devices.${index}`, (file) => readSecret(file, 1));
    take(['tls', 'ca_file'], onvif?.tls?.ca_file, `devices.${index}.ca`, readCertificate);
  }
}

/** Pictures of plans, by the id of the plan. */
function readImages(source: YamlSource): { read: Map<string, PlanImage>; faults: ConfigFault[] } {
  const base = dirname(resolve(source.file));
  const read = new Map<string, PlanImage>();
  const faults: ConfigFault[] = [];
  const entries = (source.value as { plans?: unknown } | null)?.plans;
  for (const [index, entry] of (Array.isArray(entries) ? entries : []).entries()) {
    const { id, image_file: name } = Object(entry) as { id?: unknown; image_file?: unknown };
    if (typeof name !== 'string' || typeof id !== 'string') continue;
    const fault = (problem: string, hint: string): void => {
      faults.push(source.fault(['plans', index, 'image_file'], `${JSON.stringify(name)} ${problem}`, hint));
    };
    try {
      const image = planImage(readFileSync(resolve(base, name)));
      if (image === undefined) fault('is no PNG or JPEG of 5 MiB at most', 'save it as such a picture');
      else read.set(id, image);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') fault('does not exist', 'save the picture there, relative to this file');
      else fault(`cannot be read (${code})`, 'let the user of the gateway read it');
    }
  }
  return { read, faults };
}

function readCertificate(file: string): string | { problem: string; hint: string } {
  const text = readText(file, 'save the certificate of the device there, relative to this file');
  if (typeof text !== 'string') return text;
  try {
    return String(new X509Certificate(text)) && text;
  } catch {
    return {
      problem: 'holds no certificate',
      hint: 'save it as PEM: it begins with -----BEGIN CERTIFICATE-----',
    };
  }
}

function readText(file: string, missing: string): string | { problem: string; hint: string } {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? { problem: 'does not exist', hint: missing }
      : { problem: `cannot be read (${code})`, hint: 'let the user of the gateway read it' };
  }
}

function readSecret(file: string, least = 8): string | { problem: string; hint: string } {
  const read = readText(file, 'write the password into that file, relative to this one');
  if (typeof read !== 'string') return read;
  const text = read.replace(/\r?\n$/, '');
  if (/[\r\n]/.test(text)) return { problem: 'has several lines', hint: 'keep the password alone in it' };
  const hint = `write ${least}-128 characters into it`;
  return text.length < least || text.length > 128
    ? { problem: `holds ${text.length} characters`, hint }
    : text;
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
  const devices = site.devices.map((device, index) => {
    const { onvif } = device;
    if (onvif === undefined) return device;
    const { password_file: _, ...rest } = onvif;
    const password = read.get(`devices.${index}`) ?? onvif.password;
    const ca = read.get(`devices.${index}.ca`) ?? onvif.tls?.ca;
    return {
      ...device,
      onvif: {
        ...rest,
        ...(password === undefined ? {} : { password }),
        ...(ca === undefined ? {} : { tls: { ca } }),
      },
    };
  });
  return {
    ...site,
    devices,
    credentials: fill('credentials', site.credentials),
    users: fill('users', site.users),
  };
}
