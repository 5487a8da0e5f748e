import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { uuidv7 } from 'uuidv7';
import type { Media } from '../../contract/event.ts';
import { factsPath, fileName, folderOf, type MediaFacts, mediaFactsSchema } from './media-file.ts';

export interface MediaStoreOptions {
  /** `media/` of the data directory; made if missing. */
  dir: string;
  /** Most bytes that it may take. */
  maxBytes: number;
  /** Bytes of the disk that it leaves free. */
  minFreeBytes: number;
  logger: Logger;
  /** Free bytes of the disk; default: asks it. */
  freeBytes?: () => Promise<number>;
}

/** What is stored: the bytes, or a file in `tmp/` of the store, which is moved. */
export type Content = { bytes: Buffer } | { file: string };

/** What is known before it is stored. */
export type MediaDraft = Pick<MediaFacts, 'kind' | 'camera' | 'place' | 'alarms' | 'at' | 'keepDays'>;

/** A reason not to store: neither more files may go nor more bytes may come. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

/** A file is not what was stored. */
export class MediaDamaged extends Error {
  override readonly name = 'MediaDamaged';
}

/**
 * Pictures and films on disk, each beside a small file of facts; the folders are the index. What it says is stored is on
 * disk, whole, and found again by its hash.
 */
export class MediaStore {
  /** For files that are to be stored. */
  readonly tmp: string;
  /** What is there is counted; rejects where the folder cannot be used. */
  readonly ready: Promise<void>;
  readonly #o: MediaStoreOptions;
  #bytes = 0;
  #files = 0;
  /** Makes room for so many bytes, if it can. Set by who knows what may go. */
  makeRoom: (bytes: number) => Promise<void> = async () => undefined;

  /** Opens or makes the store; the gateway need not wait while it counts what is there. */
  constructor(options: MediaStoreOptions) {
    this.#o = options;
    this.tmp = join(options.dir, 'tmp');
    this.ready = this.#open();
    this.ready.catch((err) =>
      options.logger.error({ err, dir: options.dir }, 'pictures of alarms cannot be kept: check the folder'),
    );
  }

  /** What a crash left half-done goes. */
  async #open(): Promise<void> {
    await rm(this.tmp, { recursive: true, force: true });
    await mkdir(this.tmp, { recursive: true, mode: 0o750 });
    for await (const folder of this.folders()) await this.#count(folder);
  }

  /** Bytes of pictures and films, without their facts. */
  get bytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files;
  }

  /** How many bytes too much there would be with so many more; 0 or less: there is room. */
  async excess(more: number): Promise<number> {
    const { maxBytes, minFreeBytes, freeBytes } = this.#o;
    const free = await (freeBytes ?? (() => freeOf(this.#o.dir)))();
    return Math.max(this.#bytes + more - maxBytes, minFreeBytes + more - free);
  }

  /** Stores it; rejects with `NoRoom`, or with the disk's error. */
  async put(draft: MediaDraft, content: Content): Promise<Media> {
    await this.ready;
    const bytes = 'bytes' in content ? content.bytes.length : (await stat(content.file)).size;
    if ((await this.excess(bytes)) > 0) await this.makeRoom(bytes);
    if ((await this.excess(bytes)) > 0)
      throw new NoRoom(
        `no room for ${bytes} bytes of ${draft.kind} of ${draft.camera}: raise media.max_mib, or free the disk`,
      );
    const id = uuidv7();
    const sha256 =
      'bytes' in content
        ? createHash('sha256').update(content.bytes).digest('hex')
        : await hashOf(content.file);
    const facts: MediaFacts = { v: 1, id, sha256, bytes, ...draft };
    await this.#write(facts, content);
    this.#bytes += bytes;
    this.#files += 1;
    const { kind, at } = draft;
    return { kind, id, sha256, at };
  }

  /** Facts of a medium; undefined: there is none of this id. */
  async facts(id: string): Promise<MediaFacts | undefined> {
    const path = factsPath(id);
    if (path === undefined) return undefined;
    try {
      const facts = mediaFactsSchema.parse(JSON.parse(await readFile(join(this.#o.dir, path), 'utf8')));
      if (facts.id !== id) throw new Error(`they are those of ${facts.id}`);
      return facts;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#o.logger.warn({ err: error, media: id }, 'the facts of a picture cannot be read');
      return undefined;
    }
  }

  /** Path of its file, once it was found to be what was stored. Rejects with `MediaDamaged`. */
  async verified(facts: MediaFacts): Promise<string> {
    const file = this.#fileOf(facts);
    const found = await hashOf(file).catch((error: NodeJS.ErrnoException) => error.code ?? 'unreadable');
    if (found === facts.sha256) return file;
    this.#o.logger.error({ media: facts.id, file, found }, 'a stored picture is not what was stored');
    throw new MediaDamaged(`${file} is not what was stored`);
  }

  /** Removes it; whole or not at all, also over a crash. */
  async remove(facts: MediaFacts): Promise<void> {
    const file = this.#fileOf(facts);
    // the file first: facts without one are found by the next sweep, a file without facts never would
    await rm(file, { force: true });
    await rm(file.replace(/\.[^.]+$/, '.json'), { force: true });
    this.#bytes -= facts.bytes;
    this.#files -= 1;
  }

  /** Folders of days, the oldest first, as `YYYY/MM/DD`. */
  async *folders(): AsyncGenerator<string> {
    for (const year of await this.#names('', /^\d{4}$/))
      for (const month of await this.#names(year, /^\d{2}$/))
        for (const day of await this.#names(join(year, month), /^\d{2}$/)) yield join(year, month, day);
  }

  /** Ids of a day, the oldest first. */
  async ids(folder: string): Promise<string[]> {
    const names = await this.#names(folder, /\.json$/);
    return names.map((name) => basename(name, '.json')).filter((id) => folderOf(id) !== undefined);
  }

  /** Removes the folder of a day that has nothing in it any more, and those above it. */
  async tidy(folder: string): Promise<void> {
    for (let at = folder; at !== '.'; at = dirname(at)) {
      try {
        await rmdir(join(this.#o.dir, at));
      } catch {
        return;
      }
    }
  }

  async #write(facts: MediaFacts, content: Content): Promise<void> {
    const target = this.#fileOf(facts);
    await mkdir(dirname(target), { recursive: true, mode: 0o750 });
    const part = 'bytes' in content ? join(this.tmp, facts.id) : content.file;
    const note = join(this.tmp, `${facts.id}.json`);
    try {
      if ('bytes' in content) await writeThrough(part, content.bytes);
      else await syncFile(part);
      await writeThrough(note, Buffer.from(JSON.stringify(facts)));
      await rename(part, target);
      await rename(note, target.replace(/\.[^.]+$/, '.json'));
    } catch (error) {
      await Promise.all([part, note, target].map((file) => rm(file, { force: true })));
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        throw new NoRoom('the disk is full', { cause: error });
      throw error;
    }
  }

  #fileOf(facts: Pick<MediaFacts, 'id' | 'kind'>): string {
    return join(this.#o.dir, folderOf(facts.id) ?? '', fileName(facts));
  }

  /** What of a day counts; a file without facts was never told to anybody. */
  async #count(folder: string): Promise<void> {
    const names = await this.#names(folder, /./);
    const noted = new Set(
      names.filter((name) => name.endsWith('.json')).map((name) => basename(name, '.json')),
    );
    for (const name of names) {
      if (name.endsWith('.json')) continue;
      const file = join(this.#o.dir, folder, name);
      if (!noted.has(name.replace(/\.[^.]+$/, ''))) {
        this.#o.logger.warn({ file }, 'a picture that a crash left half-stored is removed');
        await rm(file, { force: true });
        continue;
      }
      this.#bytes += (await stat(file)).size;
      this.#files += 1;
    }
  }

  async #names(folder: string, pattern: RegExp): Promise<string[]> {
    try {
      const names = await readdir(join(this.#o.dir, folder));
      return names.filter((name) => pattern.test(name)).sort();
    } catch {
      return [];
    }
  }
}

async function freeOf(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function writeThrough(file: string, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'w', 0o640);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
