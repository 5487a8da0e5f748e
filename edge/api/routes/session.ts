import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { roleSchema } from '../../../contract/alarm.ts';
import { scopeSchema, siteIdSchema, userSchema } from '../../../contract/site.ts';
import type { RecordAudit } from '../../audit/entry.ts';
import { rightsOf, SESSION_COOKIE, sessionOf } from '../access.ts';
import type { SignInLinks } from '../links.ts';
import { problems } from '../openapi.ts';
import type { PeoplePort, Person, SiteDirectory } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import type { Session, Sessions } from '../sessions.ts';
import type { SignIn } from '../sign-in.ts';

export interface SessionRoutes {
  sessions: Sessions;
  signIn: SignIn;
  links: SignInLinks;
  directory: Pick<SiteDirectory, 'place'>;
  record: RecordAudit;
  /** Absent: nobody has to change anything. */
  people?: PeoplePort | undefined;
  /** The listener speaks TLS. */
  secure: boolean;
  /** Sign-ins, set-ups and links of one address in a minute. */
  signInsPerMinute: number;
}

const stationSchema = z.string().min(1).max(64);

const signInSchema = z.strictObject({
  user: z.string().min(1).max(64),
  password: z.string().min(1).max(256),
  /** Of an authenticator, or a recovery code: where the person has a second factor. */
  code: z.string().min(6).max(20).optional(),
  /** Name of the desk; it stands in the record of every action. */
  station: stationSchema.optional(),
  /** Place of the desk: silent alarms of its own room are not shown there. */
  place: siteIdSchema.optional(),
});

const setupSchema = z.strictObject({
  code: z.string().min(1).max(64),
  user: userSchema.shape.user,
  name: userSchema.shape.name,
  password: z.string().min(8).max(128),
});

const sessionSchema = z.object({
  user: z.string(),
  name: z.string(),
  role: roleSchema.exclude(['system']),
  rights: z.array(z.string()),
  station: z.string().optional(),
  place: z.string().optional(),
  scope: scopeSchema.optional().describe('Where the rights hold; left out: on the whole campus'),
  mustChangePassword: z
    .literal(true)
    .optional()
    .describe('Nothing but /account/password and signing out is allowed'),
  secondFactor: z.boolean().optional(),
});

/** Sign in, sign out, first administrator, one-time links. */
export function sessionRoutes(app: FastifyInstance, o: SessionRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const rateLimit = { max: o.signInsPerMinute, timeWindow: 60_000 };

  const describe = (session: Session): z.infer<typeof sessionSchema> => {
    const { people } = o;
    const described = describeSession(session);
    if (people === undefined) return described;
    const rights = described.rights.filter(
      (right) =>
        right !== 'people.add' || session.role !== 'administrator' || people.needsSecurityAdministrator,
    );
    return {
      ...described,
      rights,
      ...(people.mustChange(session.user) ? { mustChangePassword: true as const } : {}),
      secondFactor: people.hasFactor(session.user),
    };
  };
  const open = async (
    request: FastifyRequest,
    reply: FastifyReply,
    person: Person,
    desk: Desk,
    how: 'password' | 'link' | 'setup-code',
  ): Promise<Session> => {
    const old = request.cookies[SESSION_COOKIE];
    // a new identity never inherits a token that somebody planted
    if (old !== undefined) void o.sessions.end(old);
    const { token, session } = await o.sessions.open(person, desk.station, desk.place, request.ip);
    reply.setCookie(SESSION_COOKIE, token, {
      ...cookieOptions(o.secure),
      // a kiosk restarts with its power; a person's session ends with the browser
      ...(person.role === 'kiosk' ? { maxAge: Math.floor(o.sessions.absoluteMs('kiosk') / 1000) } : {}),
    });
    request.log.info({ user: person.user, role: person.role, address: request.ip }, 'signed in');
    const { user, role, station } = session;
    const detail = { how };
    o.record({ user, role, station, address: request.ip, act: 'session.sign-in', result: 'done', detail });
    return session;
  };

  typed.post(
    '/api/v1/session',
    {
      config: { access: 'public', rateLimit },
      schema: {
        tags: ['session'],
        summary: 'Sign in',
        body: signInSchema,
        response: { 200: sessionSchema, ...problems(400, 401, 403, 404, 413, 429) },
      },
    },
    async (request, reply) => {
      const { user, password, code, station, place } = request.body;
      if (place !== undefined && o.directory.place(place) === undefined) throw unknownPlace(place);
      const person = await o.signIn.check(user, password, request.ip, 'password', code);
      return describe(await open(request, reply, person, { station, place }, 'password'));
    },
  );

  typed.get(
    '/api/v1/session',
    {
      config: { access: 'session', firstPassword: true },
      schema: {
        tags: ['session'],
        summary: 'Who is signed in, and what they may do',
        response: { 200: sessionSchema, ...problems(401) },
      },
    },
    async (request) => describe(sessionOf(request)),
  );

  typed.delete(
    '/api/v1/session',
    {
      config: { access: 'public' },
      schema: {
        tags: ['session'],
        summary: 'Sign out',
        response: { 204: z.null().describe('Signed out'), ...problems(403) },
      },
    },
    async (request, reply) => {
      const token = request.cookies[SESSION_COOKIE];
      if (token !== undefined) await o.sessions.end(token);
      if (request.session !== null) {
        const { user, role, station } = request.session;
        o.record({ user, role, station, address: request.ip, act: 'session.sign-out', result: 'done' });
      }
      return reply.clearCookie(SESSION_COOKIE, cookieOptions(o.secure)).code(204).send(null);
    },
  );

  typed.get(
    '/api/v1/session/link',
    {
      // a HEAD of a preview must not use the link up
      exposeHeadRoute: false,
      config: { access: 'public', rateLimit },
      schema: {
        tags: ['session'],
        summary: 'Sign in with a one-time link that the gateway printed',
        querystring: z.strictObject({ token: z.string().min(1).max(128), station: stationSchema.optional() }),
        response: { 302: z.null().describe('Signed in; to the console'), ...problems(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const person = o.links.use(request.query.token);
      if (person === undefined) throw o.signIn.badLink(request.ip);
      await open(request, reply, person, { station: request.query.station, place: undefined }, 'link');
      return reply.redirect('/', 302);
    },
  );

  typed.get(
    '/api/v1/setup',
    {
      config: { access: 'public' },
      schema: {
        tags: ['session'],
        summary: 'Whether the first administrator has still to be made',
        response: { 200: z.object({ needed: z.boolean() }) },
      },
    },
    async () => ({ needed: o.signIn.setupNeeded }),
  );

  typed.post(
    '/api/v1/setup',
    {
      config: { access: 'public', rateLimit },
      schema: {
        tags: ['session'],
        summary: 'Make the first administrator with the one-time set-up code, and sign in',
        body: setupSchema,
        response: { 201: sessionSchema, ...problems(400, 401, 403, 409, 413, 429) },
      },
    },
    async (request, reply) => {
      const { code, user, name, password } = request.body;
      const person = await o.signIn.setUp(code, { user, name, password }, request.ip);
      reply.code(201);
      const nowhere = { station: undefined, place: undefined };
      return describe(await open(request, reply, person, nowhere, 'setup-code'));
    },
  );
}

interface Desk {
  station: string | undefined;
  place: string | undefined;
}

export function cookieOptions(secure: boolean): {
  path: string;
  httpOnly: true;
  sameSite: 'strict';
  secure: boolean;
} {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure };
}

function describeSession({
  user,
  name,
  role,
  station,
  place,
  scope,
}: Session): z.infer<typeof sessionSchema> {
  return {
    user,
    name,
    role,
    rights: rightsOf(role),
    ...(station === undefined ? {} : { station }),
    ...(place === undefined ? {} : { place }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function unknownPlace(id: string): ProblemError {
  return new ProblemError('unknown-place', {
    zh: `地点“${id}”不存在，请从地点列表中选择。`,
    en: `There is no place "${id}": choose one of the list of places.`,
  });
}
