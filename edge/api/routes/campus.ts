import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Site } from '../../../contract/site.ts';
import { type CampusSection, campusSections, entrySchema } from '../../registry/campus-edit.ts';
import { PLAN_IMAGE_MAX, type PlanImage, planImage } from '../../registry/plan-image.ts';
import { SiteError } from '../../registry/registry.ts';
import { idOf } from '../../registry/site-issue.ts';
import { issueText } from '../../registry/site-issue-text.ts';
import { sessionOf } from '../access.ts';
import { problems } from '../openapi.ts';
import { ProblemError } from '../problem.ts';
import { zodValidator } from '../validation.ts';

/** The campus as an administrator edits it; every change is on disk, and recorded, when its promise resolves. */
export interface CampusPort {
  site(): Pick<Site, CampusSection>;
  /** Rejects with a `SiteError`. */
  put(section: CampusSection, id: string, entry: object, by: string): Promise<void>;
  /** Undefined: there was none. Rejects with a `SiteError` while something needs it. */
  remove(section: CampusSection, id: string, by: string): Promise<object | undefined>;
  image(plan: string): Promise<PlanImage | undefined>;
  putImage(plan: string, image: PlanImage, by: string): Promise<void>;
}

const sectionSchema = z.enum(campusSections);
const idSchema = z.string().min(1).max(64);
const entriesSchema = z.array(z.looseObject({}));

/** Places, units, slots, links, zones, telephones, hours, plans and the calendar, entry by entry. */
export function campusRoutes(app: FastifyInstance, campus: CampusPort): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/campus',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['campus'],
        summary: 'Every section as an import file has it, without devices, accounts and people',
        response: { 200: z.record(sectionSchema, entriesSchema), ...problems(401, 403) },
      },
    },
    async () => {
      const site = campus.site();
      return Object.fromEntries(campusSections.map((section) => [section, site[section]])) as never;
    },
  );

  typed.get(
    '/api/v1/campus/:section',
    {
      config: { access: 'site.read' },
      schema: {
        tags: ['campus'],
        summary: 'One section',
        params: z.object({ section: sectionSchema }),
        response: { 200: z.object({ entries: entriesSchema }), ...problems(400, 401, 403) },
      },
    },
    async (request) => ({ entries: [...campus.site()[request.params.section]] }),
  );

  for (const section of campusSections) {
    const schema = entrySchema(section) as z.ZodType<object>;
    typed.put(
      `/api/v1/campus/${section}/:id`,
      {
        config: { access: 'campus.edit', audit: { act: `campus.${section}.put`, on: ':id' } },
        schema: {
          tags: ['campus'],
          summary: 'Put an entry in the place of the one with this id, or add it',
          params: z.object({ id: idSchema }),
          body: schema,
          response: { 200: z.looseObject({}), ...problems(400, 401, 403) },
        },
      },
      async (request) => {
        const { id } = request.params;
        if (idOf(section, request.body) !== id) throw otherId();
        await checked(campus.put(section, id, request.body, sessionOf(request).user));
        return request.body as Record<string, unknown>;
      },
    );
  }

  typed.delete(
    '/api/v1/campus/:section/:id',
    {
      config: { access: 'campus.edit', audit: { act: 'campus.:section.remove', on: ':id' } },
      schema: {
        tags: ['campus'],
        summary: 'Remove an entry that nothing needs',
        params: z.object({ section: sectionSchema, id: idSchema }),
        response: { 204: z.null(), ...problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { section, id } = request.params;
      const removed = await checked(campus.remove(section, id, sessionOf(request).user));
      if (removed === undefined) throw unknownEntry(id);
      return reply.code(204).send(null);
    },
  );

  imageRoutes(app, campus);
}

/** The picture of a floor plan: the bytes themselves, PNG or JPEG. */
function imageRoutes(app: FastifyInstance, campus: CampusPort): void {
  app.register((inner, _options, registered) => {
    inner.setValidatorCompiler(zodValidator);
    inner.addContentTypeParser(
      ['image/png', 'image/jpeg'],
      { parseAs: 'buffer', bodyLimit: PLAN_IMAGE_MAX },
      (_request, body, done) => done(null, body),
    );
    const typed = inner.withTypeProvider<ZodTypeProvider>();

    typed.get(
      '/api/v1/plans/:id/image',
      {
        config: { access: 'site.read' },
        schema: {
          tags: ['campus'],
          summary: 'Picture of a floor plan; send If-None-Match',
          params: z.object({ id: idSchema }),
          response: { ...problems(401, 403, 404) },
        },
      },
      async (request, reply) => {
        const image = await campus.image(request.params.id);
        if (image === undefined) throw unknownEntry(request.params.id);
        const etag = `"${image.hash.slice(0, 32)}"`;
        reply.header('etag', etag).header('cache-control', 'private, no-cache');
        if (request.headers['if-none-match'] === etag) return reply.code(304).send();
        return reply.type(image.type).send(image.bytes as never);
      },
    );

    typed.put(
      '/api/v1/plans/:id/image',
      {
        config: { access: 'campus.edit', audit: { act: 'campus.plans.image', on: ':id' } },
        bodyLimit: PLAN_IMAGE_MAX,
        schema: {
          tags: ['campus'],
          summary: 'Picture of a floor plan, image/png or image/jpeg, 5 MiB at most',
          params: z.object({ id: idSchema }),
          response: { 204: z.null(), ...problems(400, 401, 403, 404, 413) },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        if (!campus.site().plans.some((plan) => plan.id === id)) throw unknownEntry(id);
        const image = Buffer.isBuffer(request.body) ? planImage(request.body) : undefined;
        if (image === undefined) throw noPicture();
        await campus.putImage(id, image, sessionOf(request).user);
        return reply.code(204).send(null);
      },
    );
    registered();
  });
}

async function checked<Answer>(work: Promise<Answer>): Promise<Answer> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SiteError)) throw error;
    throw new ProblemError(
      'invalid',
      {
        zh: '与已登记的内容不符，请按 errors 逐项修改。',
        en: 'It contradicts what is registered; correct what errors names.',
      },
      // without the section and the index of a list of one
      {
        errors: error.issues.map((issue) => ({
          path: issue.path.slice(2).map(String).join('.'),
          message: issueText(issue),
        })),
      },
    );
  }
}

function otherId(): ProblemError {
  return new ProblemError('invalid', {
    zh: '地址中的编号与内容中的编号不一致。',
    en: 'The id of the address is not that of the entry.',
  });
}

function unknownEntry(id: string): ProblemError {
  return new ProblemError('unknown-entry', {
    zh: `没有编号为“${id}”的条目，请刷新列表。`,
    en: `There is no entry "${id}": refresh the list.`,
  });
}

function noPicture(): ProblemError {
  return new ProblemError('invalid', {
    zh: '须为 PNG 或 JPEG 图片，最大 5 MiB；不接受 SVG。',
    en: 'It has to be a PNG or JPEG of 5 MiB at most; SVG is not taken.',
  });
}
