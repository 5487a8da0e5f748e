import type { FastifyReply } from 'fastify';
import { type Problem, type ProblemCode, problemStatus } from '../../contract/problem.ts';

const titles = {
  invalid: 'Invalid request',
  'not-allowed': 'Not allowed',
  'unknown-route': 'Unknown address',
  'not-ready': 'Not ready',
  internal: 'Internal error',
} as const satisfies Partial<Record<ProblemCode, string>>;

/** Answers with `application/problem+json` (RFC 9457). `detail` says what to do next. */
export function problem(reply: FastifyReply, code: keyof typeof titles, detail: string): FastifyReply {
  const status = problemStatus[code];
  const body: Problem = {
    type: `urn:campus-gateway:problem:${code}`,
    title: titles[code],
    status,
    detail,
    code,
  };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}
