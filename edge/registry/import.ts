import type { Device, Site } from '../../contract/site.ts';
import type { Queries } from '../journal/sqlite.ts';
import { type Move, withPresentAddress } from './moved-address.ts';
import { weaknessOf } from './password-rules.ts';
import { deviceCost, hashPassword, personCost, verifyPassword } from './passwords.ts';
import { type Replacement, withPresentUnit } from './replacement.ts';
import { idOf, type Table } from './site-issue.ts';
import type { Account } from './users.ts';

/** What an import does, or would do, to one table: ids, and how many stay as they are. */
export interface TableReport {
  added: string[];
  changed: string[];
  removed: string[];
  unchanged: number;
  /** In the registry, not in the file, and left alone. */
  kept: string[];
}

export type ImportReport = Record<Table, TableReport>;

/** A row of `site.db`: the entry without its password as JSON; `hash` of the current password. */
export interface StoredRow {
  id: string;
  body: string;
  hash?: string;
  /** Hash of the password the last import gave: tells a new password in the file from one a person chose since. */
  given?: string | null;
  /** Of a person: what the gateway keeps beside, as JSON. */
  account?: string;
  /** Of a device that the gateway signs in at: its password, as it is. */
  secret?: string | undefined;
}

export type StoredSite = Record<Table, Map<string, StoredRow>>;

export interface ImportOptions {
  /** Report only. */
  dryRun?: boolean;
  /** Sections in which entries that the site does not list are removed. */
  replace?: ReadonlySet<Table>;
  /** Passwords of devices as stored, by id. */
  secrets?: ReadonlyMap<string, string>;
  /** Devices whose unit was replaced, by id. */
  replacements?: ReadonlyMap<string, Replacement>;
  /** Devices that have another address, by id. */
  moves?: ReadonlyMap<string, Move>;
}

/** Rows to delete and then insert, table by table. */
interface ImportPlan {
  report: ImportReport;
  writes: { table: string; gone: string[]; rows: StoredRow[] }[];
}

/** Name of each section's table, in the order in which references are satisfied. */
export const tableNames: Record<Table, string> = {
  places: 'place',
  units: 'unit',
  slots: 'slot',
  credentials: 'credential',
  devices: 'device',
  users: 'user',
  links: 'link',
  zones: 'zone',
  phones: 'phone',
  hours: 'hours',
  plans: 'floor_plan',
  calendar: 'calendar',
};

const tables = Object.keys(tableNames) as Table[];

/** Compares a checked site with what is stored. `stays`: who is never removed. Hashes new passwords. */
export async function planImport(
  stored: StoredSite,
  site: Site,
  stays: Site,
  options: ImportOptions,
): Promise<ImportPlan> {
  const report = {} as ImportReport;
  const writes: ImportPlan['writes'] = [];
  for (const table of tables) {
    const wanted: Wanted[] = site[table].map((entry) =>
      wantedOf(
        table,
        asChanged(table, withIssuedUser(table, withUnit(table, entry, stored, options), stored), stored),
      ),
    );
    const rows = await mapTwo(wanted, (entry) =>
      table === 'devices'
        ? deviceRow(entry, stored.devices.get(entry.id), options.secrets?.get(entry.id))
        : rowOf(table, entry, stored[table].get(entry.id), options.dryRun === true),
    );
    const names = new Set(wanted.map(({ id }) => id));
    const missing = [...stored[table].keys()].filter((id) => !names.has(id));
    const protectedIds = new Set(stays[table].map((entry) => idOf(table, entry)));
    for (const row of stored[table].values()) if (isEdited(row)) protectedIds.add(row.id);
    const removes = options.replace?.has(table) === true;
    const one: TableReport = {
      added: rows.filter(({ change }) => change === 'added').map(({ row }) => row.id),
      changed: rows.filter(({ change }) => change === 'changed').map(({ row }) => row.id),
      removed: removes ? missing.filter((id) => !protectedIds.has(id)) : [],
      unchanged: rows.filter(({ change }) => change === 'unchanged').length,
      kept: removes ? missing.filter((id) => protectedIds.has(id)) : missing,
    };
    report[table] = one;
    const fresh = rows.filter(({ change }) => change !== 'unchanged').map(({ row }) => row);
    // Rows with passwords are updated in place; the others are deleted first, so that two may exchange addresses.
    const updated = table === 'credentials' || table === 'users' ? [] : one.changed;
    writes.push({ table: tableNames[table], gone: [...updated, ...one.removed], rows: fresh });
  }
  return { report, writes };
}

/** Every stored row, by section and id. */
export async function readStored(queries: Pick<Queries, 'all'>): Promise<StoredSite> {
  const stored = {} as StoredSite;
  for (const table of tables) {
    const rows = await queries.all<StoredRow>(`SELECT * FROM ${tableNames[table]} ORDER BY id`);
    stored[table] = new Map(rows.map((row) => [row.id, row]));
  }
  return stored;
}

/** Passwords of devices, by id. */
export async function readSecrets(queries: Pick<Queries, 'all'>): Promise<Map<string, string>> {
  const rows = await queries.all<{ id: string; password: string }>('SELECT id, password FROM device_secret');
  return new Map(rows.map(({ id, password }) => [id, password]));
}

/** The site that stored rows describe, without passwords. Our own rows: not checked again. */
export function siteOf(stored: StoredSite): Site {
  const entries = tables.map((table) => [
    table,
    [...stored[table].values()].map(({ body }) => JSON.parse(body)),
  ]);
  return Object.fromEntries(entries) as Site;
}

/** Writes a plan; call it inside a transaction. References are checked at the commit. */
export async function applyImport(queries: Queries, plan: ImportPlan): Promise<void> {
  for (const { table, gone } of plan.writes) {
    if (gone.length === 0) continue;
    await queries.run(
      `DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
      JSON.stringify(gone),
    );
  }
  for (const { table, rows } of plan.writes) {
    if (rows.length > 0) await queries.run(insertInto(table), JSON.stringify(rows));
    const secrets = rows.filter(({ secret }) => secret !== undefined);
    if (secrets.length > 0)
      await queries.run(
        `INSERT OR REPLACE INTO device_secret (id, password) SELECT value ->> 'id', value ->> 'secret' FROM json_each(?)`,
        JSON.stringify(secrets),
      );
  }
  // a plan that is changed is written anew and keeps its picture
  await queries.run('DELETE FROM plan_image WHERE id NOT IN (SELECT id FROM floor_plan)');
  // an account that is marked as one for commissioning is no device's own any more
  await queries.run(
    `UPDATE device SET body = json_remove(body, '$.user')
      WHERE body ->> 'user' IN (SELECT id FROM credential WHERE body ->> 'commissioning')`,
  );
}

function insertInto(table: string): string {
  if (table !== 'credential' && table !== 'user') {
    return `INSERT INTO ${table} (id, body) SELECT value ->> 'id', value ->> 'body' FROM json_each(?)`;
  }
  // A row that keeps its password has an empty hash here: one that was changed since the plan was made stays.
  return `INSERT INTO ${table} (id, body, hash, given)
    SELECT value ->> 'id', value ->> 'body', value ->> 'hash', nullif(value ->> 'hash', '') FROM json_each(?) WHERE true
    ON CONFLICT (id) DO UPDATE SET body = excluded.body,
      hash = iif(excluded.hash = '', hash, excluded.hash), given = coalesce(excluded.given, given)`;
}

/** The unit that was put in since the file was written stays, and where it is, unless the site names another one. */
function withUnit(table: Table, entry: object, stored: StoredSite, options: ImportOptions): object {
  const id = idOf(table, entry) ?? '';
  const row = table === 'devices' ? stored.devices.get(id) : undefined;
  if (row === undefined) return entry;
  const present = JSON.parse(row.body) as Device;
  const moved = withPresentAddress(entry as Device, present, options.moves?.get(id));
  return withPresentUnit(moved, present, options.replacements?.get(id));
}

/** Who was made, changed or removed in the console stays so: a file of the installer gives nobody their rights back. */
function asChanged(table: Table, entry: object, stored: StoredSite): object {
  const row = table === 'users' ? stored.users.get(idOf(table, entry) ?? '') : undefined;
  return row !== undefined && isEdited(row) ? (JSON.parse(row.body) as object) : entry;
}

function isEdited({ account }: StoredRow): boolean {
  return account !== undefined && (JSON.parse(account) as Account).edited === true;
}

/** The account that this gateway issued to a device stays, unless the site names one. */
function withIssuedUser(table: Table, entry: object, stored: StoredSite): object {
  if (table !== 'devices' || 'user' in entry) return entry;
  const row = stored.devices.get(idOf(table, entry) ?? '');
  const user = row === undefined ? undefined : (JSON.parse(row.body) as { user?: string }).user;
  // an import gives its credentials' passwords
  const isIssued = user !== undefined && stored.credentials.get(user)?.given === null;
  return isIssued ? { ...entry, user } : entry;
}

interface Wanted {
  id: string;
  body: string;
  password?: string | undefined;
  /** A device at which the gateway has a user: without a new password the stored one stays. */
  signsIn?: boolean;
}

function wantedOf(table: Table, entry: object): Wanted {
  if (table === 'devices') return wantedDevice(entry as Device);
  const {
    password,
    password_file: _,
    image_file: _image,
    ...body
  } = entry as { password?: string; password_file?: string; image_file?: string };
  const id = idOf(table, entry) ?? '';
  if (table === 'users' && password !== undefined && isGuessed(id, password))
    return { id, body: JSON.stringify({ ...body, must_change: true }), password };
  return { id, body: JSON.stringify(body), password };
}

/** What a person could not choose lets in once, to choose another; a long one may have the user's name in it. */
function isGuessed(user: string, password: string): boolean {
  const weakness = weaknessOf(user, password);
  return weakness !== undefined && (weakness !== 'user-name' || password.length < 12);
}

/** The row of a device as an import would write it. */
export function bodyOf(device: Device): string {
  return wantedDevice(device).body;
}

/** A device without its password. */
function wantedDevice(device: Device): Wanted {
  const { id, onvif } = device;
  if (onvif === undefined) return { id, body: JSON.stringify(device) };
  const { password, password_file: _, tls, ...rest } = onvif;
  const body = { ...device, onvif: tls?.ca === undefined ? rest : { ...rest, tls: { ca: tls.ca } } };
  return { id, body: JSON.stringify(body), password, signsIn: onvif.user !== undefined };
}

type Planned = { row: StoredRow; change: 'added' | 'changed' | 'unchanged' };

async function deviceRow(
  { id, body, password, signsIn }: Wanted,
  stored: StoredRow | undefined,
  storedSecret: string | undefined,
): Promise<Planned> {
  const secret = password ?? (signsIn === true ? storedSecret : undefined);
  const same = stored?.body === body && secret === storedSecret;
  return {
    row: { id, body, secret },
    change: stored === undefined ? 'added' : same ? 'unchanged' : 'changed',
  };
}

async function rowOf(
  table: Table,
  wanted: Wanted,
  stored: StoredRow | undefined,
  dryRun: boolean,
): Promise<Planned> {
  const { id, body, password } = wanted;
  const same = stored?.body === body;
  if (table !== 'credentials' && table !== 'users') {
    return { row: { id, body }, change: stored === undefined ? 'added' : same ? 'unchanged' : 'changed' };
  }
  const known = stored?.given ?? stored?.hash;
  const keeps = known !== undefined && (password === undefined || (await verifyPassword(password, known)));
  if (keeps) return { row: { id, body, hash: '' }, change: same ? 'unchanged' : 'changed' };
  const cost = table === 'users' ? personCost : deviceCost;
  const hash = dryRun || password === undefined ? '' : await hashPassword(password, cost);
  return { row: { id, body, hash }, change: stored === undefined ? 'added' : 'changed' };
}

/** Two at a time: a hash keeps one thread of Node's pool busy, and SQLite needs the others. */
async function mapTwo<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [index, item] = next;
      results[index] = await work(item);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}
