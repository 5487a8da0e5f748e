import type { Alarm, ModeClass } from '../../contract/alarm.ts';
import { subjectOf } from '../../contract/cloud-event.ts';
import type { Event, Kind, Mode } from '../../contract/event.ts';

/** Kinds that open alarms; `event` and `record` do not. */
export function opensAlarms(kind: Kind): boolean {
  return kind === 'alarm' || kind === 'tamper' || kind === 'fault' || kind === 'request';
}

/** Real, drill and test never mix; a walk test is a test. */
export function modeClass(mode: Mode): ModeClass {
  if (mode === 'live') return 'real';
  return mode === 'drill' ? 'drill' : 'test';
}

/** What tells alarms apart: type + subject + mode class. At most one instance of a key is not disposed yet. */
export function keyOf(alarm: Pick<Alarm, 'type' | 'subject' | 'mode'>): string {
  return `${alarm.type}|${modeClass(alarm.mode)}|${alarm.subject}`;
}

/** The key an event belongs to. */
export function keyOfEvent(event: Event): string {
  return `${event.type}|${modeClass(event.mode)}|${subjectOf(event)}`;
}
