import type { Severity } from '../../../contract/event.ts';
import type { PatternName } from './patterns.ts';

export interface Hearing {
  /** Severities of the alarms that sound now. */
  sounding: readonly Severity[];
  /** One of them waits for so long that it sounds louder. */
  louder: boolean;
  /** Nothing heard from the gateway for too long, or this screen was signed out by it. */
  lost: boolean;
  /** The loss was muted on this screen until then; it sounds again afterwards. */
  mutedUntil: number;
  now: number;
}

/** What is to be heard now. A lost gateway goes before alarms: whatever the screen shows may be over or worse. */
export function patternOf({ sounding, louder, lost, mutedUntil, now }: Hearing): PatternName | undefined {
  if (lost && now >= mutedUntil) return 'lost';
  if (sounding.includes(1)) return louder ? 'severity-1-louder' : 'severity-1';
  return sounding.includes(2) ? 'severity-2' : undefined;
}
