import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { packageFile } from '../../contract/package-root.ts';
import { tempDir } from '../simulators/temp-dir.ts';

const run = promisify(execFile);

let built: Promise<string> | undefined;

/** The folder of the console as it is now, and as it is shipped: built once a worker of the tests, removed at its end. */
export function builtConsole(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const { dir, remove } = tempDir('console');
  process.once('exit', remove);
  const vite = packageFile('node_modules', 'vite', 'bin', 'vite.js');
  const to = ['--outDir', dir, '--emptyOutDir', '--logLevel', 'error'];
  await run(process.execPath, [vite, 'build', packageFile('edge', 'console'), ...to], {
    // vitest's own NODE_ENV would make it a development build
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return dir;
}
