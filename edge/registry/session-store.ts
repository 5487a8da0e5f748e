import type { KeptSession, SessionChanges } from '../api/ports.ts';
import type { Database } from '../journal/sqlite.ts';

/**
 * The sessions in `site.db`. A change of a person's password or role, and their removal, deletes theirs in the same
 * transaction, whichever process makes it.
 */
export class SessionStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What the last run left, the oldest first. */
  async load(): Promise<KeptSession[]> {
    const rows = await this.#db.all<Row>('SELECT * FROM session ORDER BY rowid');
    return rows.map(({ hash, user, station, place, seen, ends }) => ({
      hash,
      user,
      ...(station === null ? {} : { station }),
      ...(place === null ? {} : { place }),
      seenAt: seen,
      endsAt: ends,
    }));
  }

  /** Stores all of it or nothing. A session of somebody who is gone is not stored. */
  async write({ opened, seen, ended }: SessionChanges): Promise<void> {
    await this.#db.transaction(async (queries) => {
      if (ended.length > 0) {
        await queries.run(
          'DELETE FROM session WHERE hash IN (SELECT value FROM json_each(?))',
          JSON.stringify(ended),
        );
      }
      if (opened.length > 0) {
        await queries.run(
          `INSERT OR REPLACE INTO session (hash, user, station, place, seen, ends)
           SELECT value ->> 'hash', user.id, value ->> 'station', value ->> 'place', value ->> 'seenAt', value ->> 'endsAt'
           FROM json_each(?) JOIN user ON user.id = value ->> 'user' ORDER BY key`,
          JSON.stringify(opened),
        );
      }
      if (seen.length > 0) {
        await queries.run(
          `UPDATE session SET seen = value ->> 'seenAt', ends = value ->> 'endsAt'
           FROM json_each(?) WHERE hash = value ->> 'hash'`,
          JSON.stringify(seen),
        );
      }
    });
  }
}

interface Row {
  hash: string;
  user: string;
  station: string | null;
  place: string | null;
  seen: number;
  ends: number;
}
