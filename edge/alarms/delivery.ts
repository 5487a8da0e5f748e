import type { Alarm, Delivery } from '../../contract/alarm.ts';
import type { Lane } from '../../contract/event.ts';

/** The last trigger of an alarm, by its place in its lane: what a recipient's receipt covers or not. */
export interface Raise {
  lane: Lane;
  seq: number;
  type: string;
  severity: number;
  mode: string;
}

/** What a recipient's receipts say of a raise; undefined: the event is none of this recipient's business. */
export type Covers = (raise: Raise) => Delivery['state'] | undefined;

/** Which alarms each recipient has not receipted yet, so that a receipt looks at those only. */
export class Undelivered {
  /** Of every alarm at hand. */
  readonly #raises = new Map<string, Raise>();
  /** Alarms whose mark may change, with the mark they have. */
  readonly #byRecipient = new Map<string, Map<string, Delivery['state'] | undefined>>();
  /** Alarms with a trigger that nobody was asked of yet. */
  readonly #unasked = new Set<string>();

  knows(recipient: string): boolean {
    return this.#byRecipient.has(recipient);
  }

  /** From now on new alarms wait for this recipient too. */
  addRecipient(recipient: string): void {
    this.#byRecipient.set(recipient, new Map());
  }

  /** An alarm known before the recipient was. */
  addFor(recipient: string, id: string, raise: Raise): void {
    this.#raises.set(id, raise);
    this.#byRecipient.get(recipient)?.set(id, undefined);
  }

  /** A new alarm, or a new trigger of one, waits for everybody: its marks. Undefined when there is nobody. */
  add(id: string, raise: Raise): Alarm['delivery'] {
    this.#raises.set(id, raise);
    if (this.#byRecipient.size === 0) return undefined;
    this.#unasked.add(id);
    const marks: Record<string, Delivery> = {};
    for (const [recipient, alarms] of this.#byRecipient) {
      alarms.set(id, 'pending');
      marks[recipient] = { state: 'pending' };
    }
    return marks;
  }

  forget(id: string): void {
    this.#raises.delete(id);
    this.#unasked.delete(id);
    for (const alarms of this.#byRecipient.values()) alarms.delete(id);
  }

  /** A recipient took back what its receipts said of these raises: they are asked of again. */
  recall(recipient: string, which: (raise: Raise) => boolean): void {
    const alarms = this.#byRecipient.get(recipient);
    for (const [id, raise] of this.#raises)
      if (alarms?.has(id) === false && which(raise)) alarms.set(id, 'receipted');
  }

  /** Of these, those that nobody was asked of yet; each once. */
  takeUnasked(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#unasked.delete(id));
  }

  /** Asks of every alarm that waits, or of these, and answers with those whose mark is another now. */
  ask(
    recipient: string,
    covers: Covers,
    only?: readonly string[],
  ): [id: string, state: ReturnType<Covers>][] {
    const altered: [string, ReturnType<Covers>][] = [];
    const alarms = this.#byRecipient.get(recipient);
    if (alarms === undefined) return altered;
    for (const id of only ?? [...alarms.keys()]) {
      if (!alarms.has(id)) continue;
      const before = alarms.get(id);
      const raise = this.#raises.get(id);
      const state = raise && covers(raise);
      if (state === 'receipted' || state === undefined) alarms.delete(id);
      else alarms.set(id, state);
      if (state !== before) altered.push([id, state]);
    }
    return altered;
  }
}

/** The alarm with this mark of a recipient; undefined takes the mark away. */
export function marked(alarm: Alarm, recipient: string, mark: Delivery | undefined): Alarm {
  const { [recipient]: _, ...others } = alarm.delivery ?? {};
  return { ...alarm, delivery: mark === undefined ? others : { ...others, [recipient]: mark } };
}
