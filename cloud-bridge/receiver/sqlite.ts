import sqlite3 from 'sqlite3';

/** What can be bound; times are milliseconds since 1970. */
export type SqlValue = string | number | null | Buffer;

/** One SQLite connection with promises. Nothing orders its calls but the caller. */
export class Sqlite {
  readonly #raw: sqlite3.Database;

  /** Use `openSqlite`. */
  constructor(raw: sqlite3.Database) {
    this.#raw = raw;
    raw.configure('busyTimeout', 5_000);
  }

  /** Resolves with the number of rows changed. */
  run(sql: string, ...values: SqlValue[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#raw.run(sql, values, function (this: sqlite3.RunResult, error: Error | null) {
        if (error) reject(error);
        else resolve(this.changes);
      });
    });
  }

  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#raw.all<Row>(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  }

  async get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return (await this.all<Row>(sql, ...values))[0];
  }

  /** Several statements without values. */
  exec(sql: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#raw.exec(sql, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#raw.close((error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Opens a file, made if it is missing unless `readOnly`. Rejects with SQLite's error. */
export function openSqlite(file: string, readOnly = false): Promise<Sqlite> {
  const mode = readOnly ? sqlite3.OPEN_READONLY : sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE;
  return new Promise((resolve, reject) => {
    const raw = new sqlite3.Database(file, mode | sqlite3.OPEN_FULLMUTEX, (error) => {
      if (error) reject(error);
      else resolve(new Sqlite(raw));
    });
  });
}
