import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApi } from '../../../edge/api/server.ts';
import { describeWithPeer, requirePeer } from '../../support/peers.ts';
import { LiveProbe } from './live-probe.ts';
import { MemoryGateway, PASSWORD } from './memory-gateway.ts';

let gateway: MemoryGateway;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'api-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><html><head><title>C</title></head></html>');
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'export {};');
  writeFileSync(join(folder, '.secret'), 'hidden');
  gateway = await new MemoryGateway().start({ consoleDir: folder });
});

afterEach(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('events', () => {
  it('come as they were stored, newest first, page by page', async () => {
    gateway.record(5);
    const cookie = await gateway.cookie('wang');
    const seen: number[] = [];
    let query = '?limit=2';
    for (;;) {
      const text = await (await gateway.get$(`/api/v1/events${query}`, { cookie })).text();
      const page = JSON.parse(text) as { events: Array<{ position: number; event: unknown }>; next?: number };
      for (const { position, event } of page.events) {
        expect(JSON.stringify(event)).toBe(gateway.journal.rows[position - 1]?.body);
        seen.push(position);
      }
      if (page.next === undefined) break;
      query = `?limit=2&before=${page.next}`;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it('are asked of the journal with every filter', async () => {
    let asked: unknown;
    gateway.journal.page = async (query) => {
      asked = query;
      return { rows: [] };
    };
    const cookie = await gateway.cookie('wang');
    const response = await gateway.get$(
      '/api/v1/events?type=FIR.SMOKE&kind=alarm&lane=a&device=io-1&place=b1&severity=1&before=9' +
        '&from=2026-03-01T00:00:00%2B08:00&to=2026-03-02T00:00:00Z',
      { cookie },
    );
    expect(await response.json()).toEqual({ events: [] });
    expect(asked).toEqual({
      type: 'FIR.SMOKE',
      kind: 'alarm',
      lane: 'a',
      device: 'io-1',
      place: ['b1', 'r101', 'p101', 'duty'],
      severity: 1,
      before: 9,
      limit: 100,
      from: Date.parse('2026-02-28T16:00:00Z'),
      to: Date.parse('2026-03-02T00:00:00Z'),
    });
  });

  it('that are rare are found however far back they are', async () => {
    gateway.raise('EMG.PANIC', 's-panic');
    gateway.record(95);
    const cookie = await gateway.cookie('wang');
    const page = await (await gateway.get$('/api/v1/events?type=EMG.PANIC', { cookie })).json();
    expect(page).toMatchObject({ events: [{ position: 1 }] });
    expect(page).not.toHaveProperty('next');
  });

  it('come as far as was looked within half a second, with a cursor to go on', async () => {
    gateway.record(95);
    const { page: look } = gateway.journal;
    gateway.journal.page = async (query) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return look.call(gateway.journal, query);
    };
    const cookie = await gateway.cookie('wang');
    const page = await (await gateway.get$('/api/v1/events?type=EMG.PANIC', { cookie })).json();
    expect(page).toEqual({ events: [], next: 76 });
  });

  it('hide silent types from a kiosk without breaking its pages', async () => {
    gateway.record(1);
    gateway.raise('EMG.DURESS', 's-duress');
    gateway.record(1);
    const cookie = await gateway.cookie('screen');
    const first = await (await gateway.get$('/api/v1/events?limit=3', { cookie })).json();
    expect(first).toMatchObject({ events: [{ position: 4 }, { position: 1 }] });
    expect(first, 'bug: a short page told that something was hidden').not.toHaveProperty('next');
  });
});

describe('the site', () => {
  it('names places, devices and types, and answers 304 until it changes', async () => {
    const cookie = await gateway.cookie('screen');
    const first = await gateway.get$('/api/v1/site', { cookie });
    const site = (await first.json()) as Record<string, unknown>;
    expect(site).toMatchObject({
      gateway: { gateway: 'gw-1', name: '示范中学', zone: 'Asia/Shanghai' },
      types: {
        'EMG.PANIC': { zh: '一键式紧急报警', severity: 1, kind: 'alarm' },
        'EMG.DURESS': { silent: true },
      },
      devices: [
        { id: 'io-1', name: '门卫模块', profile: 'io.generic', slot: 's-panic' },
        { id: 'io-2', name: '咨询室模块', profile: 'io.generic', slot: 's-duress' },
      ],
    });
    expect(JSON.stringify(site)).not.toMatch(/never-show|mod2|password/);
    const etag = first.headers.get('etag') ?? '';
    const again = await gateway.get$('/api/v1/site', { cookie, 'if-none-match': etag });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    gateway.siteVersion++;
    const third = await gateway.get$('/api/v1/site', { cookie, 'if-none-match': 'W/"other"' });
    expect(third.status).toBe(200);
  });

  it('names people by user name and name, and notices who is new without an import', async () => {
    const cookie = await gateway.cookie('wang');
    const ask = async () => {
      const response = await gateway.get$('/api/v1/site', { cookie });
      return ((await response.json()) as { people: object[] }).people;
    };
    const people = gateway.users.list().map(({ user, name }) => ({ user, name }));
    expect(await ask()).toEqual(people);
    await gateway.users.createAdministrator({ user: 'new', name: '新人', password: 'new-password' });
    expect(await ask()).toEqual([...people, { user: 'new', name: '新人' }]);
  });

  it('shows settings to the installer, without secrets, and to nobody else', async () => {
    const ask = async (user: string) =>
      (await gateway.get$('/api/v1/devices/io-2', { cookie: await gateway.cookie(user) })).json();
    expect(await ask('sun')).toMatchObject({
      key: 'mod2',
      settings: { window: 5, api_password: '***', nested: { token: '***' } },
    });
    expect(await ask('wang')).toEqual({
      id: 'io-2',
      name: '咨询室模块',
      profile: 'io.generic',
      slot: 's-duress',
    });
  });

  it('lists devices with their state where it is known', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({
      deviceStatus: (id) => (id === 'io-1' ? { state: 'offline' } : undefined),
    });
    const cookie = await gateway.cookie('wang');
    expect(await (await gateway.get$('/api/v1/devices', { cookie })).json()).toMatchObject({
      devices: [{ id: 'io-1', status: { state: 'offline' } }, { id: 'io-2' }],
    });
    const { places } = (await (await gateway.get$('/api/v1/places', { cookie })).json()) as {
      places: unknown[];
    };
    expect(places).toHaveLength(5);
  });
});

describe('operation', () => {
  it('is healthy while it can show alarms, ready when every part is', async () => {
    expect(await (await gateway.get$('/readyz')).json()).toEqual({ status: 'ready' });
    gateway.status.storage = 'full';
    gateway.missing.push({ part: 'broker', detail: { zh: '未启动', en: 'not started' } });
    const response = await gateway.get$('/readyz', { 'accept-language': 'en' });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      code: 'not-ready',
      errors: [
        { path: 'broker', message: 'not started' },
        { path: 'storage', message: 'the disk is full: make room' },
      ],
    });
    expect(await (await gateway.get$('/healthz')).json()).toEqual({ status: 'ok' });
  });

  it('shows the status of the live feed', async () => {
    const cookie = await gateway.cookie('screen');
    expect(await (await gateway.get$('/api/v1/status', { cookie })).json()).toEqual(gateway.status);
  });

  it('opens metrics to this machine; through a proxy to the administrator alone, whatever token is shown', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({
      metrics: { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' },
    });
    const local = await gateway.get$('/metrics');
    expect(local.headers.get('content-type')).toContain('version=0.0.4');
    expect(await local.text()).toBe('up 1\n');
    const proxied = { 'x-forwarded-for': '10.0.0.9' };
    const ask = async (headers: Record<string, string>) =>
      (await gateway.get$('/metrics', { ...proxied, ...headers })).status;
    expect(await ask({})).toBe(401);
    expect(await ask({ authorization: 'Bearer wrong' })).toBe(401);
    expect(await ask({ cookie: await gateway.cookie('admin') })).toBe(200);
    expect(await ask({ cookie: await gateway.cookie('wang') })).toBe(403);
  });

  it('says plainly which listener cannot start, and leaves none open', async () => {
    const { port } = new URL(gateway.url);
    const other = new MemoryGateway();
    const api = await createApi({
      ...other.deps(),
      listeners: [
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.1', port: Number(port) },
      ],
    });
    await expect(api.start()).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is taken`);
  });

  it('shares sessions and the live feed between listeners', async () => {
    await gateway.stop();
    gateway = new MemoryGateway();
    gateway.api = await createApi({
      ...gateway.deps(),
      listeners: [
        { host: '127.0.0.1', port: 0 },
        { host: '127.0.0.1', port: 0 },
      ],
    });
    const { listeners } = await gateway.api.start();
    gateway.url = listeners[0]?.url ?? '';
    const cookie = await gateway.cookie('wang');
    const probe = await new LiveProbe(`${listeners[1]?.url}/api/v1/live`, { cookie }).joined();
    gateway.raise('EMG.PANIC', 's-panic');
    await probe.until(() => probe.of('commit').length === 1);
    probe.close();
  });
});

describe('the console', () => {
  it('is served with strict headers that work on plain HTTP', async () => {
    const page = await gateway.get$('/');
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/upgrade-insecure-requests|unsafe/);
    expect(page.headers.get('strict-transport-security')).toBeNull();
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const script = await gateway.get$('/assets/app-1a2b.js');
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
    const gone = await gateway.get$('/assets/gone-3c4d.js');
    expect(gone.headers.get('cache-control')).toBe('no-store');
  });

  it('is its own page at every address that is none of the API', async () => {
    const html = { accept: 'text/html,application/xhtml+xml' };
    const deep = await gateway.get$('/alarms/some-id', html);
    expect(deep.status).toBe(200);
    expect(await deep.text()).toContain('<base href="/">');
    for (const path of ['/api/v1/nothing', '/assets/gone.js', '/.secret', '/../../../etc/passwd']) {
      const response = await gateway.get$(path, path.startsWith('/api') ? html : {});
      expect([response.status, await response.text()]).toMatchObject([
        404,
        expect.not.stringContaining('hidden'),
      ]);
    }
    const outside = await gateway.get$('/%2e%2e%2f%2e%2e%2fetc%2fpasswd');
    expect([outside.status, await outside.text()]).toMatchObject([400, expect.not.stringContaining('root:')]);
    expect((await gateway.get$('/alarms/some-id', { accept: 'application/json' })).status).toBe(404);
  });

  it('that is not built says so, and makes the gateway not ready', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ consoleDir: join(folder, 'missing') });
    const page = await gateway.get$('/', { accept: 'text/html' });
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('npm run build');
    expect(await (await gateway.get$('/readyz')).json()).toMatchObject({ errors: [{ path: 'console' }] });
    expect((await gateway.get$('/healthz')).status).toBe(200);
  });
});

describeWithPeer('openssl', 'over TLS', () => {
  it('the cookie is Secure, and browsers are told to stay', async () => {
    const key = join(folder, 'key.pem');
    const cert = join(folder, 'cert.pem');
    execFileSync(
      requirePeer('openssl'),
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'].concat(
        ['-subj', '/CN=localhost', '-keyout', key, '-out', cert],
      ),
      { stdio: 'ignore' },
    );
    await gateway.stop();
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    gateway = await new MemoryGateway().start({
      consoleDir: folder,
      listeners: [{ host: '127.0.0.1', port: 0, tls }],
    });
    expect(gateway.url).toMatch(/^https:/);
    const body = JSON.stringify({ user: 'wang', password: PASSWORD });
    const headers = await new Promise<Record<string, string | string[] | undefined>>((resolve, reject) => {
      const ask = request(
        `${gateway.url}/api/v1/session`,
        {
          method: 'POST',
          ca: tls.cert,
          servername: 'localhost',
          checkServerIdentity: () => undefined,
          headers: { 'content-type': 'application/json', origin: gateway.url },
        },
        (response) => {
          response.resume();
          resolve(response.headers);
        },
      );
      ask.on('error', reject);
      ask.end(body);
    });
    const cookie = String(headers['set-cookie']);
    expect(cookie).toContain('; Secure');
    expect(headers['strict-transport-security']).toBe('max-age=15552000');
    expect(headers['content-security-policy']).toContain('upgrade-insecure-requests');
    const probe = await new LiveProbe(`${gateway.url}/api/v1/live`, {
      cookie: cookie.split(';', 1)[0] ?? '',
    }).joined();
    probe.close();
  });
});

describe('the OpenAPI document', () => {
  interface Operation {
    summary?: string;
    parameters?: Array<{ name: string; in: string }>;
    requestBody?: unknown;
    responses: Record<string, { description?: string; content?: Record<string, { schema: unknown }> }>;
  }
  interface Document {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, unknown> };
  }

  it('is complete: every path parameter, every reference, every answer', async () => {
    const text = await (await gateway.get$('/api/v1/openapi.json')).text();
    const document = JSON.parse(text) as Document;
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Alarm', 'Event', 'Problem', 'Status']),
    );
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      expect(document.components.schemas).toHaveProperty(name ?? '');
    }
    expect(text).not.toContain('__SCHEMA__');
    for (const [path, operations] of Object.entries(document.paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const [method, operation] of Object.entries(operations)) {
        const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
        expect(declared.map(({ name }) => name).sort(), `${method} ${path}`).toEqual(inPath.sort());
        expect(operation.summary, `${method} ${path}`).toBeTruthy();
        for (const [status, response] of Object.entries(operation.responses)) {
          expect(response.description, `${method} ${path} ${status}`).toBeTruthy();
          if (Number(status) < 400) continue;
          const schema = response.content?.['application/problem+json']?.schema;
          expect(schema, `${method} ${path} ${status}`).toEqual({ $ref: '#/components/schemas/Problem' });
        }
      }
    }
    const act = document.paths['/api/v1/alarms/{id}/{action}']?.post;
    expect(JSON.stringify(act?.requestBody)).toContain('"version"');
    expect(Object.keys(act?.responses ?? {})).toEqual(expect.arrayContaining(['200', '202', '409']));
  });
});
