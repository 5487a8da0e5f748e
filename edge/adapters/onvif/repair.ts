import { escapeXml, parseXml, type XmlElement } from './xml.ts';

/** Stands in a NotificationMessage for what could not be read of it; holds its topic as written. */
export const UNREADABLE = 'Unreadable';

/** What XML 1.0 does not allow at all, also not by reference (2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const reference = /&(?:(amp|lt|gt|quot|apos);|#(?:x([0-9a-f]{1,6})|(\d{1,7}));|)/gi;
/** A value up to the next quote, which firmware that escapes nothing writes as the installer typed it. */
const typedValue = /(\s(?:Name|Value)\s*=\s*)(?:"([^"]*)"|'([^']*)')/g;
const opening = /<((?:[\w.-]+:)?NotificationMessage)(?=[\s>])/g;
const topicText = /<(?:[\w.-]+:)?Topic(?:\s[^>]*)?>([^<&]{1,500})</;

/** Beyond, reading each notification by itself would take long; some firmware sends more than was asked for. */
const MAX_NOTIFICATIONS = 400;
/** Of what is around them: the envelope with its namespaces. */
const MAX_AROUND = 16_384;

/** An answer as it was read, and its text as far as it could be. */
export interface ReadAnswer {
  document: XmlElement;
  text: string;
}

/**
 * Reads an answer also where its firmware does not know XML: a rule that somebody called `A&B` must not silence a panic
 * button. First as it is; then with such characters repaired; then with an
 * `Unreadable` in each NotificationMessage that still cannot be read. Throws what `parseXml` throws of the rest.
 */
export function readAnswer(source: string): ReadAnswer {
  try {
    return { document: parseXml(source), text: source };
  } catch (error) {
    const repaired = repair(envelopeIn(source));
    const text = withoutUnreadable(repaired);
    if (text === source) throw error;
    return { document: parseXml(text), text };
  }
}

/** Without what is around it: NULs of firmware that counts one byte too many, a new line before, the parts of a MIME message. */
function envelopeIn(source: string): string {
  const from = source.search(/<\?xml[\s]|<(?:[\w.-]+:)?Envelope[\s>]/);
  const to = source.lastIndexOf('Envelope>');
  return from < 0 || to < from ? source : source.slice(from, to + 'Envelope>'.length);
}

function repair(source: string): string {
  return source
    .replace(forbidden, '\ufffd')
    .replace(reference, (whole, name: string | undefined, hex?: string, decimal?: string) => {
      if (name !== undefined) return whole.toLowerCase();
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      if (Number.isNaN(code)) return '&amp;';
      return isAllowed(code) ? whole : '\ufffd';
    })
    .replace(typedValue, (whole) => whole.replaceAll('<', '&lt;'));
}

function isAllowed(code: number): boolean {
  return (
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x1_0000 && code <= 0x10_ffff)
  );
}

function withoutUnreadable(text: string): string {
  const found = notificationsIn(text);
  const [first] = found;
  const last = found.at(-1);
  if (first === undefined || last === undefined || found.length > MAX_NOTIFICATIONS) return text;
  // each with the namespaces of all
  const before = text.slice(0, first.from);
  const after = text.slice(last.to);
  const isReadable = (one: string): boolean => {
    try {
      parseXml(before + one + after);
      return true;
    } catch {
      return false;
    }
  };
  if (before.length + after.length > MAX_AROUND || !isReadable('')) return text;
  const parts = found.map(({ name, from, to }) => {
    const one = text.slice(from, to);
    if (isReadable(one)) return one;
    const topic = escapeXml(topicText.exec(one)?.[1] ?? '');
    return `<${name}><${UNREADABLE}>${topic}</${UNREADABLE}></${name}>`;
  });
  return before + parts.join('') + after;
}

/** Where each begins and ends, by its tags alone. */
function notificationsIn(text: string): Array<{ name: string; from: number; to: number }> {
  const found: Array<{ name: string; from: number; to: number }> = [];
  let end = 0;
  for (const { 1: name = '', index: from } of text.matchAll(opening)) {
    if (from < end) continue;
    const close = `</${name}>`;
    const at = text.indexOf(close, from);
    if (at < 0) break;
    end = at + close.length;
    found.push({ name, from, to: end });
  }
  return found;
}
