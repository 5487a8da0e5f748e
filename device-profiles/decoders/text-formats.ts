import { type Decoded, readText } from '../payload.ts';

/** Longest text that is parted: 16 KiB, some hundred fields. */
const MAX_TEXT = 16 * 1024;
const MAX_PAIRS = 512;

/** `1,alarm,88` by the names of its fields; an empty name leaves a field out, more fields than names are not read. */
export function decodeFields(payload: Uint8Array, separator: string, names: readonly string[]): Decoded {
  const text = shortText(payload);
  if (typeof text !== 'string') return text;
  const fields = text.split(separator, names.length);
  const pairs = names.flatMap((name, i): [string, string][] => {
    const field = fields[i]?.trim();
    return name === '' || field === undefined || field === '' ? [] : [[name, field]];
  });
  return { body: Object.fromEntries(pairs) };
}

/** `a=1&b=two`, `a:1;b:"two"`, a pair a line: pairs of a key and a text. */
export function decodeKeyValue(payload: Uint8Array): Decoded {
  const text = shortText(payload);
  if (typeof text !== 'string') return text;
  let body: Record<string, string> = {};
  const earlier: Record<string, string>[] = [];
  for (const pair of text.split(/[&;,\r\n]+/, MAX_PAIRS)) {
    const at = pair.search(/[=:]/);
    const key = pair.slice(0, Math.max(0, at)).trim();
    if (at < 1 || key === '' || key === '__proto__') continue;
    // what comes twice comes in two bodies, in order
    if (Object.hasOwn(body, key)) {
      earlier.push(body);
      body = {};
    }
    body[key] = pair
      .slice(at + 1)
      .trim()
      .replace(/^(["'])(.*)\1$/s, '$2');
  }
  if (Object.keys(body).length === 0) return { fault: 'payload holds no pair of key and value' };
  return earlier.length === 0 ? { body } : { body, earlier };
}

function shortText(payload: Uint8Array): string | Exclude<Decoded, { body: unknown }> {
  const text = readText(payload);
  if (typeof text !== 'string' || text.length <= MAX_TEXT)
    return typeof text === 'string' ? text.trim() : text;
  return { fault: `text payload has ${text.length} characters; more than ${MAX_TEXT} are not read` };
}
