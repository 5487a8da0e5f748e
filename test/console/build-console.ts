import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packageFile } from '../../contract/package-root.ts';
import { tempDir } from '../simulators/temp-dir.ts';

const run = promisify(execFile);

/** Builds the console as it is now, and as it is shipped, into a new folder. */
export async function buildConsole(): Promise<{ dir: string; remove: () => void }> {
  const folder = tempDir('console');
  const vite = packageFile('node_modules', 'vite', 'bin', 'vite.js');
  const to = ['--outDir', folder.dir, '--emptyOutDir', '--logLevel', 'error'];
  await run(process.execPath, [vite, 'build', packageFile('edge', 'console'), ...to], {
    // vitest's own NODE_ENV would make it a development build
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return folder;
}
