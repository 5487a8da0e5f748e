import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type LiveStatus, liveStatusSchema } from '../../../contract/live.ts';
import { may } from '../access.ts';
import { problems } from '../openapi.ts';
import type { NotReady } from '../ports.ts';
import { ProblemError } from '../problem.ts';

/** The process's counters in Prometheus text. */
export interface MetricsSource {
  contentType: string;
  text(): Promise<string>;
}

export interface OpsRoutes {
  status: () => LiveStatus;
  readiness: () => readonly NotReady[];
  metrics: MetricsSource;
  consoleBuilt: boolean;
}

/** Health, readiness, metrics, status. */
export function opsRoutes(app: FastifyInstance, o: OpsRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        tags: ['operation'],
        summary: 'The process can show alarms',
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  typed.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        tags: ['operation'],
        summary: 'Every part works: broker, journal, storage, console',
        response: { 200: z.object({ status: z.literal('ready') }), ...problems(503) },
      },
    },
    async () => {
      const missing = notReady(o);
      if (missing.length === 0) return { status: 'ready' as const };
      throw new ProblemError(
        'not-ready',
        {
          zh: `以下部分未就绪：${missing.map(({ part }) => part).join('、')}。报警显示不受影响时 /healthz 为 200。`,
          en: `Not ready: ${missing.map(({ part }) => part).join(', ')}. While /healthz is 200, alarms are shown.`,
        },
        { errors: missing.map(({ part, detail }) => ({ path: part, message: detail })) },
      );
    },
  );

  typed.get(
    '/api/v1/status',
    {
      config: { access: 'status.read' },
      schema: {
        tags: ['operation'],
        summary: 'Links, storage, clock and counts, as in the live feed',
        response: { 200: liveStatusSchema, ...problems(401, 403) },
      },
    },
    async () => o.status(),
  );

  typed.get(
    '/metrics',
    {
      config: { access: 'public' },
      schema: {
        tags: ['operation'],
        summary: 'Prometheus text: open on loopback without a proxy, else to a signed-in administrator',
        response: {
          200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
          ...problems(401, 403),
        },
      },
    },
    async (request, reply) => {
      if (!mayScrape(request)) throw metricsRefused(request);
      return reply.type(o.metrics.contentType).send(await o.metrics.text());
    },
  );
}

function notReady(o: OpsRoutes): NotReady[] {
  const missing = [...o.readiness()];
  const { storage } = o.status();
  if (storage !== 'ok' && !missing.some(({ part }) => part === 'storage')) {
    missing.push({
      part: 'storage',
      detail:
        storage === 'full'
          ? { zh: '磁盘已满，请腾出空间', en: 'the disk is full: make room' }
          : { zh: '存储写入失败，正在重试，请检查磁盘', en: 'writing fails and is retried: check the disk' },
    });
  }
  if (!o.consoleBuilt) {
    missing.push({
      part: 'console',
      detail: { zh: '控制台未构建，请运行 npm run build', en: 'the console is not built: run npm run build' },
    });
  }
  return missing;
}

function mayScrape(request: FastifyRequest): boolean {
  if (isLoopback(request)) return true;
  return request.session !== null && may(request.session.role, 'metrics.read');
}

/** The peer is on this machine, and no proxy speaks for somebody else. */
function isLoopback(request: FastifyRequest): boolean {
  const { headers } = request;
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  const address = request.ip.replace(/^::ffff:/, '');
  return address === '::1' || address.startsWith('127.');
}

function metricsRefused(request: FastifyRequest): ProblemError {
  return new ProblemError(request.session === null ? 'expired-session' : 'not-allowed', {
    zh: '监控数据仅限本机或管理员读取。',
    en: 'Metrics are for this machine and the administrator.',
  });
}
