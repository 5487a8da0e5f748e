import type { Database } from '../journal/sqlite.ts';

/** More cannot be ignored: an installer who ignores that many has another problem. */
export const MAX_IGNORED = 500;

/** An unknown device that somebody does not want to see in the inbox. */
export interface Ignored {
  /** That of its group. */
  id: string;
  names: readonly string[];
  /** Where it was last heard. */
  channel: string;
  adapter: string;
  user?: string;
  /** Who ignored it, and when: milliseconds since 1970. */
  by: string;
  at: number;
}

/** An ignored device and what it sent since the start of the gateway. */
export interface IgnoredView extends Ignored {
  count: number;
}

interface Entry {
  ignored: Ignored;
  count: number;
}

/** Unknown devices that are ignored until somebody revokes it; in `site.db`, so also after a restart. */
export class IgnoreList {
  readonly #db: Database;
  #byId = new Map<string, Entry>();
  #byName = new Map<string, Entry>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads the table; call it once at the start. */
  async load(): Promise<void> {
    const rows = await this.#db.all<{ body: string }>('SELECT body FROM ignored ORDER BY id');
    for (const { body } of rows) this.#take(JSON.parse(body) as Ignored);
  }

  /** Counts a message if its device is ignored. Called for every message of an unknown device. */
  takes(names: readonly string[]): boolean {
    if (this.#byName.size === 0) return false;
    for (const name of names) {
      const entry = this.#byName.get(name);
      if (entry === undefined) continue;
      entry.count += 1;
      return true;
    }
    return false;
  }

  /** The last ignored first. */
  list(): IgnoredView[] {
    const views = [...this.#byId.values()].map(({ ignored, count }) => ({ ...ignored, count }));
    return views.sort((a, b) => b.at - a.at);
  }

  get(id: string): Ignored | undefined {
    return this.#byId.get(id)?.ignored;
  }

  /** Resolves once it is on disk. False: the list is full. */
  async add(ignored: Ignored): Promise<boolean> {
    if (this.#byId.size >= MAX_IGNORED && !this.#byId.has(ignored.id)) return false;
    const body = JSON.stringify(ignored);
    await this.#db.run('INSERT OR REPLACE INTO ignored (id, body) VALUES (?, ?)', ignored.id, body);
    this.#take(ignored);
    return true;
  }

  /** Resolves once it is on disk. */
  async remove(id: string): Promise<void> {
    await this.#db.run('DELETE FROM ignored WHERE id = ?', id);
    const entry = this.#byId.get(id);
    this.#byId.delete(id);
    for (const name of entry?.ignored.names ?? []) this.#byName.delete(name);
  }

  #take(ignored: Ignored): void {
    const entry = { ignored, count: 0 };
    this.#byId.set(ignored.id, entry);
    for (const name of ignored.names) this.#byName.set(name, entry);
  }
}
