import type { Alarm } from '../../contract/alarm.ts';

/** What a card says about how fresh the news is: `present` was active when the gateway first looked. */
export type FreshnessMark = { mark: 'late'; ageMs: number } | { mark: 'present' } | { mark: 'replay' };

/** Undefined for a live alarm. */
export function freshnessMark(alarm: Pick<Alarm, 'freshness' | 'id' | 'firstAt'>): FreshnessMark | undefined {
  switch (alarm.freshness) {
    case 'live':
      return undefined;
    case 'late':
      return { mark: 'late', ageMs: Math.max(0, uuidTime(alarm.id) - Date.parse(alarm.firstAt)) };
    case 'initial':
      return { mark: 'present' };
    case 'replay':
      return { mark: 'replay' };
  }
}

/** When a UUIDv7 was made, milliseconds since 1970 (RFC 9562 5.7). */
function uuidTime(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Delivery by recipient, what is wrong first. */
export function deliveries({ delivery }: Pick<Alarm, 'delivery'>) {
  const rank = { failed: 0, pending: 1, receipted: 2 };
  return Object.entries(delivery ?? {})
    .map(([recipient, mark]) => ({ recipient, ...mark }))
    .sort((a, b) => rank[a.state] - rank[b.state]);
}
