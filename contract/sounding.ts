import type { Alarm } from './alarm.ts';

/** A silenced alarm sounds again after this long at most (GB 50394 5.2.3 commentary). */
export const SILENCE_MAX_MS = 30_000;
/** An alarm is shelved for a shift at most, and a detector isolated for a day. */
export const SHELVE_MAX_MS = 12 * 3_600_000;
export const ISOLATE_MAX_MS = 24 * 3_600_000;
/** An acknowledged severity 1 that nobody dispatched sounds again after this long. */
export const DISPATCH_WITHIN_MS = 180_000;

type Soundable = Pick<
  Alarm,
  | 'operator'
  | 'severity'
  | 'lifeSafety'
  | 'silent'
  | 'silencedUntil'
  | 'acknowledgedAt'
  | 'mode'
  | 'freshness'
  | 'shelved'
  | 'isolated'
>;

/**
 * Does this alarm sound in the security room now? The same answer in gateway and console, from the alarm alone.
 * Severity 1-2 sound until somebody takes them; 3-4, tests, silent types and stored news that does not concern life
 * show a card only. `now` in milliseconds since 1970.
 */
export function isSounding(alarm: Soundable, now: number): boolean {
  if (alarm.silent === true || alarm.severity > 2) return false;
  if (alarm.mode === 'test' || alarm.mode === 'walktest') return false;
  if (alarm.freshness !== 'live' && !alarm.lifeSafety) return false;
  // the gateway's timer ends both with a row, whatever a clock says
  if (isQuiet(alarm)) return false;
  if (isSilenced(alarm, now)) return false;
  if (alarm.operator === 'new') return true;
  return (
    alarm.operator === 'acknowledged' &&
    alarm.severity === 1 &&
    alarm.acknowledgedAt !== undefined &&
    Math.abs(now - Date.parse(alarm.acknowledgedAt)) > DISPATCH_WITHIN_MS
  );
}

/** Shelved or isolated: tracked and shown, without a sound. */
export function isQuiet({ shelved, isolated }: Pick<Alarm, 'shelved' | 'isolated'>): boolean {
  return shelved !== undefined || isolated !== undefined;
}

/** Nobody has taken it for so long that it sounds louder. Never of a silent type, which does not sound at all. */
export function isLouder({ escalation, silent }: Pick<Alarm, 'escalation' | 'silent'>): boolean {
  return escalation !== undefined && silent !== true;
}

/** Silenced, and not by a clock that was set back since: longer than `SILENCE_MAX_MS` ahead nobody could have meant. */
export function isSilenced({ silencedUntil }: Pick<Alarm, 'silencedUntil'>, now: number): boolean {
  if (silencedUntil === undefined) return false;
  const left = Date.parse(silencedUntil) - now;
  return left > 0 && left <= SILENCE_MAX_MS;
}
