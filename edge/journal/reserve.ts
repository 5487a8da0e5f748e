import { randomFillSync } from 'node:crypto';
import { open, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { sqliteCode } from './sqlite.ts';

/** 64 MiB: some 3,000 single alarms, or a day of a school's. */
export const RESERVE_BYTES = 64 * 1024 * 1024;
/** Of a small disk the reserve takes at most this share. */
const RESERVE_SHARE = 0.05;
const CHUNK = 1024 * 1024;

/** Space on the disk of the journal, bytes. */
export interface Space {
  free: number;
  total: number;
}

/**
 * Space that is kept for lane `a`. Either the file `reserve` really occupies it, or (released, or not yet made) lane
 * `e` stops while less than its size is free: in both cases the last bytes of the disk belong to the alarms.
 */
export class Reserve {
  /** 0: no reserve. */
  readonly size: number;
  readonly #file: string;
  readonly #dir: string;
  readonly #log: Logger;
  #held = false;
  #making: Promise<void> | undefined;

  private constructor(dir: string, size: number, log: Logger) {
    this.#dir = dir;
    this.#file = join(dir, 'reserve');
    this.size = size;
    this.#log = log;
  }

  /** Looks for the file of an earlier run; makes none yet. `wanted` in bytes, 0 for none. */
  static async find(dir: string, wanted: number, log: Logger): Promise<Reserve> {
    const { total } = await space(dir);
    const reserve = new Reserve(dir, Math.min(wanted, Math.floor(total * RESERVE_SHARE)), log);
    reserve.#held = reserve.size > 0 && (await allocated(reserve.#file)) >= reserve.size;
    return reserve;
  }

  /** The file occupies its space. */
  get held(): boolean {
    return this.#held;
  }

  /** Resolves when nothing is being made. */
  async idle(): Promise<void> {
    await this.#making;
  }

  space(): Promise<Space> {
    return space(this.#dir);
  }

  /** Gives the space back to the disk for lane `a`. False: there was nothing to give. */
  async release(): Promise<boolean> {
    await this.#making;
    if (!this.#held) return false;
    this.#held = false;
    await rm(this.#file, { force: true });
    return true;
  }

  /** Makes the file again if at least twice its size is free; once at a time. Never rejects. */
  restore(): Promise<void> {
    if (this.#held || this.size === 0) return Promise.resolve();
    this.#making ??= this.#make()
      .catch(async (error: unknown) => {
        await rm(`${this.#file}.new`, { force: true }).catch(() => {});
        this.#log.warn(
          { err: error, file: this.#file },
          'journal: the reserve file could not be made; trying later',
        );
      })
      .finally(() => {
        this.#making = undefined;
      });
    return this.#making;
  }

  async #make(): Promise<void> {
    const { free } = await this.space();
    if (free < this.size * 2) return;
    // Random bytes: a compressing file system would not give zeros any space. Flushed piece by piece, so that no
    // commit waits behind 64 MiB.
    const chunk = randomFillSync(Buffer.allocUnsafe(Math.min(CHUNK, this.size)));
    const file = await open(`${this.#file}.new`, 'w');
    try {
      for (let written = 0; written < this.size; ) {
        const { bytesWritten } = await file.write(chunk, 0, Math.min(chunk.length, this.size - written));
        written += bytesWritten;
        await file.datasync();
      }
    } finally {
      await file.close();
    }
    await rename(`${this.#file}.new`, this.#file);
    this.#held = true;
  }
}

/** Did this write fail for want of space? SQLite hides it behind SQLITE_IOERR when its shared memory cannot grow. */
export async function isDiskFull(error: unknown, dir: string): Promise<boolean> {
  const code = sqliteCode(error);
  if (code === 'SQLITE_FULL' || hasNoSpace(error)) return true;
  if (code !== 'SQLITE_IOERR' && code !== 'SQLITE_CANTOPEN') return false;
  const probe = join(dir, 'space-probe');
  try {
    await writeFile(probe, Buffer.alloc(64 * 1024), { flush: true });
    return false;
  } catch (failure) {
    return hasNoSpace(failure);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

function hasNoSpace(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

async function space(dir: string): Promise<Space> {
  const { bavail, bsize, blocks } = await statfs(dir);
  return { free: bavail * bsize, total: blocks * bsize };
}

async function allocated(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined);
  return found === undefined ? 0 : Math.min(found.size, found.blocks * 512);
}
