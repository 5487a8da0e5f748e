import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from './quarantine.ts';

/**
 * Files of a data directory that show that a gateway ran here before, for a start that finds no journal. To be asked
 * before `journal.lock` is made. A `site.db` alone shows nothing: an import before the first start makes it.
 */
export async function earlierLife(dir: string): Promise<string[]> {
  const is = async (name: string): Promise<boolean> => ((await sizeOf(join(dir, name))) ?? 0) > 0;
  const found: string[] = [];
  if (await is('reserve')) found.push('reserve');
  const aside = await readdir(join(dir, 'quarantine')).catch(() => []);
  if (aside.some((name) => name.startsWith('journal-'))) found.push('quarantine/');
  const locked = (await sizeOf(join(dir, 'journal.lock'))) !== undefined;
  if ((found.length > 0 || locked) && (await is('site.db'))) found.push('site.db');
  return found;
}
