import type { FastifySchemaCompiler } from 'fastify';
import { type ZodType, z } from 'zod';
import type { Text } from './language.ts';

const english = z.locales.en().localeError;
const chinese = z.locales.zhCN().localeError;

/** What is wrong with an input, each fault in both languages. */
export class InvalidInput extends Error {
  readonly errors: ReadonlyArray<{ path: string; message: Text }>;

  constructor(schema: ZodType, data: unknown) {
    super('invalid input');
    const en = schema.safeParse(data, { error: english }).error?.issues ?? [];
    const zh = schema.safeParse(data, { error: chinese }).error?.issues ?? [];
    this.errors = en.map((issue, i) => ({
      path: issue.path.map(String).join('.'),
      message: { en: issue.message, zh: zh[i]?.message ?? issue.message },
    }));
  }
}

/** Validates requests with zod schemas; the rejected value is never part of the error. */
export const zodValidator: FastifySchemaCompiler<ZodType> =
  ({ schema }) =>
  (data) => {
    const result = schema.safeParse(data);
    return result.success ? { value: result.data } : { error: new InvalidInput(schema, data) };
  };
