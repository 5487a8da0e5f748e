import { join } from 'node:path';
import { openDatabase } from '../../edge/journal/sqlite.ts';

/** Rows a second into SQLite when every row is its own durable commit: what a receiver of single messages does. */
export async function commitsOfOneRow(dir: string, ms: number): Promise<number> {
  const db = await openDatabase(join(dir, 'single.db'), 'create');
  await db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE event (id INTEGER PRIMARY KEY, body TEXT)',
  );
  const insert = await db.prepare('INSERT INTO event (body) VALUES (?)');
  const body = 'x'.repeat(800);
  const began = performance.now();
  let rows = 0;
  for (; performance.now() - began < ms; rows++) await insert.run(body);
  const seconds = (performance.now() - began) / 1000;
  await db.close();
  return rows / seconds;
}
