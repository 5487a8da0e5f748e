import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiDeps } from '../../edge/api/server.ts';
import { mediaReadings } from '../../edge/media/media-readings.ts';
import { Metrics } from '../../edge/ops/metrics.ts';
import { readings } from '../../edge/ops/readings.ts';
import { MemoryGateway } from '../edge/api/memory-gateway.ts';
import { codeOf, pages } from './pages.ts';

const gateway = new MemoryGateway();
/** Paths of the OpenAPI document with their methods, and the document itself. */
const routes = new Map<string, string[]>([['/api/v1/openapi.json', ['GET']]]);

/** Parts that are only named here, and never called. */
const parts = {
  people: {},
  campus: {},
  zones: {},
  drills: {},
  duty: {},
  kpi: {},
  audit: { record: () => undefined },
} as unknown as Partial<ApiDeps>;

beforeAll(async () => {
  await gateway.start(parts);
  const response = await fetch(`${gateway.url}/api/v1/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
  for (const [path, methods] of Object.entries(paths)) {
    routes.set(
      path,
      Object.keys(methods).map((method) => method.toUpperCase()),
    );
  }
});

afterAll(() => gateway.stop());

test('every address that a page names is one of the gateway', () => {
  // the receiver has addresses of its own
  const texts = [...pages].filter(([page]) => page !== 'docs/uplink.md');
  const named = texts.flatMap(([page, text]) => codeOf(text).flatMap((code) => addressesIn(page, code)));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(({ method, path }) => !routes.get(path)?.includes(method))).toEqual([]);
});

test('docs/api.md names every address', () => {
  const named = codeOf(pages.get('docs/api.md') ?? '').flatMap((code) => addressesIn('', code));
  const missing = [...routes].flatMap(([path, methods]) =>
    methods
      .filter((method) => !named.some((one) => one.path === path && one.method === method))
      .map((method) => `${method} ${path}`),
  );
  expect(missing).toEqual([]);
});

test('every metric that a page names is written at /metrics', async () => {
  const written = [...(await new Metrics().text()).matchAll(/^# HELP (\w+)/gm)].map(([, name]) => name);
  const uplinks = [{ status: () => ({ recipient: 'recipient' }) }];
  const externals = [{ name: 'name' }];
  const read = readings({ uplinks, externals } as unknown as Parameters<typeof readings>[0]).map(
    ({ name }) => name,
  );
  const media = mediaReadings({} as Parameters<typeof mediaReadings>[0]).map(({ name }) => name);
  const codes = [...pages.values()].flatMap((text) => codeOf(text));
  const named = codes.flatMap((code) => code.match(/\bcampus_[\w{},]+/g) ?? []).flatMap(spelled);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => ![...written, ...read, ...media].includes(name))).toEqual([]);
});

interface Address {
  page: string;
  method: string;
  path: string;
}

/** `POST /api/v1/alarms/0192.../reset` is `POST /api/v1/alarms/{id}/{action}`. */
function addressesIn(page: string, code: string): Address[] {
  return [...code.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w/{}.-]+)/g)].map(
    ([, method = '', path = '']) => ({
      page,
      method,
      path: path.replace(/^(\/api\/v1\/alarms)\/0192\.\.\.\/\w+$/, '$1/{id}/{action}'),
    }),
  );
}

/** `campus_lane_{a,e}_seq` is two names; a label in braces at the end is none of the name. */
function spelled(name: string): string[] {
  const plain = name.replace(/\{\w+\}$/, '').replace(/\{(\w+)\}/g, '$1');
  const choice = /\{([\w,]+)\}/.exec(plain);
  if (choice === null) return [plain];
  return (choice[1] ?? '').split(',').map((one) => plain.replace(choice[0], one));
}
