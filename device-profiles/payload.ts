import { isUtf8 } from 'node:buffer';

/** A payload beyond this is not read: 256 KiB, some 20 times the largest device message known. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;
/** A plain-text payload (`online`, `ON`) is short. */
const MAX_TEXT_CHARACTERS = 256;

/**
 * A decoded payload, or why there is none. A fault never quotes the payload: it may hold a PIN. `history`: bodies that
 * the payload itself marks as history.
 */
export type Decoded =
  | { body: Record<string, unknown>; history?: readonly Record<string, unknown>[] }
  | { fault: string }
  | { empty: true };

/**
 * Decodes JSON in UTF-8. With `textKey` a payload that is no JSON object is a plain text: `online` becomes
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
    return { fault: jsonFault(error, text.length) };
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return { body: body as Record<string, unknown> };
  }
  const kind = Array.isArray(body) ? 'list' : body === null ? 'null' : typeof body;
  return { fault: `payload is a JSON ${kind}, not an object` };
}

/** The text of a payload in UTF-8, without a byte order mark. */
export function readText(payload: Uint8Array): string | { fault: string } | { empty: true } {
  const long = tooLong(payload);
  if (long !== undefined) return long;
  if (!isUtf8(payload)) return { fault: 'payload is not valid UTF-8' };
  const text = asBuffer(payload).toString('utf8');
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  return plain.trim() === '' ? { empty: true } : plain;
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
