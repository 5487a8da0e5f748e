import { build } from 'vite';
import { packageFile } from '../../contract/package-root.ts';
import { tempDir } from '../simulators/temp-dir.ts';

/** Builds the console as it is now into a new folder. */
export async function buildConsole(): Promise<{ dir: string; remove: () => void }> {
  const folder = tempDir('console');
  await build({
    configFile: packageFile('edge', 'console', 'vite.config.ts'),
    logLevel: 'warn',
    build: { outDir: folder.dir, emptyOutDir: true },
  });
  return folder;
}
