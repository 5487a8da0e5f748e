/** What the queue needs to know of an item. */
export interface Queued {
  /** Something in it belongs to lane `a`: it goes before everything that does not. */
  readonly urgent: boolean;
  /** How many journal rows it will cause, at a guess; 0 counts as 1. */
  readonly weight: number;
}

/** Places that an empty queue keeps. */
const KEPT_PLACES = 64;

/** The waiting items of one client, first in first out. */
export class ClientQueue<T extends Queued> {
  #items: Array<T | undefined> = [];
  #head = 0;
  #tail = 0;
  urgent = 0;

  get size(): number {
    return this.#tail - this.#head;
  }

  push(item: T): void {
    this.#items[this.#tail++] = item;
    if (item.urgent) this.urgent++;
  }

  shift(): T {
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined;
    if (item.urgent) this.urgent--;
    if (this.#head === this.#tail) {
      // most clients have one item at a time: its place is used again
      if (this.#tail > KEPT_PLACES) this.#items = [];
      this.#head = 0;
      this.#tail = 0;
    }
    return item;
  }
}

/**
 * Waiting items, fair over clients, alarms first. Order within one client never changes: an urgent item takes what
 * its client sent before it along, so that the state of a device is never stored out of order.
 */
export class FairQueue<T extends Queued> {
  /** Queues with at least one item, in the order of their turns. */
  #turns = new Set<ClientQueue<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** True when a client waits with an urgent item. */
  get hasUrgent(): boolean {
    for (const queue of this.#turns) if (queue.urgent > 0) return true;
    return false;
  }

  push(queue: ClientQueue<T>, item: T): void {
    queue.push(item);
    this.#turns.add(queue);
    this.#size++;
  }

  /** Takes items of at most about `cap` rows together; `urgentOnly` leaves every client without an alarm waiting. */
  take(cap: number, urgentOnly = false): T[] {
    const taken: T[] = [];
    let room = cap;
    const takeOne = (queue: ClientQueue<T>): T => {
      const item = queue.shift();
      taken.push(item);
      this.#size--;
      room -= Math.max(1, item.weight);
      if (queue.size === 0) this.#turns.delete(queue);
      return item;
    };
    for (let again = true; again && room > 0; ) {
      again = false;
      for (const queue of [...this.#turns]) {
        if (queue.urgent === 0 || room <= 0) continue;
        while (!takeOne(queue).urgent);
        again ||= queue.urgent > 0;
      }
    }
    while (!urgentOnly && room > 0 && this.#turns.size > 0) {
      for (const queue of this.#turns) {
        if (room <= 0) break;
        takeOne(queue);
        if (queue.size > 0 && room <= 0) this.#rotate(queue);
      }
    }
    return taken;
  }

  /** The client whose turn was the last goes to the end, so that the next batch starts with another. */
  #rotate(queue: ClientQueue<T>): void {
    this.#turns.delete(queue);
    this.#turns.add(queue);
  }
}
