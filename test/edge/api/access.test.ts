import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignInRole } from '../../../edge/api/ports.ts';
import { ArmingWorld } from '../arming/arming-world.ts';
import { DAY, report, ZONE } from '../kpi/history.ts';
import { MemoryGateway, people } from './memory-gateway.ts';

const everybody: SignInRole[] = people.map(({ role }) => role);
const campus: SignInRole[] = ['guard', 'shift-leader', 'installer', 'administrator', 'kiosk'];

const installers: SignInRole[] = ['installer', 'administrator'];

interface Row {
  method: string;
  path: string;
  /** Roles that get past the rights; `anybody` also without a session. */
  allowed: SignInRole[] | 'anybody';
  body?: unknown;
}

const unknown = '0192f0c1-2345-7abc-8def-0123456789ab';
const act = { version: 1, station: 'gate' };

/** Every route of the API (CONTRACT section 4: who may do what). */
const table: Row[] = [
  { method: 'GET', path: '/api/v1/session', allowed: everybody },
  { method: 'DELETE', path: '/api/v1/session', allowed: 'anybody' },
  { method: 'POST', path: '/api/v1/session', allowed: 'anybody', body: {} },
  { method: 'GET', path: '/api/v1/session/link?token=x', allowed: 'anybody' },
  { method: 'GET', path: '/api/v1/setup', allowed: 'anybody' },
  { method: 'POST', path: '/api/v1/setup', allowed: 'anybody', body: {} },
  { method: 'GET', path: '/api/v1/alarms', allowed: campus },
  { method: 'GET', path: `/api/v1/alarms/${unknown}`, allowed: campus },
  { method: 'GET', path: `/api/v1/alarms/${unknown}/history`, allowed: campus },
  {
    method: 'POST',
    path: `/api/v1/alarms/${unknown}/acknowledge`,
    allowed: ['guard', 'shift-leader'],
    body: act,
  },
  { method: 'GET', path: '/api/v1/kpi', allowed: ['shift-leader', 'administrator', 'auditor'] },
  { method: 'GET', path: '/api/v1/kpi/export', allowed: ['shift-leader', 'administrator', 'auditor'] },
  { method: 'GET', path: '/api/v1/events', allowed: campus },
  { method: 'GET', path: '/api/v1/site', allowed: campus },
  { method: 'GET', path: '/api/v1/places', allowed: campus },
  {
    method: 'GET',
    path: '/api/v1/devices',
    allowed: ['guard', 'shift-leader', 'installer', 'administrator'],
  },
  {
    method: 'GET',
    path: '/api/v1/devices/io-1',
    allowed: ['guard', 'shift-leader', 'installer', 'administrator'],
  },
  { method: 'GET', path: '/api/v1/inbox', allowed: installers },
  { method: 'GET', path: '/api/v1/discovery', allowed: installers },
  { method: 'POST', path: '/api/v1/discovery', allowed: installers, body: {} },
  { method: 'POST', path: '/api/v1/discovery/none/try', allowed: installers, body: {} },
  { method: 'POST', path: '/api/v1/discovery/none/adopt', allowed: installers, body: { name: 'n' } },
  { method: 'POST', path: '/api/v1/discovery/none/move', allowed: installers },
  { method: 'GET', path: '/api/v1/inbox/ignored', allowed: installers },
  { method: 'DELETE', path: '/api/v1/inbox/ignored/none', allowed: installers },
  { method: 'GET', path: '/api/v1/inbox/none', allowed: installers },
  {
    method: 'POST',
    path: '/api/v1/inbox/none/adopt',
    body: { profile: 'p', name: 'n' },
    allowed: installers,
  },
  { method: 'POST', path: '/api/v1/inbox/none/dismiss', allowed: installers },
  { method: 'GET', path: '/api/v1/profiles', allowed: installers },
  { method: 'GET', path: '/api/v1/profiles/none', allowed: installers },
  { method: 'POST', path: '/api/v1/devices/io-1/credentials', allowed: installers },
  {
    method: 'GET',
    path: '/api/v1/devices/io-1/commands',
    allowed: ['guard', 'shift-leader', 'installer', 'administrator'],
  },
  {
    method: 'POST',
    path: '/api/v1/devices/io-1/commands/siren_on',
    allowed: ['guard', 'shift-leader', 'installer'],
    body: { station: 'gate' },
  },
  { method: 'GET', path: '/api/v1/second-person', allowed: ['guard', 'shift-leader', 'installer'] },
  {
    method: 'POST',
    path: '/api/v1/second-person',
    allowed: ['guard', 'shift-leader', 'installer'],
    body: { act: 'close', on: 'none' },
  },
  {
    method: 'POST',
    path: `/api/v1/second-person/${unknown}/code`,
    allowed: ['guard', 'shift-leader', 'installer'],
  },
  {
    method: 'DELETE',
    path: `/api/v1/second-person/${unknown}`,
    allowed: ['guard', 'shift-leader', 'installer'],
  },
  { method: 'GET', path: '/api/v1/zones', allowed: campus },
  { method: 'GET', path: '/api/v1/zones/none', allowed: campus },
  {
    method: 'POST',
    path: '/api/v1/zones/none/disarm',
    allowed: ['guard', 'shift-leader'],
    body: { station: 'gate' },
  },
  {
    method: 'POST',
    path: '/api/v1/unprotected/none/sign',
    allowed: ['guard', 'shift-leader'],
    body: { station: 'gate' },
  },
  { method: 'GET', path: '/api/v1/calendar', allowed: campus },
  { method: 'GET', path: '/api/v1/status', allowed: campus },
  {
    method: 'GET',
    path: `/api/v1/media/${unknown}`,
    allowed: ['guard', 'shift-leader', 'administrator'],
  },
  { method: 'GET', path: '/healthz', allowed: 'anybody' },
  { method: 'GET', path: '/readyz', allowed: 'anybody' },
  { method: 'GET', path: '/metrics', allowed: 'anybody' },
  { method: 'GET', path: '/api/v1/live', allowed: campus },
  {
    method: 'GET',
    path: '/api/v1/live/cameras',
    allowed: ['guard', 'shift-leader', 'installer', 'administrator'],
  },
];

const gateway = new MemoryGateway();
const cookies = new Map<SignInRole, string>();

beforeAll(async () => {
  const kpi = { zone: ZONE, now: () => DAY.to, report: async () => report({}) };
  await gateway.start({ zones: new ArmingWorld().desk, kpi });
  for (const { user, role } of people) cookies.set(role, await gateway.cookie(user));
});

afterAll(() => gateway.stop());

async function ask({ method, path, body }: Row, cookie?: string): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(cookie === undefined ? {} : { cookie }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function refusal(response: Response): Promise<string | undefined> {
  if (response.headers.get('content-type')?.includes('problem') !== true) return undefined;
  const { code } = (await response.json()) as { code: string };
  return code === 'not-allowed' || code === 'expired-session' ? code : undefined;
}

describe.each(table)('$method $path', (row) => {
  // signing out would end the session of the rows that follow
  const roles = row.path.endsWith('/session') && row.method === 'DELETE' ? [] : everybody;

  it.each(roles)('%s', async (role) => {
    const allowed = row.allowed === 'anybody' || row.allowed.includes(role);
    const response = await ask(row, cookies.get(role));
    expect(await refusal(response)).toBe(allowed ? undefined : 'not-allowed');
  });

  it('nobody signed in', async () => {
    const response = await ask(row);
    // the live feed tells by its close code: a browser cannot read a refused upgrade
    const open = row.allowed === 'anybody' || row.path === '/api/v1/live';
    expect(await refusal(response)).toBe(open ? undefined : 'expired-session');
  });
});

it('the table names every route of the OpenAPI document', async () => {
  const document = (await (await gateway.get$('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((method) => method !== 'head')
      .map((method) => `${method.toUpperCase()} ${path}`),
  );
  const listed = table.map(({ method, path }) => {
    const plain = path.split('?', 1)[0] ?? '';
    return `${method} ${plain
      .replace(unknown, '{id}')
      .replace('io-1', '{id}')
      .replace('/none', '/{id}')
      .replace(/acknowledge|disarm/, '{action}')
      .replace('siren_on', '{name}')}`;
  });
  expect(listed.sort()).toEqual(documented.sort());
});

it('an administrator cannot be a guard: the role is that of the session, not of the request', async () => {
  const row: Row = {
    method: 'POST',
    path: `/api/v1/alarms/${unknown}/acknowledge`,
    allowed: [],
    body: { ...act, role: 'guard' },
  };
  expect(await refusal(await ask(row, cookies.get('administrator')))).toBe('not-allowed');
});
