import type { Alarm } from '../../contract/alarm.ts';
import { parsedAlarm } from './left.ts';
import type { Queries } from './sqlite.ts';

/** Key of the state that holds what a start has to finish. Whoever does removes it with the commit that does. */
export const UNFINISHED_KEY = 'unfinished';

/** Something that happened to a file of the gateway, for the guard: `SYS.STORAGE` carries it as its data. */
export interface StorageNotice extends Record<string, unknown> {
  reason: string;
}

/** What happened to the journal and is not in it yet: to be raised, and removed in the same commit. */
export interface Unfinished {
  /** Open alarms of a journal that was set aside, as far as it could be read. They are not in this one. */
  alarms: Alarm[];
  notices: StorageNotice[];
}

/** What an earlier start, or this one, left to be finished; nothing where it cannot be read. */
export async function readUnfinished(db: Pick<Queries, 'get'>): Promise<Unfinished> {
  const row = await db.get<{ value: string }>('SELECT value FROM state WHERE key = ?', UNFINISHED_KEY);
  const unfinished: Unfinished = { alarms: [], notices: [] };
  try {
    const { alarms, notices } = JSON.parse(row?.value ?? '{}') as Partial<Unfinished>;
    unfinished.alarms = (alarms ?? []).filter((alarm) => parsedAlarm(JSON.stringify(alarm)) !== undefined);
    unfinished.notices = notices ?? [];
  } catch {
    // then there is nothing that could be raised
  }
  return unfinished;
}

/** Adds to what is to be finished, within the transaction that makes it so. */
export async function addUnfinished(queries: Queries, added: Partial<Unfinished>): Promise<void> {
  const { alarms, notices } = await readUnfinished(queries);
  alarms.push(...(added.alarms ?? []));
  notices.push(...(added.notices ?? []));
  if (alarms.length === 0 && notices.length === 0) return;
  await queries.run(
    'INSERT OR REPLACE INTO state VALUES (?, ?)',
    UNFINISHED_KEY,
    JSON.stringify({ alarms, notices }),
  );
}
