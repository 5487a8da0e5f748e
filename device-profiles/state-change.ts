import type { Aliases } from './decoders/aliases.ts';
import type { ClockRecord } from './device-clock.ts';
import {
  type Condition,
  type Conditions,
  type DeviceState,
  isActive,
  isLost,
  noState,
  type Scalar,
  type Signal,
} from './device-state.ts';

/**
 * What a signal did to its condition. `first`: seen for the first time, or again after its bridge was lost;
 * `same`: nothing that anybody needs to hear.
 */
export type Turn = 'first' | 'changed' | 'same';

/** Aliases of one device that are remembered: what a storm of births can cost. */
const MAX_ALIASES = 1_024;

/** The state of a device while one message is read: copies on the first change, leaves the given state alone. */
export class StateChange implements Aliases {
  readonly #given: DeviceState;
  #points: Record<string, Conditions>;
  #values: Record<string, Scalar>;
  #pointsCopied = false;
  #valuesCopied = false;
  #aliases: Readonly<Record<string, string>> | undefined;
  clock: ClockRecord | undefined;
  testSince: number | undefined;
  /** This message carries a test flag that is on. */
  flagged = false;

  constructor(given: DeviceState) {
    this.#given = given;
    this.#points = given.points ?? {};
    this.#values = given.values ?? {};
    this.#aliases = given.aliases;
    this.clock = given.clock;
    this.testSince = given.testSince;
  }

  /** Number of inputs whose state is kept. */
  get inputs(): number {
    return Object.keys(this.#points).length;
  }

  knows(input: string): boolean {
    return Object.hasOwn(this.#points, input);
  }

  has(input: string | undefined, key: string): boolean {
    return this.#condition(input, key) !== undefined;
  }

  isActive(input: string | undefined, key: string, source: string): boolean {
    const condition = this.#condition(input, key);
    return condition !== undefined && isActive(signalOf(condition, source) ?? 0);
  }

  /** A source says that the condition is active. */
  raise(input: string | undefined, key: string, source: string): Turn {
    const condition = this.#condition(input, key);
    if (condition === undefined) {
      this.#set(input, key, { [source]: 1 });
      return 'first';
    }
    const before = signalOf(condition, source);
    if (before === 1) return 'same';
    const signals = Object.values(condition);
    const wasActive = signals.some(isActive);
    const unsure =
      !signals.includes(1) && (signals.every(isLost) || (before !== undefined && isLost(before)));
    this.#set(input, key, { ...condition, [source]: 1 });
    if (unsure) return 'first';
    return wasActive ? 'same' : 'changed';
  }

  /** A source says that the condition is clear. */
  clear(input: string | undefined, key: string, source: string): Turn {
    const condition = this.#condition(input, key);
    if (condition === undefined) {
      this.#set(input, key, { [source]: 0 });
      return 'first';
    }
    const before = signalOf(condition, source);
    if (before === 0) return 'same';
    const signals = Object.values(condition);
    const wasActive = signals.some(isActive);
    const unsure = signals.every(isLost) || (before !== undefined && isLost(before));
    const after: Condition = { ...condition, [source]: 0 };
    this.#set(input, key, after);
    if (before === 4) return wasActive ? 'same' : 'changed';
    if (!wasActive || Object.values(after).some(isActive)) return 'same';
    return unsure ? 'first' : 'changed';
  }

  /**
   * What history left active and is clear now is told when it is said to be clear again: the alarm of history ends.
   * Everything else of `past` is forgotten.
   */
  remember(past: StateChange): void {
    for (const [input, conditions] of Object.entries(past.#points)) {
      for (const [key, condition] of Object.entries(conditions)) {
        const now = this.#condition(input, key);
        if (now === undefined || now === condition || Object.values(now).some(isActive)) continue;
        const left = Object.entries(condition).flatMap(([source, signal]): [string, Signal][] =>
          isActive(signal) && Object.hasOwn(now, source) ? [[source, 4]] : [],
        );
        if (left.length > 0) this.#set(input, key, { ...now, ...Object.fromEntries(left) });
      }
    }
  }

  value(key: string): Scalar | undefined {
    return Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
  }

  keep(key: string, value: Scalar): void {
    if (!this.#valuesCopied) this.#values = { ...this.#values };
    this.#valuesCopied = true;
    this.#values[key] = value;
  }

  alias(number: string): string | undefined {
    return this.#aliases !== undefined && Object.hasOwn(this.#aliases, number)
      ? this.#aliases[number]
      : undefined;
  }

  nameAliases(names: ReadonlyMap<string, string>): void {
    if ([...names].every(([number, name]) => this.alias(number) === name)) return;
    const all = { ...this.#aliases, ...Object.fromEntries(names) };
    // a device that names ever new numbers starts again with those of its last birth
    const kept =
      Object.keys(all).length <= MAX_ALIASES ? all : Object.fromEntries([...names].slice(0, MAX_ALIASES));
    this.#aliases = kept;
  }

  /** The state after the message; `given` itself when nothing changed. */
  after(given: DeviceState | undefined): DeviceState {
    const before = this.#given;
    const same =
      !this.#pointsCopied &&
      !this.#valuesCopied &&
      this.#aliases === before.aliases &&
      this.clock === before.clock &&
      this.testSince === before.testSince;
    if (same) return given ?? noState;
    return {
      ...(this.#pointsCopied || before.points !== undefined ? { points: this.#points } : {}),
      ...(this.#valuesCopied || before.values !== undefined ? { values: this.#values } : {}),
      ...(this.#aliases === undefined ? {} : { aliases: this.#aliases }),
      ...(this.clock === undefined ? {} : { clock: this.clock }),
      ...(this.testSince === undefined ? {} : { testSince: this.testSince }),
    };
  }

  #condition(input: string | undefined, key: string): Condition | undefined {
    const name = input ?? '';
    if (!Object.hasOwn(this.#points, name)) return undefined;
    // type codes are no names of Object.prototype
    return this.#points[name]?.[key];
  }

  #set(input: string | undefined, key: string, condition: Condition): void {
    if (!this.#pointsCopied) this.#points = { ...this.#points };
    this.#pointsCopied = true;
    const name = input ?? '';
    this.#points[name] = {
      ...(Object.hasOwn(this.#points, name) ? this.#points[name] : undefined),
      [key]: condition,
    };
  }
}

function signalOf(condition: Condition, source: string): Signal | undefined {
  return Object.hasOwn(condition, source) ? condition[source] : undefined;
}
