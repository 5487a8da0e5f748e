import type { Aliases } from './decoders/aliases.ts';
import type { ClockRecord } from './device-clock.ts';
import {
  type Condition,
  type Conditions,
  type DeviceState,
  isActive,
  isLost,
  type Limit,
  limitKey,
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
/** Rules and objects that are kept apart within one condition; those beyond speak as one. */
const MAX_VOICES = 64;
/** A limit is prolonged in steps of this part of it. */
const LIMIT_STEPS = 20;
/** Parts a voice from the next, and the parts of its name. */
const PART = '\n';

/** The state of a device while one message is read: copies on the first change, leaves the given state alone. */
export class StateChange implements Aliases {
  readonly #given: DeviceState;
  #points: Record<string, Conditions>;
  #values: Record<string, Scalar>;
  #pointsCopied = false;
  #valuesCopied = false;
  #voices: Readonly<Record<string, readonly string[]>> | undefined;
  #limits: Readonly<Record<string, Limit>> | undefined;
  #aliases: Readonly<Record<string, string>> | undefined;
  clock: ClockRecord | undefined;
  testSince: number | undefined;
  /** This message carries a test flag that is on. */
  flagged = false;

  constructor(given: DeviceState) {
    this.#given = given;
    this.#points = given.points ?? {};
    this.#values = given.values ?? {};
    this.#voices = given.voices;
    this.#limits = given.limits;
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

  /** A rule or an object speaks for a condition of one source. Absent parts of its name are empty. */
  speak(condition: string, voice: readonly string[]): void {
    const name = voice.join(PART);
    const known = this.#voicesOf(condition);
    if (known.includes(name) || known.length >= MAX_VOICES) return;
    this.#voices = { ...this.#voices, [condition]: [...known, name] };
  }

  /** It speaks no more; a name with empty parts ends all that have its other parts. Returns how many still speak. */
  hush(condition: string, voice: readonly string[]): number {
    const known = this.#voicesOf(condition);
    if (known.length === 0) return 0;
    const left = known.filter((name) => {
      const parts = name.split(PART);
      return !voice.every((part, i) => part === '' || part === parts[i]);
    });
    if (left.length === known.length) return left.length;
    const { [condition]: _, ...others } = this.#voices ?? {};
    const voices = left.length === 0 ? others : { ...others, [condition]: left };
    this.#voices = Object.keys(voices).length === 0 ? undefined : voices;
    return left.length;
  }

  /** The condition was said at this time, and is unknown unless it is said again within `max` milliseconds. */
  limit(input: string | undefined, type: string, at: number, max: number): void {
    const key = limitKey(input, type);
    const known =
      this.#limits !== undefined && Object.hasOwn(this.#limits, key) ? this.#limits[key] : undefined;
    // a device that repeats itself every second must not cost a write each time
    if (known !== undefined && known.max === max && Math.abs(at - known.since) < max / LIMIT_STEPS) return;
    this.#limits = { ...this.#limits, [key]: { since: at, max } };
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
    if (!Object.values(after).some(isActive)) this.#unlimit(limitKey(input, key));
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
      this.#voices === before.voices &&
      this.#limits === before.limits &&
      this.#aliases === before.aliases &&
      this.clock === before.clock &&
      this.testSince === before.testSince;
    if (same) return given ?? noState;
    return {
      ...(this.#pointsCopied || before.points !== undefined ? { points: this.#points } : {}),
      ...(this.#valuesCopied || before.values !== undefined ? { values: this.#values } : {}),
      ...(this.#voices === undefined ? {} : { voices: this.#voices }),
      ...(this.#limits === undefined ? {} : { limits: this.#limits }),
      ...(this.#aliases === undefined ? {} : { aliases: this.#aliases }),
      ...(this.clock === undefined ? {} : { clock: this.clock }),
      ...(this.testSince === undefined ? {} : { testSince: this.testSince }),
    };
  }

  #voicesOf(condition: string): readonly string[] {
    return this.#voices !== undefined && Object.hasOwn(this.#voices, condition)
      ? (this.#voices[condition] ?? [])
      : [];
  }

  #unlimit(key: string): void {
    if (this.#limits === undefined || !Object.hasOwn(this.#limits, key)) return;
    const { [key]: _, ...others } = this.#limits;
    this.#limits = Object.keys(others).length === 0 ? undefined : others;
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
