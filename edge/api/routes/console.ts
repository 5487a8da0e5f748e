import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError, sendProblem } from '../problem.ts';

/** The console's first page; undefined when it is not built. */
export function readConsole(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, 'index.html'), 'utf8');
  } catch {
    return undefined;
  }
}

/** Serves the console's files, its page for every address of its own, and a problem for everything else. */
export async function consoleRoutes(
  app: FastifyInstance,
  dir: string,
  page: string | undefined,
): Promise<void> {
  if (page !== undefined) {
    await app.register(fastifyStatic, {
      root: dir,
      serve: false,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (reply, path) => {
        // a file below assets/ has a name that changes with its content
        const hashed = path.includes(`${sep}assets${sep}`);
        reply.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
    app.get('/*', { config: { access: 'public' }, schema: { hide: true } }, (request, reply) => {
      if (isPage(request) || request.url.startsWith('/api/')) return reply.callNotFound();
      reply.removeHeader('cache-control');
      return reply.sendFile((request.params as { '*': string })['*']);
    });
  }
  const index = page ?? notBuilt;
  // on a deeper address the page's relative assets are still those of the root
  const deepIndex = index.replace('<head>', '<head>\n    <base href="/">');
  const sendPage = (reply: FastifyReply, html: string): FastifyReply =>
    reply
      .code(page === undefined ? 503 : 200)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(html);

  for (const url of ['/', '/index.html']) {
    app.get(url, { config: { access: 'public' }, schema: { hide: true } }, (_request, reply) =>
      sendPage(reply, index),
    );
  }
  app.setNotFoundHandler((request, reply) => {
    if (isPage(request)) return sendPage(reply, deepIndex);
    return sendProblem(request, reply, unknownRoute(request));
  });
}

/** Somebody typed or reloaded an address inside the console. */
function isPage(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0] ?? '';
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  if (path.startsWith('/api/') || /\.[a-z0-9]+$/i.test(path)) return false;
  return request.headers.accept?.includes('text/html') === true;
}

function unknownRoute(request: FastifyRequest): ProblemError {
  const what = `${request.method} ${request.url.split('?', 1)[0]}`;
  return new ProblemError('unknown-route', {
    zh: `没有 ${what}，所有地址见 /api/v1/openapi.json。`,
    en: `There is no ${what}; all addresses are in /api/v1/openapi.json.`,
  });
}

const notBuilt = `<!doctype html>
<html lang="zh-CN">
  <head>
    <meta charset="utf-8">
    <title>campus-gateway</title>
  </head>
  <body>
    <h1>控制台未构建 / The console is not built</h1>
    <p>网关正在运行。请在安装目录执行 <code>npm run build</code>，然后重启网关。</p>
    <p>The gateway is running. Run <code>npm run build</code> in its folder, then restart it.</p>
  </body>
</html>
`;
