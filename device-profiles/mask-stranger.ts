import { isUtf8 } from 'node:buffer';
import { MASK } from './mask-tree.ts';
import { readText } from './payload.ts';
import { type KeyKind, kindOfKey, kindOfTopic } from './personal-key.ts';
import { isLongNumber, maskLooks } from './personal-text.ts';
import { maskSaid } from './said-text.ts';

/** Deeper than this nothing is a device's message; texts within texts count. */
const MAX_DEPTH = 100;
/** Up to here a number tells no card and no person. */
const SMALL = 100;

/** What states and results are called: they stay, whatever they stand under. */
const states =
  /^(?:on|off|open|opened|closed?|true|false|yes|no|ok|normal|alarm|online|offline|granted?|den(?:y|ied)|allow(?:ed)?|refused|(?:in)?valid|(?:un)?known|none|null|success|fail(?:ed)?|error|in|out|enter|exit|present|absent|idle|开|关|打开|关闭|正常|报警|有效|无效|成功|失败|允许|拒绝|通过|在线|离线|未知|无)$/i;
const codeKeys = ['code', 'key', 'name', 'tag', 'field', 'identifier', 'label', 'type', 'param', 'id'];
const valueKeys = new Set(['value', 'val', 'v', 'data', 'text', 'content']);
const pair =
  /((["']?)([\p{L}_][\p{L}\p{N}_.-]{0,40})\2\s*[:=：]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|[^,;&}\]\n"']+)/gu;

/**
 * What a device that nobody knows said, as it may be shown: masked is what its keys and its topic say is a card or a
 * person, in Chinese and English, and what looks like the number of one. States and measurements stay. What is no UTF-8
 * and holds JSON becomes UTF-8. Never throws; the given payload is not changed.
 */
export function maskStranger(payload: Buffer, topic: string): Buffer {
  const read = readText(payload);
  const isText = typeof read === 'string' && (isUtf8(payload) || /^\s*[{[]/.test(read));
  if (!isText) return changed(payload, payload.toString('latin1'), maskLooks, 'latin1');
  return changed(payload, read, (text) => maskInner(text, kindOfTopic(topic), 0), 'utf8');
}

function changed(
  payload: Buffer,
  text: string,
  mask: (text: string) => string,
  encoding: BufferEncoding,
): Buffer {
  const shown = mask(text);
  return shown === text ? payload : Buffer.from(shown, encoding);
}

function maskInner(text: string, kind: KeyKind, depth: number): string {
  if (/^\s*[{[]/.test(text)) return maskJson(text, depth) ?? maskPairs(text);
  const inner = text.length >= 16 && /^[\w+/-]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  if (inner !== undefined && isUtf8(inner) && /^\s*[{[]/.test(inner.toString())) {
    const json = inner.toString();
    const shown = maskJson(json, depth) ?? MASK;
    return shown === json ? text : Buffer.from(shown).toString('base64');
  }
  const plain = text.trim().replace(/^"(.*)"$/s, '$1');
  if (kind === 'personal') return isHarmless(plain) ? text : MASK;
  return kind === 'machine' ? text : maskPairs(text);
}

/** Undefined where it is no JSON, or nested too deep. */
function maskJson(text: string, depth: number): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    const before = JSON.stringify(body);
    const after = JSON.stringify(maskValue(body, undefined, depth));
    return after === before ? text : after;
  } catch {
    return undefined;
  }
}

/** `kind`: what its key says of it, or the key of what it is in. */
function maskValue(value: unknown, kind: KeyKind, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError('nested too deep');
  if (typeof value === 'string') return value === MASK ? value : maskInner(value, kind, depth + 1);
  if (typeof value === 'number') {
    if (kind === 'personal') return isHarmless(String(value)) ? value : MASK;
    return kind !== 'machine' && isLongNumber(value) ? maskLooks(String(value)) : value;
  }
  if (Array.isArray(value)) return value.map((one: unknown) => maskValue(one, kind, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const record = value as Record<string, unknown>;
  const isCoded = isPersonalPair(record);
  const seen = new Set<string>();
  return Object.fromEntries(
    Object.entries(record).map(([key, inner]) => {
      const own = kindOfKey(key);
      // within a person everything is of that person, but for what is of a machine
      let known = own ?? (kind === 'personal' && !isTechnical(key) ? kind : undefined);
      if (isCoded && valueKeys.has(key.toLowerCase())) known = 'personal';
      if (known === 'name') known = isName(record, inner) ? 'personal' : undefined;
      let name = maskLooks(key);
      for (let n = 2; seen.has(name); n++) name = `${maskLooks(key)}#${n}`;
      seen.add(name);
      return [name, maskValue(inner, known, depth + 1)];
    }),
  );
}

/** `{code: 'cardNo', value: '0012345678'}` */
function isPersonalPair(record: Record<string, unknown>): boolean {
  return codeKeys.some((key) => {
    const code = Object.hasOwn(record, key) ? record[key] : undefined;
    return typeof code === 'string' && code.length <= 40 && kindOfKey(code) === 'personal';
  });
}

/** Is it somebody's name, and not what a value is called: `{name: 'temperature', value: 21.5}`? */
function isName(record: Record<string, unknown>, name: unknown): boolean {
  const value = Object.entries(record).find(([key]) => valueKeys.has(key.toLowerCase()))?.[1];
  const isValue =
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && states.test(value));
  return !(isValue && typeof name === 'string' && /^[A-Za-z][\w.-]*$/.test(name));
}

function isTechnical(key: string): boolean {
  return kindOfKey(key) === 'machine' || kindOfKey(`card_${key}`) === undefined;
}

/** A state, or a small number: nothing of a person. */
function isHarmless(text: string): boolean {
  return (
    text === '' ||
    text === MASK ||
    states.test(text) ||
    (/^-?\d+(?:\.\d+)?$/.test(text) && Math.abs(Number(text)) < SMALL)
  );
}

/** `card=4711&name=张三`, also of JSON that is cut off; then what looks like a number of somebody. */
function maskPairs(text: string): string {
  const shown = text.replace(pair, (whole, head: string, _quote, key: string, value: string) => {
    const kind = kindOfKey(key);
    if (kind !== 'personal' && kind !== 'name') return whole;
    return isHarmless(value.trim().replace(/^["']|["']$/g, '')) ? whole : `${head}"${MASK}"`;
  });
  return maskSaid(maskLooks(shown));
}
