import { plainNumber } from './plain-number.ts';

/** How a text writes bits: bit 0 is its first character, its last one, or the text is hexadecimal. */
type BitsOrder = 'left' | 'right' | 'hex';

/** A row of bits is no decimal number: `00000010` is not ten. */
const ROW = /^[01]{1,64}$/;
const HEX = /^(?:0x)?[\da-f]{1,13}$/i;
/** `10` may be two bits or ten, `07` is a code: neither is taken for a decimal number. */
const AMBIGUOUS = /^(?:[01]{2,}|0\d+)$/;

/**
 * One bit of a whole number, 0 or 1. Of a text by `order`; without one only a text that can be nothing but a decimal
 * number is read. What is none stays as it is, and is a value nobody knows; undefined for a bit that a row does not have.
 */
export function bitOf(value: unknown, bit: number, order: BitsOrder | undefined): unknown {
  if (typeof value !== 'string') return bitOfNumber(value, bit);
  const text = value.trim();
  if (order === undefined) return AMBIGUOUS.test(text) ? value : bitOfNumber(value, bit);
  if (order === 'hex') return HEX.test(text) ? bitOfNumber(Number.parseInt(text, 16), bit) : value;
  if (!ROW.test(text)) return value;
  const at = order === 'left' ? bit : text.length - 1 - bit;
  // a row that is counted from its end may have left its leading zeros out
  return at < 0 ? 0 : at >= text.length ? undefined : Number(text[at]);
}

function bitOfNumber(value: unknown, bit: number): unknown {
  const number = plainNumber(value);
  return number === undefined || !Number.isSafeInteger(number) || number < 0
    ? value
    : Math.floor(number / 2 ** bit) % 2;
}
