import { isUtf8 } from 'node:buffer';
import { hidesMore, lastKeys, maskedKeys, maskText, maskTree } from './mask-tree.ts';
import { MAX_PAYLOAD_BYTES } from './payload.ts';
import { payloadPaths } from './reference.ts';

export { MASK } from './mask-tree.ts';

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
  'card-number',
  'cardname',
  'userid',
  'usernostring',
  'uid',
  'employee_id',
  'licenseplate',
  'platenumber',
  'plate_number',
  'plate',
  'license_plate',
  'recognized_license_plate',
  'sub_label',
  'sub_labels',
  'card_name',
  'real_name',
  'realname',
  'full_name',
  'fullname',
  'student_name',
  'studentname',
  'admin_code',
  'passcode',
  'qrcodeinfo',
  'credential',
  'credentialtoken',
  'credentialholdername',
  'identifiervalue',
];

/** Is a path masked, itself or as part of a masked object? */
export function isMasked(mask: readonly string[], path: string): boolean {
  return mask.some((masked) => path === masked || path.startsWith(`${masked}.`));
}

/** Does a path or a template read what is masked? */
export function readsMasked(mask: readonly string[], text: string): boolean {
  return payloadPaths(text).some((path) => isMasked(mask, path));
}

/** Plain texts that are no card number and no name. */
const states = /^(?:on|off|online|offline|open|closed?|true|false|0|1|alarm|normal|ok)$/i;

/**
 * The payload as it may be kept (inbox, quarantine, log): the values at a profile's masked paths are `***`, wherever
 * in the payload they are. Without a profile (an unknown device) every suspicious key is masked. What cannot be masked
 * by its keys (fields without names, binary encodings) is not kept, only its length. Never throws; the given payload
 * is not changed.
 */
export function maskPayload(payload: Uint8Array, mask?: readonly string[]): Buffer {
  const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (mask !== undefined && mask.length === 0) return buffer;
  const masked = maskedKeys(mask ?? suspicious);
  if (buffer.length > MAX_PAYLOAD_BYTES || !isUtf8(buffer)) return maskBinary(buffer, mask, lastKeys(masked));
  const text = buffer.toString('utf8');
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) {
      const before = JSON.stringify(body);
      const after = JSON.stringify(maskTree(body, masked));
      return after === before ? buffer : Buffer.from(after);
    }
  } catch {
    // truncated, or nested deeper than JSON.stringify goes
  }
  const keys = lastKeys(masked);
  const shown = maskText(text, keys);
  const isNamed = /^\s*[{[]/.test(text) || shown !== text;
  return mask === undefined || isNamed || states.test(text.trim()) ? Buffer.from(shown) : onlyLength(buffer);
}

/** One character a byte: nothing of an odd encoding is lost. */
function maskBinary(buffer: Buffer, mask: readonly string[] | undefined, keys: readonly string[]): Buffer {
  const text = buffer.subarray(0, MAX_PAYLOAD_BYTES).toString('latin1');
  const shown = maskText(text, keys);
  const isSafe = !hidesMore(text, keys) && (mask === undefined || shown !== text);
  return isSafe ? Buffer.from(shown, 'latin1') : onlyLength(buffer);
}

function onlyLength({ length }: Buffer): Buffer {
  return Buffer.from(`(${length} bytes are not kept: they may hold what is masked)`);
}
