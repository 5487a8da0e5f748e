import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RecordAudit } from '../../audit/entry.ts';
import { SESSION_COOKIE, sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import { asProblem } from '../people-problem.ts';
import type { PeoplePort } from '../ports.ts';
import type { Session, Sessions } from '../sessions.ts';
import type { SignIn } from '../sign-in.ts';
import { cookieOptions } from './session.ts';

export interface AccountRoutes {
  people: PeoplePort;
  sessions: Sessions;
  signIn: SignIn;
  record: RecordAudit;
  secure: boolean;
  signInsPerMinute: number;
}

const passwordSchema = z.string().min(1).max(256);

/** What people do with their own account: password, second factor, sign out everywhere. */
export function accountRoutes(app: FastifyInstance, o: AccountRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const rateLimit = { max: o.signInsPerMinute, timeWindow: 60_000 };

  /** Nobody changes the account of a colleague who left the desk for a moment. */
  const confirm = (session: Session, password: string, request: FastifyRequest) =>
    o.signIn.check(session.user, password, request.ip, 'present-password');

  typed.post(
    '/api/v1/account/password',
    {
      config: { access: 'session', rateLimit, firstPassword: true, audit: { act: 'account.password' } },
      schema: {
        tags: ['account'],
        summary: 'Change your password; every other session of yours ends',
        body: z.strictObject({ password: passwordSchema.describe('The present one'), next: passwordSchema }),
        response: { 204: z.null().describe('Changed'), ...problems(400, 401, 403, 413, 429) },
      },
    },
    async (request, reply) => {
      const session = sessionOf(request);
      const { password, next } = request.body;
      const person = await confirm(session, password, request);
      await o.people.changeOwnPassword(session, next).catch(asProblem);
      o.sessions.endUser(session.user);
      const { token } = await o.sessions.open(person, session.station, session.place, request.ip);
      reply.setCookie(SESSION_COOKIE, token, cookieOptions(o.secure));
      return reply.code(204).send(null);
    },
  );

  typed.post(
    '/api/v1/account/second-factor',
    {
      config: { access: 'second-factor', rateLimit, audit: { act: 'account.second-factor' } },
      schema: {
        tags: ['account'],
        summary:
          'A new secret for an authenticator (RFC 6238), shown once; it counts when a code of it is confirmed',
        body: z.strictObject({ password: passwordSchema }),
        response: {
          200: z.object({ secret: z.string(), uri: z.string().describe('otpauth://, for a QR code') }),
          ...problems(400, 401, 403, 429),
        },
      },
    },
    async (request) => {
      const session = sessionOf(request);
      await confirm(session, request.body.password, request);
      try {
        return o.people.offerFactor(session.user);
      } catch (error) {
        return asProblem(error);
      }
    },
  );

  typed.post(
    '/api/v1/account/second-factor/confirm',
    {
      config: { access: 'second-factor', rateLimit, audit: { act: 'account.second-factor' } },
      schema: {
        tags: ['account'],
        summary: 'Take the secret into use with a first code; answers recovery codes, shown once',
        body: z.strictObject({ code: z.string().min(6).max(12) }),
        response: { 200: z.object({ recovery: z.array(z.string()) }), ...problems(400, 401, 403, 409, 429) },
      },
    },
    async (request) => ({
      recovery: await o.people.confirmFactor(sessionOf(request), request.body.code).catch(asProblem),
    }),
  );

  typed.post(
    '/api/v1/account/second-factor/remove',
    {
      config: { access: 'second-factor', rateLimit, audit: { act: 'account.second-factor' } },
      schema: {
        tags: ['account'],
        summary: 'Use your second factor no more',
        body: z.strictObject({ password: passwordSchema }),
        response: { 204: z.null().describe('Removed'), ...problems(400, 401, 403, 429) },
      },
    },
    async (request, reply) => {
      const session = sessionOf(request);
      await confirm(session, request.body.password, request);
      await o.people.removeFactor(session.user, session).catch(asProblem);
      return reply.code(204).send(null);
    },
  );

  typed.delete(
    '/api/v1/account/sessions',
    {
      config: { access: 'session', firstPassword: true },
      schema: {
        tags: ['account'],
        summary: 'Sign out everywhere',
        response: { 204: z.null().describe('Signed out'), ...problems(401, 403) },
      },
    },
    async (request, reply: FastifyReply) => {
      const { user, role, station } = sessionOf(request);
      const sessions = o.sessions.endUser(user);
      o.record({
        ...{ user, role, station, address: request.ip },
        act: 'session.sign-out-everywhere',
        on: user,
        result: 'done',
        detail: { sessions },
      });
      return reply.clearCookie(SESSION_COOKIE, cookieOptions(o.secure)).code(204).send(null);
    },
  );
}
