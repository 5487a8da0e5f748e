import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EventDraft } from '../../../contract/event.ts';
import { siteSchema } from '../../../contract/site.ts';
import { CampusDesk } from '../../../edge/registry/campus-desk.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { ArmingWorld, dormitory } from '../arming/arming-world.ts';
import { MemoryGateway } from './memory-gateway.ts';

let folder: ReturnType<typeof tempDir>;
let registry: Registry;
let world: ArmingWorld;
let gateway: MemoryGateway;
let records: EventDraft[];

beforeEach(async () => {
  folder = tempDir('zones-api');
  registry = await Registry.open({ file: join(folder.dir, 'site.db'), logger: pino({ level: 'silent' }) });
  await registry.importSite(siteSchema.parse({ ...dormitory, devices: [] }));
  world = new ArmingWorld();
  records = [];
  const campus = new CampusDesk({
    registry,
    profiles: () => ({ ids: new Set(), check: () => [] }),
    emit: async (draft) => {
      records.push(draft);
    },
    clock: Date.now,
  });
  gateway = await new MemoryGateway().start({ zones: world.desk, campus });
});
afterEach(async () => {
  await gateway.stop();
  await registry.close();
  folder.remove();
});

async function call(
  user: string,
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const cookie = await gateway.cookie(user, { station: 'gatehouse' });
  const answer = await fetch(`${gateway.url}${path}`, {
    method,
    headers: { cookie, 'accept-language': 'en', ...(body === undefined ? {} : { 'content-type': type }) },
    ...(body === undefined ? {} : { body: body instanceof Buffer ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

test('a guard arms and disarms; who works with something else does not; nobody does without a session', async () => {
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/stay', { version: 0 })).toMatchObject({
    status: 200,
    body: { mode: 'stay', by: 'wang', phase: 'exit' },
  });
  for (const user of ['sun', 'admin', 'secadmin', 'audit', 'screen'])
    expect(await call(user, 'POST', '/api/v1/zones/z-dorm/disarm', { version: 1 }), user).toMatchObject({
      status: 403,
    });
  expect((await gateway.post('/api/v1/zones/z-dorm/disarm', { version: 1 })).status).toBe(401);
  expect(world.zone()).toMatchObject({ mode: 'stay' });
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/arm', { version: 0 })).toMatchObject({
    status: 409,
    body: { code: 'version-conflict', zone: { version: 1 } },
  });
  expect(await call('wang', 'POST', '/api/v1/zones/nowhere/arm', { version: 0 })).toMatchObject({
    status: 404,
    body: { code: 'unknown-zone' },
  });
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/arm', {})).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'version', message: 'is missing' }] },
  });
});

test('not ready: the reasons are in the answer; a guard forces with the shift leader as the second person', async () => {
  world.say('INT.GLASS', 'window');
  const forced = { version: 0, force: true, reason: 'pane broken' };
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/arm', { version: 0 })).toMatchObject({
    status: 409,
    body: { code: 'zone-not-ready', zone: { reasons: [{ why: 'open', slot: 'window' }] } },
  });
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/arm', forced)).toMatchObject({
    status: 409,
    body: { code: 'second-person-needed' },
  });
  const second = { user: 'li', password: 'Jinan-2026!' };
  expect(await call('wang', 'POST', '/api/v1/zones/z-dorm/arm', { ...forced, second })).toMatchObject({
    status: 200,
    body: { bypasses: [{ slot: 'window', reason: 'pane broken' }] },
  });
  expect(await call('wang', 'GET', '/api/v1/zones/z-dorm')).toMatchObject({
    status: 200,
    body: { slots: ['door', 'motion', 'window'] },
  });
});

test('the preview says what the next days are', async () => {
  const { body } = await call('wang', 'GET', '/api/v1/calendar?days=3');
  expect(body).toMatchObject({ days: [{ day: '2026-09-07' }, { day: '2026-09-08' }, { day: '2026-09-09' }] });
  expect(await call('wang', 'GET', '/api/v1/calendar?days=0')).toMatchObject({ status: 400 });
});

test('an administrator changes the campus entry by entry, recorded with before and after; nobody else does', async () => {
  const phone = { id: 'police', name: '派出所', number: '110', role: 'police', order: 1 };
  for (const user of ['wang', 'li', 'sun', 'secadmin', 'audit', 'screen'])
    expect(await call(user, 'PUT', '/api/v1/campus/phones/police', phone), user).toMatchObject({
      status: 403,
    });
  expect(await call('admin', 'PUT', '/api/v1/campus/phones/police', phone)).toMatchObject({ status: 200 });
  expect(await call('admin', 'PUT', '/api/v1/campus/phones/other', phone)).toMatchObject({ status: 400 });
  expect(
    await call('admin', 'PUT', '/api/v1/campus/phones/police', { ...phone, places: ['moon'] }),
  ).toMatchObject({
    status: 400,
    body: { errors: [{ path: 'places.0', message: 'there is no place "moon"; add it to the places' }] },
  });
  expect(await call('wang', 'GET', '/api/v1/campus/phones')).toMatchObject({
    body: { entries: [{ number: '110' }] },
  });
  expect(await call('wang', 'GET', '/api/v1/campus')).toMatchObject({ body: { zones: [{ id: 'z-dorm' }] } });
  expect(await call('admin', 'DELETE', '/api/v1/campus/places/dorm')).toMatchObject({
    status: 400,
    body: { code: 'invalid' },
  });
  expect(await call('admin', 'DELETE', '/api/v1/campus/phones/police')).toMatchObject({ status: 204 });
  expect(await call('admin', 'DELETE', '/api/v1/campus/phones/police')).toMatchObject({ status: 404 });
  expect(records.map(({ type, data }) => [type, data?.by, data?.what])).toEqual([
    ['SYS.CFG', 'admin', 'phones added'],
    ['SYS.CFG', 'admin', 'phones removed'],
  ]);
});

test('the picture of a plan is PNG or JPEG by its content, and bounded', async () => {
  const plan = { id: 'ground', name: '首层', place: 'dorm' };
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    Buffer.alloc(20),
  ]);
  expect(await call('admin', 'PUT', '/api/v1/plans/ground/image', png, 'image/png')).toMatchObject({
    status: 404,
  });
  await call('admin', 'PUT', '/api/v1/campus/plans/ground', plan);
  const svg = Buffer.from('<svg onload="alert(1)"/>');
  expect(await call('admin', 'PUT', '/api/v1/plans/ground/image', svg, 'image/png')).toMatchObject({
    status: 400,
  });
  expect(await call('admin', 'PUT', '/api/v1/plans/ground/image', svg, 'image/svg+xml')).toMatchObject({
    status: 400,
  });
  expect(await call('wang', 'PUT', '/api/v1/plans/ground/image', png, 'image/png')).toMatchObject({
    status: 403,
  });
  const big = Buffer.concat([png, Buffer.alloc(5 * 1024 * 1024)]);
  expect(await call('admin', 'PUT', '/api/v1/plans/ground/image', big, 'image/png')).toMatchObject({
    status: 413,
  });
  expect(await call('admin', 'PUT', '/api/v1/plans/ground/image', png, 'image/png')).toMatchObject({
    status: 204,
  });
  const cookie = await gateway.cookie('wang');
  const image = await gateway.get$('/api/v1/plans/ground/image', { cookie });
  expect(image.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await image.arrayBuffer())).toEqual(png);
  const again = await gateway.get$('/api/v1/plans/ground/image', {
    cookie,
    'if-none-match': image.headers.get('etag') ?? '',
  });
  expect(again.status).toBe(304);
});
