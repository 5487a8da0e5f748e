import { eventType } from '../../contract/event-type.ts';
import type { OutboxRow } from '../../contract/outbox.ts';

/** Which rows a recipient gets; absent parts let everything pass. What it does not get is named as skipped. */
export interface RecipientFilter {
  /** Event types (`FIR.SMOKE`) or whole families (`FIR`). */
  types?: readonly string[] | undefined;
  /** This severity and more urgent ones (1 is most urgent). */
  severity?: number | undefined;
}

/** TLS material, PEM. */
export interface TlsMaterial {
  ca?: Buffer | undefined;
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
}

/** Where the events of a gateway go, and as whom. One per recipient: one that is dead delays no other. */
export interface RecipientConfig {
  /** Name in frames, receipts and cursors: `province`, `county`, `police`... */
  recipient: string;
  /** `mqtt://host:port` or `mqtts://host:port`. */
  url: string;
  /** Absent: MQTT 5 first, 3.1.1 if the broker refuses it. */
  version?: 5 | 4 | undefined;
  tls?: TlsMaterial | undefined;
  username?: string | undefined;
  password?: string | undefined;
  gateway: string;
  /** School code, 10 digits. */
  school: string;
  /** County, 6 digits. */
  region: string;
  /** Name of the school or campus. */
  name: string;
  filter?: RecipientFilter | undefined;
}

/** What becomes of a row: it travels, it leaves as a count of its type, or only its place is named. */
export type Fate = 'full' | 'count' | 'none';

/** The decision for each row: the type's uplink policy, then the recipient's filter. Unknown types travel in full. */
export function fateOf(
  filter: RecipientFilter | undefined,
): (row: Pick<OutboxRow, 'type' | 'severity'>) => Fate {
  const types = filter?.types === undefined ? undefined : new Set(filter.types);
  const severity = filter?.severity ?? Number.POSITIVE_INFINITY;
  return (row) => {
    const policy = eventType(row.type)?.uplink ?? 'full';
    if (row.severity > severity) return 'none';
    if (types !== undefined && !types.has(row.type) && !types.has(row.type.split('.', 1)[0] ?? ''))
      return 'none';
    return policy;
  };
}
