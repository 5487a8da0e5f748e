import { eventType } from '../../contract/event-type.ts';

/** Which rows a recipient gets; absent parts let everything pass. What it does not get is named as skipped. */
export interface RecipientFilter {
  /** Event types (`FIR.SMOKE`) or whole families (`FIR`). */
  types?: readonly string[] | undefined;
  /** This severity and more urgent ones (1 is most urgent). */
  severity?: number | undefined;
  /** Only these modes; a drill or test that a recipient may not take for real is left out. */
  modes?: readonly string[] | undefined;
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

/** What the decision is made by. */
export interface Facts {
  type: string;
  severity: number;
  /** `live`, `drill`, `walktest`, `test`. */
  mode: string;
}

/** The decision for each row: the type's uplink policy, then the recipient's filter. Unknown types travel in full. */
export function fateOf(filter: RecipientFilter | undefined): (row: Facts) => Fate {
  const types = filter?.types === undefined ? undefined : new Set(filter.types);
  const severity = filter?.severity ?? Number.POSITIVE_INFINITY;
  const modes = filter?.modes;
  return (row) => {
    const policy = eventType(row.type)?.uplink ?? 'full';
    if (row.severity > severity) return 'none';
    if (modes !== undefined && !modes.includes(row.mode)) return 'none';
    if (types !== undefined && !types.has(row.type) && !types.has(row.type.split('.', 1)[0] ?? ''))
      return 'none';
    return policy;
  };
}
