import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { drillReportSchema, walkTestRequestSchema } from '../../../contract/drill.ts';
import { sessionOf } from '../access.ts';
import { actorOf, answered, checkStored } from '../move-answer.ts';
import { problems } from '../openapi.ts';
import { type DrillRoutes, practiceRoutes } from './drills.ts';

/** Walk tests (步测): each point of a zone or place is set off once, and ticked off. */
export function walkTestRoutes(app: FastifyInstance, o: DrillRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  practiceRoutes(app, o, 'walktest', '/api/v1/walk-tests', 'walk tests');

  typed.post(
    '/api/v1/walk-tests',
    {
      config: { access: 'drills.run', audit: { act: 'walktest.start' } },
      schema: {
        tags: ['walk tests'],
        summary:
          'Start a walk test; for the shift leader, or an installer with the consent of somebody on duty',
        body: walkTestRequestSchema,
        response: { 201: drillReportSchema, ...problems(202, 400, 401, 403, 404, 409, 413, 429, 503) },
      },
    },
    async (request, reply) => {
      const { second, station, ...wanted } = request.body;
      const actor = actorOf(request, station);
      if (second !== undefined) {
        const on = wanted.zone ?? wanted.places?.[0] ?? 'campus';
        actor.second = await o.seconds.check(sessionOf(request), second, request.ip, {
          act: 'walk-test',
          on,
          place: o.drills.placeOf(wanted),
        });
      }
      const { report, stored } = await answered(request, () => o.drills.startWalkTest(wanted, actor));
      checkStored(stored);
      return reply.code(201).send(report);
    },
  );
}
