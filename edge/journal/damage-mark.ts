import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './quarantine.ts';

/**
 * The note `journal.db.damaged` beside a journal that is to be set aside: it stands from when the damage is known
 * until the new journal exists, so that a start which does not get that far is continued by the next one.
 */
export interface DamageMark {
  reason: string;
  /** Where the file goes. Once it is there, `journal.db` is the new one. */
  target?: string;
}

function markFile(journal: string): string {
  return `${journal}.damaged`;
}

/** Writes the note so that it outlives a loss of power. */
export async function writeDamageMark(journal: string, mark: DamageMark): Promise<void> {
  const file = await open(markFile(journal), 'w');
  try {
    await file.writeFile(JSON.stringify(mark));
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(journal));
}

export async function readDamageMark(journal: string): Promise<DamageMark | undefined> {
  const text = await readFile(markFile(journal), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const mark = JSON.parse(text) as DamageMark | null;
    if (typeof mark?.reason === 'string') return mark;
  } catch {
    // of an earlier version, or torn
  }
  return { reason: text };
}

export async function removeDamageMark(journal: string): Promise<void> {
  await rm(markFile(journal), { force: true });
  await syncDirectory(dirname(journal));
}
