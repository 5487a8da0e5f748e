import { nearest } from '../contract/nearest.ts';
import { nameTest } from './compile-each.ts';
import type { StateChange } from './state-change.ts';

/** Inputs of one device whose state is kept: what a confused device can cost. */
const MAX_INPUTS_KEPT = 512;
/** Names of inputs as the registry takes them. */
const MAX_NAME = 64;
const inputName = /^[\p{L}\p{N}][\p{L}\p{N} ._:-]{0,63}$/u;

/**
 * The input that a message names: odd characters become `_`, so that an alarm is not lost for the name of its door.
 * Undefined: no name is there, the device itself speaks. Null: it is no name (empty, an object), or there is no room; an input
 * of `registered` always has room, whatever else the device says.
 */
export function nameInput(
  named: unknown,
  state: StateChange,
  registered: Readonly<Record<string, unknown>> = {},
): string | undefined | null {
  if (named === undefined || named === null) return undefined;
  if (typeof named === 'object' || named === '__proto__') return null;
  const text = String(named);
  if (state.knows(text)) return text;
  const input = tidy(text);
  if (input === '') return null;
  const isOurs = state.knows(input) || Object.hasOwn(registered, input);
  return isOurs || state.inputs < MAX_INPUTS_KEPT ? input : null;
}

function tidy(text: string): string {
  const plain = text.trim().slice(0, MAX_NAME);
  if (inputName.test(plain)) return plain;
  return plain
    .replace(/[^\p{L}\p{N} ._:-]/gu, '_')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .trim();
}

/**
 * Why no message can ever speak of an input of this name, with the right name; undefined where one can. `names`: those
 * that the profile knows.
 */
export function inputNameFault(names: readonly string[] | undefined, input: string): string | undefined {
  const plain = tidy(input);
  if (names === undefined)
    return plain === input || plain === ''
      ? undefined
      : `no message can name an input so; write ${JSON.stringify(plain)}`;
  const isName = nameTest(names);
  if (isName(input)) return undefined;
  const number = /\d+/.exec(input)?.[0].replace(/^0+(?=\d)/, '');
  const right = [plain, number, plain.toLowerCase()].find((name) => name !== undefined && isName(name));
  const near =
    right ??
    nearest(
      input,
      names.filter((name) => !name.includes('#')),
    );
  const said = names.map((name) => (name === '#' ? '1, 2, 3 ...' : name.replaceAll('#', '1'))).join(', ');
  const hint = near === undefined ? `write one of ${said}` : `did you mean ${JSON.stringify(near)}?`;
  return `no message of this profile names an input so; ${hint}`;
}
