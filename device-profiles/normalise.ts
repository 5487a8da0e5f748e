import type { Clock, Edge, EventDraft, Freshness, Mode } from '../contract/event.ts';
import { EVENT_VERSION, gatewayClock } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import type { Reading } from '../contract/reading.ts';
import type { CompiledForm, CompiledProfile } from './compile.ts';
import { type Action, type Field, normaliseValue } from './compile-map.ts';
import { dedupKey } from './dedup-key.ts';
import { readClock } from './device-clock.ts';
import { type DeviceState, noState, type Scalar } from './device-state.ts';
import { readDeviceTime } from './device-time.ts';
import { findForm } from './find-form.ts';
import { readReadings } from './readings.ts';
import type { Settings } from './settings.ts';
import { StateChange } from './state-change.ts';
import type { Captures } from './topic-pattern.ts';
import type { TypeRef } from './type-ref.ts';

export { type DeviceState, forget } from './device-state.ts';
export type { Settings } from './settings.ts';

/** What the normaliser must know of the gateway's clock. */
export interface ProfileClock {
  /** IANA zone in which a device's zone-less time is read. */
  siteZone: string;
  /** A device time in sync that is older than this makes an event late: 30 s. */
  lateAfterMs: number;
}

export interface NormaliseContext {
  settings: Settings;
  state: DeviceState | undefined;
  clock: ProfileClock;
  deviceKey: string;
  captures: Captures;
}

/** What became of one message. */
export interface Normalised {
  /**
   * `mapped`: at least one value was understood; `ignored`: nothing in it is news; `unmapped`: nothing was understood;
   * `undecodable`: it could not be read.
   */
  status: 'mapped' | 'unmapped' | 'undecodable' | 'ignored';
  /** A list of its own, in order; kind and severity are those of the type. */
  drafts: EventDraft[];
  /** The same object as in the context when nothing changed. */
  state: DeviceState;
  /** Why nothing came of it; never quotes the payload. */
  detail?: string;
  /** Number of values that no entry knows; absent for none. */
  unknown?: number;
}

/** Elements of an `each` list that are read; a module has 8 or 16 inputs, a panel some hundred zones. */
const MAX_INPUTS_PER_MESSAGE = 128;
/** Inputs of one device whose state is kept: what a confused device can cost. */
const MAX_INPUTS_KEPT = 512;
/** Names of inputs as the registry takes them. */
const inputName = /^[\p{L}\p{N}][\p{L}\p{N} ._:-]{0,63}$/u;
/** Longest text kept in an event's data. */
const MAX_DATA_TEXT = 200;

/**
 * Turns one message into events (CONTRACT section 3, rules 1-8). Pure: the same message, settings, state and clock
 * give the same result; nothing is changed in place; never throws, whatever the payload.
 */
export function normalise(profile: CompiledProfile, raw: RawMessage, context: NormaliseContext): Normalised {
  return new Pass(profile, raw, context).run();
}

/** As `normalise`; `trace` collects the places in `map` of the entries that applied, for the linter. */
export function normaliseTraced(
  profile: CompiledProfile,
  raw: RawMessage,
  context: NormaliseContext,
  trace: Set<number>,
): Normalised {
  return new Pass(profile, raw, context, trace).run();
}

/** A clear that waits until the raises of its message are done. */
interface Later {
  action: Action;
  type: TypeRef;
  input: string | undefined;
}

/** The work on one message. */
class Pass {
  readonly #profile: CompiledProfile;
  readonly #raw: RawMessage;
  readonly #settings: Settings;
  readonly #context: NormaliseContext;
  readonly #trace: Set<number> | undefined;
  readonly #state: StateChange;
  readonly #drafts: EventDraft[] = [];
  #body: Record<string, unknown> = {};
  /** Milliseconds since 1970. */
  #occurredAt: number;
  #times: { receivedAt: string; occurredAt: string } | undefined;
  #clock: Clock = gatewayClock;
  #base: Freshness | undefined;
  #testing = false;
  #readings: Reading[] | undefined;
  #dedupKey: string | undefined;
  #dedupDone = false;
  #later: Later[] | undefined;
  #understood = 0;
  #unknown = 0;
  #firstUnknown = '';
  #detail: string | undefined;

  constructor(profile: CompiledProfile, raw: RawMessage, context: NormaliseContext, trace?: Set<number>) {
    this.#profile = profile;
    this.#raw = raw;
    this.#settings = context.settings;
    this.#context = context;
    this.#trace = trace;
    this.#state = new StateChange(context.state ?? noState);
    this.#occurredAt = raw.receivedAt;
  }

  run(): Normalised {
    const found = findForm(this.#profile, this.#raw);
    if ('status' in found) {
      return { ...found, drafts: this.#drafts, state: this.#context.state ?? noState };
    }
    this.#body = found.body;
    this.#readTime();
    this.#readFlags();
    for (const field of found.form.fields) this.#applyField(field);
    if (this.#later !== undefined) {
      for (const { action, type, input } of this.#later) this.#clear(action, type, input);
    }
    return this.#result(found.form);
  }

  /** Freshness, `occurredAt` and `clock`, as far as they are the same for all events of the message. */
  #readTime(): void {
    const { stored, initial, receivedAt } = this.#raw;
    const { time } = this.#profile;
    let late = stored === 'queued' || this.#isOn(this.#profile.late);
    const value = time?.read(this.#body);
    if (time !== undefined && value !== undefined && value !== null) {
      const { siteZone, lateAfterMs } = this.#context.clock;
      const read = readDeviceTime(value, time.format, siteZone);
      const message = { receivedAt, stored: stored !== undefined || late };
      const reading = readClock(this.#state.clock, read, message, lateAfterMs);
      this.#state.clock = reading.record;
      this.#clock = reading.clock;
      this.#occurredAt = reading.occurredAt;
      late ||= reading.late;
    }
    if (stored === 'retained') this.#base = 'replay';
    else if (late) this.#base = 'late';
    else if (initial === true) this.#base = 'initial';
  }

  /** Test mode: the flag is on, and not stuck. */
  #readFlags(): void {
    const { tests } = this.#profile;
    if (tests.length === 0) return;
    let seen = false;
    for (const test of tests) {
      const value = test.read(this.#body);
      if (value === undefined) continue;
      seen = true;
      if (!test.values.has(normaliseValue(value))) continue;
      this.#state.testSince ??= this.#raw.receivedAt;
      this.#testing ||= this.#raw.receivedAt - this.#state.testSince <= test.forMs;
      this.#state.flagged = true;
    }
    if (seen && !this.#state.flagged) this.#state.testSince = undefined;
  }

  #isOn(flag: CompiledProfile['late']): boolean {
    return flag?.values.has(normaliseValue(flag.read(this.#body))) ?? false;
  }

  #applyField(field: Field): void {
    if (field.each === undefined) {
      const value = field.read(this.#body);
      if (value !== undefined) this.#applyValue(field, value, undefined);
      return;
    }
    const list = field.each.read(this.#body);
    if (list === undefined) return;
    if (typeof list !== 'object' || list === null) {
      this.#countUnknown(field.name);
      return;
    }
    const keys = Object.keys(list);
    for (const [i, key] of keys.entries()) {
      if (i >= MAX_INPUTS_PER_MESSAGE) {
        this.#unknown += keys.length - i;
        this.#detail = `"${field.name}" has ${keys.length} elements; ${MAX_INPUTS_PER_MESSAGE} were read`;
        return;
      }
      const element: unknown = (list as Record<string, unknown>)[key];
      const named = field.each.input === undefined ? inputOf(list, key) : field.each.input(element);
      const input = this.#acceptInput(named);
      const value = field.read(element);
      if (input === undefined) this.#countUnknown(field.name);
      else if (value !== undefined) this.#applyValue(field, value, input);
    }
  }

  /** The name of an input, if it is one and there is room for it. */
  #acceptInput(named: unknown): string | undefined {
    const input = typeof named === 'number' ? String(named) : named;
    if (typeof input !== 'string' || input === '') return undefined;
    if (this.#state.knows(input)) return input;
    return inputName.test(input) && this.#state.inputs < MAX_INPUTS_KEPT ? input : undefined;
  }

  #applyValue(field: Field, value: unknown, input: string | undefined): void {
    const { cases } = field;
    const listed =
      cases === undefined ? undefined : (cases.get(value) ?? cases.get(normaliseValue(value)) ?? none);
    let known = false;
    let applied = false;
    for (const entry of listed ?? field.entries) {
      if (entry.applies?.(this.#settings) === false) continue;
      if (listed === undefined && !entry.hits(value, this.#settings)) {
        known ||= entry.numeric && typeof value === 'number' && Number.isFinite(value);
        continue;
      }
      known = true;
      if (entry.otherwise && applied) continue;
      applied = true;
      this.#trace?.add(entry.index);
      if (entry.action !== undefined) this.#act(entry.action, value as Scalar, input, field);
    }
    if (known) this.#understood++;
    else if (this.#isMapped(field)) this.#countUnknown(field.name);
  }

  /** A key whose entries are all switched off by the device's settings is none of its news. */
  #isMapped(field: Field): boolean {
    return field.entries.some((entry) => entry.applies?.(this.#settings) !== false);
  }

  #countUnknown(name: string): void {
    if (this.#unknown++ === 0) this.#firstUnknown = name;
  }

  #act(action: Action, value: Scalar, input: string | undefined, field: Field): void {
    const type = action.type(this.#settings, input, value);
    if (type === undefined) {
      this.#countUnknown(field.name);
      return;
    }
    let { edge } = action;
    if (action.flip?.(this.#settings, input) === true) edge = edge === 'raise' ? 'clear' : 'raise';
    if (edge === 'pulse') this.#pulse(action, type, input);
    else if (edge === 'update') this.#update(action, type, value, input);
    else if (edge === 'raise') this.#raise(action, type, input);
    else if (action.shared) {
      this.#later ??= [];
      this.#later.push({ action, type, input });
    } else this.#clear(action, type, input);
  }

  #pulse(action: Action, type: TypeRef, input: string | undefined): void {
    if (this.#raw.stored === 'retained') {
      // the broker hands it out at every connection, for years: it is no press now, and was recorded then
      this.#detail = 'a press from a retained message is history; nothing was raised';
      return;
    }
    this.#emit(action, type, 'pulse', input, this.#testing, false);
  }

  #update(action: Action, type: TypeRef, value: Scalar, input: string | undefined): void {
    const key = `${type.code}#${input ?? ''}:${action.source}`;
    const last = this.#state.value(key);
    if (last === value) return;
    if (typeof last === 'number' && typeof value === 'number' && Math.abs(value - last) < action.by) return;
    this.#state.keep(key, value);
    this.#emit(action, type, 'update', input, this.#testing, last === undefined);
  }

  #raise(action: Action, type: TypeRef, input: string | undefined): void {
    if (!action.tracked) {
      this.#emit(action, type, 'raise', input, this.#testing, false);
      return;
    }
    const { source } = action;
    if (this.#state.flagged && this.#state.isActive(input, type.testKey, source)) return;
    if (this.#testing) {
      const unheard = !this.#state.has(input, type.code);
      const turn = this.#state.raise(input, type.testKey, source);
      if (turn !== 'same') this.#emit(action, type, 'raise', input, true, turn === 'first' && unheard);
      return;
    }
    const turn = this.#state.raise(input, type.code, source);
    if (turn !== 'same') this.#emit(action, type, 'raise', input, false, turn === 'first');
  }

  #clear(action: Action, type: TypeRef, input: string | undefined): void {
    if (!action.tracked) {
      this.#emit(action, type, 'clear', input, this.#testing, false);
      return;
    }
    const { source } = action;
    const turn = this.#state.clear(input, type.code, source);
    if (turn !== 'same') this.#emit(action, type, 'clear', input, false, turn === 'first');
    if (!this.#state.has(input, type.testKey)) return;
    if (this.#state.clear(input, type.testKey, source) === 'changed') {
      this.#emit(action, type, 'clear', input, true, false);
    }
  }

  #emit(
    action: Action,
    type: TypeRef,
    edge: Edge,
    input: string | undefined,
    test: boolean,
    first: boolean,
  ): void {
    const mode: Mode = test ? 'test' : 'live';
    const times = this.#written();
    const draft: EventDraft = {
      v: EVENT_VERSION,
      type: type.code,
      kind: type.kind,
      severity: type.severity,
      edge,
      mode,
      freshness: this.#base ?? (first && this.#profile.republishes ? 'initial' : 'live'),
      occurredAt: times.occurredAt,
      receivedAt: times.receivedAt,
      clock: this.#clock,
    };
    if (input !== undefined) draft.input = input;
    const readings = this.#readingsFor(action);
    if (readings !== undefined) draft.readings = readings;
    const dedupKey = this.#keyOfMessage();
    if (dedupKey !== undefined) draft.dedupKey = dedupKey;
    if (action.data.length > 0) draft.data = this.#dataOf(action);
    this.#drafts.push(draft);
  }

  #readingsFor(action: Action): Reading[] | undefined {
    if (this.#profile.readings.length === 0 || action.readings?.length === 0) return undefined;
    if (this.#readings === undefined) {
      const { readings, fault } = readReadings(this.#profile.readings, this.#body);
      this.#readings = readings;
      if (fault !== undefined) {
        this.#unknown++;
        this.#detail = fault;
      }
    }
    const { readings: names } = action;
    const wanted =
      names === undefined ? this.#readings : this.#readings.filter(({ name }) => names.includes(name));
    return wanted.length === 0 ? undefined : wanted;
  }

  #dataOf(action: Action): Record<string, unknown> {
    const data: Record<string, unknown> = {};
    for (const [name, from] of action.data) {
      const value = typeof from === 'function' ? from(this.#body) : from;
      if (typeof value === 'string') data[name] = value.slice(0, MAX_DATA_TEXT);
      else if (typeof value === 'number' || typeof value === 'boolean') data[name] = value;
    }
    return data;
  }

  #keyOfMessage(): string | undefined {
    if (!this.#dedupDone) {
      this.#dedupDone = true;
      this.#dedupKey = dedupKey(this.#profile.dedupBy, this.#body, () => this.#provenTime());
    }
    return this.#dedupKey;
  }

  #provenTime(): string | undefined {
    const { source, quality } = this.#clock;
    return source === 'device' && quality === 'sync' ? this.#written().occurredAt : undefined;
  }

  /** Both times as text; most messages have no event and need none. */
  #written(): { receivedAt: string; occurredAt: string } {
    if (this.#times !== undefined) return this.#times;
    const receivedAt = instant(this.#raw.receivedAt);
    const same = this.#occurredAt === this.#raw.receivedAt;
    this.#times = { receivedAt, occurredAt: same ? receivedAt : new Date(this.#occurredAt).toISOString() };
    return this.#times;
  }

  #result(form: CompiledForm): Normalised {
    const result: Normalised = {
      status: this.#status(form),
      drafts: this.#drafts,
      state: this.#state.after(this.#context.state),
    };
    if (this.#unknown > 0) {
      result.unknown = this.#unknown;
      this.#detail ??= `a value of "${this.#firstUnknown}" is not known to profile ${this.#profile.id}`;
    }
    if (this.#detail !== undefined) result.detail = this.#detail;
    return result;
  }

  #status(form: CompiledForm): Normalised['status'] {
    if (this.#understood > 0) return 'mapped';
    if (this.#unknown > 0) return 'unmapped';
    const strange = Object.keys(this.#body).filter((key) => !form.knownKeys.has(key));
    if (strange.length === 0) {
      this.#detail ??= 'nothing in this message is news';
      return 'ignored';
    }
    const names = strange.slice(0, 5).map((key) => JSON.stringify(key.slice(0, 40)));
    this.#detail ??= `profile ${this.#profile.id} knows none of its keys: ${names.join(', ')}`;
    return 'unmapped';
  }
}

const none: readonly never[] = [];

let lastMs = Number.NaN;
let lastText = '';

/** A burst of messages has one receipt time: its text is made once. */
function instant(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}

/** Elements of a list are numbered from 1, as inputs are on the module's print. */
function inputOf(list: object, key: string): string {
  return Array.isArray(list) ? String(Number(key) + 1) : key;
}
