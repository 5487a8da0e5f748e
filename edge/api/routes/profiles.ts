import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CompiledProfile } from '../../../device-profiles/compile.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';

/** The profiles of the gateway as routes see them. */
export interface ProfilePort {
  list(): readonly CompiledProfile[];
  get(id: string): CompiledProfile | undefined;
}

const headSchema = z.object({
  id: z.string(),
  title: z.string(),
  version: z.number().int(),
  source: z.string().describe('Transport family'),
  origin: z.enum(['builtin', 'site']),
  bridge: z.boolean().describe('Other devices are reached through such a device'),
});

const profileViewSchema = headSchema.extend({
  about: z.string().optional().describe('What the installer should know'),
  topics: z.array(z.string()),
  settings: z.record(z.string(), z.looseObject({})).describe('JSON Schema of each setting of a device'),
  meanings: z.record(z.string(), z.string()).describe('What an input or a setting may mean: event types'),
});

/** What kinds of devices the gateway understands. */
export function profileRoutes(app: FastifyInstance, profiles: ProfilePort): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/profiles',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['inbox'],
        summary: 'All device profiles',
        response: { 200: z.object({ profiles: z.array(headSchema) }), ...problems(401, 403) },
      },
    },
    async () => ({ profiles: profiles.list().map(headOf) }),
  );

  typed.get(
    '/api/v1/profiles/:id',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['inbox'],
        summary: 'One device profile: what can be set of its devices, and what their inputs may mean',
        params: z.object({ id: z.string().min(1).max(64) }),
        response: { 200: profileViewSchema, ...problems(401, 403, 404) },
      },
    },
    async (request) => {
      const profile = profiles.get(request.params.id);
      if (profile === undefined) throw unknownProfile(request.params.id);
      const { about, settings, meanings, match } = profile.definition;
      return {
        ...headOf(profile),
        ...(about === undefined ? {} : { about }),
        topics: [
          ...new Set(
            match.filter(({ ignore, skip }) => ignore !== true && skip !== true).map(({ topic }) => topic),
          ),
        ],
        settings: { ...settings },
        meanings: { ...meanings },
      };
    },
  );
}

function headOf({ id, version, source, origin, bridge, definition }: CompiledProfile) {
  return { id, title: definition.title ?? id, version, source, origin, bridge };
}

function unknownProfile(id: string): ProblemError {
  return new ProblemError('unknown-device', {
    zh: `没有设备模板“${id}”，请从模板列表中选择。`,
    en: `There is no profile "${id}": choose one of the list of profiles.`,
  });
}
