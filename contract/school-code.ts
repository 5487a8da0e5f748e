import { z } from 'zod';
import { regions } from './region.ts';

/** A class of schools: digits 1-2 of the school code. */
export interface SchoolCategory {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

/** Categories of the education ministry's rules for school (institution) codes, 2011 (学校（机构）代码管理办法). */
export const schoolCategories: readonly SchoolCategory[] = [
  { code: '11', zh: '幼儿园', en: 'Kindergarten' },
  { code: '21', zh: '小学', en: 'Primary school' },
  { code: '22', zh: '成人小学', en: 'Primary school for adults' },
  { code: '31', zh: '普通初中', en: 'Junior secondary school' },
  { code: '32', zh: '职业初中', en: 'Vocational junior secondary school' },
  { code: '33', zh: '成人初中', en: 'Junior secondary school for adults' },
  { code: '34', zh: '普通高中', en: 'Senior secondary school' },
  { code: '35', zh: '成人高中', en: 'Senior secondary school for adults' },
  { code: '36', zh: '中等职业学校', en: 'Secondary vocational school' },
  { code: '37', zh: '工读学校', en: 'Work-study school' },
  { code: '41', zh: '普通高等学校', en: 'University or college' },
  { code: '42', zh: '成人高等学校', en: 'Higher education for adults' },
  { code: '51', zh: '特殊教育学校', en: 'Special education school' },
  { code: '91', zh: '培养研究生的科研机构', en: 'Research institute with postgraduates' },
  { code: '92', zh: '民办的其他高等教育机构', en: 'Other private higher education' },
  { code: '93', zh: '中等职业培训机构', en: 'Vocational training institution' },
];

const categories = schoolCategories.map((category) => category.code);
const provinces = regions.filter((region) => region.level === 'province').map((region) => region.code);
const shape = 'write 2 digits category, 2 province and 6 serial, for example "2137000123"';
const pattern = new RegExp(`^(${categories.join('|')})(${provinces.join('|')})(\\d{6})$`);

/**
 * School code (学校标识码): 10 digits = 2 category + 2 province (GB/T 2260) + 6 serial.
 * A school may change its category, and with it the code: an attribute, never an identity.
 * The message of a refusal says which digits are wrong and what to write.
 */
export const schoolCodeSchema = z
  .string()
  .regex(pattern, { error: (issue) => explainSchoolCode(String(issue.input)) });

/** The parts of a school code, each kept as digits. */
export interface SchoolCode {
  readonly category: string;
  readonly province: string;
  readonly serial: string;
}

/** Takes a school code apart; undefined where `schoolCodeSchema` would refuse it. */
export function parseSchoolCode(code: string): SchoolCode | undefined {
  const [, category, province, serial] = pattern.exec(code) ?? [];
  if (category === undefined || province === undefined || serial === undefined) return undefined;
  return { category, province, serial };
}

function explainSchoolCode(code: string): string {
  const tidy = code.normalize('NFKC').replace(/[\s._-]/g, '');
  if (tidy !== code && pattern.test(tidy)) return `write "${tidy}": ten plain digits and nothing else`;
  if (!/^\d+$/.test(tidy)) return `"${code}" has characters that are not digits; ${shape}`;
  if (tidy.length !== 10) return `"${code}" has ${tidy.length} digits instead of 10; ${shape}`;
  const [category, province] = [tidy.slice(0, 2), tidy.slice(2, 4)];
  if (!categories.includes(category)) {
    return `category "${category}" (digits 1-2) does not exist; write one of ${categories.join(', ')}`;
  }
  if (!provinces.includes(province)) {
    return `province "${province}" (digits 3-4) does not exist; write its GB/T 2260 code, "37" for Shandong`;
  }
  return shape;
}
