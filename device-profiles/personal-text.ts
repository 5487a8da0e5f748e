/** Long runs of digits: cards, phones, identity numbers. */
const LONG_DIGITS = 8;

const token = /[0-9A-Za-z]+(?:[:-][0-9A-Za-z]+)*/g;
/** `20260302`, `202603021405`, `20260302140511`. */
const day = /^20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])?(?:[0-5]\d){0,2}$/;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const phone = /^1[3-9]\d-?\d{4}-?\d{4}$/;
const pairs = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){2,9}$/i;
const spaced = /^\s*[0-9a-f]{2}(?: [0-9a-f]{2}){3,9}\s*$/i;
const spacedPhone = /(?<!\d)1[3-9]\d \d{4} \d{4}(?!\d)/g;
const plate =
  /[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s-]?[A-Z0-9]{5,6}(?![A-Z0-9])/g;
/** Bytes of a MAC address; cards have 4, 5, 7, 8 or 10. */
const MAC_BYTES = 6;
const UID_DIGITS = new Set([8, 10, 14, 16, 20]);

/** Letters and digits become `*`: what it looks like can be seen, and nothing of it. */
function shapeOf(text: string): string {
  return text.replace(/[0-9A-Za-z]/g, '*');
}

/** A text in which what looks like the number of a card, a phone, a person or a vehicle keeps its shape only. */
export function maskLooks(text: string): string {
  if (spaced.test(text) && text.trim().split(' ').length !== MAC_BYTES) return shapeOf(text);
  return text
    .replace(plate, (found) => found[0] + shapeOf(found.slice(1)))
    .replace(spacedPhone, shapeOf)
    .replace(token, (whole) => {
      if (looksPersonal(whole)) return shapeOf(whole);
      return uuid.test(whole) || pairs.test(whole)
        ? whole
        : whole.replace(/[0-9A-Za-z]+/g, (part) => (looksPersonal(part) ? shapeOf(part) : part));
    });
}

/** Has it more digits than a measurement, and no fraction? */
export function isLongNumber(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) >= 10 ** (LONG_DIGITS - 1);
}

function looksPersonal(text: string): boolean {
  if (/^\d+[xX]?$/.test(text)) return text.length >= LONG_DIGITS && !day.test(text);
  if (phone.test(text)) return true;
  if (pairs.test(text)) return text.split(/[:-]/).length !== MAC_BYTES;
  if (/^(?:card|uid|user|tag|no|id)\d{6,}$/i.test(text)) return true;
  const isHex = /^[0-9a-f]+$/i.test(text) && /\d/.test(text);
  return isHex && UID_DIGITS.has(text.length);
}
