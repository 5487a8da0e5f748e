import { accessSync, constants, mkdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The data directory cannot be used: the message says what, why, and what to do. */
class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

const { R_OK, W_OK, X_OK } = constants;

/** What the gateway itself writes there. */
const files = [
  ...['journal.db', 'journal.db-wal', 'journal.db-shm', 'journal.lock'],
  ...['site.db', 'site.db-wal', 'site.db-shm', 'reserve'],
];

/**
 * Why a data directory cannot be used: what, the cause, and what to do. Undefined where nothing is known to be wrong.
 * Looks only; what is missing is judged by the nearest folder above it.
 */
export function dataDirFault(dir: string): string | undefined {
  const found = look(dir);
  if ('fault' in found) return found.fault;
  if (found.stats === undefined) return parentFault(dirname(dir), dir);
  if (!found.stats.isDirectory())
    return `${dir} is a file, not a folder; move it away, or name another folder as data_dir`;
  const denied = deniedTo(dir, found.stats, R_OK | W_OK | X_OK);
  if (denied !== undefined) return denied;
  for (const name of files) {
    const fault = fileFault(join(dir, name));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Makes the data directory where it is missing; throws a `DataDirError` where it cannot be used. */
export function prepareDataDir(dir: string): void {
  const fault = dataDirFault(dir);
  if (fault !== undefined) throw new DataDirError(fault);
  make(dir);
}

/** One by one: Node's own recursive mkdir never ends where the file system takes no folders (`/proc`). */
function make(dir: string): void {
  const found = look(dir);
  if ('stats' in found && found.stats !== undefined) return;
  make(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o750 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    throw new DataDirError(
      `${dir} cannot be made (${code ?? 'unknown error'}); make the folder for ${me()}, or name another one as data_dir`,
    );
  }
}

function parentFault(parent: string, dir: string): string | undefined {
  const found = look(parent);
  if ('fault' in found) return found.fault;
  if (found.stats === undefined)
    return dirname(parent) === parent ? undefined : parentFault(dirname(parent), dir);
  if (!found.stats.isDirectory())
    return `${parent} is a file, so ${dir} cannot be made in it; name another data_dir`;
  return deniedTo(parent, found.stats, W_OK | X_OK);
}

function fileFault(file: string): string | undefined {
  const found = look(file);
  if ('fault' in found) return found.fault;
  if (found.stats === undefined) return undefined;
  if (!found.stats.isFile()) {
    const what = found.stats.isDirectory() ? 'a folder' : 'no ordinary file';
    return `${file} is ${what}, where a file of the gateway belongs; move it away, and restore the file if it is lost`;
  }
  return deniedTo(file, found.stats, R_OK | W_OK);
}

/** `stats` undefined: it is not there. */
function look(path: string): { stats: Stats | undefined } | { fault: string } {
  try {
    return { stats: statSync(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // with ENOTDIR something above is a file; the parent says so
    if (code === 'ENOENT' || code === 'ENOTDIR') return { stats: undefined };
    if (code === 'EACCES')
      return {
        fault: `${path} is out of reach for ${me()}; let this user pass every folder above it (chmod o+x)`,
      };
    return { fault: `${path} cannot be looked at (${code ?? 'unknown error'}); check the disk and the path` };
  }
}

function deniedTo(path: string, { uid, mode }: Stats, need: number): string | undefined {
  try {
    accessSync(path, need);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EROFS')
      return `${path} is on a file system that is mounted read-only; mount it writable (mount -o remount,rw), or name another data_dir`;
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    const owner = process.getuid?.();
    const repair =
      uid === owner ? `chmod u+rw${need & X_OK ? 'x' : ''} ${path}` : `chown ${owner ?? 'USER'} ${path}`;
    return (
      `${path} may not be read and written by ${me()}: it belongs to user ${uid}, mode ${octal}; ` +
      `run "${repair}", or start the gateway as user ${uid}`
    );
  }
}

function me(): string {
  return `this process (user ${process.getuid?.() ?? 'unknown'})`;
}
