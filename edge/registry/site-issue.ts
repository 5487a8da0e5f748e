import type { Site } from '../../contract/site.ts';

/** A section of a site and the table of `site.db` behind it. */
export type Table = keyof Site;

/** One fault of a site, by its path. */
export interface SiteIssue {
  path: PropertyKey[];
  message: string;
  hint?: string;
}

export function issue(path: PropertyKey[], message: string, hint?: string): SiteIssue {
  return hint === undefined ? { path, message } : { path, message, hint };
}

/** What names an entry in its section; undefined where it is missing or no text. */
export function idOf(table: Table, entry: object): string | undefined {
  const key = table === 'links' ? 'slot' : table === 'credentials' || table === 'users' ? 'user' : 'id';
  const id = (entry as Record<string, unknown>)[key];
  return typeof id === 'string' ? id : undefined;
}

/** The entries of a section of a raw site, well formed or not. */
export function rawEntries(raw: unknown, table: Table): unknown[] {
  const list = typeof raw === 'object' && raw !== null ? (raw as Record<string, unknown>)[table] : undefined;
  return Array.isArray(list) ? list : [];
}
