import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ProblemCode } from '../../../contract/problem.ts';
import { deviceSchema, slotSchema } from '../../../contract/site.ts';
import type { Text } from '../../../contract/text.ts';
import { adoptRequestSchema } from '../../registry/adopt-request.ts';
import type { CameraSearch } from '../../registry/camera-search.ts';
import { isAccess } from '../../registry/found-device.ts';
import { sessionOf } from '../access.ts';
import { languageOf } from '../language.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';
import { foundSchema, foundView, searchSchema, searchView } from './discovery-schemas.ts';

/** The search of cameras, and what people do with what it found. */
export type DiscoveryPort = Pick<CameraSearch, 'start' | 'settled' | 'view' | 'try' | 'adopt' | 'move'>;

/** A search of the own networks alone is over by then; a longer one is asked for again. */
const ANSWER_WITHIN_MS = 8_000;

const idParams = z.object({ id: z.string().regex(/^[\w-]{1,32}$/) });

const searchRequestSchema = z.strictObject({
  cidr: z
    .array(z.string().max(32))
    .max(16)
    .default([])
    .describe('Private IPv4 ranges to ask address by address, 1,024 addresses in all; default: none'),
  ports: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .max(4)
    .optional()
    .describe('Ports to ask over HTTP at each of them; default 80 and 2020'),
});

const credentialsShape = {
  user: z.string().min(1).max(64).optional(),
  password: z.string().min(1).max(128).optional().describe('Goes to the device, and is not kept'),
  trust: z.string().max(100).optional().describe('SHA-256 of the presented certificate, to trust that one'),
};

const { name, place, slot, inputs, settings, id } = adoptRequestSchema.shape;
const adoptSchema = z.strictObject({
  ...credentialsShape,
  password: credentialsShape.password.describe('Kept in site.db, never shown'),
  name,
  id,
  place,
  slot,
  inputs,
  settings,
  profile: adoptRequestSchema.shape.profile
    .optional()
    .describe('Default: onvif.access for an access controller, else onvif.camera'),
  sees: z
    .array(slotSchema.shape.id)
    .max(64)
    .optional()
    .describe('Slots whose alarms show its picture, beside its own'),
});

const registeredSchema = deviceSchema.pick({ id: true, name: true, profile: true, slot: true });

/** Cameras and access controllers on the network: found, tried, registered. */
export function discoveryRoutes(app: FastifyInstance, discovery: DiscoveryPort): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.post(
    '/api/v1/discovery',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['discovery'],
        summary: 'Search for cameras and access controllers; one search at a time',
        body: searchRequestSchema,
        response: {
          200: searchSchema.describe('Over, or after 8 s as it is then'),
          ...problems(400, 401, 403, 409, 413),
        },
      },
    },
    async (request) => {
      const outcome = discovery.start(request.body, sessionOf(request).user);
      if (outcome !== undefined && 'faults' in outcome) throw faulty(outcome.faults);
      if (outcome !== undefined) throw refused(outcome);
      await discovery.settled(ANSWER_WITHIN_MS);
      return searchView(discovery.view(), languageOf(request.headers['accept-language']));
    },
  );

  typed.get(
    '/api/v1/discovery',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['discovery'],
        summary: 'The last search, as far as it is',
        response: { 200: searchSchema, ...problems(401, 403) },
      },
    },
    async (request) => searchView(discovery.view(), languageOf(request.headers['accept-language'])),
  );

  typed.post(
    '/api/v1/discovery/:id/try',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['discovery'],
        summary: 'Try credentials at a device that was found: one attempt, and what it tells then',
        params: idParams,
        body: z.strictObject(credentialsShape),
        response: { 200: foundSchema, ...problems(400, 401, 403, 404, 409, 413, 429) },
      },
    },
    async (request) => {
      const outcome = await discovery.try(request.params.id, request.body, sessionOf(request).user);
      if ('refused' in outcome) throw refused(outcome);
      return foundView(outcome, languageOf(request.headers['accept-language']));
    },
  );

  typed.post(
    '/api/v1/discovery/:id/adopt',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['discovery'],
        summary: 'Register a device that was found: it is asked for its events at once',
        params: idParams,
        body: adoptSchema,
        response: {
          201: z.object({ device: registeredSchema, slots: z.array(slotSchema) }),
          ...problems(400, 401, 403, 404, 409, 413),
        },
      },
    },
    async (request, reply) => {
      const { user, password, trust, profile, sees, ...wanted } = request.body;
      const found = discovery.view().devices.find((one) => one.id === request.params.id);
      const preset = found !== undefined && isAccess(found) ? 'onvif.access' : 'onvif.camera';
      const outcome = await discovery.adopt(
        request.params.id,
        { ...wanted, profile: profile ?? preset, ...(sees === undefined ? {} : { sees }) },
        { user, password, trust },
        sessionOf(request).user,
      );
      if ('refused' in outcome) throw refused(outcome);
      if ('faults' in outcome) throw faulty(outcome.faults);
      reply.code(201);
      return { device: registered(outcome.device), slots: [...outcome.slots] };
    },
  );

  typed.post(
    '/api/v1/discovery/:id/move',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['discovery'],
        summary: 'Take over the new address of a registered device, once it takes its credentials there',
        params: idParams,
        response: { 200: z.object({ device: registeredSchema }), ...problems(401, 403, 404, 409, 429) },
      },
    },
    async (request) => {
      const outcome = await discovery.move(request.params.id, sessionOf(request).user);
      if ('refused' in outcome) throw refused(outcome);
      return { device: registered(outcome.device) };
    },
  );
}

type Registered = z.infer<typeof registeredSchema>;

/** No address, no user, no secret. */
function registered({ id, name, profile, slot }: Registered): Registered {
  return { id, name, profile, ...(slot === undefined ? {} : { slot }) };
}

const codes = {
  gone: 'unknown-device',
  busy: 'not-possible',
  registered: 'not-possible',
  'not-possible': 'not-possible',
  'too-often': 'too-many-attempts',
} as const satisfies Record<string, ProblemCode>;

function refused({ refused: why, detail }: { refused: keyof typeof codes; detail: Text }): ProblemError {
  return new ProblemError(codes[why], detail);
}

function faulty(errors: ReadonlyArray<{ path: string; message: Text }>): ProblemError {
  return new ProblemError(
    'invalid',
    { zh: '没有执行：请按各栏提示修改。', en: 'Nothing was done: correct what errors names.' },
    { errors },
  );
}
