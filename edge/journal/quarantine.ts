import { mkdir, open, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Moves a database file with its log to `quarantine/NAME-UTC.db` beside it; returns its new name. Deletes nothing. */
export async function moveToQuarantine(file: string, now: number): Promise<string> {
  const target = await placeInQuarantine(file, now);
  await moveDatabase(file, target);
  return target;
}

/** A free name `quarantine/NAME-UTC.db` beside a database file. */
export async function placeInQuarantine(file: string, now: number): Promise<string> {
  const folder = join(dirname(file), 'quarantine');
  await mkdir(folder, { recursive: true });
  const name = basename(file, '.db');
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  let target = join(folder, `${name}-${stamp}.db`);
  for (let n = 2; (await sizeOf(target)) !== undefined; n++)
    target = join(folder, `${name}-${stamp}-${n}.db`);
  return target;
}

/** Moves a database file with its log, or what an interrupted move has left of them. */
export async function moveDatabase(file: string, target: string): Promise<void> {
  // The database first: a log without one is noticed at the next start.
  for (const suffix of ['', '-wal', '-shm']) {
    if ((await sizeOf(file + suffix)) !== undefined) await rename(file + suffix, target + suffix);
  }
  await syncDirectory(dirname(target));
  await syncDirectory(dirname(file));
}

/** In bytes; undefined if there is no such file. */
export async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

/** Makes names in a directory durable. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
