import type { RawMessage } from '../contract/raw-message.ts';
import type { Action } from './compile-map.ts';
import type { Scalar } from './device-state.ts';
import type { DraftMaker } from './draft-maker.ts';
import type { StateChange } from './state-change.ts';
import type { Tally } from './tally.ts';
import type { TypeRef } from './type-ref.ts';

/** A clear that waits until the raises of its message are done. */
interface Later {
  action: Action;
  type: TypeRef;
  input: string | undefined;
  voice: readonly string[] | undefined;
}

/** What one message body does to the device's conditions: only what changes is told. */
export class Edges {
  readonly #raw: RawMessage;
  readonly #state: StateChange;
  readonly #tally: Tally;
  readonly #drafts: DraftMaker;
  readonly #testing: boolean;
  #later: Later[] | undefined;
  /** What was raised by a test is over. */
  testOver = false;

  constructor(raw: RawMessage, state: StateChange, tally: Tally, drafts: DraftMaker, testing: boolean) {
    this.#raw = raw;
    this.#state = state;
    this.#tally = tally;
    this.#drafts = drafts;
    this.#testing = testing;
  }

  /** `once`: the value that names a press; undefined: every press is told. */
  pulse(action: Action, type: TypeRef, input: string | undefined, once?: Scalar): void {
    if (this.#raw.stored === 'retained') {
      // the broker hands it out at every connection, for years: it is no press now, and was recorded then
      this.#tally.detail = 'a press from a retained message is history; nothing was raised';
      return;
    }
    let first = false;
    if (once !== undefined) {
      const key = `${keyOf(action, type, input)}:once`;
      const last = this.#state.value(key);
      if (last === once) return;
      first = last === undefined;
      this.#state.keep(key, once);
    }
    this.#drafts.emit(action, type, 'pulse', input, this.#testing, first);
  }

  update(action: Action, type: TypeRef, value: Scalar, input: string | undefined): void {
    const key = keyOf(action, type, input);
    const last = this.#state.value(key);
    if (last === value) return;
    if (typeof last === 'number' && typeof value === 'number' && Math.abs(value - last) < action.by) return;
    this.#state.keep(key, value);
    this.#drafts.emit(action, type, 'update', input, this.#testing, last === undefined);
  }

  raise(action: Action, type: TypeRef, input: string | undefined, voice?: readonly string[]): void {
    if (!action.tracked) {
      this.#drafts.emit(action, type, 'raise', input, this.#testing, false);
      return;
    }
    const { source } = action;
    if (this.#testing) {
      const unheard = !this.#state.has(input, type.code);
      const turn = this.#state.raise(input, type.testKey, source);
      if (turn !== 'same') this.#drafts.emit(action, type, 'raise', input, true, turn === 'first' && unheard);
      return;
    }
    if (voice !== undefined) this.#state.speak(keyOf(action, type, input), voice);
    if (action.maxActiveMs !== undefined)
      this.#state.limit(input, type.code, this.#raw.receivedAt, action.maxActiveMs);
    const turn = this.#state.raise(input, type.code, source);
    if (turn !== 'same') this.#drafts.emit(action, type, 'raise', input, false, turn === 'first');
  }

  /** Raises of the message go first where other sources speak of the condition, too. */
  clear(action: Action, type: TypeRef, input: string | undefined, voice?: readonly string[]): void {
    if (!action.shared) {
      this.#clear(action, type, input, voice);
      return;
    }
    this.#later ??= [];
    this.#later.push({ action, type, input, voice });
  }

  /** After all entries of the body, and before what comes later speaks of the same. */
  settle(): void {
    if (this.#later === undefined) return;
    for (const { action, type, input, voice } of this.#later) this.#clear(action, type, input, voice);
    this.#later = undefined;
  }

  #clear(
    action: Action,
    type: TypeRef,
    input: string | undefined,
    voice: readonly string[] | undefined,
  ): void {
    if (!action.tracked) {
      this.#drafts.emit(action, type, 'clear', input, this.#testing, false);
      return;
    }
    const { source } = action;
    // another rule or object still says so
    if (voice !== undefined && this.#state.hush(keyOf(action, type, input), voice) > 0) return;
    const turn = this.#state.clear(input, type.code, source);
    if (turn !== 'same') this.#drafts.emit(action, type, 'clear', input, false, turn === 'first');
    if (!this.#state.has(input, type.testKey)) return;
    if (this.#state.clear(input, type.testKey, source) === 'changed') {
      this.testOver = true;
      this.#drafts.emit(action, type, 'clear', input, true, false);
    }
  }
}

function keyOf(action: Action, type: TypeRef, input: string | undefined): string {
  return `${type.code}#${input ?? ''}:${action.source}`;
}
