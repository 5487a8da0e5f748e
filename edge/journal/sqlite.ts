import sqlite3 from 'sqlite3';

/** What can be bound and read. Times are numbers (milliseconds since 1970); booleans are 0 and 1. */
export type SqlValue = string | number | null | Buffer;

/** `create`: read, write, make the file if it is missing. `write`: it must exist. `read`: read-only. */
export type DatabaseMode = 'create' | 'write' | 'read';

/** What a statement changed: rows of the statement itself, not of its triggers. */
export interface RunResult {
  changes: number;
  lastId: number;
}

/** What can be asked of a connection, also inside a transaction. Every call rejects with an `SqliteError`. */
export interface Queries {
  run(sql: string, ...values: SqlValue[]): Promise<RunResult>;
  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined>;
  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
  /** Several statements without values, separated by semicolons. */
  exec(sql: string): Promise<void>;
}

/** A statement compiled once. */
export interface Statement {
  run(...values: SqlValue[]): Promise<RunResult>;
  all<Row>(...values: SqlValue[]): Promise<Row[]>;
}

/** A failure that SQLite reports. `code` is its primary result code, such as `SQLITE_FULL`. */
export interface SqliteError extends Error {
  code: string;
  errno: number;
}

/** The primary result code of an error of SQLite, undefined for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as Partial<SqliteError>).code : undefined;
  return code?.startsWith('SQLITE_') ? code : undefined;
}

/** The same error; one of SQLite, which never says which file it is about, names it now. */
export function naming(file: string, error: unknown): unknown {
  if (error instanceof Error && sqliteCode(error) !== undefined && !error.message.includes(file))
    error.message = `${file}: ${error.message}; check the disk, and who owns this file and its folder`;
  return error;
}

const flags: Record<DatabaseMode, number> = {
  create: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_FULLMUTEX,
  write: sqlite3.OPEN_READWRITE | sqlite3.OPEN_FULLMUTEX,
  read: sqlite3.OPEN_READONLY | sqlite3.OPEN_FULLMUTEX,
};

/**
 * Opens a database file. Rejects with an `SqliteError` (`SQLITE_CANTOPEN`, `SQLITE_NOTADB`...); note that SQLite
 * reads the file only with the first statement.
 */
export function openDatabase(file: string, mode: DatabaseMode): Promise<Database> {
  return new Promise((resolve, reject) => {
    const raw = new sqlite3.Database(file, flags[mode], (error) => {
      if (error) reject(error);
      else resolve(new Database(file, raw));
    });
  });
}

/**
 * One connection. Its statements run one at a time, in the order asked for: two at once would only wait for each
 * other, each holding one of the few threads of Node's pool, and the journal's commit with them.
 */
export class Database implements Queries {
  readonly file: string;
  readonly #raw: sqlite3.Database;
  readonly #statements = new Set<sqlite3.Statement>();
  #tail: Promise<unknown> = Promise.resolve();

  /** Use `openDatabase`. */
  constructor(file: string, raw: sqlite3.Database) {
    this.file = file;
    this.#raw = raw;
  }

  run(sql: string, ...values: SqlValue[]): Promise<RunResult> {
    return this.#next(() => run(this.#raw, sql, values));
  }

  get<Row>(sql: string, ...values: SqlValue[]): Promise<Row | undefined> {
    return this.#next(() => get<Row>(this.#raw, sql, values));
  }

  all<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    return this.#next(() => all<Row>(this.#raw, sql, values));
  }

  exec(sql: string): Promise<void> {
    return this.#next(() => exec(this.#raw, sql));
  }

  /** Compiles a statement for many runs; it lives until the connection is closed. */
  async prepare(sql: string): Promise<Statement> {
    const statement = await this.#next(() => prepare(this.#raw, sql));
    this.#statements.add(statement);
    return {
      run: (...values) => this.#next(() => runPrepared(statement, values)),
      all: (...values) => this.#next(() => allPrepared(statement, values)),
    };
  }

  /**
   * Runs `work` inside BEGIN IMMEDIATE and COMMIT; a rejection rolls back and is passed on. Other callers of this
   * connection wait meanwhile, so `work` must use only the `Queries` it is given.
   */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.#next(async () => {
      await exec(this.#raw, 'BEGIN IMMEDIATE');
      try {
        const result = await work({
          run: (sql, ...values) => run(this.#raw, sql, values),
          get: (sql, ...values) => get(this.#raw, sql, values),
          all: (sql, ...values) => all(this.#raw, sql, values),
          exec: (sql) => exec(this.#raw, sql),
        });
        await exec(this.#raw, 'COMMIT');
        return result;
      } catch (error) {
        // Some failures (disk full) have rolled back already; the first error is the one to tell.
        await exec(this.#raw, 'ROLLBACK').catch(() => {});
        throw error;
      }
    });
  }

  /** How long a statement waits for a lock of another connection, milliseconds (default 1,000). */
  busyTimeout(milliseconds: number): void {
    this.#raw.configure('busyTimeout', milliseconds);
  }

  /** Waits for what was asked, then closes. Nothing may be asked afterwards. */
  close(): Promise<void> {
    return this.#next(async () => {
      for (const statement of this.#statements) await finalize(statement);
      this.#statements.clear();
      await new Promise<void>((resolve, reject) => {
        this.#raw.close((error) => (error ? reject(error) : resolve()));
      });
    });
  }

  #next<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }
}

function run(raw: sqlite3.Database, sql: string, values: SqlValue[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    raw.run(sql, values, function (this: sqlite3.RunResult, error: Error | null) {
      if (error) reject(error);
      else resolve({ changes: this.changes, lastId: this.lastID });
    });
  });
}

function get<Row>(raw: sqlite3.Database, sql: string, values: SqlValue[]): Promise<Row | undefined> {
  return new Promise((resolve, reject) => {
    raw.get<Row | undefined>(sql, values, (error, row) => (error ? reject(error) : resolve(row)));
  });
}

function all<Row>(raw: sqlite3.Database, sql: string, values: SqlValue[]): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    raw.all<Row>(sql, values, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

function exec(raw: sqlite3.Database, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.exec(sql, (error) => (error ? reject(error) : resolve()));
  });
}

function prepare(raw: sqlite3.Database, sql: string): Promise<sqlite3.Statement> {
  return new Promise((resolve, reject) => {
    const statement = raw.prepare(sql, (error: Error | null) => (error ? reject(error) : resolve(statement)));
  });
}

function runPrepared(statement: sqlite3.Statement, values: SqlValue[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    statement.run(values, function (this: sqlite3.RunResult, error: Error | null) {
      if (error) reject(error);
      else resolve({ changes: this.changes, lastId: this.lastID });
    });
  });
}

function allPrepared<Row>(statement: sqlite3.Statement, values: SqlValue[]): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    statement.all<Row>(values, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

function finalize(statement: sqlite3.Statement): Promise<void> {
  return new Promise((resolve) => {
    // The callback carries no news: a statement's last failure was reported when it happened.
    statement.finalize(() => resolve());
  });
}
