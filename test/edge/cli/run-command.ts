import type { Command } from 'commander';
import { vi } from 'vitest';

/** What a command printed and how it would have ended. */
export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a command in this process, as `campus-gateway` would. */
export async function runCommand(command: Command, ...args: string[]): Promise<Ran> {
  const lines = { out: [] as string[], err: [] as string[] };
  const log = vi.spyOn(console, 'log').mockImplementation((text) => void lines.out.push(String(text)));
  const error = vi.spyOn(console, 'error').mockImplementation((text) => void lines.err.push(String(text)));
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    await command.parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode ?? 0), out: lines.out.join('\n'), err: lines.err.join('\n') };
  } finally {
    process.exitCode = before;
    log.mockRestore();
    error.mockRestore();
  }
}
