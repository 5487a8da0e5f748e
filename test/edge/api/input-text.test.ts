import { expect, test } from 'vitest';
import { z } from 'zod';
import { alarmActionRequestSchema } from '../../../contract/alarm.ts';
import { userSchema } from '../../../contract/site.ts';
import { inputFaults } from '../../../edge/api/input-text.ts';
import { InvalidInput, zodValidator } from '../../../edge/api/validation.ts';
import { adoptRequestSchema } from '../../../edge/registry/adopt-request.ts';

/** Faults as a request of this schema gets them, by path. */
function faultsOf(schema: z.ZodType, data: unknown): Record<string, { zh: string; en: string }> {
  const validate = zodValidator({ schema, method: 'POST', url: '/' });
  const { error } = validate(data) as { error: InvalidInput };
  expect(error).toBeInstanceOf(InvalidInput);
  return Object.fromEntries(error.errors.map(({ path, message }) => [path, message]));
}

const setUp = z.strictObject({
  code: z.string().min(1).max(64),
  user: userSchema.shape.user,
  name: userSchema.shape.name,
  password: z.string().min(8).max(128),
});

test('set-up says in plain words what is wrong, in both languages, and nothing of zod', () => {
  expect(faultsOf(setUp, { code: '', user: 'Admin!', password: 'short', extra: 1 })).toEqual({
    code: { zh: '不能为空', en: 'must not be empty' },
    user: {
      zh: '须为 1-32 个小写字母、数字、“.”、“_”或“-”，并以字母或数字开头',
      en: 'must be 1-32 of a-z, 0-9, ".", "_" and "-"',
    },
    name: { zh: '请填写', en: 'is missing' },
    password: { zh: '至少 8 个字符', en: 'must have at least 8 characters' },
    extra: { zh: '没有这个字段，请删除', en: 'is not known: remove it' },
  });
});

test.each([
  [z.object({ n: z.int() }), { n: 1.5 }, '须为整数', 'must be a whole number'],
  [z.object({ n: z.number() }), { n: 'x' }, '须为数字', 'must be a number'],
  [z.object({ n: z.coerce.number().int().max(500) }), { n: '9999' }, '不能大于 500', 'must be at most 500'],
  [z.object({ n: z.coerce.number().int().positive() }), { n: '0' }, '须大于 0', 'must be above 0'],
  [z.object({ n: z.uuid() }), { n: 'x' }, '须为 UUID 编号', 'must be a UUID'],
  [z.object({ n: z.enum(['a', 'b']) }), { n: 'c' }, '须为 a、b 之一', 'must be one of a, b'],
  [
    z.object({ n: z.array(z.string()).max(2) }),
    { n: ['', '', ''] },
    '最多 2 项',
    'must have at most 2 entries',
  ],
  [z.object({ n: z.string() }), { n: null }, '须为文字', 'must be text'],
  [z.object({ n: z.boolean() }), { n: 'yes' }, '须为 true 或 false', 'must be true or false'],
])('%#: a value of the wrong kind or size', (schema, data, zh, en) => {
  expect(faultsOf(schema, data)).toEqual({ n: { zh, en } });
});

test('a body that is no object is told as such', () => {
  expect(faultsOf(setUp, 'text')).toEqual({ '': { zh: '须为 JSON 对象', en: 'must be a JSON object' } });
  expect(faultsOf(setUp, undefined)).toEqual({ '': { zh: '请填写', en: 'is missing' } });
});

test('of a value with several forms the fault is that of the form that was meant', () => {
  const request = { profile: 'p', name: 'n', slot: { name: '', armed: 'often' } };
  expect(faultsOf(adoptRequestSchema, request)).toEqual({
    'slot.name': { zh: '不能为空', en: 'must not be empty' },
    'slot.armed': { zh: '须为 never、always 之一', en: 'must be one of never, always' },
  });
  expect(faultsOf(adoptRequestSchema, { profile: 'p', name: 'n', slot: 7 }).slot?.zh).toBe(
    '须为文字；或者须为 JSON 对象',
  );
});

test('what a schema says itself in both languages is told in one', () => {
  const fault = faultsOf(alarmActionRequestSchema, { version: 1, note: 'a\0b' }).note;
  expect(fault?.zh).toMatch(/^含有 U\+0000.*请删除后重试$/);
  expect(fault?.en).toMatch(/^holds U\+0000/);
});

test('no fault names the value', () => {
  const faults = faultsOf(setUp, { code: 4711, user: 'geheim', name: 4711, password: 471108 });
  expect(JSON.stringify(faults)).not.toMatch(/4711|geheim/);
  expect(inputFaults([])).toEqual([]);
});
