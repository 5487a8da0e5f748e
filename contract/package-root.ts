import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) {
    const parent = dirname(dir);
    if (parent === dir)
      throw new Error('campus-gateway: package.json not found above the program; reinstall it');
    dir = parent;
  }
  return dir;
}

const root = findRoot();

/** Absolute path of a file that ships with the package (profiles, schemas, console), from source or from `dist`. */
export function packageFile(...segments: string[]): string {
  return join(root, ...segments);
}
