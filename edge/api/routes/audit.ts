import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type AuditEntry, auditEntrySchema } from '../../../contract/audit.ts';
import { auditCsv } from '../../audit/csv.ts';
import { problems } from '../openapi.ts';
import type { AuditPort } from '../ports.ts';

/** Lines of an export at most; more are asked for by time. */
const EXPORT_LINES = 100_000;
const EXPORT_PAGE = 1_000;

const filterSchema = {
  user: z.string().min(1).max(64).optional().describe('Who did it'),
  on: z.string().min(1).max(128).optional().describe('What it was done to: id of an alarm, device, person'),
  act: z.string().min(1).max(64).optional().describe('What, or how it begins: `session`, `alarm.close`'),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
};

/** The audit. For the auditor alone; nothing changes it. */
export function auditRoutes(app: FastifyInstance, audit: AuditPort): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/audit',
    {
      config: { access: 'audit.read', audit: { act: 'audit.read', always: true } },
      schema: {
        tags: ['audit'],
        summary: 'Who did what, newest first',
        description: 'A page may be empty and still have a `next`: ask again with it as `before`.',
        querystring: z.strictObject({
          ...filterSchema,
          before: z.coerce.number().int().positive().optional(),
          limit: z.coerce.number().int().min(1).max(1_000).default(200),
        }),
        response: {
          200: z.object({
            lines: z.array(auditEntrySchema.extend({ n: z.number().describe('Number of the line') })),
            next: z.number().optional(),
          }),
          ...problems(400, 401, 403),
        },
      },
    },
    async (request) => {
      const { before, limit, ...filter } = request.query;
      const { lines, next } = await audit.page({ ...queryOf(filter), before, limit });
      const read = lines.map(({ n, body }) => ({ n, ...(JSON.parse(body) as AuditEntry) }));
      return { lines: read, ...(next === undefined ? {} : { next }) };
    },
  );

  typed.get(
    '/api/v1/audit/export',
    {
      config: { access: 'audit.read', audit: { act: 'audit.export', always: true } },
      schema: {
        tags: ['audit'],
        summary: 'The same as a file, newest first, at most 100,000 lines',
        querystring: z.strictObject({ ...filterSchema, as: z.enum(['csv', 'json']).default('csv') }),
        response: {
          200: z.string().describe('CSV in UTF-8, or one JSON a line'),
          ...problems(400, 401, 403),
        },
      },
    },
    async (request, reply) => {
      const { as, ...filter } = request.query;
      reply
        .type(as === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
        .header('content-disposition', `attachment; filename="audit.${as === 'csv' ? 'csv' : 'jsonl'}"`)
        .serializer((text: string) => text);
      const entries: Array<AuditEntry & { n: number }> = [];
      for (let before: number | undefined; entries.length < EXPORT_LINES; ) {
        const { lines, next } = await audit.page({ ...queryOf(filter), before, limit: EXPORT_PAGE });
        for (const { n, body } of lines) entries.push({ n, ...(JSON.parse(body) as AuditEntry) });
        if (next === undefined) break;
        before = next;
      }
      return reply.send(
        as === 'csv' ? auditCsv(entries) : entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
      );
    },
  );
}

type Filter = { [Key in keyof typeof filterSchema]?: string | undefined };

function queryOf({ user, on, act, from, to }: Filter) {
  return {
    user,
    object: on,
    act,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  };
}
