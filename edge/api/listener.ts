import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastifySwagger from '@fastify/swagger';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyInstance, type FastifyServerOptions, LogController } from 'fastify';
import type { Logger } from 'pino';
import { roomForConsole } from '../adapters/mqtt/open-files.ts';
import { guardRoutes } from './access.ts';
import type { RequestAudit } from './audit-request.ts';
import { boundConnections } from './connection-bound.ts';
import { handleErrors, onBadRequestLine, onFrameworkError } from './errors.ts';
import { documentHead, documentTransform, schemaTransform } from './openapi.ts';
import { isOwnOrigin } from './origin.ts';
import { ProblemError } from './problem.ts';
import type { Sessions } from './sessions.ts';
import { zodValidator } from './validation.ts';

/** Largest request body: 64 KiB; a note has at most 2,000 characters. */
const BODY_LIMIT = 65_536;
/** A request must be complete within 30 s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** TLS handshake and headers must be complete within 10 s. */
const HEADERS_TIMEOUT_MS = 10_000;
/** A full house is logged at most once a minute. */
const FULL_LOGGED_EVERY_MS = 60_000;
/** Frames from clients of the live feed are short; a longer one ends the connection with 1009: 1 KiB. */
const LIVE_MAX_PAYLOAD = 1_024;
/** HSTS for 180 days. */
const HSTS_S = 15_552_000;

export interface ListenerOptions {
  tls?: { key: string | Buffer; cert: string | Buffer };
  /** No listener speaks plain HTTP: browsers may be told so. */
  hsts: boolean;
  logger: Logger;
  sessions: Sessions;
  audit: RequestAudit;
  version: string;
}

/** A fastify instance with everything that holds for every route; the routes are the caller's. */
export async function createListener(o: ListenerOptions): Promise<FastifyInstance> {
  const secure: object =
    o.tls === undefined
      ? {}
      : { https: { ...o.tls, minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_TIMEOUT_MS } };
  const options: FastifyServerOptions = {
    loggerInstance: o.logger,
    // addresses may hold sign-in tokens: we log what we choose
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: onBadRequestLine,
    frameworkErrors: onFrameworkError,
    return503OnClosing: false,
    routerOptions: { maxParamLength: 128 },
    ...secure,
  };
  const app: FastifyInstance = fastify(options);
  app.server.headersTimeout = HEADERS_TIMEOUT_MS;
  const room = roomForConsole();
  boundConnections(app.server, room, fullHouse(o.logger, room));
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(zodValidator);
  // answers are our own data: typed by the compiler, not parsed again
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  handleErrors(app);

  await app.register(fastifyCookie);
  await app.register(fastifyHelmet, headers(o.tls !== undefined, o.hsts));
  await app.register(fastifyRateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) => tooManyRequests(Math.max(1, Math.ceil(ttl / 1000))),
  });
  await app.register(fastifyWebsocket, {
    options: { maxPayload: LIVE_MAX_PAYLOAD, perMessageDeflate: false },
  });
  await app.register(fastifySwagger, {
    openapi: documentHead(o.version),
    transform: schemaTransform,
    transformObject: documentTransform,
  });

  app.addHook('onRequest', async (request, reply) => {
    // the console's files and the site say otherwise
    reply.header('cache-control', 'no-store');
    const changes = request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS';
    if ((changes || request.ws) && !isOwnOrigin(request.headers)) throw wrongOrigin();
  });
  app.addHook('onResponse', async ({ log, method, routeOptions }, reply) => {
    const ms = Math.round(reply.elapsedTime);
    log.debug({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'request');
  });
  guardRoutes(app, o.sessions, o.audit);
  return app;
}

function fullHouse(logger: Logger, connections: number): (address: string) => void {
  let loggedAt = Number.NEGATIVE_INFINITY;
  return (address) => {
    const now = performance.now();
    if (now - loggedAt < FULL_LOGGED_EVERY_MS) return;
    loggedAt = now;
    logger.warn(
      { address, connections },
      'console: all connections are taken; the one that was idle for longest is closed for a new one. Find out what opens ' +
        'them; for more consoles raise the limit of open files (LimitNOFILE= of the service, ulimit -n)',
    );
  };
}

function headers(secure: boolean, hsts: boolean): Parameters<typeof fastifyHelmet>[1] {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        // on plain HTTP it would send every asset to a port that nobody listens on
        ...(secure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: secure && hsts ? { maxAge: HSTS_S, includeSubDomains: false } : false,
    // browsers ignore both on plain HTTP, and complain
    crossOriginOpenerPolicy: secure,
    originAgentCluster: secure,
    // with "no-referrer" some requests of our own pages come with Origin: null
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  };
}

function wrongOrigin(): ProblemError {
  return new ProblemError('wrong-origin', {
    zh: '请求来自其他网站，已拒绝。请直接打开本网关的地址操作；如经反向代理，请让其保留 Host 头。',
    en: "The request came from another site and was refused. Open the gateway's own address; a reverse proxy must keep the Host header.",
  });
}

function tooManyRequests(retryAfterS: number): ProblemError {
  return new ProblemError(
    'too-many-attempts',
    {
      zh: `请求过于频繁，请 ${retryAfterS} 秒后再试。`,
      en: `Too many requests: try again in ${retryAfterS} s.`,
    },
    { retryAfterS },
  );
}
