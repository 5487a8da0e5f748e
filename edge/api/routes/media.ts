import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Alarm } from '../../../contract/alarm.ts';
import type { DeviceCommand } from '../../../contract/command.ts';
import type { EventDraft } from '../../../contract/event.ts';
import { FfmpegFailure } from '../../media/ffmpeg.ts';
import type { MediaFacts } from '../../media/media-file.ts';
import { MediaDamaged } from '../../media/store.ts';
import type { Shown } from '../../media/watermark.ts';
import { TooMuchWork } from '../../ops/turns.ts';
import { ownDraft } from '../../pipeline/own-event.ts';
import { isPrivatePlace, placeOfDevice } from '../../registry/private-place.ts';
import { may, notAllowed, sessionOf } from '../access.ts';
import type { Discretion } from '../audience.ts';
import { problems } from '../openapi.ts';
import type { SiteDirectory, Users } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import type { Session } from '../sessions.ts';

/** Pictures and films of alarms, and where it is written who looked. */
export interface MediaPort {
  facts: (id: string) => Promise<MediaFacts | undefined>;
  /** Path of the file. Rejects with `MediaDamaged`. */
  verified: (facts: MediaFacts) => Promise<string>;
  /** With the viewer's mark in it. Rejects with `FfmpegFailure` or `TooMuchWork`. */
  watermarked: (shown: Shown) => Promise<Buffer>;
  /** Writes a record of what a person did with a device. */
  record: (draft: EventDraft, device: string) => Promise<void>;
}

export interface MediaRoutes {
  /** Absent: a gateway without pictures. */
  media: MediaPort | undefined;
  alarm: (id: string) => Promise<Alarm | undefined>;
  discretion: Discretion;
  directory: Pick<SiteDirectory, 'device' | 'slots' | 'place'>;
  users: Pick<Users, 'person'>;
  clock: () => number;
  /** IANA zone of the campus. */
  zone: string | undefined;
}

const types = { snapshot: 'image/jpeg', clip: 'video/mp4' } as const;

/** Shows a picture or film of an alarm to who may see it, with their name and the time in it, and on record. */
export function mediaRoutes(app: FastifyInstance, o: MediaRoutes): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/api/v1/media/:id',
    exposeHeadRoute: false,
    // whoever may not is refused below: the attempt is on record too
    config: { access: 'session', audit: false },
    schema: {
      tags: ['alarms'],
      summary: 'A picture (JPEG) or film (MP4) of an alarm, watermarked with who looks; on record',
      params: z.object({ id: z.string().min(1).max(64) }),
      querystring: z.strictObject({
        size: z.enum(['thumb', 'full']).default('full').describe('`thumb`: a small JPEG, also of a film'),
      }),
      response: {
        200: z.any().describe('`image/jpeg` or `video/mp4`'),
        ...problems(400, 401, 403, 404, 500, 503),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params;
      const { size } = request.query;
      const session = sessionOf(request);
      const facts = await o.media?.facts(id);
      if (o.media === undefined || facts === undefined || !(await sees(o, session, facts)))
        throw may(session.role, 'media.view') ? unknownMedia(id) : notAllowed();
      const form = { media: id, kind: facts.kind, size };
      const refusal = refusalOf(o, session, facts);
      if (refusal !== undefined) {
        record(o, request, facts.camera, { args: form, result: 'refused', reason: 'not-allowed' });
        throw refusal;
      }
      const bytes = await show(o.media, facts, size, markOf(o, session));
      record(o, request, facts.camera, { args: form, result: 'sent' });
      const type = size === 'thumb' ? types.snapshot : types[facts.kind];
      const name = `${facts.camera}-${facts.at.replaceAll(/[^0-9TZ]/g, '')}.${type.slice(-3) === 'mp4' ? 'mp4' : 'jpg'}`;
      return reply.type(type).header('content-disposition', `inline; filename="${name}"`).send(bytes);
    },
  });
}

/** Of a silent alarm nobody learns who must not see it. */
async function sees(o: MediaRoutes, session: Session, { alarms }: MediaFacts): Promise<boolean> {
  const audience = o.discretion.audienceOf(session);
  const found = await Promise.all(alarms.map((id) => o.alarm(id)));
  return found.some((alarm) => alarm === undefined || o.discretion.seesAlarm(audience, alarm));
}

function refusalOf(
  { directory }: MediaRoutes,
  { role }: Session,
  { camera, place }: MediaFacts,
): ProblemError | undefined {
  if (!may(role, 'media.view')) return notAllowed();
  const device = directory.device(camera);
  // where it hangs now, and where it hung then: either may be private by now
  const places = [device && placeOfDevice(device, directory.slots()), place];
  return places.some((one) => isPrivatePlace(one, (id) => directory.place(id))) ? privatePlace() : undefined;
}

async function show(media: MediaPort, facts: MediaFacts, size: Shown['size'], mark: string): Promise<Buffer> {
  try {
    const file = await media.verified(facts);
    return await media.watermarked({ file, kind: facts.kind, size, mark });
  } catch (error) {
    if (error instanceof MediaDamaged) throw damaged();
    if (error instanceof TooMuchWork) throw busy();
    if (error instanceof FfmpegFailure) throw notShown(error);
    throw error;
  }
}

/** Name, user name and time of the campus. */
function markOf({ users, clock, zone }: MediaRoutes, { user }: Session): string {
  const at = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  return [users.person(user)?.name, user, at.format(clock())].filter((word) => word !== undefined).join(' ');
}

function record(
  { media, clock }: MediaRoutes,
  request: FastifyRequest,
  camera: string,
  what: Pick<DeviceCommand, 'args' | 'result' | 'reason'>,
): void {
  const { user, role, station = '' } = sessionOf(request);
  const data: DeviceCommand = { command: 'view-evidence', ...what, actor: user, role, station };
  request.log.info({ device: camera, ...data }, 'a picture of an alarm was asked for');
  media
    ?.record(ownDraft('DEV.OUTPUT', 'pulse', clock(), data), camera)
    .catch((err) =>
      request.log.warn({ err, device: camera }, 'who looked at a picture is not in the journal'),
    );
}

function unknownMedia(id: string): ProblemError {
  return new ProblemError('unknown-media', {
    zh: `没有编号为 ${id} 的影像：可能已过保存期限而删除。`,
    en: `There is no picture ${id}: it may have been removed at the end of its time.`,
  });
}

function privatePlace(): ProblemError {
  return new ProblemError('private-place', {
    zh: '这台摄像机在私密场所（宿舍、卫生间、更衣室、医务室），影像不能查看。',
    en: 'This camera is in a private place (dormitory, toilet, changing room, clinic): its pictures are refused.',
  });
}

function damaged(): ProblemError {
  return new ProblemError('internal', {
    zh: '影像文件与留存时的校验值不符（被改动或损坏），不予显示；请通知管理员查看网关日志。',
    en: 'The file is not what was stored (changed or damaged) and is not shown: let the administrator look at the log.',
  });
}

function busy(): ProblemError {
  return new ProblemError(
    'not-ready',
    {
      zh: '同时查看影像的人太多，请稍候再打开。',
      en: 'Too many pictures are being opened: try again in a moment.',
    },
    { retryAfterS: 3 },
  );
}

function notShown({ kind, message }: FfmpegFailure): ProblemError {
  if (kind === 'missing')
    return new ProblemError('not-ready', {
      zh: '网关上没有 ffmpeg，不能给影像加水印，因此不能显示；请管理员安装 ffmpeg。',
      en: 'There is no ffmpeg on the gateway to put the watermark in, so nothing is shown: let the administrator install it.',
    });
  return new ProblemError('not-ready', {
    zh: `影像暂时不能显示（${message.slice(0, 120)}）；请重试，或请管理员查看网关日志。`,
    en: `The picture cannot be shown now (${message.slice(0, 120)}): try again, or let the administrator look at the log.`,
  });
}
