import type { FastifySchemaCompiler } from 'fastify';
import type { ZodType, z } from 'zod';
import { type InputFault, inputFaults, NO_MESSAGE } from './input-text.ts';

/** What is wrong with an input, each fault in both languages. */
export class InvalidInput extends Error {
  readonly errors: readonly InputFault[];

  constructor(issues: readonly z.core.$ZodIssue[]) {
    super('invalid input');
    this.errors = inputFaults(issues);
  }
}

/** Validates requests with zod schemas; the rejected value is never part of the error. */
export const zodValidator: FastifySchemaCompiler<ZodType> =
  ({ schema }) =>
  (data) => {
    const result = schema.safeParse(data, { error: () => NO_MESSAGE, reportInput: true });
    return result.success ? { value: result.data } : { error: new InvalidInput(result.error.issues) };
  };
