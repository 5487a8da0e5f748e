import type { Edge, EventDraft } from '../contract/event.ts';
import { EVENT_VERSION } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import type { Reading } from '../contract/reading.ts';
import type { CompiledProfile } from './compile.ts';
import type { Action } from './compile-map.ts';
import { dedupKey } from './dedup-key.ts';
import type { MessageTime } from './message-time.ts';
import { readReadings } from './readings.ts';
import type { Scope } from './reference.ts';
import type { Tally } from './tally.ts';
import type { TypeRef } from './type-ref.ts';

/** Longest text kept in an event's data. */
const MAX_DATA_TEXT = 200;

/** Makes the events of one message body; what is the same for all of them is made once, and only if there are any. */
export class DraftMaker {
  readonly #profile: CompiledProfile;
  readonly #raw: RawMessage;
  readonly #body: unknown;
  readonly #scope: Scope;
  readonly #time: MessageTime;
  readonly #tally: Tally;
  readonly #past: number | undefined;
  #times: { receivedAt: string; occurredAt: string } | undefined;
  #readings: Reading[] | undefined;
  #dedupKey: string | undefined;
  #dedupDone = false;

  /** `past`: the place of the body within its message where it is history; its key must not be that of what is now. */
  constructor(
    profile: CompiledProfile,
    raw: RawMessage,
    body: unknown,
    scope: Scope,
    time: MessageTime,
    tally: Tally,
    past: number | undefined,
  ) {
    this.#profile = profile;
    this.#raw = raw;
    this.#body = body;
    this.#scope = scope;
    this.#time = time;
    this.#tally = tally;
    this.#past = past;
  }

  /** `test`: the device tests itself. `first`: the condition is seen for the first time. */
  emit(
    action: Action,
    type: TypeRef,
    edge: Edge,
    input: string | undefined,
    test: boolean,
    first: boolean,
  ): void {
    const times = this.#written();
    const draft: EventDraft = {
      v: EVENT_VERSION,
      type: type.code,
      kind: type.kind,
      severity: type.severity,
      edge,
      mode: test ? 'test' : 'live',
      freshness: this.#time.freshness ?? (first && this.#profile.republishes ? 'initial' : 'live'),
      occurredAt: times.occurredAt,
      receivedAt: times.receivedAt,
      clock: this.#time.clock,
    };
    if (input !== undefined) draft.input = input;
    const readings = this.#readingsFor(action);
    if (readings !== undefined) draft.readings = readings;
    const key = this.#profile.dedupEdges?.has(edge) === false ? undefined : this.#keyOfBody();
    if (key !== undefined) draft.dedupKey = key;
    if (action.data.length > 0) draft.data = this.#dataOf(action);
    this.#tally.drafts.push(draft);
  }

  #readingsFor(action: Action): Reading[] | undefined {
    if (this.#profile.readings.length === 0 || action.readings?.length === 0) return undefined;
    if (this.#readings === undefined) {
      const { readings, fault } = readReadings(this.#profile.readings, this.#body, this.#scope);
      this.#readings = readings;
      if (fault !== undefined) this.#tally.leaveOut(1, fault);
    }
    const { readings: names } = action;
    const wanted =
      names === undefined ? this.#readings : this.#readings.filter(({ name }) => names.includes(name));
    return wanted.length === 0 ? undefined : wanted;
  }

  #dataOf(action: Action): Record<string, unknown> {
    const data: Record<string, unknown> = {};
    for (const [name, from] of action.data) {
      const value = typeof from === 'function' ? from(this.#body, this.#scope) : from;
      if (typeof value === 'string') data[name] = value.slice(0, MAX_DATA_TEXT);
      else if (typeof value === 'number' || typeof value === 'boolean') data[name] = value;
    }
    return data;
  }

  #keyOfBody(): string | undefined {
    if (!this.#dedupDone) {
      this.#dedupDone = true;
      const key = dedupKey(this.#profile.dedupBy, this.#body, this.#scope, {
        proven: () => this.#provenTime(),
        said: () => this.#time.said,
      });
      this.#dedupKey = key === undefined || this.#past === undefined ? key : `${key}#past${this.#past}`;
    }
    return this.#dedupKey;
  }

  #provenTime(): string | undefined {
    const { source, quality } = this.#time.clock;
    return source === 'device' && quality === 'sync' ? this.#written().occurredAt : undefined;
  }

  /** Both times as text; most messages have no event and need none. */
  #written(): { receivedAt: string; occurredAt: string } {
    if (this.#times !== undefined) return this.#times;
    const receivedAt = instant(this.#raw.receivedAt);
    const { occurredAt } = this.#time;
    const same = occurredAt === this.#raw.receivedAt;
    this.#times = { receivedAt, occurredAt: same ? receivedAt : new Date(occurredAt).toISOString() };
    return this.#times;
  }
}

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
