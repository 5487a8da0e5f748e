import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Alarm } from '../../contract/alarm.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import { openDatabase } from '../../edge/journal/sqlite.ts';
import { cli } from '../simulators/cli.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, restartGateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { rightsTable, roleLetters } from './rights-table.ts';

/** STANDARDS S19: login failure handling, no default passwords, time-out, roles, audit with result. */
const { dir, remove } = tempDir('s19');
const own = 'Zi-ji-xuan-de-58';
let gateway: Gateway;
let io: IoModule;
/** Signed in, by role. */
const as = {} as Record<(typeof roleLetters)[keyof typeof roleLetters], Session>;

type Line = AuditEntry & { n: number };

async function audit(query = ''): Promise<Line[]> {
  const { status, body } = await as.auditor.call('GET', `/api/v1/audit?limit=1000${query}`);
  expect(status).toBe(200);
  return (body as { lines: Line[] }).lines;
}

async function post(
  path: string,
  body: unknown,
  cookie?: string,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: gateway.url,
      ...(cookie === undefined ? {} : { cookie }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Signs in with a one-time password, changes it, and is signed in anew. */
async function firstSignIn(user: string, given: string): Promise<Session> {
  const first = await signIn(gateway.url, user, given);
  expect((await first.call('GET', '/api/v1/session')).body).toMatchObject({ mustChangePassword: true });
  const changed = await first.call('POST', '/api/v1/account/password', { password: given, next: own });
  expect(changed.status).toBe(204);
  return signIn(gateway.url, user, own, `desk-of-${user}`);
}

async function add(person: Record<string, unknown>): Promise<string> {
  const { status, body } = await as['security-administrator'].call('POST', '/api/v1/users', person);
  expect(status, JSON.stringify(body)).toBe(201);
  return (body as { password: string }).password;
}

beforeAll(async () => {
  const campus = testCampus(2);
  const others = [
    { user: 'watcher', name: '审计员', role: 'auditor', password: own },
    { user: 'screen', name: '值班屏', role: 'kiosk', password: own },
  ];
  const site = { ...campus, users: [...(campus.users as unknown[]), ...others] };
  gateway = await startGateway({ dir, site });
  const code = gateway.process.lines.join('\n').match(/\b([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})\b/)?.[1];
  const admin = { code, user: 'admin', name: '管理员', password: own };
  expect((await post('/api/v1/setup', { ...admin, password: 'Admin-2026' })).status, 'a weak password').toBe(
    400,
  );
  expect((await post('/api/v1/setup', admin)).status).toBe(201);
  const people = [
    ['administrator', 'admin', own, 'office'],
    ['guard', 'guard', passwords.guard, 'gate'],
    ['shift-leader', 'leader', passwords.leader, 'leaders-desk'],
    ['installer', 'installer', passwords.installer, 'workshop'],
    ['auditor', 'watcher', own, 'auditors-desk'],
    ['kiosk', 'screen', own, 'wall'],
  ] as const;
  const sessions = people.map(async ([role, user, password, station]) => {
    as[role] = await signIn(gateway.url, user, password, station);
  });
  await Promise.all(sessions);
  const keeper = { user: 'keeper', name: '安全管理员', role: 'security-administrator' };
  const made = await as.administrator.call('POST', '/api/v1/users', keeper);
  expect(made.status).toBe(201);
  as['security-administrator'] = await firstSignIn('keeper', (made.body as { password: string }).password);
  io = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
}, 120_000);
afterAll(async () => {
  io?.cutPower();
  await gateway?.process.stop();
  remove();
});

describe('people', () => {
  test('an administrator makes the first security administrator and nobody else', async () => {
    const another = { user: 'keeper2', name: '另一个', role: 'security-administrator' };
    const answer = await as.administrator.call('POST', '/api/v1/users', another);
    expect(answer).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  });

  test('with a one-time password nothing is allowed but changing it', async () => {
    const given = await add({ user: 'new', name: '新来的', role: 'guard' });
    const session = await signIn(gateway.url, 'new', given);
    for (const path of ['/api/v1/alarms', '/api/v1/site', '/api/v1/second-person'])
      expect(await session.call('GET', path)).toMatchObject({
        status: 403,
        body: { code: 'password-change-needed' },
      });
    const weak = await session.call('POST', '/api/v1/account/password', {
      password: given,
      next: 'Password-1',
    });
    expect(weak).toMatchObject({ status: 400, body: { errors: [{ path: 'password' }] } });
    const changed = await session.call('POST', '/api/v1/account/password', { password: given, next: own });
    expect(changed.status).toBe(204);
    expect((await session.call('GET', '/api/v1/session')).status, 'the old session is over').toBe(401);
    expect((await post('/api/v1/session', { user: 'new', password: given })).status, 'the old password').toBe(
      401,
    );
    expect((await (await signIn(gateway.url, 'new', own)).call('GET', '/api/v1/alarms')).status).toBe(200);
  });

  test('removed, they are signed out everywhere and stay away', async () => {
    const session = await signIn(gateway.url, 'new', own);
    const keeper = as['security-administrator'];
    expect((await keeper.call('DELETE', '/api/v1/users/new')).status).toBe(204);
    expect((await session.call('GET', '/api/v1/session')).status).toBe(401);
    expect((await post('/api/v1/session', { user: 'new', password: own })).status).toBe(401);
    expect(await keeper.call('DELETE', '/api/v1/users/keeper')).toMatchObject({ status: 409 });
  });

  test('a second factor is asked for, a code counts once, and a recovery code lets in without the telephone', async () => {
    const given = await add({ user: 'boss', name: '信息中心', role: 'administrator' });
    const session = await firstSignIn('boss', given);
    const offered = await session.call('POST', '/api/v1/account/second-factor', { password: own });
    const { secret, uri } = offered.body as { secret: string; uri: string };
    expect(uri).toMatch(/^otpauth:\/\/totp\//);
    const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period: 30 });
    const confirmed = await session.call('POST', '/api/v1/account/second-factor/confirm', {
      code: totp.generate(),
    });
    const { recovery } = confirmed.body as { recovery: string[] };
    const enter = (code?: string) => post('/api/v1/session', { user: 'boss', password: own, code });
    expect(await enter()).toMatchObject({ status: 401, body: { code: 'second-factor-needed' } });
    const next = totp.generate({ timestamp: Date.now() + 30_000 });
    expect((await enter(next)).status, 'one step ahead').toBe(200);
    expect((await enter(next)).status, 'the same again').toBe(401);
    expect((await enter(recovery[0])).status).toBe(200);
    expect((await enter(recovery[0])).status, 'used').toBe(401);
    const wrong = await post('/api/v1/session', {
      user: 'boss',
      password: 'wrong-password',
      code: recovery[1],
    });
    expect(wrong.status, 'a code is no password').toBe(401);
  });

  test('after five failures even the right password waits, at this address', async () => {
    const given = await add({ user: 'guess', name: '被猜', role: 'guard' });
    for (let i = 0; i < 5; i++)
      expect((await post('/api/v1/session', { user: 'guess', password: `wrong-${i}` })).status).toBe(401);
    expect(await post('/api/v1/session', { user: 'guess', password: given })).toMatchObject({ status: 429 });
  });

  test('campus-gateway reset-password lets who is locked out in again, and it is on record', async () => {
    const given = await add({ user: 'keeper3', name: '第三人', role: 'security-administrator' });
    const open = await signIn(gateway.url, 'keeper3', given);
    const config = ['--config', gateway.configFile, '--json'];
    const { code, stdout } = await cli(['reset-password', 'keeper3', ...config]);
    expect(code).toBe(0);
    const { password } = JSON.parse(stdout) as { password: string };
    await waitFor('their session to end', async () => {
      const { status } = await open.call('GET', '/api/v1/session');
      return status === 401;
    });
    expect((await post('/api/v1/session', { user: 'keeper3', password })).status).toBe(200);
    expect((await post('/api/v1/session', { user: 'keeper3', password: given })).status).toBe(401);
    const line = await waitFor(
      'its line',
      async () => (await audit('&act=people.reset-password&on=keeper3'))[0],
    );
    expect(line).toMatchObject({ station: 'command line', on: 'keeper3', result: 'done' });
    expect((await cli(['reset-password', 'nobody', ...config])).code).toBe(1);
  });
});

describe('rights', () => {
  test('every route is used by whom the table says, and by nobody else', async () => {
    const { paths } = (await (await fetch(`${gateway.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const missing = routes.filter((route) => rightsTable[route] === undefined);
    expect(missing, 'routes without a line in rights-table.ts').toEqual([]);
    // those that sign people out come last
    const ends = (route: string): number => Number(/^DELETE .*\/sessions?$/.test(route));
    const wrong: string[] = [];
    for (const route of routes.sort((a, b) => ends(a) - ends(b))) {
      const [method = '', path = ''] = route.split(' ');
      for (const [letter, role] of [...Object.entries(roleLetters), ['-', 'signed out'] as const]) {
        if (ends(route) === 1 && letter !== '-') continue;
        const refused = await isRefused(method, path, role);
        const cell = rightsTable[route] ?? '';
        if (refused === (cell === '*' || cell.includes(letter)))
          wrong.push(`${route}: ${role} is ${refused ? 'refused' : 'let in'}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  /** Was it refused for who asks, rather than for what is asked? */
  async function isRefused(method: string, path: string, role: string): Promise<boolean> {
    const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name === 'action' ? 'acknowledge' : 'none',
    );
    const query = path.endsWith('/link') ? '?token=none' : '';
    const body = path === '/api/v1/users' ? { user: 'made-by-table', name: '表', role: 'guard' } : {};
    if (path === '/api/v1/live' && role === 'signed out') return (await closeCodeOf(path)) === 4001;
    const cookie = role === 'signed out' ? undefined : as[role as keyof typeof as].cookie;
    const response = await fetch(`${gateway.url}${url}${query}`, {
      method,
      headers: {
        origin: gateway.url,
        ...(cookie === undefined ? {} : { cookie }),
        ...(method === 'GET' || method === 'DELETE' ? {} : { 'content-type': 'application/json' }),
      },
      ...(method === 'GET' || method === 'DELETE' ? {} : { body: JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type') ?? '';
    if (!type.includes('problem+json')) {
      await response.arrayBuffer();
      return false;
    }
    const { code } = (await response.json()) as { code: string };
    return code === 'not-allowed' || code === 'expired-session';
  }

  /** A browser cannot read a refused upgrade: the feed opens and is closed. */
  function closeCodeOf(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}${path}`);
      socket.on('close', resolve);
      socket.on('error', reject);
    });
  }

  test('a scope limits what is done, and a second person from afar confirms once, for this only', async () => {
    const given = await add({ user: 'lab', name: '实验楼保安', role: 'guard', scope: { places: ['lab'] } });
    const lab = await firstSignIn('lab', given);
    await io.set(1, 'alarm');
    const alarm = await waitFor('the panic', async () => {
      const { body } = await as.guard.call('GET', '/api/v1/alarms');
      return (body as { alarms: Alarm[] }).alarms.find(({ type }) => type === 'EMG.PANIC');
    });
    await io.set(1, 'normal');
    const path = `/api/v1/alarms/${alarm.id}`;
    const now = async () => ((await as.guard.call('GET', path)).body as Alarm).version;
    const act = async (who: Session, action: string, more: object = {}) =>
      who.call('POST', `${path}/${action}`, { version: await now(), ...more });
    expect(await act(lab, 'acknowledge'), 'outside of the scope').toMatchObject({ status: 403 });
    expect((await act(as.guard, 'acknowledge')).status).toBe(200);
    const leader = as['shift-leader'];
    expect((await act(leader, 'dispose', { verdict: 'false' })).status).toBe(200);
    expect(await act(as.guard, 'reset')).toMatchObject({ status: 403 });
    expect(await act(leader, 'reset')).toMatchObject({ status: 409, body: { code: 'second-person-needed' } });

    const asked = await leader.call('POST', '/api/v1/second-person', { act: 'reset', on: alarm.id });
    const { id } = asked.body as { id: string };
    expect((await lab.call('POST', `/api/v1/second-person/${id}/code`)).status, 'not their place').toBe(403);
    expect((await leader.call('POST', `/api/v1/second-person/${id}/code`)).status, 'oneself').toBe(409);
    const open = await as.guard.call('GET', '/api/v1/second-person');
    expect(open.body).toMatchObject({
      requests: [{ id, act: 'reset', on: alarm.id, by: { user: 'leader' } }],
    });
    const { code } = (await as.guard.call('POST', `/api/v1/second-person/${id}/code`)).body as {
      code: string;
    };
    expect(code).toMatch(/^\d{6}$/);
    const second = { user: 'guard', code };
    expect((await act(leader, 'close', { second })).status, 'another act').toBe(401);
    const other = { user: 'guard', code: code === '000000' ? '000001' : '000000' };
    expect((await act(leader, 'reset', { second: other })).status, 'another code').toBe(401);
    expect((await act(leader, 'reset', { second })).status).toBe(200);
    expect((await act(leader, 'close', { second })).status, 'used').toBe(401);
    const [line] = await audit(`&act=alarm.reset&on=${alarm.id}`);
    expect(line).toMatchObject({
      user: 'leader',
      role: 'shift-leader',
      station: 'leaders-desk',
      address: '127.0.0.1',
      result: 'done',
      second: { user: 'guard', role: 'guard' },
    });
    const steps = (await audit(`&on=${alarm.id}`))
      .map((one) => `${one.user} ${one.act} ${one.result}`)
      .reverse();
    expect(steps).toEqual(
      expect.arrayContaining([
        'lab alarm.acknowledge refused',
        'guard alarm.acknowledge done',
        'leader alarm.dispose done',
        'leader alarm.reset refused',
        'leader second.ask done',
        'guard second.agree done',
        'leader second.code failed',
        'leader second.code done',
      ]),
    );
  });
});

describe('the audit', () => {
  test('says who, when, from where, what, on what and with what result', async () => {
    const [failed] = await audit('&act=session.sign-in&user=guess');
    expect(failed).toMatchObject({ user: 'guess', address: '127.0.0.1', result: 'refused' });
    const lines = await audit('&act=people.');
    expect(lines.map(({ user, act, on }) => `${user} ${act} ${on}`)).toEqual(
      expect.arrayContaining([
        'admin people.add keeper',
        'keeper people.add guess',
        'keeper people.remove new',
      ]),
    );
    const [added] = lines.filter(({ on, act }) => on === 'guess' && act === 'people.add');
    expect(added).toMatchObject({ user: 'keeper', role: 'security-administrator', address: '127.0.0.1' });
    expect(Date.parse(added?.at ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect(await audit('&act=people.add&user=admin&to=2020-01-01T00:00:00Z')).toEqual([]);
    const text = JSON.stringify(await audit());
    expect(text).not.toContain(own);
  });

  test('is exported by the auditor, and that is on record', async () => {
    const response = await fetch(`${gateway.url}/api/v1/audit/export?as=csv`, {
      headers: { cookie: as.auditor.cookie },
    });
    const csv = await response.text();
    expect(csv.split('\r\n')[0]).toContain('n,at,user,role,address,station,act,on,result');
    expect(csv).toContain('people.add');
    // the line of an answer is stored while the answer is under way
    const line = await waitFor('its line', async () => (await audit('&act=audit.export&user=watcher'))[0]);
    expect(line).toMatchObject({ user: 'watcher', result: 'done' });
  });

  test('survives kill -9, is proved by journal verify, and what is changed in it is found and told', {
    timeout: 120_000,
  }, async () => {
    const before = await audit();
    await gateway.process.kill();
    gateway = await restartGateway(gateway.configFile);
    as.auditor = await signIn(gateway.url, 'watcher', own);
    const after = await audit();
    expect(after.slice(-before.length + 1)).toEqual(before.slice(1));
    const verify = () => cli(['journal', 'verify', '--data', gateway.dataDir, '--json']);
    expect(JSON.parse((await verify()).stdout)).toMatchObject({ ok: true });
    const [planted] = await audit('&act=people.add&on=keeper');
    const n = planted?.n;
    await gateway.process.stop();

    const db = await openDatabase(join(gateway.dataDir, 'journal.db'), 'write');
    const change = `UPDATE audit SET body = replace(body, '"keeper"', '"nobody"') WHERE n = ${n}`;
    await expect(db.run(change)).rejects.toThrow('never changed');
    await expect(db.run(`DELETE FROM audit WHERE n = ${n}`)).rejects.toThrow('retention');
    await db.exec(`DROP TRIGGER audit_unchanged; ${change}`);
    await db.close();
    const found = await verify();
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({
      ok: false,
      shown: expect.arrayContaining([expect.objectContaining({ audit: n })]),
    });
    gateway = await restartGateway(gateway.configFile);
    const guard = await signIn(gateway.url, 'guard', passwords.guard);
    await waitFor('SYS.AUDIT', async () => {
      const { body } = await guard.call('GET', '/api/v1/alarms');
      return (body as { alarms: Alarm[] }).alarms.some(({ type }) => type === 'SYS.AUDIT');
    });
  });
});
