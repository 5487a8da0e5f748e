import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Alarm } from '../../contract/alarm.ts';
import { type Problem, type ProblemCode, problemStatus } from '../../contract/problem.ts';
import type { Text } from '../../contract/text.ts';
import type { ZoneView } from '../../contract/zone.ts';
import { type Language, languageOf } from './language.ts';

const titles: Record<ProblemCode, Text> = {
  'version-conflict': { zh: '警情已被他人更新', en: 'The alarm has changed meanwhile' },
  'condition-active': { zh: '现场尚未恢复', en: 'The condition is still active' },
  'second-person-needed': { zh: '需要第二人确认', en: 'A second person is needed' },
  'not-possible': { zh: '当前状态不能执行', en: 'Not possible in this state' },
  'zone-not-ready': { zh: '防区未就绪', en: 'The zone is not ready' },
  'already-done': { zh: '已执行过', en: 'Already done' },
  'not-stored': { zh: '已生效，尚未存盘', en: 'In force, but not stored yet' },
  'not-allowed': { zh: '无此权限', en: 'Not allowed' },
  'private-place': { zh: '私密场所', en: 'A private place' },
  'wrong-origin': { zh: '来源不符', en: 'Wrong origin' },
  'expired-session': { zh: '请先登录', en: 'Please sign in' },
  'sign-in-failed': { zh: '登录失败', en: 'Sign-in failed' },
  'second-factor-needed': { zh: '需要动态验证码', en: 'A code is needed' },
  'password-change-needed': { zh: '请先修改密码', en: 'Change your password first' },
  'unknown-alarm': { zh: '没有这条警情', en: 'No such alarm' },
  'unknown-device': { zh: '没有这个设备', en: 'No such device' },
  'unknown-place': { zh: '没有这个地点', en: 'No such place' },
  'unknown-person': { zh: '没有这个人员', en: 'No such person' },
  'unknown-media': { zh: '没有这个影像', en: 'No such picture' },
  'unknown-drill': { zh: '没有这场演练或步测', en: 'No such drill or walk test' },
  'unknown-check': { zh: '没有这次查岗', en: 'No such duty check' },
  'handover-incomplete': { zh: '交接未列全', en: 'The hand-over is not complete' },
  'unknown-entry': { zh: '没有这个条目', en: 'No such entry' },
  'unknown-zone': { zh: '没有这个防区', en: 'No such zone' },
  'unknown-route': { zh: '没有这个地址', en: 'No such address' },
  'too-many-attempts': { zh: '尝试次数过多', en: 'Too many attempts' },
  invalid: { zh: '请求无效', en: 'Invalid request' },
  'too-large': { zh: '请求过大', en: 'Request too large' },
  internal: { zh: '内部错误', en: 'Internal error' },
  'not-ready': { zh: '尚未就绪', en: 'Not ready' },
};

/** What a problem may carry beside its code and sentence. */
export interface ProblemExtra {
  errors?: ReadonlyArray<{ path: string; message: Text }>;
  alarm?: Alarm;
  zone?: ZoneView;
  /** Ids that the request had to name and did not. */
  missing?: readonly string[];
  unsaved?: boolean;
  retryAfterS?: number;
}

/** Thrown anywhere below a route; answered as `application/problem+json` (RFC 9457). */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly detail: Text;
  readonly extra: ProblemExtra;

  constructor(code: ProblemCode, detail: Text, extra: ProblemExtra = {}) {
    super(`${code}: ${detail.en}`);
    this.code = code;
    this.detail = detail;
    this.extra = extra;
  }
}

/** The document of a problem. `instance` is the path without its query: a query may hold a sign-in token. */
export function problemDocument(problem: ProblemError, language: Language, url: string): Problem {
  const { errors, alarm, zone, missing, unsaved } = problem.extra;
  return {
    type: `urn:campus-gateway:problem:${problem.code}`,
    title: titles[problem.code][language],
    status: problemStatus[problem.code],
    detail: problem.detail[language],
    code: problem.code,
    instance: url.split('?', 1)[0] ?? '',
    ...(errors === undefined
      ? {}
      : { errors: errors.map(({ path, message }) => ({ path, message: message[language] })) }),
    ...(alarm === undefined ? {} : { alarm }),
    ...(zone === undefined ? {} : { zone }),
    ...(missing === undefined ? {} : { missing: [...missing] }),
    ...(unsaved === undefined ? {} : { unsaved }),
  };
}

/** Answers with the problem in the language of the request. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemError,
): FastifyReply {
  const language = languageOf(request.headers['accept-language']);
  request.problem = problem.code;
  if (problem.extra.retryAfterS !== undefined) reply.header('retry-after', String(problem.extra.retryAfterS));
  return reply
    .code(problemStatus[problem.code])
    .header('content-language', language === 'zh' ? 'zh-CN' : 'en')
    .header('vary', 'accept-language')
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problemDocument(problem, language, request.url)));
}
