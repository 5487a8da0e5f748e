import { normaliseValue } from './compare.ts';
import type { Action, Entry, Field } from './compile-map.ts';
import type { Scalar } from './device-state.ts';
import type { Edges } from './edges.ts';
import { nameInput } from './input-name.ts';
import { plainNumber } from './plain-number.ts';
import type { Scope } from './reference.ts';
import type { Settings } from './settings.ts';
import type { StateChange } from './state-change.ts';
import type { Tally } from './tally.ts';
import { isStateEdge } from './voices.ts';

/** Elements of an `each` list that are read; a module has 8 or 16 inputs, a panel some hundred zones. */
const MAX_INPUTS_PER_MESSAGE = 128;

/** A counter of sessions goes round after so many. */
const SESSIONS = 256;

/** Longest part of a voice's name: a token, a rule, the number of an object. */
const MAX_VOICE = 128;

/** Applies the entries of `map` to one message body. */
export class BodyReader {
  readonly #scope: Scope;
  readonly #settings: Settings;
  readonly #state: StateChange;
  readonly #tally: Tally;
  readonly #edges: Edges;
  readonly #trace: Set<number> | undefined;

  constructor(
    scope: Scope,
    settings: Settings,
    state: StateChange,
    tally: Tally,
    edges: Edges,
    trace: Set<number> | undefined,
  ) {
    this.#scope = scope;
    this.#settings = settings;
    this.#state = state;
    this.#tally = tally;
    this.#edges = edges;
    this.#trace = trace;
  }

  read(field: Field, body: unknown): void {
    if (field.each === undefined) {
      const value = field.read(body, this.#scope);
      if (value !== undefined) this.#apply(field, value, body, body, undefined);
      return;
    }
    this.#readEach(field, field.each, body);
  }

  #readEach(field: Field, each: NonNullable<Field['each']>, body: unknown): void {
    const list = each.read(body, this.#scope);
    if (list === undefined) return;
    if (typeof list !== 'object' || list === null) {
      this.#tally.countUnknown(field.name);
      return;
    }
    const keys = Object.keys(list);
    let read = 0;
    const heard = each.input === undefined ? undefined : new Set<string>();
    for (const [i, key] of keys.entries()) {
      const captured = each.named?.(key);
      if (each.named !== undefined && captured === undefined) continue;
      if (read++ >= MAX_INPUTS_PER_MESSAGE) {
        const why = `"${field.name}" has ${keys.length} elements; ${MAX_INPUTS_PER_MESSAGE} were read`;
        this.#tally.leaveOut(keys.length - i, why);
        return;
      }
      const element: unknown = (list as Record<string, unknown>)[key];
      const named =
        captured ?? (each.input === undefined ? placeIn(list, key) : each.input(element, this.#scope));
      // elements without a name cannot be told apart: one would clear what another raised
      const input = nameInput(named, this.#state, this.#settings.inputs) ?? null;
      const value = field.read(element, this.#scope);
      // a list that names an input again tells one after the other
      if (input !== null && heard?.has(input)) this.#edges.settle();
      if (input !== null) heard?.add(input);
      if (input === null) this.#tally.countUnknown(field.name);
      else if (value !== undefined) this.#apply(field, value, element, body, input);
    }
  }

  #apply(field: Field, value: unknown, part: unknown, body: unknown, input: string | undefined): void {
    const { cases } = field;
    if (value === null ? !field.knowsNull : field.opened && typeof value === 'object') return;
    const listed =
      cases === undefined ? undefined : (cases.get(value) ?? cases.get(normaliseValue(value)) ?? none);
    let known = false;
    let applied = false;
    for (const entry of listed ?? field.entries) {
      if (!this.#applies(entry, input, body)) continue;
      if (listed === undefined && !entry.hits(value, this.#settings)) {
        known ||= entry.numeric && plainNumber(value) !== undefined && this.#holds(entry, part);
        continue;
      }
      if (!this.#holds(entry, part)) continue;
      known = true;
      if (entry.otherwise && applied) continue;
      applied = true;
      this.#trace?.add(entry.index);
      if (entry.action === undefined) continue;
      const named = entry.input === undefined ? input : this.#nameOf(entry.input(body, this.#scope));
      if (named === null) this.#tally.countUnknown(field.name);
      // an alarm is not lost for the name of its door, but nothing is cleared in the name of another
      if (named !== null || entry.action.edge !== 'clear')
        this.#act(entry.action, value as Scalar, named ?? undefined, field, body);
    }
    if (known) this.#tally.understood++;
    else if (this.#isMapped(field)) this.#tally.countUnknown(field.name);
  }

  /** An empty name is none. */
  #nameOf(named: unknown): string | undefined | null {
    return nameInput(named === '' ? undefined : named, this.#state, this.#settings.inputs);
  }

  #holds(entry: Entry, part: unknown): boolean {
    return entry.and?.every((holds) => holds(part, this.#scope, this.#settings)) ?? true;
  }

  /** A key whose entries are all switched off by the device's settings is none of its news. */
  #isMapped(field: Field): boolean {
    return field.entries.some((entry) => entry.applies?.(this.#settings) !== false);
  }

  #applies(entry: Entry, input: string | undefined, body: unknown): boolean {
    const { applies, meaningless } = entry;
    if (applies?.(this.#settings) === false) return false;
    if (meaningless === undefined) return true;
    const named = entry.input === undefined ? input : this.#nameOf(entry.input(body, this.#scope));
    return meaningless(this.#settings, named ?? undefined);
  }

  #act(action: Action, value: Scalar, input: string | undefined, field: Field, body: unknown): void {
    const type =
      action.typeBy?.(this.#settings, body, this.#scope) ?? action.type(this.#settings, input, value);
    if (type === undefined) {
      this.#tally.countUnknown(field.name);
      return;
    }
    let { edge } = action;
    if (isStateEdge(edge) && action.flip?.(this.#settings, input) === true)
      edge = edge === 'raise' ? 'clear' : 'raise';
    if (this.#isOutOfDate(action, edge, `${type.code}#${input ?? ''}:${action.source}`, body)) return;
    if (edge === 'pulse') this.#edges.pulse(action, type, input, this.#onceOf(action, body));
    else if (edge === 'update') this.#edges.update(action, type, value, input);
    else if (edge === 'raise') this.#edges.raise(action, type, input, this.#voiceOf(action, body));
    else this.#edges.clear(action, type, input, this.#voiceOf(action, body));
  }

  /** A will of the session before arrives after the birth of this one; the session is that of the last clear. */
  #isOutOfDate(action: Action, edge: Action['edge'], condition: string, body: unknown): boolean {
    const session = action.session?.(body, this.#scope);
    if (typeof session !== 'number') return false;
    const key = `${condition}:session`;
    if (edge === 'clear') {
      this.#state.keep(key, session);
      return false;
    }
    const last = this.#state.value(key);
    const behind = typeof last === 'number' ? (last - session + SESSIONS) % SESSIONS : 0;
    return behind > 0 && behind < SESSIONS / 2;
  }

  /** Parts that are not there are empty. */
  #voiceOf({ voice }: Action, body: unknown): string[] | undefined {
    return voice?.map((read) => {
      const part = read(body, this.#scope);
      return typeof part === 'string' || typeof part === 'number' ? String(part).slice(0, MAX_VOICE) : '';
    });
  }

  #onceOf(action: Action, body: unknown): Scalar | undefined {
    const value = action.once?.(body, this.#scope);
    if (typeof value === 'string') return value.slice(0, 200);
    return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
  }
}

const none: readonly never[] = [];

/** Elements of a list are numbered from 1, as inputs are on the module's print. */
function placeIn(list: object, key: string): string {
  return Array.isArray(list) ? String(Number(key) + 1) : key;
}
