import type { Text } from '../../contract/text.ts';

export type Language = keyof Text;

/** The language an `Accept-Language` header asks for (RFC 9110 12.5.4); Chinese unless English is preferred to it. */
export function languageOf(acceptLanguage: string | undefined): Language {
  if (acceptLanguage === undefined) return 'zh';
  let best: Language = 'zh';
  let bestQuality = 0;
  for (const part of acceptLanguage.split(',', 20)) {
    const [range = '', ...parameters] = part.trim().toLowerCase().split(';');
    const primary = range.trim().split('-', 1)[0];
    if (primary !== 'zh' && primary !== 'en') continue;
    const weight = parameters.find((parameter) => parameter.trim().startsWith('q='));
    const quality = weight === undefined ? 1 : Number(weight.trim().slice(2));
    if (quality > bestQuality) [best, bestQuality] = [primary, quality];
  }
  return best;
}
