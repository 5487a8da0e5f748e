import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type DrillKind, drillReportSchema, drillRequestSchema } from '../../../contract/drill.ts';
import type { DrillDesk } from '../../drills/drill-desk.ts';
import { csvOf } from '../../drills/report.ts';
import { actorOf, answered, checkStored } from '../move-answer.ts';
import { problems } from '../openapi.ts';
import type { SecondPersons } from '../second-person.ts';

/** Drills as the API sees them. */
export type DrillPort = Pick<
  DrillDesk,
  'reports' | 'report' | 'startDrill' | 'startWalkTest' | 'placeOf' | 'end'
>;

export interface DrillRoutes {
  drills: DrillPort;
  seconds: SecondPersons;
}

/** Drills (演练): announced, in a scope, for an hour at most. */
export function drillRoutes(app: FastifyInstance, o: DrillRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  practiceRoutes(app, o, 'drill', '/api/v1/drills', 'drills');

  typed.post(
    '/api/v1/drills',
    {
      config: { access: 'drills.run', audit: { act: 'drill.start' } },
      schema: {
        tags: ['drills'],
        summary: 'Start a drill; for the shift leader',
        description:
          'In its scope the first press of a listed point is practice. A second press, any other device, and any other type that concerns life is real. Emergency buttons need a record of whom of the police was told before.',
        body: drillRequestSchema,
        response: { 201: drillReportSchema, ...problems(202, 400, 401, 403, 404, 409, 413, 429, 503) },
      },
    },
    async (request, reply) => {
      const { second: _, station, ...wanted } = request.body;
      const actor = actorOf(request, station);
      const { report, stored } = await answered(request, () => o.drills.startDrill(wanted, actor));
      checkStored(stored);
      return reply.code(201).send(report);
    },
  );
}

/** What drills and walk tests have in common: their lists, reports and ends. */
export function practiceRoutes(
  app: FastifyInstance,
  { drills }: Pick<DrillRoutes, 'drills'>,
  kind: DrillKind,
  path: string,
  tag: string,
): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const params = z.object({ id: z.string().min(1).max(64) });

  typed.get(
    path,
    {
      config: { access: 'drills.read' },
      schema: {
        tags: [tag],
        summary: 'Those that run and the last that are over, the newest first',
        response: { 200: z.object({ drills: z.array(drillReportSchema) }), ...problems(401, 403) },
      },
    },
    async () => ({ drills: drills.reports().filter((report) => report.kind === kind) }),
  );

  typed.get(
    `${path}/:id`,
    {
      config: { access: 'drills.read' },
      schema: {
        tags: [tag],
        summary: 'Its points: which have reported, and which are missing',
        params,
        response: { 200: drillReportSchema, ...problems(401, 403, 404) },
      },
    },
    async (request) => answered(request, async () => drills.report(request.params.id)),
  );

  typed.get(
    `${path}/:id/report.csv`,
    {
      config: { access: 'drills.read' },
      schema: {
        tags: [tag],
        summary: 'The same as a table for a spreadsheet, UTF-8',
        params,
        response: { 200: z.string().describe('text/csv'), ...problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      const report = await answered(request, async () => drills.report(request.params.id));
      const name = `${kind}-${report.at.slice(0, 10)}-${report.id.slice(-6)}.csv`;
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(csvOf(report));
    },
  );

  typed.post(
    `${path}/:id/end`,
    {
      config: { access: 'drills.run', audit: { act: `${kind}.end`, on: ':id' } },
      schema: {
        tags: [tag],
        summary: 'End it now: from then on everything is real, and what still holds becomes live',
        params,
        body: drillRequestSchema.pick({ station: true }),
        response: { 200: drillReportSchema, ...problems(202, 400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const actor = actorOf(request, request.body.station);
      const { report, stored } = await answered(request, () => drills.end(request.params.id, actor));
      checkStored(stored);
      return report;
    },
  );
}
