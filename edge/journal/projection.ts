import type { Alarm } from '../../contract/alarm.ts';
import { isOpen, projectedAlarm } from './encode.ts';
import type { Queries } from './sqlite.ts';

/** The alarm that an `ALM.TRANSITION` body carries; undefined if the body is none. */
export function alarmAfter(body: string): Alarm | undefined {
  const event = JSON.parse(body) as { type?: unknown; data?: { data?: { alarm?: Alarm } } };
  return event.type === 'ALM.TRANSITION' ? event.data?.data?.alarm : undefined;
}

/** What `rebuild` did. */
export interface Rebuilt {
  /** Alarms folded from rows. */
  alarms: number;
  /** Open alarms kept as they were, because retention has removed their rows. */
  kept: number;
  /** Hour marks, by which times are found. */
  hours: number;
}

const PAGE = 200;

/**
 * Folds the projections again from the rows, inside an open transaction: the state of an alarm is what its last
 * transition says. No rule runs.
 */
export async function foldProjections(db: Queries): Promise<Rebuilt> {
  await db.exec('REINDEX');
  await db.run(
    'DELETE FROM alarm WHERE open = 0 OR id IN (SELECT alarm FROM journal WHERE alarm IS NOT NULL)',
  );
  const kept = (await db.get<{ n: number }>('SELECT count(*) AS n FROM alarm'))?.n ?? 0;
  let alarms = 0;
  let after = '';
  for (;;) {
    const last = await db.all<{ alarm: string; at: number; body: string }>(
      `SELECT alarm, at, body FROM journal WHERE position IN (
         SELECT max(position) FROM journal WHERE alarm > ? GROUP BY alarm ORDER BY alarm LIMIT ?
       ) ORDER BY alarm`,
      after,
      PAGE,
    );
    for (const { alarm: id, at, body } of last) {
      const alarm = alarmAfter(body);
      if (alarm === undefined)
        throw new Error(`journal: the last row of alarm ${id} is no transition; run verify`);
      const open = isOpen(alarm) ? 1 : 0;
      await db.run(
        'INSERT INTO alarm VALUES (?, ?, ?, ?, ?)',
        id,
        alarm.version,
        open,
        at,
        projectedAlarm(alarm),
      );
      alarms += 1;
    }
    const end = last.at(-1);
    if (end === undefined) break;
    after = end.alarm;
  }
  await db.run('DELETE FROM hour');
  const { changes: hours } = await db.run(
    `INSERT INTO hour SELECT position, hour FROM (
       SELECT position, at / 3600000 AS hour, lag(at / 3600000) OVER (ORDER BY position) AS before FROM journal
     ) WHERE hour IS NOT before`,
  );
  return { alarms, kept, hours };
}
