import { randomBytes } from 'node:crypto';

/** Crockford's alphabet: no I, L, O, U to misread. */
const CODE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** What people, and programs that guess, try first; compared without case, and without digits or signs at the end. */
const COMMON = new Set(
  (
    'password passwort passw0rd p@ssw0rd p@ssword admin administrator root guest user test demo default changeme letmein welcome ' +
    'qwerty qwer qwertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc abc abcd abcdef abcdefg a aa aaa ' +
    'iloveyou woaini woaizhongguo zhongguo china beijing nihao mima anquan baoan baowei menwei xuexiao school campus security ' +
    'guard monitor hikvision dahua huawei gateway camera video'
  ).split(' '),
);
/** Digits, rows of keys and the alphabet: a password that is a stretch of one of them, either way. */
const ROWS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
  'q1w2e3r4t5y6u7i8o9p0',
];

/** Why a password is refused; the text is `passwordText`'s. */
export type Weakness = 'length' | 'kinds' | 'user-name' | 'common';

/**
 * What is wrong with a password; undefined: nothing. 8 characters, two kinds of them, neither the user name in it nor one
 * that everybody guesses (MLPS 2.0: no default and no weak passwords).
 */
export function weaknessOf(user: string, password: string): Weakness | undefined {
  const plain = password.normalize('NFKC').toLowerCase();
  if (password.length < 8 || password.length > 128) return 'length';
  const kinds = [/\p{L}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  if (kinds < 2) return 'kinds';
  if (plain.includes(user.toLowerCase())) return 'user-name';
  return isCommon(plain) ? 'common' : undefined;
}

function isCommon(plain: string): boolean {
  const letters = plain.replaceAll(/[^\p{L}\p{N}]/gu, '');
  const word = plain.replace(/^[\p{N}\p{P}\p{S}]+/u, '').replace(/[\p{N}\p{P}\p{S}]+$/u, '');
  if (COMMON.has(word) || COMMON.has(plain) || COMMON.has(letters)) return true;
  // "aaaa1111", "12121212": hardly anything different in it
  if (new Set(letters).size < 4) return true;
  return ROWS.some((row) => isStretch(letters, row) || isStretch([...letters].reverse().join(''), row));
}

function isStretch(text: string, row: string): boolean {
  return text.length >= 6 && row.includes(text);
}

/** For people, in both languages. */
export const passwordText: Record<Weakness, { zh: string; en: string }> = {
  length: { zh: '须为 8 至 128 个字符', en: 'must have 8 to 128 characters' },
  kinds: { zh: '须含字母、数字、符号中的至少两种', en: 'must have two of letters, digits and signs' },
  'user-name': { zh: '不能含用户名', en: 'must not have the user name in it' },
  common: { zh: '过于常见，容易被猜到，请换一个', en: 'is too easy to guess: choose another' },
};

/** `count` groups of four letters nobody misreads, 20 bits each, with dashes between. */
export function readableCode(groups: number): string {
  const letters = [...randomBytes(groups * 4)].map((byte) => CODE_LETTERS[byte % 32]).join('');
  return letters.replace(/(.{4})(?=.)/g, '$1-');
}

/** People copy codes from a screen or paper: case, blanks and dashes do not matter. */
export function plainCode(code: string): string {
  return code.replaceAll(/[\s-]/g, '').toUpperCase();
}
