import type { z } from 'zod';
import type { Text } from '../../contract/text.ts';

type Issue = z.core.$ZodIssue;

/** Put by the validation in place of zod's own words, so that a schema's own message is recognised. */
export const NO_MESSAGE = '';

/** One fault of an input, for people; `path` such as `args.duration`. */
export interface InputFault {
  path: string;
  message: Text;
}

/** What is wrong with an input and what it has to be, in both languages. The value itself is never part of it. */
export function inputFaults(issues: readonly Issue[]): InputFault[] {
  return issues.flatMap((issue) => faultsOf(issue, issue.path));
}

function faultsOf(issue: Issue, path: readonly PropertyKey[]): InputFault[] {
  const at = (more: readonly PropertyKey[], message: Text): InputFault => ({
    path: [...path, ...more].map(String).join('.'),
    message,
  });
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => at([key], text.unknown));
  if (isMissing(issue)) return [at([], text.missing)];
  if (issue.code === 'invalid_union') {
    const [likeliest] = [...issue.errors].filter((branch) => branch.some(isInside)).sort(fewest);
    const inner = likeliest?.flatMap((one) => faultsOf(one, [...path, ...one.path]));
    return inner ?? [at([], anyOf(issue.errors))];
  }
  return [at([], textOf(issue))];
}

/** A fault of what is in the value: then its kind is what was meant. */
function isInside({ path, code }: Issue): boolean {
  return path.length > 0 || code === 'unrecognized_keys';
}

function fewest(a: readonly Issue[], b: readonly Issue[]): number {
  return a.length - b.length;
}

function isMissing({ code, input }: Issue): boolean {
  return (
    input === undefined && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')
  );
}

/** Of a value that may be of several kinds. */
function anyOf(branches: readonly (readonly Issue[])[]): Text {
  const texts = branches.flatMap(([first]) => (first === undefined ? [] : [textOf(first)]));
  const all = (language: keyof Text, or: string) =>
    [...new Set(texts.map((one) => one[language]))].join(or) || text.wrong[language];
  return { zh: all('zh', '；或者'), en: all('en', ', or ') };
}

const text = {
  unknown: { zh: '没有这个字段，请删除', en: 'is not known: remove it' },
  missing: { zh: '请填写', en: 'is missing' },
  empty: { zh: '不能为空', en: 'must not be empty' },
  wrong: { zh: '不正确', en: 'is not right' },
} as const satisfies Record<string, Text>;

function textOf(issue: Issue): Text {
  if (issue.message !== NO_MESSAGE) return ownText(issue.message);
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? text.wrong;
    case 'too_small':
      return tooSmall(issue);
    case 'too_big':
      return tooBig(issue);
    case 'invalid_format':
      return formats[issue.format] ?? { zh: '格式不正确', en: 'does not have the right form' };
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'not_multiple_of':
      return { zh: `须为 ${issue.divisor} 的倍数`, en: `must be a multiple of ${issue.divisor}` };
    case 'invalid_key':
    case 'invalid_element':
      return inputFaults(issue.issues)[0]?.message ?? text.wrong;
    default:
      return text.wrong;
  }
}

const kinds: Readonly<Record<string, Text>> = {
  string: { zh: '须为文字', en: 'must be text' },
  number: { zh: '须为数字', en: 'must be a number' },
  int: { zh: '须为整数', en: 'must be a whole number' },
  boolean: { zh: '须为 true 或 false', en: 'must be true or false' },
  array: { zh: '须为列表', en: 'must be a list' },
  object: { zh: '须为 JSON 对象', en: 'must be a JSON object' },
  record: { zh: '须为 JSON 对象', en: 'must be a JSON object' },
};

const formats: Readonly<Record<string, Text>> = {
  uuid: { zh: '须为 UUID 编号', en: 'must be a UUID' },
  datetime: {
    zh: '须为带时区的时间，例如 2026-09-01T08:00:00Z',
    en: 'must be a time with its zone, such as 2026-09-01T08:00:00Z',
  },
};

function oneOf(values: readonly string[]): Text {
  if (values.length === 1) return { zh: `须为 ${values[0]}`, en: `must be ${values[0]}` };
  return { zh: `须为 ${values.join('、')} 之一`, en: `must be one of ${values.join(', ')}` };
}

function tooSmall({ origin, minimum, inclusive }: Extract<Issue, { code: 'too_small' }>): Text {
  const n = Number(minimum);
  if (origin === 'string')
    return n === 1 ? text.empty : { zh: `至少 ${n} 个字符`, en: `must have at least ${n} characters` };
  if (origin === 'array' || origin === 'set')
    return { zh: `至少 ${n} 项`, en: `must have at least ${n} entries` };
  return inclusive === false
    ? { zh: `须大于 ${n}`, en: `must be above ${n}` }
    : { zh: `不能小于 ${n}`, en: `must be at least ${n}` };
}

function tooBig({ origin, maximum, inclusive }: Extract<Issue, { code: 'too_big' }>): Text {
  const n = Number(maximum);
  if (origin === 'string') return { zh: `最多 ${n} 个字符`, en: `must have at most ${n} characters` };
  if (origin === 'array' || origin === 'set')
    return { zh: `最多 ${n} 项`, en: `must have at most ${n} entries` };
  return inclusive === false
    ? { zh: `须小于 ${n}`, en: `must be below ${n}` }
    : { zh: `不能大于 ${n}`, en: `must be at most ${n}` };
}

/** What schemas say of themselves; a message in both languages stands as `中文 / English`. */
const ownTexts: Readonly<Record<string, string>> = {
  'must be 1-64 letters, digits, "-", "_" or ".", starting with a letter or digit':
    '须为 1-64 个字母、数字、“-”、“_”或“.”，并以字母或数字开头',
  'must be 1-32 of a-z, 0-9, ".", "_" and "-"':
    '须为 1-32 个小写字母、数字、“.”、“_”或“-”，并以字母或数字开头',
  'must be the "next" of the page before': '须为上一页给出的 next',
};

function ownText(message: string): Text {
  const [zh, en] = message.split(' / ');
  if (zh !== undefined && en !== undefined && /\p{Script=Han}/u.test(zh)) return { zh, en };
  return { zh: ownTexts[message] ?? message, en: message };
}
