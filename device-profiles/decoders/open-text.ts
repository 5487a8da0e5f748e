import { compilePath } from '../own-path.ts';
import { type Decoded, MAX_PAYLOAD_BYTES } from '../payload.ts';

/** Bytes of a text that become numbers. */
const MAX_BYTES = 4_096;

/** What the text at a path stands for; undefined where it is none of that kind: it is then left as it is. */
export type Open = (text: string) => unknown;

/** JSON within JSON. */
export const openJson: Open = (text) => {
  if (text.length > MAX_PAYLOAD_BYTES) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

export const openBase64Json: Open = (text) => {
  const bytes = base64(text, MAX_PAYLOAD_BYTES);
  return bytes === undefined ? undefined : openJson(bytes.toString('utf8'));
};

/** `0A 1b` as `[10, 27]`. */
export const openHex: Open = (text) => {
  if (text.length > 3 * MAX_BYTES) return undefined;
  const digits = text.replace(/^0x|[\s:-]/gi, '');
  if (digits.length % 2 !== 0 || digits.length > 2 * MAX_BYTES || !/^[\da-f]+$/i.test(digits))
    return undefined;
  return [...Buffer.from(digits, 'hex')];
};

export const openBase64: Open = (text) => {
  const bytes = base64(text, MAX_BYTES);
  return bytes === undefined ? undefined : [...bytes];
};

function base64(text: string, most: number): Buffer | undefined {
  const digits = text.trim();
  if (digits === '' || digits.length > (most * 4) / 3 + 4 || !/^[\w+/-]+={0,2}$/.test(digits))
    return undefined;
  return Buffer.from(digits, 'base64');
}

/** Opens the text at `path` in place; the given body is not changed. What cannot be opened stays a text. */
export function openAt(path: string, open: Open): (decoded: Decoded) => Decoded {
  const read = compilePath(path);
  const keys = path.split('.');
  return (decoded) => {
    if (!('body' in decoded)) return decoded;
    const text = read(decoded.body);
    const value = typeof text === 'string' ? open(text) : undefined;
    return value === undefined
      ? decoded
      : { body: withValue(decoded.body, keys, value) as Record<string, unknown> };
  };
}

function withValue(around: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const copy: unknown = Array.isArray(around) ? [...(around as unknown[])] : { ...(around as object) };
  const record = copy as Record<string, unknown>;
  record[key] = withValue(record[key], rest, value);
  return copy;
}
