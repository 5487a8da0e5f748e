import type { FastifyRequest } from 'fastify';
import type { Actor } from '../alarms/rights.ts';
import { MoveRefusal, type RefusalExtra } from '../pipeline/move-refusal.ts';
import { sessionOf } from './access.ts';
import { ProblemError } from './problem.ts';
import { stationOf } from './routes/alarms.ts';

/** Who asks, from where. */
export function actorOf(request: FastifyRequest, station: string | undefined): Actor {
  const session = sessionOf(request);
  const { user, role, scope } = session;
  return {
    user,
    role,
    station: stationOf(session, station === undefined ? {} : { station }),
    ...(scope === undefined ? {} : { scope }),
  };
}

/** What a move answers; its refusal as a problem. */
export async function answered<Answer>(
  request: FastifyRequest,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    if (error instanceof MoveRefusal) throw new ProblemError(error.refused, error.detail, error.extra);
    request.log.error({ err: error }, 'what a person asked for could not be taken');
    throw new ProblemError('not-ready', {
      zh: '网关暂时不能受理（正在停止或重启），请稍后重试。',
      en: 'The gateway cannot take this now (it is stopping or restarting): try again in a moment.',
    });
  }
}

/** Refuses to call stored what is not; it is in force all the same. */
export function checkStored(stored: boolean, extra: RefusalExtra = {}): void {
  if (stored) return;
  throw new ProblemError(
    'not-stored',
    {
      zh: '操作已生效并显示，但存储故障尚未存盘；请通知管理员检查磁盘，无需重复操作。',
      en: 'Your action is in force and shown, but storage fails and it is not on disk yet; tell the administrator to check the disk. Do not repeat it.',
    },
    { ...extra, unsaved: true },
  );
}
