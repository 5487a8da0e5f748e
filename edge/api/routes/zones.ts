import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { calendarDaySchema } from '../../../contract/calendar.ts';
import {
  blindWindowSchema,
  promptSchema,
  zoneActionRequestSchema,
  zoneActionSchema,
  zoneViewSchema,
} from '../../../contract/zone.ts';
import type { ArmingDesk } from '../../arming/arming-desk.ts';
import { text } from '../../arming/refusal.ts';
import { sessionOf } from '../access.ts';
import { actorOf, answered, checkStored } from '../move-answer.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';
import type { SecondPersons } from '../second-person.ts';

/** Zones as the API sees them. */
export type ZonePort = Pick<ArmingDesk, 'status' | 'zone' | 'preview' | 'act' | 'sign' | 'placeOf'>;

export interface ZoneRoutes {
  zones: ZonePort;
  seconds: SecondPersons;
}

const idSchema = z.string().min(1).max(64);

/** Zones, what the calendar makes of them, and the times in which nothing was watched. */
export function zoneRoutes(app: FastifyInstance, o: ZoneRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/zones',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['zones'],
        summary: 'Zones with what keeps them from being armed, prompts, and unprotected times',
        response: {
          200: z.object({
            zones: z.array(zoneViewSchema),
            prompts: z.array(promptSchema),
            blind: z.array(blindWindowSchema),
          }),
          ...problems(401, 403),
        },
      },
    },
    async () => o.zones.status(),
  );

  typed.get(
    '/api/v1/zones/:id',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['zones'],
        summary: 'One zone, and its slots that may be by-passed',
        params: z.object({ id: idSchema }),
        response: {
          200: z.object({ zone: zoneViewSchema, slots: z.array(z.string()) }),
          ...problems(401, 403, 404),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const found = o.zones.zone(id);
      if (found === undefined) throw new ProblemError('unknown-zone', text.unknownZone(id));
      return found;
    },
  );

  typed.post(
    '/api/v1/zones/:id/:action',
    {
      config: { access: 'zones.act', audit: { act: 'zone.:action', on: ':id' } },
      schema: {
        tags: ['zones'],
        summary: 'Arm, disarm, by-pass; compare `version`',
        params: z.object({ id: idSchema, action: zoneActionSchema }),
        body: zoneActionRequestSchema,
        response: { 200: zoneViewSchema, ...problems(202, 400, 401, 403, 404, 409, 413, 429, 503) },
      },
    },
    async (request) => {
      const { id, action } = request.params;
      const { second, station, ...wanted } = request.body;
      const actor = actorOf(request, station);
      if (second !== undefined)
        actor.second = await o.seconds.check(sessionOf(request), second, request.ip, {
          act: action,
          on: id,
          place: o.zones.placeOf(id),
        });
      const { zone, stored } = await answered(request, () => o.zones.act(id, action, wanted, actor));
      checkStored(stored, { zone });
      return zone;
    },
  );

  typed.post(
    '/api/v1/unprotected/:id/sign',
    {
      config: { access: 'zones.act', audit: { act: 'unprotected.sign', on: ':id' } },
      schema: {
        tags: ['zones'],
        summary: 'Sign for the times in which nothing was watched, up to this one',
        params: z.object({ id: idSchema }),
        body: zoneActionRequestSchema.pick({ station: true }),
        response: {
          200: z.object({ blind: z.array(blindWindowSchema) }),
          ...problems(202, 400, 401, 403, 503),
        },
      },
    },
    async (request) => {
      const actor = actorOf(request, request.body.station);
      const { stored } = await answered(request, () => o.zones.sign(request.params.id, actor));
      checkStored(stored);
      return { blind: o.zones.status().blind };
    },
  );

  typed.get(
    '/api/v1/calendar',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['zones'],
        summary: 'What the next days are, and what zones do on them by their schedules',
        querystring: z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) }),
        response: { 200: z.object({ days: z.array(calendarDaySchema) }), ...problems(400, 401, 403) },
      },
    },
    async (request) => ({ days: o.zones.preview(request.query.days) }),
  );
}
