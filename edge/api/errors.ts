import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError, problemDocument, sendProblem } from './problem.ts';
import { InvalidInput } from './validation.ts';

/** Turns whatever a route or fastify throws into a problem document; nothing inside the program shows. */
export function handleErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | ProblemError | InvalidInput, request, reply) => {
    const problem = toProblem(error, request.id);
    if (problem.code === 'internal') {
      request.log.error(
        { err: error, method: request.method, route: request.routeOptions.url },
        'request failed',
      );
    }
    return sendProblem(request, reply, problem);
  });
}

/** Faults in the address itself, before there is a route. */
export function onFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(request, reply, toProblem(error, request.id));
}

/** What is not HTTP gets a problem document too, then the connection closes. */
export function onBadRequestLine(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const problem = new ProblemError(tooLarge ? 'too-large' : 'invalid', {
    zh: tooLarge ? '请求头过大。' : '不是有效的 HTTP 请求。',
    en: tooLarge ? 'The request headers are too large.' : 'This is not a valid HTTP request.',
  });
  const document = problemDocument(problem, 'zh', '');
  const body = JSON.stringify(document);
  socket.end(
    `HTTP/1.1 ${document.status} ${tooLarge ? 'Content Too Large' : 'Bad Request'}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function toProblem(error: FastifyError | ProblemError | InvalidInput, requestId: string): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof InvalidInput) {
    return new ProblemError(
      'invalid',
      {
        zh: '请求内容有误，请按 errors 逐项修改。',
        en: 'The request has faults; correct what errors names.',
      },
      { errors: error.errors },
    );
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError('too-large', {
        zh: '请求内容超过 64 KiB，请缩短。',
        en: 'The request body is larger than 64 KiB: shorten it.',
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError('invalid', {
        zh: '请以 application/json 发送。',
        en: 'Send the body as application/json.',
      });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return new ProblemError('invalid', {
        zh: '请求内容不是有效的 JSON。',
        en: 'The request body is not valid JSON.',
      });
    default:
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new ProblemError('invalid', { zh: '请求无效。', en: 'The request is not valid.' });
  }
  return new ProblemError('internal', {
    zh: `网关内部出错，请将编号 ${requestId} 和时间告知管理员，日志中有记录。`,
    en: `Something failed inside the gateway: tell the administrator the number ${requestId} and the time; the log has it.`,
  });
}
