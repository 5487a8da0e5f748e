import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseSchoolCode, schoolCategories, schoolCodeSchema } from '../../contract/school-code.ts';

const message = (code: unknown) => schoolCodeSchema.safeParse(code).error?.issues[0]?.message;

describe('schoolCodeSchema', () => {
  test('accepts in Shandong exactly the categories of the contract', () => {
    const shandong = /^(11|2[12]|3[1-7]|4[12]|51|9[123])37\d{6}$/;
    for (let category = 0; category < 100; category++) {
      const code = `${String(category).padStart(2, '0')}37000123`;
      expect(schoolCodeSchema.safeParse(code).success, code).toBe(shandong.test(code));
    }
  });

  test('accepts the same categories in every province of GB/T 2260', () => {
    expect(schoolCodeSchema.parse('1144000501')).toBe('1144000501');
    expect(schoolCodeSchema.parse('4111010001')).toBe('4111010001');
    expect(schoolCodeSchema.safeParse('2344000501').success).toBe(false);
  });

  test.each([
    ['213700012', 'has 9 digits instead of 10'],
    ['21370001234', 'has 11 digits instead of 10'],
    ['', 'not digits'],
    ['21370001x3', 'not digits'],
    ['2337000123', 'category "23" (digits 1-2) does not exist; write one of 11, 21, 22'],
    ['2199000123', 'province "99" (digits 3-4) does not exist'],
    ['2137 000 123', 'write "2137000123"'],
    ['２１３７０００１２３', 'write "2137000123"'],
  ])('refuses %j and says why', (code, why) => {
    expect(message(code)).toContain(why);
  });

  test('refuses a number: leading digits would be lost elsewhere', () => {
    expect(message(2137000123)).toBeDefined();
  });

  test('is a plain pattern in JSON Schema', () => {
    const schema = z.toJSONSchema(schoolCodeSchema);
    expect(schema.type).toBe('string');
    expect(new RegExp(schema.pattern ?? '').test('2137000123')).toBe(true);
  });
});

describe('parseSchoolCode', () => {
  test('takes a code apart and keeps the zeros', () => {
    expect(parseSchoolCode('2137000123')).toEqual({ category: '21', province: '37', serial: '000123' });
  });

  test('is undefined for what the schema refuses', () => {
    for (const code of ['2337000123', '2199000123', '213700012', '2137000123 ']) {
      expect(parseSchoolCode(code), code).toBeUndefined();
    }
  });

  test('gives a category that has a name', () => {
    const category = parseSchoolCode('3637000123')?.category;
    expect(schoolCategories.find((entry) => entry.code === category)).toMatchObject({ zh: '中等职业学校' });
  });
});
