import type { CloudEvent } from '../../contract/cloud-event.ts';
import type { Kind } from '../../contract/event.ts';

/** Events kept of each kind, so that a flood of readings does not push the alarms out. */
export const EVENTS_KEPT = 200;

/** An event at its place in the journal. */
export interface LoggedEvent {
  readonly position: number;
  readonly event: CloudEvent;
}

/** The last events of each kind, newest first. */
export type EventLog = Readonly<Record<Kind, readonly LoggedEvent[]>>;

export const kinds: readonly Kind[] = ['alarm', 'tamper', 'fault', 'request', 'event', 'record'];

export const emptyLog: EventLog = { alarm: [], tamper: [], fault: [], request: [], event: [], record: [] };

/** The log with a commit's events; `position` is that of the last of them. */
export function logged(log: EventLog, position: number, events: readonly CloudEvent[]): EventLog {
  const first = position - events.length + 1;
  return merged(
    log,
    events.map((event, index) => ({ position: first + index, event })),
  );
}

/** The log with more events, whatever their order; one that is there already is not taken twice. */
export function merged(log: EventLog, more: readonly LoggedEvent[]): EventLog {
  const byKind = new Map<Kind, LoggedEvent[]>();
  for (const entry of more) {
    if (isLook(entry.event)) continue;
    const kind = kindOf(entry.event);
    const group = byKind.get(kind);
    if (group === undefined) byKind.set(kind, [entry]);
    else group.push(entry);
  }
  const next: Record<Kind, readonly LoggedEvent[]> = { ...log };
  for (const [kind, added] of byKind) next[kind] = newestFirst(log[kind], added);
  return next;
}

/** The newest events of one kind, or of all, of those that are to be shown. */
export function recentEvents(
  log: EventLog,
  kind: Kind | 'all',
  isShown: (entry: LoggedEvent) => boolean,
): readonly LoggedEvent[] {
  if (kind !== 'all') return log[kind].filter(isShown);
  return Object.values(log).flat().filter(isShown).sort(byPosition).slice(0, EVENTS_KEPT);
}

function newestFirst(held: readonly LoggedEvent[], added: readonly LoggedEvent[]): LoggedEvent[] {
  const newest = held[0]?.position ?? Number.NEGATIVE_INFINITY;
  if (added.every(({ position }) => position > newest)) {
    return [...[...added].sort(byPosition), ...held].slice(0, EVENTS_KEPT);
  }
  const ids = new Set(held.map(({ event }) => event.id));
  const fresh = added.filter(({ event }) => !ids.has(event.id));
  return [...fresh, ...held].sort(byPosition).slice(0, EVENTS_KEPT);
}

function byPosition(a: LoggedEvent, b: LoggedEvent): number {
  return b.position - a.position;
}

/** That somebody saw a picture is for the audit; on a screen that shows it, it would push out what happened. */
function isLook({ type, data }: CloudEvent): boolean {
  return type === 'DEV.OUTPUT' && data.data?.command === 'view-evidence';
}

/** Kinds of a newer gateway are shown as plain events. */
function kindOf({ kind }: CloudEvent): Kind {
  return kinds.find((known) => known === kind) ?? 'event';
}
