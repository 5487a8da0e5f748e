import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import { laneSchema } from '../../contract/event.ts';
import { findRegion } from '../../contract/region.ts';
import { problem } from './http-problem.ts';
import type { IngestCounters } from './ingest.ts';
import { type GatewayRecord, presenceOf } from './presence.ts';
import { countKeys, type LaneView, type ReceiverStore } from './store.ts';

export interface QueryServerOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Asked for as `Authorization: Bearer ...` when given. */
  token?: string | undefined;
  store: ReceiverStore;
  heartbeatMs: number;
  /** Milliseconds since 1970. */
  clock: () => number;
  logger: Logger;
  /** For `/healthz`. */
  health: () => { broker: 'up' | 'down'; reason?: string | undefined; counters: Readonly<IngestCounters> };
}

export interface QueryServer {
  /** `http://host:port`, with the real port. */
  readonly url: string;
  close(): Promise<void>;
}

const limit = z.coerce.number().int().min(1).max(1000).default(100);
const position = z.coerce.number().int().min(0);
const countsQuery = z.strictObject({ by: z.enum(countKeys) });
const eventsQuery = z.strictObject({
  gateway: z.string().optional(),
  school: z.string().optional(),
  type: z.string().optional(),
  lane: laneSchema.optional(),
  after: position.default(0),
  limit,
});
const alarmsQuery = z.strictObject({
  state: z.enum(['open', 'all']).default('open'),
  severity: z.coerce.number().int().min(1).max(4).default(4),
  limit,
});
const deadLettersQuery = z.strictObject({ before: position.default(Number.MAX_SAFE_INTEGER), limit });
const noQuery = z.strictObject({});

/** The province's view of what it received: read-only, JSON, one small listener. */
export async function startQueryServer(options: QueryServerOptions): Promise<QueryServer> {
  const app = fastify({ logger: false, bodyLimit: 1024 });
  if (options.token !== undefined) requireToken(app, options.token);
  app.setNotFoundHandler((request, reply) =>
    problem(
      reply,
      'unknown-route',
      `${request.method} ${request.url.slice(0, 200)} does not exist; see docs/uplink.md`,
    ),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if ((error.statusCode ?? 500) < 500) return problem(reply, 'invalid', error.message);
    options.logger.error({ err: error, url: request.url }, 'receiver: query failed');
    return problem(reply, 'internal', 'the store could not answer; see the log of the receiver');
  });
  addRoutes(app, options);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${host}:${port}`, close: () => app.close() };
}

function addRoutes(app: FastifyInstance, { store, heartbeatMs, clock, health }: QueryServerOptions): void {
  app.get('/healthz', async () => {
    const { broker, reason, counters } = health();
    return { status: broker === 'up' ? 'ok' : 'degraded', broker, ...(reason ? { reason } : {}), counters };
  });

  app.get('/api/v1/gateways', async (request, reply) => {
    if (read(noQuery, request.query, reply) === undefined) return reply;
    const [records, lanes] = [await store.gateways(), await store.lanes()];
    return { gateways: records.map((record) => gatewayView(record, lanes, clock(), heartbeatMs)) };
  });

  app.get('/api/v1/counts', async (request, reply) => {
    const query = read(countsQuery, request.query, reply);
    if (query === undefined) return reply;
    const counts = await store.counts(query.by);
    const region = query.by === 'city' || query.by === 'county';
    return {
      by: query.by,
      counts: counts.map((row) => (region ? { ...row, name: findRegion(row.key)?.name } : row)),
    };
  });

  app.get('/api/v1/events', async (request, reply) => {
    const query = read(eventsQuery, request.query, reply);
    if (query === undefined) return reply;
    const events = await store.events(query);
    return {
      events: events.map(({ body, receivedAt, ...row }) => ({
        ...row,
        receivedAt: iso(receivedAt),
        event: JSON.parse(body),
      })),
      next: events.at(-1)?.position ?? query.after,
    };
  });

  app.get('/api/v1/alarms', async (request, reply) => {
    const query = read(alarmsQuery, request.query, reply);
    if (query === undefined) return reply;
    const alarms = await store.alarms(query);
    return {
      alarms: alarms.map(({ alarm, receivedAt, ...row }) => ({
        ...row,
        receivedAt: iso(receivedAt),
        alarm: JSON.parse(alarm),
      })),
    };
  });

  app.get('/api/v1/dead-letters', async (request, reply) => {
    const query = read(deadLettersQuery, request.query, reply);
    if (query === undefined) return reply;
    const { letters, dropped } = await store.deadLetters(query);
    return {
      deadLetters: letters.map((row) => ({
        ...row,
        receivedAt: iso(row.receivedAt),
        lastAt: iso(row.lastAt),
      })),
      dropped,
    };
  });

  app.get('/api/v1/gaps', async (request, reply) => {
    if (read(noQuery, request.query, reply) === undefined) return reply;
    const lanes = await store.lanes();
    return { gaps: lanes.map(gapView).filter(({ holes, tail }) => holes.length > 0 || tail !== undefined) };
  });
}

function requireToken(app: FastifyInstance, token: string): void {
  const wanted = Buffer.from(`Bearer ${token}`);
  app.addHook('onRequest', async (request, reply) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
    await problem(reply, 'not-allowed', 'send the token of http.token_file as "Authorization: Bearer ..."');
  });
}

/** The checked query, or undefined after answering what is wrong with it. */
function read<T>(schema: z.ZodType<T>, query: unknown, reply: FastifyReply): T | undefined {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const named = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  void problem(reply, 'invalid', named.join('; '));
  return undefined;
}

function gatewayView(record: GatewayRecord, lanes: readonly LaneView[], now: number, heartbeatMs: number) {
  const { school, gateway, region, link: _, since: __, lastSeen, ...rest } = record;
  const presence = presenceOf(record, now, heartbeatMs);
  return {
    school,
    gateway,
    region,
    city: findRegion(region.slice(0, 4))?.name,
    county: findRegion(region)?.name,
    ...presence,
    since: iso(presence.since),
    lastSeen: iso(lastSeen),
    ...rest,
    lanes: lanes
      .filter((lane) => lane.school === school && lane.gateway === gateway)
      .map(({ school: ___, gateway: ____, holes, have: _____, updatedAt, ...lane }) => ({
        ...lane,
        current: lane.epoch === record.epoch,
        missing: holes.map(({ from, to }) => [from, to]),
        behind: Math.max(0, lane.head - lane.ack),
        updatedAt: iso(updatedAt),
      })),
  };
}

function gapView({ school, gateway, epoch, lane, ack, have, holes, head }: LaneView) {
  const highest = have.at(-1)?.[1] ?? ack;
  return {
    school,
    gateway,
    epoch,
    lane,
    ack,
    holes: holes.map(({ from, to, since }) => ({ from, to, since: iso(since) })),
    /** Announced by the last heartbeat and not here yet. */
    tail: head > highest ? { from: highest + 1, to: head } : undefined,
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
