import type { Alarm } from '../../contract/alarm.ts';
import type { RetainedMessage } from './batch.ts';
import type { Queries } from './sqlite.ts';
import { DamageError } from './tail.ts';

const DAY_MS = 86_400_000;
const DUPLICATES_MS = 600_000;
/** Of the last rows at most so many are searched for keys of redeliveries, and for one written by a trusted clock. */
const DUPLICATES_ROWS = 200_000;

/** What a run leaves in the file for the next one. */
export interface Left {
  /** Open alarms, and those closed within the last 24 h. */
  alarms: Alarm[];
  states: Map<string, string>;
  retained: RetainedMessage[];
  /** Keys of rows received within the last 10 minutes, oldest first. */
  dups: Array<{ keys: string[]; id: string; at: number }>;
  /** Lane `a` sequence of each loaded alarm's first transition: a cursor at or past it has delivered the alarm. */
  raisedSeq: Map<string, number>;
  /** When the newest row was received that was written by a clock in sync or in holdover, ms since 1970. */
  trustedAt: number | undefined;
}

/**
 * Reads what the last run left, up to row `position`. Rejects with `DamageError` for an alarm that cannot be read; a
 * row whose key of redelivery cannot be read is passed over.
 */
export async function readLeft(
  db: Pick<Queries, 'all' | 'get'>,
  position: number,
  now: number,
): Promise<Left> {
  // by two queries: each finds its alarms over an index
  const columns =
    'id, body, (SELECT seq FROM journal WHERE alarm = alarm.id ORDER BY position LIMIT 1) AS seq';
  const alarms = await db.all<{ id: string; body: string; seq: number | null }>(
    `SELECT ${columns} FROM alarm WHERE open = 1
     UNION ALL SELECT ${columns} FROM alarm WHERE open = 0 AND changed > ?`,
    now - DAY_MS,
  );
  const states = await db.all<{ key: string; value: string }>('SELECT key, value FROM state');
  // SQLite fails the whole statement for one body that is no JSON
  const dups = await db.all<{ dup: string; id: string | null; at: number }>(
    `SELECT dup, iif(json_valid(body), body->>'id', NULL) AS id, at FROM journal
     WHERE position > ? AND dup IS NOT NULL AND abs(? - at) <= ${DUPLICATES_MS} ORDER BY position`,
    position - DUPLICATES_ROWS,
    now,
  );
  // a row that names a device's clock says nothing of ours
  const trusted = await db.get<{ at: number }>(
    `SELECT at FROM journal WHERE position > ? AND json_valid(body) AND body->>'$.data.clock.source' = 'gateway'
     AND body->>'$.data.clock.quality' <> 'unsync' ORDER BY position DESC LIMIT 1`,
    position - DUPLICATES_ROWS,
  );
  return {
    alarms: alarms.map(({ id, body }) => {
      const alarm = parsedAlarm(body);
      if (alarm === undefined || alarm.id !== id) throw new DamageError(`alarm ${id} cannot be read`);
      return alarm;
    }),
    states: new Map(states.map(({ key, value }) => [key, value])),
    retained: await db.all<RetainedMessage>('SELECT topic, payload, qos FROM retained ORDER BY topic'),
    dups: dups.flatMap(({ dup, id, at }) => {
      const keys = parsedKeys(dup);
      return keys === undefined || id === null ? [] : [{ keys, id, at }];
    }),
    raisedSeq: new Map(alarms.flatMap(({ id, seq }) => (seq === null ? [] : [[id, seq]]))),
    trustedAt: trusted?.at,
  };
}

const texts = ['id', 'type', 'subject', 'condition', 'operator', 'mode', 'firstAt', 'lastAt'] as const;

/** An alarm as the journal stores it; undefined if too little of it can be read to work with. */
export function parsedAlarm(body: string): Alarm | undefined {
  const alarm = parsed(body) as Partial<Alarm> | undefined;
  if (typeof alarm !== 'object' || alarm === null) return undefined;
  const whole =
    texts.every((name) => typeof alarm[name] === 'string') &&
    typeof alarm.version === 'number' &&
    typeof alarm.severity === 'number' &&
    !Number.isNaN(Date.parse(alarm.firstAt ?? ''));
  return whole ? (alarm as Alarm) : undefined;
}

function parsedKeys(dup: string): string[] | undefined {
  const keys = parsed(dup);
  return Array.isArray(keys) ? (keys as string[]) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
