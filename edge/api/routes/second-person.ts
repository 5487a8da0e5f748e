import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { roleSchema } from '../../../contract/alarm.ts';
import { text } from '../../arming/refusal.ts';
import type { RecordAudit } from '../../audit/entry.ts';
import { whereaboutsOf } from '../../registry/scope.ts';
import { sessionOf } from '../access.ts';
import type { Discretion } from '../audience.ts';
import { problems } from '../openapi.ts';
import type { AlarmDesk, SiteDirectory } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import { type SecondPersons, type Subject, secondActSchema } from '../second-person.ts';
import { unknownAlarm } from './alarms.ts';
import { unknownDevice } from './site.ts';
import type { ZonePort } from './zones.ts';

export interface SecondPersonRoutes {
  seconds: SecondPersons;
  desk: Pick<AlarmDesk, 'get'>;
  directory: Pick<SiteDirectory, 'device' | 'slots' | 'place'>;
  zones: Pick<ZonePort, 'zone' | 'placeOf'> | undefined;
  discretion: Discretion;
  record: RecordAudit;
}

const personSchema = z.object({ user: z.string(), name: z.string() });
const viewSchema = z.object({
  id: z.string(),
  act: z.string().describe('What two people are to do, e.g. `close` or `command:siren_on`'),
  on: z.string().describe('Id of the alarm, device or zone'),
  place: z.string().optional(),
  by: personSchema.extend({ role: roleSchema, station: z.string().optional() }),
  at: z.string(),
  leftS: z.number().describe('Seconds until it ends'),
  agreed: z.array(personSchema).describe('Who has been given a code for it'),
});
const idSchema = z.string().min(1).max(64);

/** The second person from afar: asked here, answered with a code somewhere else. */
export function secondPersonRoutes(app: FastifyInstance, o: SecondPersonRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  /** A station hears nothing of a silent alarm in its own room, and so not of what is asked about it. */
  const shownTo =
    (request: FastifyRequest) =>
    ({ on }: Subject): boolean => {
      const alarm = o.desk.get(on);
      return (
        alarm === undefined || o.discretion.seesAlarm(o.discretion.audienceOf(sessionOf(request)), alarm)
      );
    };
  /** Where what is asked is to be done. Throws where there is no such thing: a code for it could never be used. */
  const whereabouts = (request: FastifyRequest, { act, on }: Subject): Pick<Subject, 'place' | 'unit'> => {
    switch (act) {
      case 'reset':
      case 'close':
      case 'isolate': {
        const alarm = o.desk.get(on);
        // the same words for both: nobody learns here that there is an alarm to hide
        if (alarm === undefined || !shownTo(request)({ act, on })) throw unknownAlarm(on);
        return { place: alarm.place, unit: alarm.unit };
      }
      case 'arm':
      case 'stay':
      case 'bypass':
        if (o.zones?.zone(on) === undefined) throw new ProblemError('unknown-zone', text.unknownZone(on));
        return { place: o.zones.placeOf(on) };
      case 'walk-test':
        return { place: o.zones?.placeOf(on) ?? o.directory.place(on)?.id };
      case 'handover':
        return {};
      default:
        if (o.directory.device(on) === undefined) throw unknownDevice(on);
        return whereaboutsOf(on, o.directory);
    }
  };

  typed.get(
    '/api/v1/second-person',
    {
      config: { access: 'second.answer' },
      schema: {
        tags: ['second person'],
        summary: 'Requests for a second person: your own, and those you may answer',
        response: { 200: z.object({ requests: z.array(viewSchema) }), ...problems(401, 403) },
      },
    },
    async (request) => ({ requests: o.seconds.list(sessionOf(request), shownTo(request)) }),
  );

  typed.post(
    '/api/v1/second-person',
    {
      config: { access: 'second.ask' },
      schema: {
        tags: ['second person'],
        summary: 'Ask for a second person who is somewhere else; stands for 3 minutes',
        body: z.strictObject({ act: secondActSchema, on: idSchema }),
        response: { 201: viewSchema, ...problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { act, on } = request.body;
      const session = sessionOf(request);
      const { user, role, station } = session;
      const view = o.seconds.ask(session, { act, on, ...whereabouts(request, { act, on }) });
      const detail = { of: act };
      o.record({ user, role, station, address: request.ip, act: 'second.ask', on, result: 'done', detail });
      return reply.code(201).send(view);
    },
  );

  typed.post(
    '/api/v1/second-person/:id/code',
    {
      config: { access: 'second.answer' },
      schema: {
        tags: ['second person'],
        summary: 'Agree to a request: a code to tell, for this act of this person, once, within 3 minutes',
        params: z.object({ id: idSchema }),
        response: {
          200: z.object({ act: z.string(), on: z.string(), code: z.string(), leftS: z.number() }),
          ...problems(401, 403, 409),
        },
      },
    },
    async (request) => {
      const session = sessionOf(request);
      const given = o.seconds.consent(session, request.params.id, shownTo(request));
      const { user, role, station } = session;
      const detail = { of: given.act };
      o.record({
        user,
        role,
        station,
        address: request.ip,
        act: 'second.agree',
        on: given.on,
        result: 'done',
        detail,
      });
      return given;
    },
  );

  typed.delete(
    '/api/v1/second-person/:id',
    {
      config: { access: 'second.ask' },
      schema: {
        tags: ['second person'],
        summary: 'Take your request back',
        params: z.object({ id: idSchema }),
        response: { 204: z.null().describe('Gone'), ...problems(401, 403) },
      },
    },
    async (request, reply) => {
      o.seconds.withdraw(sessionOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
