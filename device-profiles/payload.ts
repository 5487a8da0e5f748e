import { isUtf8 } from 'node:buffer';

/** A payload beyond this is not read: 256 KiB, some 20 times the largest device message known. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;
/** A plain-text payload (`online`, `ON`) is short. */
const MAX_TEXT_CHARACTERS = 256;

const gb18030 = new TextDecoder('gb18030', { fatal: true });
/** Bytes that happen to be GB 18030 are told from a text by these. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/**
 * A decoded payload, or why there is none. A fault never quotes the payload: it may hold a PIN. `earlier`: what it
 * says before `body`, where it names the same thing more than once; `history`: bodies that the payload itself marks as
 * history; `left`: values in it that could not be read, and why.
 */
export type Decoded =
  | {
      body: Record<string, unknown>;
      earlier?: readonly Record<string, unknown>[];
      history?: readonly Record<string, unknown>[];
      left?: { count: number; why: string };
    }
  | { fault: string }
  | { empty: true };

/**
 * Decodes JSON in UTF-8 or GB 18030. With `textKey` a payload that is no JSON object is a plain text: `online` becomes
 * `{ [textKey]: 'online' }`. Never throws, reads the payload once.
 */
export function decodePayload(payload: Uint8Array, textKey?: string): Decoded {
  const read = readText(payload);
  if (typeof read !== 'string') return read;
  const text = read;
  if (textKey !== undefined && !startsLikeObject(text)) return decodeText(text, textKey);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return { fault: severalTexts(text) ?? jsonFault(error, text.length) };
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return { body: body as Record<string, unknown> };
  }
  const kind = Array.isArray(body) ? 'list' : body === null ? 'null' : typeof body;
  return { fault: `payload is a JSON ${kind}, not an object` };
}

/**
 * The text of a payload, without a byte order mark and the NULs that a firmware in C leaves behind it. What is no UTF-8
 * is read as GB 18030, in which Chinese modules write their names.
 */
export function readText(payload: Uint8Array): string | { fault: string } | { empty: true } {
  const long = tooLong(payload);
  if (long !== undefined) return long;
  const text = decodeCharacters(withoutNuls(asBuffer(payload)));
  if (text === undefined) return { fault: 'payload is neither valid UTF-8 nor GB 18030' };
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return plain.trim() === '' ? { empty: true } : plain;
}

/** A payload of nothing but NULs stays as it is: it may be a value. */
function withoutNuls(payload: Buffer): Buffer {
  let end = payload.length;
  while (end > 0 && payload[end - 1] === 0) end--;
  return end === 0 ? payload : payload.subarray(0, end);
}

function decodeCharacters(bytes: Buffer): string | undefined {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  try {
    const text = gb18030.decode(bytes);
    return CONTROL.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The fault of a payload that is too long to be read. */
export function tooLong({ length }: Uint8Array): { fault: string } | undefined {
  return length > MAX_PAYLOAD_BYTES
    ? { fault: `payload has ${length} bytes; more than ${MAX_PAYLOAD_BYTES} are not read` }
    : undefined;
}

function decodeText(text: string, key: string): Decoded {
  const plain = text.trim().replace(/^"(.*)"$/s, '$1');
  if (plain.length > MAX_TEXT_CHARACTERS) {
    return {
      fault: `text payload has ${plain.length} characters; more than ${MAX_TEXT_CHARACTERS} are not read`,
    };
  }
  return { body: { [key]: plain } };
}

function startsLikeObject(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

/** Messages that were captured one after the other, a line each. */
function severalTexts(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (lines.length < 2 || !lines.every(isJsonObject)) return undefined;
  return `payload is ${lines.length} JSON objects, one a line; one payload, and one file of "profiles try", holds one`;
}

function isJsonObject(line: string): boolean {
  if (!startsLikeObject(line)) return false;
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** V8's message quotes the payload; only the position in it is kept. */
function jsonFault(error: unknown, length: number): string {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  const where =
    position === undefined ? 'it ends early or is malformed' : `malformed at character ${position}`;
  return `payload is not JSON: ${where} (${length} characters)`;
}

function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}
