import { isUtf8 } from 'node:buffer';
import { MAX_PAYLOAD_BYTES } from './payload.ts';

/** What stands in the place of a PIN, a card number or a name. */
export const MASK = '***';

/** Keys that hold such things in the messages of devices that nobody knows yet. */
const suspicious = [
  'action_code',
  'pin',
  'pin_code',
  'pincode',
  'usercode',
  'user_code',
  'password',
  'passwd',
  'pwd',
  'card',
  'card_no',
  'cardno',
  'cardid',
  'card_id',
  'cardnumber',
  'card_number',
  'idcard',
  'id_card',
  'idno',
  'employeeno',
  'employeenostring',
  'employeename',
  'holder',
  'holder_name',
  'holdername',
  'personname',
  'person_name',
  'username',
  'user_name',
  'phone',
  'mobile',
];

/** Is a path masked, itself or as part of a masked object? */
export function isMasked(mask: readonly string[], path: string): boolean {
  return mask.some((masked) => path === masked || path.startsWith(`${masked}.`));
}

/**
 * The payload as it may be kept (inbox, quarantine, log): the values at a profile's masked paths are `***`. What is
 * not JSON is masked by the look of its keys. Without a profile (an unknown device) every suspicious key is masked.
 * Never throws; the given payload is not changed.
 */
export function maskPayload(payload: Uint8Array, mask?: readonly string[]): Buffer {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (mask !== undefined && mask.length === 0) return buffer;
  if (buffer.length > MAX_PAYLOAD_BYTES || !isUtf8(buffer)) {
    // one character a byte: nothing of an odd encoding is lost
    return Buffer.from(
      maskText(buffer.subarray(0, MAX_PAYLOAD_BYTES).toString('latin1'), keysOf(mask)),
      'latin1',
    );
  }
  const text = buffer.toString('utf8');
  const keys = keysOf(mask);
  if (!keys.some((key) => text.toLowerCase().includes(key))) return buffer;
  try {
    const body: unknown = JSON.parse(text);
    if (mask === undefined) maskKeys(body, new Set(keys), 0);
    else for (const path of mask) maskPath(body, path.split('.'));
    return Buffer.from(JSON.stringify(body));
  } catch {
    // truncated, or nested deeper than JSON.stringify goes
    return Buffer.from(maskText(text, keys));
  }
}

function keysOf(mask: readonly string[] | undefined): readonly string[] {
  return mask === undefined ? suspicious : mask.map((path) => (path.split('.').at(-1) ?? path).toLowerCase());
}

function maskPath(value: unknown, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return;
  const record = value as Record<string, unknown>;
  if (rest.length === 0) record[key] = MASK;
  else maskPath(record[key], rest);
}

/** Deeper than this nothing is a device's message. */
const MAX_DEPTH = 100;

function maskKeys(value: unknown, keys: ReadonlySet<string>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    if (keys.has(key.toLowerCase())) {
      Object.defineProperty(record, key, {
        value: MASK,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else maskKeys(record[key], keys, depth + 1);
  }
}

/** `"pin": 1234`, `pin=1234`, `pin: "12` (truncated). */
function maskText(text: string, keys: readonly string[]): string {
  const names = keys.map((key) => key.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  const pair = new RegExp(
    `(["']?\\b(?:${names})\\b["']?\\s*[:=]\\s*)("(?:[^"\\\\]|\\\\.)*"?|[^\\s,;}\\]]+)`,
    'gi',
  );
  return text.replace(pair, `$1"${MASK}"`);
}
