import type { Alarm } from '../../contract/alarm.ts';
import type { AuditRow, CursorMove, JournalRow, RetainedMessage, SealedBatch, StateChange } from './batch.ts';

/** What one statement stores. Later entries of the same alarm, state, topic or cursor replace earlier ones. */
export interface Part {
  rows: JournalRow[];
  alarms: Alarm[];
  states: StateChange[];
  retained: RetainedMessage[];
  cursors: CursorMove[];
  audit?: AuditRow[];
}

/** Several parts as one, in order. */
export function mergeParts(parts: readonly Part[]): Part {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return { ...only, cursors: [...only.cursors] };
  return {
    rows: parts.flatMap((part) => part.rows),
    alarms: parts.flatMap((part) => part.alarms),
    states: parts.flatMap((part) => part.states),
    retained: parts.flatMap((part) => part.retained),
    cursors: parts.flatMap((part) => part.cursors),
    audit: parts.flatMap((part) => part.audit ?? []),
  };
}

/**
 * What is stored of a batch while the disk is full: lane `a` and the alarms. The states of its devices are forgotten with
 * it, so that a crash before the rest is stored repeats an event rather than loses one.
 */
export function alarmPart(batch: SealedBatch): Part {
  const rows = batch.rows.filter((row) => row.lane === 'a');
  const states = rows.length === 0 ? [] : batch.states.map(({ key }) => ({ key, value: undefined }));
  const audit = batch.audit?.filter((row) => row.lane === 'a') ?? [];
  return { rows, alarms: batch.alarms, states, retained: [], cursors: [], audit };
}

/** What is left of a batch after its `alarmPart`; the states named stay forgotten. */
export function restPart(batch: SealedBatch, forgotten: ReadonlySet<string>): Part {
  const { retained, cursors } = batch;
  const states = batch.states.map(({ key, value }) => ({
    key,
    value: forgotten.has(key) ? undefined : value,
  }));
  return {
    rows: batch.rows.filter((row) => row.lane !== 'a'),
    alarms: [],
    states,
    retained,
    cursors: [...cursors],
    audit: batch.audit?.filter((row) => row.lane !== 'a') ?? [],
  };
}

/** Does the batch have rows on lane `a`? */
export function hasAlarmRows(batch: SealedBatch): boolean {
  return batch.rows.some((row) => row.lane === 'a');
}
