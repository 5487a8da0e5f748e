import { z } from 'zod';

/** A sentence for people in both languages of the product. */
export interface Text {
  zh: string;
  en: string;
}

/**
 * Text that a person writes and every store can keep: PostgreSQL refuses U+0000 in jsonb, and half a surrogate pair
 * is no Unicode.
 */
export const writtenTextSchema = z.string().regex(
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the character that is refused
  /^[^\u0000\p{Cs}]*$/u,
  '含有 U+0000 或不成对的代理字符，请删除后重试 / holds U+0000 or half of a surrogate pair: remove it and try again',
);
