import { performance } from 'node:perf_hooks';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Severity } from '../../../contract/event.ts';
import { instantSchema, kindSchema, laneSchema } from '../../../contract/event.ts';
import type { EventQuery, StoredBody } from '../../journal/reader.ts';
import { sessionOf } from '../access.ts';
import type { Discretion } from '../audience.ts';
import { problems } from '../openapi.ts';
import type { JournalPort, SiteDirectory } from '../ports.ts';
import { eventPageSchema, sendRows } from './stored.ts';

export interface EventRoutes {
  journal: Pick<JournalPort, 'page'>;
  discretion: Discretion;
  directory: Pick<SiteDirectory, 'places'>;
}

/** A rare type in a large journal: after half a second the answer is what was found so far, with a cursor. */
const LOOK_MS = 500;

const querySchema = z.strictObject({
  before: z.coerce.number().int().positive().optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  type: z.string().max(64).optional(),
  kind: kindSchema.optional(),
  lane: laneSchema.optional(),
  device: z.string().max(64).optional(),
  place: z.string().max(64).optional().describe('A place and everything in it'),
  severity: z.coerce.number().int().min(1).max(4).optional(),
  from: instantSchema.optional().describe('Received at or after'),
  to: instantSchema.optional().describe('Received at or before'),
});

/** The journal's events, newest first, as they were stored. */
export function eventRoutes(app: FastifyInstance, o: EventRoutes): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/events',
    {
      config: { access: 'events.read' },
      schema: {
        tags: ['events'],
        summary: 'Events, newest first',
        querystring: querySchema,
        response: { 200: eventPageSchema, ...problems(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const { severity, from, to, place, ...plain } = request.query;
      const audience = o.discretion.audienceOf(sessionOf(request));
      const shown = ({ body }: StoredBody) => o.discretion.seesBody(audience, body);
      const query = {
        ...plain,
        ...(place === undefined ? {} : { place: placesIn(place, o.directory) }),
        ...(severity === undefined ? {} : { severity: severity as Severity }),
        ...(from === undefined ? {} : { from: Date.parse(from) }),
        ...(to === undefined ? {} : { to: Date.parse(to) }),
      };
      // what is hidden leaves no gap: a short page would tell of it
      const { rows, next } = await look(o.journal, query, shown);
      return sendRows(reply, 'events', rows, next);
    },
  );
}

/** Looks until the page is full, the journal ends, or the person has waited long enough. */
async function look(
  journal: EventRoutes['journal'],
  query: EventQuery,
  shown: (row: StoredBody) => boolean,
): Promise<{ rows: StoredBody[]; next?: number }> {
  const until = performance.now() + LOOK_MS;
  const rows: StoredBody[] = [];
  let { before } = query;
  for (;;) {
    const page = await journal.page({
      ...query,
      limit: query.limit - rows.length,
      ...(before === undefined ? {} : { before }),
    });
    rows.push(...page.rows.filter(shown));
    if (page.next === undefined) return { rows };
    if (rows.length >= query.limit || performance.now() > until) return { rows, next: page.next };
    before = page.next;
  }
}

/** The place itself and every place below it. */
function placesIn(root: string, directory: Pick<SiteDirectory, 'places'>): string[] {
  const inside = new Set([root]);
  for (let size = 0; size < inside.size; ) {
    size = inside.size;
    for (const { id, parent } of directory.places()) {
      if (parent !== undefined && inside.has(parent)) inside.add(id);
    }
  }
  return [...inside];
}
