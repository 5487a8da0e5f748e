import type { Alarm } from '../../contract/alarm.ts';

/** Closed alarms stay at hand this long, and at most so many; the journal has them all. */
const CLOSED_KEPT_MS = 86_400_000;
const CLOSED_KEPT = 1_000;

/** Recently closed alarms, in the order they were closed. */
export class ClosedList {
  readonly #alarms = new Map<string, Alarm>();
  readonly #onForgotten: (id: string) => void;

  constructor(onForgotten: (id: string) => void) {
    this.#onForgotten = onForgotten;
  }

  get(id: string): Alarm | undefined {
    return this.#alarms.get(id);
  }

  put(alarm: Alarm, now: number): void {
    this.#alarms.set(alarm.id, alarm);
    this.prune(now);
  }

  /** The last closed first. */
  all(now: number): Alarm[] {
    this.prune(now);
    return [...this.#alarms.values()].reverse();
  }

  /** Forgets what is too old or too many. `now` in milliseconds since 1970. */
  prune(now: number): void {
    for (const [id, alarm] of this.#alarms) {
      if (this.#alarms.size <= CLOSED_KEPT && now - closedAt(alarm) <= CLOSED_KEPT_MS) return;
      this.#alarms.delete(id);
      this.#onForgotten(id);
    }
  }
}

/** When an alarm was closed, milliseconds since 1970. */
export function closedAt(alarm: Alarm): number {
  return Date.parse(alarm.steps?.close?.at ?? alarm.lastAt);
}
