import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { Journal, type JournalOptions } from '../../../../edge/journal/journal.ts';

export const silent = pino({ level: 'silent' });

/** A folder of its own, removed after the test. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'journal-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A journal that is closed after the test. No reserve unless asked for: it costs time. */
export async function openJournal(dir: string, options: Partial<JournalOptions> = {}): Promise<Journal> {
  const journal = await Journal.open({ dir, logger: silent, clock: Date.now, reserveBytes: 0, ...options });
  onTestFinished(() => journal.close());
  return journal;
}
