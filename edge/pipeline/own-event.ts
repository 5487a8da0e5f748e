import {
  type Edge,
  EVENT_VERSION,
  type EventDraft,
  gatewayClock,
  type Severity,
} from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';

/** A draft the gateway itself makes (SYS.*, DEV.OFFLINE by a watchdog, ALM.TRANSITION). `at` in ms since 1970. */
export function ownDraft(type: string, edge: Edge, at: number, data?: Record<string, unknown>): EventDraft {
  const entry = eventType(type);
  if (entry === undefined) throw new Error(`${type} is not in the event type list`);
  const instant = new Date(at).toISOString();
  return {
    v: EVENT_VERSION,
    type,
    kind: entry.kind,
    severity: entry.severity as Severity,
    edge,
    mode: 'live',
    freshness: 'live',
    occurredAt: instant,
    receivedAt: instant,
    clock: gatewayClock,
    ...(data === undefined ? {} : { data }),
  };
}
