import type { StateChange } from './state-change.ts';

/** Inputs of one device whose state is kept: what a confused device can cost. */
const MAX_INPUTS_KEPT = 512;
/** Names of inputs as the registry takes them. */
const MAX_NAME = 64;
const inputName = /^[\p{L}\p{N}][\p{L}\p{N} ._:-]{0,63}$/u;

/**
 * The input that a message names: odd characters become `_`, so that an alarm is not lost for the name of its door.
 * Undefined: no name is there, the device itself speaks. Null: it is no name (empty, an object), or there is no room.
 */
export function nameInput(named: unknown, state: StateChange): string | undefined | null {
  if (named === undefined || named === null) return undefined;
  if (typeof named === 'object' || named === '__proto__') return null;
  const text = String(named);
  if (state.knows(text)) return text;
  const input = tidy(text);
  if (input === '') return null;
  return state.knows(input) || state.inputs < MAX_INPUTS_KEPT ? input : null;
}

function tidy(text: string): string {
  const plain = text.trim().slice(0, MAX_NAME);
  if (inputName.test(plain)) return plain;
  return plain
    .replace(/[^\p{L}\p{N} ._:-]/gu, '_')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .trim();
}
