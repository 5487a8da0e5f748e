import { PeopleRefusal } from '../registry/people.ts';
import { ProblemError } from './problem.ts';

/** A refusal of the people as the API answers it; any other error as it is. Always throws. */
export function asProblem(error: unknown): never {
  if (!(error instanceof PeopleRefusal)) throw error;
  const { code, detail, path } = error;
  if (path === undefined) throw new ProblemError(code, detail);
  throw new ProblemError(
    code,
    { zh: '请求内容有误，请按 errors 逐项修改。', en: 'The request has faults; correct what errors names.' },
    { errors: [{ path, message: detail }] },
  );
}
