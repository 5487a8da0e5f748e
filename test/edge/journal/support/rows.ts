import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../../../contract/alarm.ts';
import { encodeBody } from '../../../../contract/cloud-event.ts';
import type { Event, Lane } from '../../../../contract/event.ts';
import { eventType } from '../../../../contract/event-type.ts';
import type { JournalRow, SealedBatch } from '../../../../edge/journal/batch.ts';
import type { Journal } from '../../../../edge/journal/journal.ts';

export interface RowSpec {
  type?: string;
  at?: number;
  edge?: Event['edge'];
  severity?: Event['severity'];
  device?: string;
  place?: string;
  data?: Record<string, unknown>;
  dup?: string[];
  alarm?: string;
  /** Makes the body longer by so many characters. */
  padding?: number;
}

type Numbered = Pick<Journal, 'nextSeq'>;

/** A row as the pipeline makes it, with the next number of its lane. */
export function rowOf(journal: Numbered, spec: RowSpec = {}): JournalRow {
  const code = spec.type ?? 'DEV.ONLINE';
  const type = eventType(code);
  const lane: Lane = type?.lane ?? 'e';
  const at = spec.at ?? Date.now();
  const time = new Date(at).toISOString();
  const data = spec.padding === undefined ? spec.data : { ...spec.data, padding: 'x'.repeat(spec.padding) };
  const event: Event = {
    v: 1,
    id: uuidv7(),
    type: code,
    kind: type?.kind ?? 'event',
    severity: spec.severity ?? type?.severity ?? 4,
    edge: spec.edge ?? 'pulse',
    mode: 'live',
    freshness: 'live',
    occurredAt: time,
    receivedAt: time,
    clock: { source: 'gateway', quality: 'sync' },
    lane,
    seq: journal.nextSeq(lane),
    origin: {
      gateway: 'gw-01',
      school: '2137000123',
      region: '370102',
      device: spec.device ?? 'dev-1',
      slot: `slot-of-${spec.device ?? 'dev-1'}`,
      place: spec.place ?? 'dorm-3-201',
      profile: 'z2m.smoke',
    },
    readings: [{ name: 'battery', value: 80, unit: '%' }],
    ...(data === undefined ? {} : { data }),
  };
  const { id, severity, freshness, edge, seq } = event;
  return {
    lane,
    seq,
    id,
    type: code,
    severity,
    freshness,
    edge,
    at,
    body: encodeBody(event),
    ...(spec.alarm === undefined ? {} : { alarm: spec.alarm }),
    ...(spec.dup === undefined ? {} : { dup: spec.dup }),
  };
}

/** An alarm in its first version, or the next version of one. */
export function alarmOf(changes: Partial<Alarm> = {}): Alarm {
  const now = new Date().toISOString();
  return {
    id: uuidv7(),
    version: 1,
    type: 'FIR.SMOKE',
    subject: 'slot-1',
    severity: 1,
    condition: 'active',
    latched: true,
    operator: 'new',
    count: 1,
    firstAt: now,
    lastAt: now,
    mode: 'live',
    freshness: 'live',
    lifeSafety: true,
    raisedBy: uuidv7(),
    ...changes,
  };
}

/** The transition row that makes an alarm what it is. */
export function transitionOf(journal: Numbered, alarm: Alarm, spec: RowSpec = {}): JournalRow {
  const { condition, operator, latched } = alarm;
  return rowOf(journal, {
    ...spec,
    type: 'ALM.TRANSITION',
    alarm: alarm.id,
    data: {
      alarmId: alarm.id,
      version: alarm.version,
      action: alarm.version === 1 ? 'raise' : 'acknowledge',
      actor: 'device:dev-1',
      role: 'system',
      station: 'gateway',
      to: { condition, operator, latched },
      alarm,
    },
  });
}

export function batchOf(rows: JournalRow[], rest: Partial<SealedBatch> = {}): SealedBatch {
  return { rows, alarms: [], states: [], retained: [], cursors: [], ...rest };
}

/** A smoke raise with the alarm it opens. */
export function raiseOf(journal: Numbered, alarm: Alarm = alarmOf(), spec: RowSpec = {}): SealedBatch {
  const raise = rowOf(journal, { ...spec, type: 'FIR.SMOKE', edge: 'raise' });
  const raised = { ...alarm, raisedBy: raise.id };
  return batchOf([raise, transitionOf(journal, raised, spec)], { alarms: [raised] });
}
