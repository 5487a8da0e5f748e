import type { Alarm, Delivery } from '../../contract/alarm.ts';
import type { Lane } from '../../contract/event.ts';

/** The event that raised an alarm, by its place in its lane: what a recipient's receipt covers or not. */
export interface Raise {
  lane: Lane;
  seq: number;
  type: string;
  severity: number;
}

/** What a recipient's receipts say of a raise; undefined: the event is none of this recipient's business. */
export type Covers = (raise: Raise) => Delivery['state'] | undefined;

interface Waiting {
  raise: Raise;
  state: Delivery['state'] | undefined;
}

/** Which alarms each recipient has not receipted yet, so that a receipt looks at those only. */
export class Undelivered {
  readonly #byRecipient = new Map<string, Map<string, Waiting>>();

  knows(recipient: string): boolean {
    return this.#byRecipient.has(recipient);
  }

  /** From now on new alarms wait for this recipient too. */
  addRecipient(recipient: string): void {
    this.#byRecipient.set(recipient, new Map());
  }

  /** An alarm known before the recipient was. */
  addFor(recipient: string, id: string, raise: Raise): void {
    this.#byRecipient.get(recipient)?.set(id, { raise, state: undefined });
  }

  /** A new alarm waits for everybody: its marks. Undefined when there is nobody. */
  add(id: string, raise: Raise): Alarm['delivery'] {
    if (this.#byRecipient.size === 0) return undefined;
    const marks: Record<string, Delivery> = {};
    for (const [recipient, alarms] of this.#byRecipient) {
      alarms.set(id, { raise, state: 'pending' });
      marks[recipient] = { state: 'pending' };
    }
    return marks;
  }

  forget(id: string): void {
    for (const alarms of this.#byRecipient.values()) alarms.delete(id);
  }

  /** Asks of every alarm that waits, and answers with those whose mark is another now. */
  ask(recipient: string, covers: Covers): [id: string, state: Waiting['state']][] {
    const altered: [string, Waiting['state']][] = [];
    const alarms = this.#byRecipient.get(recipient);
    if (alarms === undefined) return altered;
    for (const [id, waiting] of alarms) {
      const state = covers(waiting.raise);
      if (state === 'receipted' || state === undefined) alarms.delete(id);
      if (state === waiting.state) continue;
      waiting.state = state;
      altered.push([id, state]);
    }
    return altered;
  }
}

/** The alarm with this mark of a recipient; undefined takes the mark away. */
export function marked(alarm: Alarm, recipient: string, mark: Delivery | undefined): Alarm {
  const { [recipient]: _, ...others } = alarm.delivery ?? {};
  return { ...alarm, delivery: mark === undefined ? others : { ...others, [recipient]: mark } };
}
