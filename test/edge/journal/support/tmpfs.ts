import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const required = process.env.CI === 'true' || process.env.CI === '1';

/** Why no small disk can be made here; undefined: it can. With CI=true there is no excuse. */
export const noTmpfs: string | undefined = reason();

function reason(): string | undefined {
  if (required) return undefined;
  if (process.getuid?.() !== 0) return 'needs root to mount a small tmpfs';
  const dir = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir]).status === 0;
  if (mounted) spawnSync('umount', [dir]);
  spawnSync('rmdir', [dir]);
  return mounted ? undefined : 'may not mount a tmpfs here';
}

/** Mounts a disk of so many bytes for the length of the test. */
export async function smallDisk(bytes: number): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'journal-disk-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]);
  onTestFinished(async () => {
    spawnSync('umount', ['-l', dir]);
    await rm(dir, { recursive: true, force: true });
  });
  if (status !== 0) throw new Error(`mounting a tmpfs failed: ${stderr}`);
  return dir;
}

/** Changes the size of a mounted disk. */
export function resizeDisk(dir: string, bytes: number): void {
  const { status, stderr } = spawnSync('mount', ['-o', `remount,size=${bytes}`, dir]);
  if (status !== 0) throw new Error(`resizing the tmpfs failed: ${stderr}`);
}

export async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
