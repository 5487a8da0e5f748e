import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { instantSchema } from '../../../contract/event.ts';
import { type KpiReport, kpiReportSchema } from '../../../contract/kpi.ts';
import { dayAfter, localTime } from '../../arming/local-time.ts';
import { kpiCsv } from '../../kpi/csv.ts';
import { KpiBusy, type KpiDesk } from '../../kpi/kpi-desk.ts';
import { DAY_MS, MAX_PERIOD_DAYS, periodOf, startOfDay } from '../../kpi/period.ts';
import type { Span } from '../../kpi/spans.ts';
import { sessionOf } from '../access.ts';
import type { Discretion } from '../audience.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';

/** Reports as the API sees them. */
export type KpiPort = Pick<KpiDesk, 'report' | 'zone' | 'now'>;

export interface KpiRoutes {
  kpi: KpiPort;
  discretion: Discretion;
}

const daySchema = z.iso.date();
const momentSchema = z.union([daySchema, instantSchema]);

const periodShape = {
  period: z.enum(['day', 'week', 'month']).optional().describe('Around `day`; a week begins on Monday'),
  day: daySchema.optional().describe('A day of the campus; default today'),
  from: momentSchema.optional().describe('A day of the campus, or an instant'),
  to: momentSchema.optional().describe('Through this day, or before this instant'),
};
type Asked = z.infer<z.ZodObject<typeof periodShape>>;

/** KPI reports (ISA-18.2): for who answers for how alarms are handled. */
export function kpiRoutes(app: FastifyInstance, { kpi, discretion }: KpiRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  const reportFor = async (request: FastifyRequest, asked: Asked): Promise<KpiReport> => {
    const audience = discretion.audienceOf(sessionOf(request));
    try {
      return await kpi.report(spanOf(asked, kpi), {
        key: audience.key,
        sees: (alarm) => discretion.seesAlarm(audience, alarm),
      });
    } catch (error) {
      if (error instanceof KpiBusy) throw busy();
      throw error;
    }
  };

  typed.get(
    '/api/v1/kpi',
    {
      config: { access: 'kpi.read' },
      schema: {
        tags: ['kpi'],
        summary: 'How alarms were handled within a period, and what was not watched',
        description:
          'Either `period` with `day`, or `from` with `to`; without any, today. Days are those of the campus. Of alarms that opened in the period all is told that is known now. Drills and tests are in no figure but `practice`.',
        querystring: z.strictObject(periodShape),
        response: { 200: kpiReportSchema, ...problems(400, 401, 403, 503) },
      },
    },
    (request) => reportFor(request, request.query),
  );

  typed.get(
    '/api/v1/kpi/export',
    {
      config: { access: 'kpi.read', audit: { act: 'kpi.export', always: true } },
      schema: {
        tags: ['kpi'],
        summary: 'The same as a file',
        querystring: z.strictObject({ ...periodShape, as: z.enum(['csv', 'json']).default('csv') }),
        response: {
          200: z.string().describe('CSV in UTF-8, a figure a line; or JSON as above'),
          ...problems(400, 401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      const { as, ...asked } = request.query;
      const report = await reportFor(request, asked);
      const day = (at: string, back = 0) => localTime(Date.parse(at) - back, report.zone).day;
      const name = `kpi-${day(report.from)}-${day(report.to, 1)}.${as}`;
      return reply
        .type(as === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .serializer((text: string) => text)
        .send(as === 'csv' ? kpiCsv(report) : `${JSON.stringify(report, null, 2)}\n`);
    },
  );
}

/** The period that was asked for. */
function spanOf({ period, day, from, to }: Asked, kpi: Pick<KpiPort, 'zone' | 'now'>): Span {
  const { zone } = kpi;
  if (from === undefined && to === undefined)
    return periodOf(period ?? 'day', day ?? localTime(kpi.now(), zone).day, zone);
  if (period !== undefined || day !== undefined || from === undefined || to === undefined)
    throw invalid('from', {
      zh: '请用 period 和 day，或者同时给出 from 和 to。',
      en: 'Give period and day, or both from and to.',
    });
  const isDay = (text: string): boolean => daySchema.safeParse(text).success;
  const span = {
    from: isDay(from) ? startOfDay(from, zone) : Date.parse(from),
    to: isDay(to) ? startOfDay(dayAfter(to), zone) : Date.parse(to),
  };
  if (span.to <= span.from)
    throw invalid('to', { zh: '结束时间须晚于开始时间。', en: 'The end must be after the beginning.' });
  if (span.to - span.from > MAX_PERIOD_DAYS * DAY_MS)
    throw invalid('to', {
      zh: `一次最多统计 ${MAX_PERIOD_DAYS} 天，请缩短时间段。`,
      en: `A report covers ${MAX_PERIOD_DAYS} days at most: choose a shorter period.`,
    });
  return span;
}

function invalid(path: string, text: { zh: string; en: string }): ProblemError {
  return new ProblemError('invalid', text, { errors: [{ path, message: text }] });
}

function busy(): ProblemError {
  return new ProblemError('not-ready', {
    zh: '正在生成其他报表，请稍后再试。',
    en: 'Other reports are being made: try again in a moment.',
  });
}
