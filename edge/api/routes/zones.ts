import type { FastifyInstance, FastifyRequest } from 'fastify';
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
import type { Actor } from '../../alarms/rights.ts';
import type { ArmingDesk } from '../../arming/arming-desk.ts';
import { text, ZoneRefusal } from '../../arming/refusal.ts';
import { sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';
import type { SecondPersons } from '../second-person.ts';
import { stationOf } from './alarms.ts';

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
      const { zone, stored } = await answered(request, o.zones.act(id, action, wanted, actor));
      if (stored) return zone;
      throw new ProblemError('not-stored', notStored, { zone, unsaved: true });
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
      const { stored } = await answered(request, o.zones.sign(request.params.id, actor));
      if (!stored) throw new ProblemError('not-stored', notStored, { unsaved: true });
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

const notStored = {
  zh: '操作已生效并显示，但存储故障尚未存盘；请通知管理员检查磁盘，无需重复操作。',
  en: 'Your action is in force and shown, but storage fails and it is not on disk yet; tell the administrator to check the disk. Do not repeat it.',
};

function actorOf(request: FastifyRequest, station: string | undefined): Actor {
  const session = sessionOf(request);
  const { user, role, scope } = session;
  return {
    user,
    role,
    station: stationOf(session, station === undefined ? {} : { station }),
    ...(scope === undefined ? {} : { scope }),
  };
}

async function answered<Answer>(request: FastifyRequest, work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ZoneRefusal)
      throw new ProblemError(
        error.refused,
        error.detail,
        error.zone === undefined ? {} : { zone: error.zone },
      );
    request.log.error({ err: error }, 'an action on a zone could not be taken');
    throw new ProblemError('not-ready', text.stopping);
  }
}
