import { type Site, siteSchema } from '../../contract/site.ts';
import type { Queries } from '../journal/sqlite.ts';
import { tableNames } from './import.ts';
import type { PlanImage } from './plan-image.ts';
import { idOf, type Table } from './site-issue.ts';

/** What an administrator changes entry by entry; devices, accounts and people have ways of their own. */
export const campusSections = [
  'places',
  'units',
  'slots',
  'links',
  'zones',
  'phones',
  'hours',
  'plans',
  'calendar',
] as const satisfies readonly Table[];
export type CampusSection = (typeof campusSections)[number];

/** One entry of a section, as an import would have it. */
export function entrySchema(
  section: CampusSection,
): (typeof siteSchema.shape)[CampusSection]['def']['innerType']['element'] {
  return siteSchema.shape[section].unwrap().element;
}

/** The entry of a site with this id. */
export function entryOf(site: Site, section: CampusSection, id: string): object | undefined {
  const entries: readonly object[] = site[section];
  return entries.find((entry) => idOf(section, entry) === id);
}

/** A site without one entry. */
export function withoutEntry(site: Site, section: CampusSection, id: string): Site {
  const entries: readonly object[] = site[section];
  return { ...site, [section]: entries.filter((entry) => idOf(section, entry) !== id) };
}

const EDITED = 'edited';

/** Entries that people changed here since the last import of another file, as `zones/dorm-3`. */
export async function readEdited(queries: Pick<Queries, 'get'>): Promise<ReadonlySet<string>> {
  const row = await queries.get<{ value: string }>(`SELECT value FROM meta WHERE key = '${EDITED}'`);
  return new Set(row === undefined ? [] : (JSON.parse(row.value) as string[]));
}

/** The same file is read again at every start: it must not undo what somebody has changed since. */
export async function markEdited(
  queries: Pick<Queries, 'get' | 'run'>,
  section: CampusSection,
  id: string,
): Promise<void> {
  const edited = new Set(await readEdited(queries)).add(`${section}/${id}`);
  await queries.run(
    `INSERT OR REPLACE INTO meta (key, value) VALUES ('${EDITED}', ?)`,
    JSON.stringify([...edited]),
  );
}

/** Another file counts for everything that it lists. */
export async function forgetEdited(queries: Pick<Queries, 'run'>): Promise<void> {
  await queries.run(`DELETE FROM meta WHERE key = '${EDITED}'`);
}

/** What of a file is to be imported when it is the same as last time. */
export function withoutEdited(site: Site, edited: ReadonlySet<string>): Site {
  if (edited.size === 0) return site;
  const entries = (Object.keys(tableNames) as Table[]).map((table) => {
    const list: readonly object[] = site[table];
    return [table, list.filter((entry) => !edited.has(`${table}/${idOf(table, entry)}`))];
  });
  return Object.fromEntries(entries) as Site;
}

/** Removes one entry; call it inside a transaction. */
export async function removeRow(
  queries: Pick<Queries, 'run'>,
  section: CampusSection,
  id: string,
): Promise<void> {
  await queries.run(`DELETE FROM ${tableNames[section]} WHERE id = ?`, id);
  if (section === 'plans') await queries.run('DELETE FROM plan_image WHERE id = ?', id);
}

/** Stores the picture of a plan. */
export async function putImage(
  queries: Pick<Queries, 'run'>,
  id: string,
  { type, hash, bytes }: PlanImage,
): Promise<void> {
  await queries.run(
    'INSERT OR REPLACE INTO plan_image (id, type, hash, bytes) VALUES (?, ?, ?, ?)',
    id,
    type,
    hash,
    bytes,
  );
}

/** The picture of a plan. */
export function readImage(queries: Pick<Queries, 'get'>, id: string): Promise<PlanImage | undefined> {
  return queries.get<PlanImage>('SELECT type, hash, bytes FROM plan_image WHERE id = ?', id);
}
