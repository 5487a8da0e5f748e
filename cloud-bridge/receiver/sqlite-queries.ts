import type { Sqlite, SqlValue } from './sqlite.ts';
import type { AlarmView, CountKey, CountView, DeadLetterView, EventQuery, EventView } from './store.ts';

const countColumn: Record<CountKey, string> = {
  city: 'substr(region, 1, 4)',
  county: 'region',
  school: 'school',
  type: 'type',
};

export function counts(db: Sqlite, by: CountKey): Promise<CountView[]> {
  return db.all<CountView>(
    `SELECT ${countColumn[by]} AS key, sum(events) AS events, sum(counted) AS counted
     FROM tally GROUP BY 1 ORDER BY 1`,
  );
}

export function events(db: Sqlite, query: EventQuery): Promise<EventView[]> {
  const where = ['position > ?'];
  const values: SqlValue[] = [query.after];
  for (const key of ['gateway', 'school', 'type', 'lane'] as const) {
    const value = query[key];
    if (value === undefined) continue;
    where.push(`${key} = ?`);
    values.push(value);
  }
  return db.all<EventView>(
    `SELECT position, school, gateway, epoch, lane, seq, id, type, severity, region, received_at AS receivedAt, body
     FROM event WHERE ${where.join(' AND ')} ORDER BY position LIMIT ?`,
    ...[...values, query.limit],
  );
}

export function alarms(
  db: Sqlite,
  { state, severity, limit }: { state: 'open' | 'all'; severity: number; limit: number },
): Promise<AlarmView[]> {
  return db.all<AlarmView>(
    `SELECT school, gateway, region, received_at AS receivedAt, alarm FROM alarm
     WHERE severity <= ? ${state === 'open' ? 'AND open = 1' : ''} ORDER BY severity, first_at LIMIT ?`,
    ...[severity, limit],
  );
}

export async function deadLetters(
  db: Sqlite,
  { before, limit }: { before: number; limit: number },
): Promise<{ letters: DeadLetterView[]; dropped: number }> {
  const letters = await db.all<DeadLetterView>(
    `SELECT id, received_at AS receivedAt, last_at AS lastAt, times, topic, gateway, school, epoch, lane,
       from_seq AS "from", to_seq AS "to", reason, detail, size
     FROM dead_letter WHERE id < ? ORDER BY id DESC LIMIT ?`,
    ...[before, limit],
  );
  const dropped = (await db.get<{ n: number }>('SELECT n FROM dead_letter_dropped'))?.n ?? 0;
  return { letters, dropped };
}
