import type { Event } from '../../contract/event.ts';
import { keyOfEvent } from '../alarms/key.ts';

/** Two ways may differ by so much, milliseconds: radio, bridges, retries. */
const WITHIN_MS = 3_000;
/** Keys kept at most; older ones mean nothing any more. */
const KEYS_MAX = 10_000;

/** A press: when it was first reported (monotonic), and by which ways (adapter and device). */
interface Press {
  at: number;
  ways: Set<string>;
}

/**
 * Tells one press that is reported on two ways (two bridges, two adapters) from two presses. Each way may report a press
 * once; what a way reports that has reported all of them already is a press of its own, however soon it comes.
 */
export class SamePress {
  readonly #monotonic: () => number;
  /** Of the last moments, by alarm, the oldest first. */
  readonly #presses = new Map<string, Press[]>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Did another way report this live press already? Call once for each raise or pulse of an alarm. */
  isEcho(event: Event, way: string): boolean {
    if (event.kind !== 'alarm' || event.freshness !== 'live') return false;
    if (event.edge !== 'raise' && event.edge !== 'pulse') return false;
    const now = this.#monotonic();
    const key = keyOfEvent(event);
    const recent = (this.#presses.get(key) ?? []).filter(({ at }) => now - at <= WITHIN_MS);
    const reported = recent.find(({ ways }) => !ways.has(way));
    if (reported === undefined) recent.push({ at: now, ways: new Set([way]) });
    else reported.ways.add(way);
    // moves the key to the end
    this.#presses.delete(key);
    this.#presses.set(key, recent);
    this.#prune();
    return reported !== undefined;
  }

  #prune(): void {
    if (this.#presses.size <= KEYS_MAX) return;
    const [oldest] = this.#presses.keys();
    if (oldest !== undefined) this.#presses.delete(oldest);
  }
}
