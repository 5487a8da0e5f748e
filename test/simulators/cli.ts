import { execFile } from 'node:child_process';
import { packageFile } from '../../contract/package-root.ts';

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `campus-gateway ...` to its end. */
export function cli(args: string[], input?: string): Promise<CliResult> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [packageFile('dist', 'edge', 'main.js'), ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.end(input ?? '');
  });
}
