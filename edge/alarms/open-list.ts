import type { Alarm } from '../../contract/alarm.ts';

/** Open alarms as a security room reads them: most urgent first, then the oldest. Kept sorted, one move a change. */
export class OpenList {
  readonly #alarms: Alarm[] = [];

  get size(): number {
    return this.#alarms.length;
  }

  /** The list as it is now. */
  all(): Alarm[] {
    return this.#alarms.slice();
  }

  [Symbol.iterator](): IterableIterator<Alarm> {
    return this.#alarms[Symbol.iterator]();
  }

  /** Puts an alarm where it belongs; `before` is what the list holds of it, undefined if nothing. */
  put(before: Alarm | undefined, after: Alarm): void {
    if (before !== undefined) {
      const at = this.#indexOf(before);
      if (compare(before, after) === 0) {
        this.#alarms[at] = after;
        return;
      }
      this.#alarms.splice(at, 1);
    }
    this.#alarms.splice(this.#indexOf(after), 0, after);
  }

  remove(alarm: Alarm): void {
    this.#alarms.splice(this.#indexOf(alarm), 1);
  }

  /** Where the alarm is, or would be. */
  #indexOf(alarm: Alarm): number {
    let low = 0;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#alarms[middle] as Alarm, alarm) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// instants are UTC with milliseconds, so text order is time order; the id settles the rest
function compare(a: Alarm, b: Alarm): number {
  if (a.severity !== b.severity) return a.severity - b.severity;
  if (a.firstAt !== b.firstAt) return a.firstAt < b.firstAt ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
