import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { liveClose } from '../../../contract/live.ts';
import { liveCameraSchema } from '../../../contract/live-video.ts';
import { may, notAllowed } from '../access.ts';
import { type LiveHub, MAX_LIVE_CLIENTS } from '../live-hub.ts';
import type { VideoDesk } from '../live-video.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';

/** The live feed. Without a session it opens and closes with 4001: a browser cannot read a refused upgrade. */
export function liveRoute(app: FastifyInstance, hub: LiveHub): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/api/v1/live',
    exposeHeadRoute: false,
    config: { access: 'public' },
    schema: {
      tags: ['live'],
      summary: 'Live feed (WebSocket): one JSON text frame for each commit',
      querystring: z.object({
        since: z.string().max(32).optional().describe('Last position the client has'),
        epoch: z.string().max(64).optional().describe('Journal that position belongs to'),
      }),
      response: {
        101: z.null().describe('WebSocket; frames as in docs/api.md'),
        ...problems(400, 403, 503),
      },
    },
    preHandler: async (request) => {
      if (request.session !== null && !may(request.session.role, 'alarms.read')) throw notAllowed();
      if (hub.clients >= MAX_LIVE_CLIENTS) throw full();
    },
    handler: async () => {
      throw new ProblemError('invalid', {
        zh: '此地址只接受 WebSocket 连接。',
        en: 'This address takes WebSocket connections only.',
      });
    },
    wsHandler: async (socket, request) => {
      if (request.session === null) {
        socket.close(liveClose.sessionEnded, 'sign in first');
        return;
      }
      const { since, epoch } = request.query as { since?: string; epoch?: string };
      await hub.join(socket, request.session, {
        ...(since === undefined ? {} : { since }),
        ...(epoch === undefined ? {} : { epoch }),
      });
    },
  });
}

/** Which cameras there are to look at; the pictures come through the live feed. */
export function cameraRoute(app: FastifyInstance, video: VideoDesk): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/live/cameras',
    {
      config: { access: 'video.view' },
      schema: {
        tags: ['live'],
        summary: 'Cameras of the campus; pictures come through the live feed',
        response: { 200: z.object({ cameras: z.array(liveCameraSchema) }), ...problems(401, 403) },
      },
    },
    async () => ({ cameras: video.cameras() }),
  );
}

function full(): ProblemError {
  return new ProblemError('not-ready', {
    zh: `实时连接已达上限（${MAX_LIVE_CLIENTS}），请关闭不用的页面后重试。`,
    en: `There are ${MAX_LIVE_CLIENTS} live connections already: close pages that are not needed, then try again.`,
  });
}
