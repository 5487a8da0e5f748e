import { describe, expect, test } from 'vitest';
import {
  operatorStateSchema,
  roleSchema,
  transitionActionSchema,
  verdictSchema,
} from '../../contract/alarm.ts';
import { policeCategories } from '../../contract/police-category.ts';
import { kinds } from '../../edge/console/event-log.ts';
import { en } from '../../edge/console/i18n/en.ts';
import { zhCn } from '../../edge/console/i18n/zh-cn.ts';

type Tree = { [key: string]: string | Tree };

function leaves(tree: Tree, path = ''): Array<[key: string, text: string]> {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value]] : leaves(value, `${path}${key}.`),
  );
}

const zhLeaves = leaves(zhCn);
const enLeaves = leaves(en);
const values = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort();

test('both languages have the same keys', () => {
  expect(enLeaves.map(([key]) => key).sort()).toEqual(zhLeaves.map(([key]) => key).sort());
});

test('every message takes the same values in both languages', () => {
  const english = new Map(enLeaves);
  for (const [key, text] of zhLeaves) expect(values(english.get(key) ?? ''), key).toEqual(values(text));
});

test('no message is empty or holds a sign that the message compiler reads', () => {
  for (const [key, text] of [...zhLeaves, ...enLeaves]) {
    expect(text.trim(), key).not.toBe('');
    expect(text.replaceAll(/\{\w+\}/g, ''), key).not.toMatch(/[@|{}]/);
  }
});

test('English holds no Chinese but for the name of the other language', () => {
  const chinese = enLeaves.filter(([, text]) => /\p{Script=Han}/u.test(text)).map(([key]) => key);
  expect(chinese).toEqual(['language.other']);
});

describe('everything the contract can say has a word', () => {
  test.each([
    ['operator', operatorStateSchema.options],
    ['transition', transitionActionSchema.options],
    ['verdict', verdictSchema.options],
    ['role', roleSchema.options],
    ['kind', kinds],
    ['police', policeCategories.map(({ code }) => code)],
  ] as const)('%s', (branch, keys) => {
    expect(Object.keys(zhCn[branch]).sort()).toEqual([...keys].sort());
  });
});
