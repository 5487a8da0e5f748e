import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { adoptRequestSchema } from '../../registry/adopt-request.ts';
import { isDiscovery } from '../../registry/discovery-topic.ts';
import { MAX_IGNORED } from '../../registry/ignored.ts';
import type { InboxGroup } from '../../registry/inbox.ts';
import { sessionOf } from '../access.ts';
import { languageOf } from '../language.ts';
import { problems } from '../openapi.ts';
import type { InboxPort } from '../ports.ts';
import { ProblemError } from '../problem.ts';
import {
  adoptedSchema,
  detailView,
  entryView,
  ignoredListSchema,
  ignoredView,
  inboxDetailSchema,
  inboxListSchema,
  readsView,
} from './inbox-schemas.ts';

/** A page, unless something else is asked for. */
const PAGE = 100;

const kinds = ['unknown', 'unreadable', 'described'] as const;
/** Groups judged before other work gets its turn. */
const JUDGED_AT_ONCE = 8;

const listQuerySchema = z.strictObject({
  show: z
    .enum(['all', ...kinds])
    .default('all')
    .describe('`described`: discovery messages'),
  search: z.string().max(100).optional().describe('Part of a topic, user, client, profile or device'),
  before: z
    .string()
    .regex(/^\d{1,15}-[\w-]{1,32}$/, 'must be the "next" of the page before')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(PAGE),
});

const idParams = z.object({ id: z.string().min(1).max(32) });

/** Messages of unknown devices, and how one becomes a registered device. */
export function inboxRoutes(app: FastifyInstance, inbox: InboxPort): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  typed.get(
    '/api/v1/inbox',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['inbox'],
        summary:
          'Unknown devices, and registered ones that cannot be read; who was first heard last comes first',
        querystring: listQuerySchema,
        response: { 200: inboxListSchema, ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const { show, search, before, limit } = request.query;
      const language = languageOf(request.headers['accept-language']);
      const wanted = inbox
        .groups()
        .filter((group) => show === 'all' || kindOf(group) === show)
        .sort((a, b) => b.firstAt - a.firstAt || (a.id < b.id ? -1 : 1))
        .filter((group) => before === undefined || isAfter(group, before))
        .values();
      const page: InboxGroup[] = [];
      const entries: ReturnType<typeof entryView>[] = [];
      let judged = 0;
      let isMore = false;
      for (const group of wanted) {
        // judging a thousand devices takes a second, and alarms must not wait for it
        if (++judged % JUDGED_AT_ONCE === 0) await setImmediate();
        if (inbox.isOver(group)) continue;
        if (search !== undefined && !mentions(group, search.toLowerCase(), inbox)) continue;
        isMore = page.length === limit;
        if (isMore) break;
        page.push(group);
        entries.push(entryView(group, inbox, language));
      }
      const last = page.at(-1);
      return {
        entries,
        ...(last === undefined || !isMore ? {} : { next: `${last.firstAt}-${last.id}` }),
        ...inbox.counts,
        ignored: inbox.ignored().length,
        evicted: inbox.evicted,
        mqtt5: inbox.mqtt5.map((peer) => ({ ...peer, lastAt: new Date(peer.lastAt).toISOString() })),
      };
    },
  );

  typed.get(
    '/api/v1/inbox/ignored',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['inbox'],
        summary: 'Unknown devices that somebody ignores, the last first',
        response: { 200: ignoredListSchema, ...problems(401, 403) },
      },
    },
    async () => ({ entries: inbox.ignored().map(ignoredView) }),
  );

  typed.delete(
    '/api/v1/inbox/ignored/:id',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['inbox'],
        summary: 'Show an ignored device again',
        params: idParams,
        response: { 204: z.null().describe('Shown again with its next message'), ...problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      if (!(await inbox.revoke(request.params.id, sessionOf(request).user))) throw gone();
      return reply.code(204).send(null);
    },
  );

  typed.get(
    '/api/v1/inbox/:id',
    {
      config: { access: 'inbox.read' },
      schema: {
        tags: ['inbox'],
        summary: 'The last messages of one device, masked, and what the three best profiles read in them',
        params: idParams,
        response: { 200: inboxDetailSchema, ...problems(401, 403, 404) },
      },
    },
    async (request) => {
      const group = inbox.get(request.params.id);
      if (group === undefined) throw gone();
      return detailView(group, inbox, languageOf(request.headers['accept-language']));
    },
  );

  typed.post(
    '/api/v1/inbox/:id/adopt',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['inbox'],
        summary: 'Register the device: from its next message on it makes events',
        params: idParams,
        body: adoptRequestSchema,
        response: { 201: adoptedSchema, ...problems(400, 401, 403, 404, 409, 413) },
      },
    },
    async (request, reply) => {
      const outcome = await inbox.adopt(request.params.id, request.body, sessionOf(request).user);
      if (outcome === 'gone') throw gone();
      if (outcome === 'registered') throw registered();
      if ('refused' in outcome) throw new ProblemError('not-possible', outcome.refused);
      if ('faults' in outcome) throw faulty(outcome.faults);
      const { device, slots, next } = outcome.adopted;
      reply.code(201);
      return { device, slots: [...slots], next: { ...next, reads: readsView(next.reads) } };
    },
  );

  typed.post(
    '/api/v1/inbox/:id/dismiss',
    {
      config: { access: 'devices.add' },
      schema: {
        tags: ['inbox'],
        summary:
          'Ignore an unknown device until that is revoked; of a registered one forget what is kept now',
        params: idParams,
        response: {
          200: z.object({ ignored: z.boolean().describe('False: it comes back with the next such message') }),
          ...problems(401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const outcome = await inbox.dismiss(request.params.id, sessionOf(request).user);
      if (outcome === 'gone') throw gone();
      if (outcome === 'full') throw full();
      return { ignored: outcome === 'ignored' };
    },
  );
}

function kindOf(group: InboxGroup): (typeof kinds)[number] {
  if (group.device !== undefined) return 'unreadable';
  return isDiscovery(group) ? 'described' : 'unknown';
}

function isAfter(group: InboxGroup, cursor: string): boolean {
  const dash = cursor.indexOf('-');
  const [firstAt, id] = [Number(cursor.slice(0, dash)), cursor.slice(dash + 1)];
  return group.firstAt < firstAt || (group.firstAt === firstAt && group.id > id);
}

function mentions(group: InboxGroup, text: string, inbox: InboxPort): boolean {
  const { user, clientId, device, channels } = group;
  const own = [user, clientId, device, ...channels];
  if (own.some((part) => part?.toLowerCase().includes(text) === true)) return true;
  const offer = inbox.offer(group);
  if (offer !== undefined)
    return JSON.stringify(entryView(group, inbox, 'en').offer)
      .toLowerCase()
      .includes(text);
  return inbox
    .judge(group)
    .candidates.slice(0, 1)
    .some(({ profile, title }) => `${profile} ${title}`.toLowerCase().includes(text));
}

function faulty(errors: ReadonlyArray<{ path: string; message: { zh: string; en: string } }>): ProblemError {
  return new ProblemError(
    'invalid',
    {
      zh: '设备没有登记：请按各栏提示修改。',
      en: 'The device was not registered: correct what errors names.',
    },
    { errors },
  );
}

function gone(): ProblemError {
  return new ProblemError('unknown-device', {
    zh: '收件箱里没有这个设备：可能已登记、已忽略，或很久没有发报文。请刷新列表。',
    en: 'The inbox has no such device: it was registered, is ignored, or was quiet for long. Load the list again.',
  });
}

function registered(): ProblemError {
  return new ProblemError('not-possible', {
    zh: '这个设备已经登记，只是报文读不懂：请核对它的模板和参数。',
    en: 'This device is registered; its messages cannot be read: check its profile and settings.',
  });
}

function full(): ProblemError {
  return new ProblemError('not-possible', {
    zh: `已忽略 ${MAX_IGNORED} 个设备，不能再多。请先在“已忽略”里恢复一些，或让这些设备不再连到网关。`,
    en: `${MAX_IGNORED} devices are ignored, and no more can be. Show some of them again, or keep them off this gateway.`,
  });
}
