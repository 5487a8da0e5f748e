import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  type Alarm,
  type AlarmAction,
  type AlarmActionRequest,
  alarmActionRequestSchema,
  alarmActionSchema,
  alarmSchema,
} from '../../../contract/alarm.ts';
import type { Actor } from '../../alarms/rights.ts';
import type { AlarmQuery } from '../../journal/reader.ts';
import { checkScope, sessionOf } from '../access.ts';
import type { AlarmView } from '../alarm-view.ts';
import type { Discretion } from '../audience.ts';
import { problems } from '../openapi.ts';
import type { AlarmDesk, DeskResult, JournalPort, SiteDirectory } from '../ports.ts';
import { ProblemError, sendProblem } from '../problem.ts';
import type { SecondPersons } from '../second-person.ts';
import type { Session } from '../sessions.ts';
import { historySchema, sendRows } from './stored.ts';

export interface AlarmRoutes {
  desk: AlarmDesk;
  alarms: AlarmView;
  journal: Pick<JournalPort, 'alarm' | 'alarms' | 'alarmHistory'>;
  discretion: Discretion;
  directory: Pick<SiteDirectory, 'place'>;
  seconds: SecondPersons;
}

const idSchema = z.string().min(1).max(64);

/** Alarms: open ones from memory, closed ones from the journal; what people do to them goes to the desk. */
export function alarmRoutes(app: FastifyInstance, o: AlarmRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  const find = async (request: FastifyRequest, id: string): Promise<Alarm> => {
    const stored =
      o.alarms.get(id) ?? (await o.journal.alarm(id).then((found) => found && o.alarms.stored(found)));
    if (stored === undefined || !sees(request, stored)) throw unknownAlarm(id);
    return stored;
  };
  const sees = (request: FastifyRequest, alarm: Alarm): boolean =>
    o.discretion.seesAlarm(o.discretion.audienceOf(sessionOf(request)), alarm);

  /** Who acts on an alarm: within their scope, with a second person who is who they say. */
  const actorFor = async (
    request: FastifyRequest,
    { id, place, unit }: Alarm,
    action: AlarmAction,
    { second, ...wanted }: AlarmActionRequest,
  ): Promise<Actor> => {
    const session = sessionOf(request);
    // whoever sees the card may call for help
    if (action !== 'make-real') checkScope(session, { place, unit }, o.directory);
    const actor: Actor = {
      user: session.user,
      role: session.role,
      station: stationOf(session, wanted),
      ...(session.scope === undefined ? {} : { scope: session.scope }),
    };
    if (second === undefined) return actor;
    const subject = { act: action, on: id, place, unit };
    return { ...actor, second: await o.seconds.check(session, second, request.ip, subject) };
  };

  typed.get(
    '/api/v1/alarms',
    {
      config: { access: 'alarms.read' },
      schema: {
        tags: ['alarms'],
        summary: 'Alarms, newest first',
        querystring: z.strictObject({
          state: z.enum(['open', 'closed', 'all']).default('open'),
          limit: z.coerce.number().int().min(1).max(1_000).default(200),
          before: idSchema.optional().describe('Id of the last alarm of the page before'),
        }),
        response: {
          200: z.object({ alarms: z.array(alarmSchema), next: z.string().optional() }),
          ...problems(400, 401, 403),
        },
      },
    },
    async (request) => {
      const alarms = await listAlarms(o, request.query, (alarm) => sees(request, alarm));
      const last = alarms.length === request.query.limit ? alarms.at(-1)?.id : undefined;
      return { alarms, ...(last === undefined ? {} : { next: last }) };
    },
  );

  typed.get(
    '/api/v1/alarms/:id',
    {
      config: { access: 'alarms.read' },
      schema: {
        tags: ['alarms'],
        summary: 'One alarm as it is now',
        params: z.object({ id: idSchema }),
        response: { 200: alarmSchema, ...problems(401, 403, 404) },
      },
    },
    async (request) => find(request, request.params.id),
  );

  typed.get(
    '/api/v1/alarms/:id/history',
    {
      config: { access: 'alarms.read' },
      schema: {
        tags: ['alarms'],
        summary: 'Everything that changed an alarm, oldest first',
        params: z.object({ id: idSchema }),
        response: { 200: historySchema, ...problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      await find(request, request.params.id);
      return sendRows(reply, 'history', await o.journal.alarmHistory(request.params.id));
    },
  );

  typed.post(
    '/api/v1/alarms/:id/:action',
    {
      config: { access: 'alarms.act', audit: { act: 'alarm.:action', on: ':id' } },
      schema: {
        tags: ['alarms'],
        summary: 'Do something to an alarm; compare `version`',
        params: z.object({ id: idSchema, action: alarmActionSchema }),
        body: alarmActionRequestSchema,
        response: { 200: alarmSchema, ...problems(202, 400, 401, 403, 404, 409, 413, 429, 503) },
      },
    },
    async (request, reply) => {
      const { id, action } = request.params;
      const { second: _, ...wanted } = request.body;
      const open = o.desk.get(id);
      // the same words for both: nobody learns here that there is one to hide
      if (open === undefined || !sees(request, open)) throw unknownAlarm(id);
      const actor = await actorFor(request, open, action, request.body).catch((error) => {
        throw error instanceof ProblemError ? withAlarm(error, o.alarms.get(id)) : error;
      });
      const result = await act(request, o.desk, id, action, wanted, actor);
      if ('refused' in result) {
        const alarm = result.alarm === undefined ? undefined : o.alarms.now(result.alarm);
        const problem = new ProblemError(result.refused, result.detail, alarm === undefined ? {} : { alarm });
        return sendProblem(request, reply, problem);
      }
      if (result.stored) return o.alarms.now(result.alarm);
      return sendProblem(request, reply, notStored({ ...o.alarms.now(result.alarm), unsaved: true }));
    },
  );
}

/** The session's station wins: nobody acts from a desk that they did not sign in at. */
export function stationOf(session: Session, wanted: Pick<AlarmActionRequest, 'station'>): string {
  const station = session.station ?? wanted.station;
  if (station !== undefined) return station;
  throw new ProblemError(
    'invalid',
    {
      zh: '缺少 station：请在登录时或在请求中写明您所在的岗位。',
      en: '"station" is missing: name your desk when you sign in, or in the request.',
    },
    { errors: [{ path: 'station', message: { zh: '缺少岗位', en: 'is missing' } }] },
  );
}

/**
 * One page of what this person sees, ordered by id (time of opening), newest first. Memory is ahead of the journal, so it
 * wins. What is hidden leaves no gap: a short page would tell of it.
 */
async function listAlarms(
  o: AlarmRoutes,
  query: AlarmQuery,
  sees: (alarm: Alarm) => boolean,
): Promise<Alarm[]> {
  const { state, limit, before } = query;
  const open =
    state === 'closed'
      ? []
      : o.alarms.open().filter((alarm) => (before === undefined || alarm.id < before) && sees(alarm));
  if (state === 'open') return open.slice(0, limit);
  const byId = new Map<string, Alarm>();
  for (let from = before; byId.size < limit; ) {
    const page = await o.journal.alarms({ ...query, ...(from === undefined ? {} : { before: from }) });
    for (const alarm of page) if (sees(alarm)) byId.set(alarm.id, o.alarms.stored(alarm));
    from = page.at(-1)?.id;
    if (page.length < limit) break;
  }
  for (const alarm of open) byId.set(alarm.id, alarm);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
}

async function act(
  request: FastifyRequest,
  desk: AlarmDesk,
  ...[id, action, wanted, actor]: Parameters<AlarmDesk['act']>
): Promise<DeskResult> {
  try {
    return await desk.act(id, action, wanted, actor);
  } catch (error) {
    request.log.error({ err: error, alarm: id, action }, 'an action on an alarm could not be taken');
    throw new ProblemError('not-ready', {
      zh: '网关暂时不能受理处置（正在停止或重启），请稍后重试。',
      en: 'The gateway cannot take actions now (it is stopping or restarting): try again in a moment.',
    });
  }
}

/** Whoever is refused sees the alarm as it is now. */
function withAlarm({ code, detail, extra }: ProblemError, alarm: Alarm | undefined): ProblemError {
  return new ProblemError(code, detail, alarm === undefined ? extra : { ...extra, alarm });
}

/** Also of one that is hidden from who asks. */
export function unknownAlarm(id: string): ProblemError {
  return new ProblemError('unknown-alarm', {
    zh: `没有编号为 ${id} 的警情，请刷新列表。`,
    en: `There is no alarm ${id}: refresh the list.`,
  });
}

function notStored(alarm: Alarm): ProblemError {
  return new ProblemError(
    'not-stored',
    {
      zh: '操作已生效并显示，但存储故障尚未存盘；请通知管理员检查磁盘，无需重复操作。',
      en: 'Your action is in force and shown, but storage fails and it is not on disk yet; tell the administrator to check the disk. Do not repeat it.',
    },
    { alarm, unsaved: true },
  );
}
