import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { scopeSchema, userSchema } from '../../../contract/site.ts';
import { sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import { asProblem } from '../people-problem.ts';
import type { PeoplePort, SiteDirectory } from '../ports.ts';
import type { Sessions } from '../sessions.ts';

export interface UserRoutes {
  people: PeoplePort;
  sessions: Sessions;
  directory: Pick<SiteDirectory, 'places' | 'units'>;
}

const userName = z.string().min(1).max(32);
const { user, name, role } = userSchema.shape;
const viewSchema = z.object({
  user: z.string(),
  name: z.string(),
  role,
  scope: scopeSchema.optional().describe('Left out: the whole campus'),
  disabled: z.boolean(),
  mustChange: z.boolean().describe('Has a one-time password that was not changed yet'),
  secondFactor: z.boolean(),
});
const onceSchema = z.string().describe('One-time password: shown once, to be changed at the first sign-in');

/** Who may sign in, as what and where. For the security administrator; the first one is made by an administrator. */
export function userRoutes(app: FastifyInstance, { people, sessions, directory }: UserRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/users',
    {
      config: { access: 'people.manage', audit: { act: 'people.read' } },
      schema: {
        tags: ['people'],
        summary: 'Everybody who may sign in, and what a scope can be made of',
        response: {
          200: z.object({
            people: z.array(viewSchema.extend({ sessions: z.number().describe('Where they are signed in') })),
            places: z.array(z.object({ id: z.string(), name: z.string(), parent: z.string().optional() })),
            units: z.array(z.object({ id: z.string(), name: z.string() })),
          }),
          ...problems(401, 403),
        },
      },
    },
    async () => {
      const counts = sessions.counts();
      return {
        people: people.list().map((one) => ({ ...one, sessions: counts.get(one.user) ?? 0 })),
        places: directory
          .places()
          .map(({ id, name, parent }) => ({ id, name, ...(parent === undefined ? {} : { parent }) })),
        units: directory.units().map(({ id, name }) => ({ id, name })),
      };
    },
  );

  typed.post(
    '/api/v1/users',
    {
      config: { access: 'people.add', audit: { act: 'people.add' } },
      schema: {
        tags: ['people'],
        summary: 'Add a person; answers a one-time password',
        description:
          'While there is no security administrator, an administrator may add one, and nobody else. From then on people are the security administrators’ alone.',
        body: z.strictObject({ user, name, role, scope: scopeSchema.optional() }),
        response: {
          201: z.object({ person: viewSchema, password: onceSchema }),
          ...problems(400, 401, 403, 413),
        },
      },
    },
    async (request, reply) => {
      const { scope, ...person } = request.body;
      const wanted = { ...person, ...(scope === undefined ? {} : { scope }) };
      return reply.code(201).send(await people.add(wanted, sessionOf(request)).catch(asProblem));
    },
  );

  typed.patch(
    '/api/v1/users/:user',
    {
      config: { access: 'people.manage', audit: { act: 'people.change', on: ':user' } },
      schema: {
        tags: ['people'],
        summary: 'Change name, role or scope, or whether they may sign in; another role ends their sessions',
        params: z.object({ user: userName }),
        body: z.strictObject({
          name: name.optional(),
          role: role.optional(),
          scope: scopeSchema.nullable().optional().describe('null: the whole campus'),
          disabled: z.boolean().optional(),
        }),
        response: { 200: viewSchema, ...problems(400, 401, 403, 404, 409, 413) },
      },
    },
    async (request) => {
      const by = sessionOf(request);
      const { disabled, ...change } = request.body;
      const id = request.params.user;
      let view: z.infer<typeof viewSchema> | undefined;
      if (Object.values(change).some((value) => value !== undefined))
        view = (await people.change(id, change, by).catch(asProblem)).person;
      if (disabled !== undefined || view === undefined)
        view = await people.setDisabled(id, disabled ?? false, by).catch(asProblem);
      return view;
    },
  );

  typed.post(
    '/api/v1/users/:user/password',
    {
      config: { access: 'people.manage', audit: { act: 'people.reset-password', on: ':user' } },
      schema: {
        tags: ['people'],
        summary: 'Give a new one-time password; the old one is refused and their sessions end',
        params: z.object({ user: userName }),
        response: { 200: z.object({ password: onceSchema }), ...problems(401, 403, 404) },
      },
    },
    async (request) => ({
      password: await people.resetPassword(request.params.user, sessionOf(request)).catch(asProblem),
    }),
  );

  typed.delete(
    '/api/v1/users/:user/second-factor',
    {
      config: { access: 'people.manage', audit: { act: 'people.second-factor', on: ':user' } },
      schema: {
        tags: ['people'],
        summary: 'Take a lost second factor away',
        params: z.object({ user: userName }),
        response: { 204: z.null().describe('Gone'), ...problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      await people.removeFactor(request.params.user, sessionOf(request)).catch(asProblem);
      return reply.code(204).send(null);
    },
  );

  typed.delete(
    '/api/v1/users/:user/sessions',
    {
      config: {
        access: 'people.manage',
        audit: { act: 'session.sign-out-everywhere', on: ':user', always: true },
      },
      schema: {
        tags: ['people'],
        summary: 'Sign somebody out everywhere',
        params: z.object({ user: userName }),
        response: { 204: z.null().describe('Signed out'), ...problems(401, 403) },
      },
    },
    async (request, reply) => {
      sessions.endUser(request.params.user);
      return reply.code(204).send(null);
    },
  );

  typed.delete(
    '/api/v1/users/:user',
    {
      config: { access: 'people.manage', audit: { act: 'people.remove', on: ':user' } },
      schema: {
        tags: ['people'],
        summary: 'Remove a person for good',
        params: z.object({ user: userName }),
        response: { 204: z.null().describe('Gone'), ...problems(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      await people.remove(request.params.user, sessionOf(request)).catch(asProblem);
      return reply.code(204).send(null);
    },
  );
}
