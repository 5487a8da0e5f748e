import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { type ZodType, z } from 'zod';
import { alarmSchema } from '../../contract/alarm.ts';
import { cloudEventSchema } from '../../contract/cloud-event.ts';
import { liveStatusSchema } from '../../contract/live.ts';
import { type Problem, problemSchema } from '../../contract/problem.ts';

/** Schemas that get a name of their own in the OpenAPI document. */
const named = z.registry<{ id: string }>();
named.add(alarmSchema, { id: 'Alarm' });
named.add(cloudEventSchema, { id: 'Event' });
named.add(liveStatusSchema, { id: 'Status' });
named.add(problemSchema, { id: 'Problem' });

export const schemaTransform = createJsonSchemaTransform({ schemaRegistry: named });
export const documentTransform = createJsonSchemaTransformObject({ schemaRegistry: named });

interface ProblemResponse {
  description: string;
  content: { 'application/problem+json': { schema: ZodType<Problem> } };
}

const meanings: Record<number, string> = {
  200: 'Already done by the same person',
  202: 'In force and shown, but not on disk yet',
  400: 'The request is not valid; `errors` names each fault',
  401: 'Not signed in, or the sign-in failed',
  403: 'Not allowed to this role, or a foreign origin',
  404: 'No such thing',
  409: 'Not possible now; `code` says why',
  413: 'Too large',
  429: 'Too many attempts; see Retry-After',
  503: 'Not ready',
};

/** The `response` entries of the problems a route may answer. */
export function problems(...statuses: number[]): Record<number, ProblemResponse> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: meanings[status] ?? 'Problem',
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    ]),
  );
}

/** Head of the OpenAPI document. */
export function documentHead(version: string): {
  openapi: string;
  info: { title: string; description: string; version: string };
  components: { securitySchemes: Record<string, { type: 'apiKey'; in: 'cookie'; name: string }> };
  security: Array<Record<string, string[]>>;
} {
  return {
    openapi: '3.1.0',
    info: {
      title: 'campus-gateway',
      description:
        'Alarms, events and the campus of one gateway. Errors are application/problem+json with a stable `code`; ' +
        'their text follows Accept-Language (zh, en).',
      version,
    },
    components: { securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'cg_session' } } },
    security: [{ session: [] }],
  };
}
