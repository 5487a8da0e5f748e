import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAILURE_WINDOW_MS, MAX_FAILURES } from '../../../edge/api/attempts.ts';
import { LINK_TTL_MS } from '../../../edge/api/links.ts';
import { defaultSessionLimits } from '../../../edge/api/sessions.ts';
import { cookieOf, MemoryGateway, PASSWORD, people } from './memory-gateway.ts';

let gateway: MemoryGateway;

beforeEach(async () => {
  gateway = await new MemoryGateway().start();
});

afterEach(() => gateway.stop());

function signIn(user: string, password: string): Promise<Response> {
  return gateway.post('/api/v1/session', { user, password });
}

async function whoIs(cookie: string): Promise<number> {
  return (await gateway.get$('/api/v1/session', { cookie })).status;
}

describe('signing in', () => {
  it('gives an httpOnly, SameSite=Strict cookie and says who, role and rights', async () => {
    const response = await gateway.post('/api/v1/session', {
      user: 'wang',
      password: PASSWORD,
      station: 'gate-1',
      place: 'duty',
    });
    expect(response.status).toBe(200);
    const [set = ''] = response.headers.getSetCookie();
    expect(set).toMatch(/^cg_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const expected = {
      user: 'wang',
      name: '王保安',
      role: 'guard',
      station: 'gate-1',
      place: 'duty',
      rights: expect.arrayContaining([
        'session',
        'alarms.read',
        'alarms.act',
        'events.read',
        'site.read',
        'status.read',
        'devices.read',
        'devices.command',
        'video.view',
      ]),
    };
    expect(await response.json()).toEqual(expected);
    const again = await gateway.get$('/api/v1/session', { cookie: cookieOf(response) });
    expect(await again.json()).toEqual(expected);
    expect(again.headers.get('cache-control')).toBe('no-store');
  });

  it('ends with DELETE, on the server too', async () => {
    const cookie = await gateway.cookie('wang');
    const response = await fetch(`${gateway.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } });
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie()[0]).toMatch(/^cg_session=; .*Expires=Thu, 01 Jan 1970/);
    expect(await whoIs(cookie)).toBe(401);
  });

  it('never goes on with a token that was there before', async () => {
    const first = await gateway.cookie('wang');
    const response = await gateway.post(
      '/api/v1/session',
      { user: 'li', password: PASSWORD },
      { cookie: first },
    );
    expect(cookieOf(response)).not.toBe(first);
    expect(await whoIs(first)).toBe(401);
    expect(await whoIs('cg_session=planted')).toBe(401);
  });

  it('refuses an unknown place of the desk', async () => {
    const response = await gateway.post('/api/v1/session', {
      user: 'wang',
      password: PASSWORD,
      place: 'moon',
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'unknown-place' });
  });

  it('gives a kiosk a cookie that survives its power', async () => {
    const response = await signIn('screen', PASSWORD);
    expect(response.headers.getSetCookie()[0]).toContain('Max-Age=2592000');
  });
});

describe('a failed sign-in', () => {
  it('is reported with the user only if there is one: people type passwords into the wrong field', async () => {
    for (const [user, password] of [
      ['wang', 'wrong-password'],
      ['MyPassw0rd!', 'x'],
    ] as const) {
      const response = await signIn(user, password);
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'sign-in-failed' });
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect(gateway.failures).toEqual([
      { user: 'wang', address: '127.0.0.1', how: 'password', locked: false },
      { address: '127.0.0.1', how: 'password', locked: false },
    ]);
  });

  it('locks address and user after five, reports that once, and opens again after 15 min', async () => {
    for (let i = 0; i < MAX_FAILURES; i++) expect((await signIn('wang', 'wrong')).status).toBe(401);
    gateway.now += 60_000;
    for (let i = 0; i < 3; i++) {
      const response = await signIn('wang', PASSWORD);
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('840');
      expect(await response.json()).toMatchObject({ code: 'too-many-attempts' });
    }
    expect(gateway.failures.filter(({ locked }) => locked)).toHaveLength(1);
    expect((await signIn('zhao', PASSWORD)).status).toBe(200);
    gateway.now += FAILURE_WINDOW_MS;
    expect((await signIn('wang', PASSWORD)).status).toBe(200);
  });

  it('is forgotten by a success', async () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < MAX_FAILURES - 1; i++) await signIn('wang', 'wrong');
      expect((await signIn('wang', PASSWORD)).status).toBe(200);
    }
  });

  it('counts when it starts, so that many at once do not slip through', async () => {
    gateway.users.checkMs = 50;
    const answers = await Promise.all(Array.from({ length: 30 }, () => signIn('wang', 'wrong')));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(MAX_FAILURES);
    expect(gateway.users.checks).toBe(MAX_FAILURES);
  });

  it('leaves the journal its threads: at most two passwords are checked at once', async () => {
    gateway.users.checkMs = 50;
    const answers = await Promise.all(people.map(({ user }) => signIn(user, PASSWORD)));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(gateway.users.mostAtOnce).toBe(2);
  });

  it('is limited by address as well', async () => {
    await gateway.stop();
    gateway = await new MemoryGateway().start({ signInsPerMinute: 3 });
    const users = ['a', 'b', 'c', 'd'];
    const statuses: number[] = [];
    for (const user of users) statuses.push((await signIn(user, 'wrong')).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const body = await (await signIn('e', 'wrong')).json();
    expect(body).toMatchObject({ code: 'too-many-attempts', status: 429 });
  });
});

describe('a session', () => {
  const { idleMs, absoluteMs } = defaultSessionLimits;

  it('ends after 30 min without a request', async () => {
    const cookie = await gateway.cookie('sun');
    gateway.now += idleMs;
    expect(await whoIs(cookie)).toBe(200);
    gateway.now += idleMs + 1;
    expect(await whoIs(cookie)).toBe(401);
  });

  it('ends after a shift, however busy', async () => {
    const cookie = await gateway.cookie('wang');
    for (let t = 0; t + idleMs <= absoluteMs; t += idleMs) {
      gateway.now += idleMs;
      expect(await whoIs(cookie)).toBe(200);
    }
    gateway.now += idleMs;
    expect(await whoIs(cookie)).toBe(401);
  });

  it('ends when the person is taken off the list, or gets another role', async () => {
    const cookie = await gateway.cookie('wang');
    const other = await gateway.cookie('zhao');
    gateway.users.people.delete('wang');
    gateway.users.people.set('zhao', {
      person: { user: 'zhao', name: '赵', role: 'installer' },
      password: PASSWORD,
    });
    expect(await whoIs(cookie)).toBe(401);
    expect(await whoIs(other)).toBe(401);
  });

  it('ends when the program says so', async () => {
    const cookies = [await gateway.cookie('wang'), await gateway.cookie('wang')];
    gateway.api.endSessions('wang');
    for (const cookie of cookies) expect(await whoIs(cookie)).toBe(401);
  });

  it('is one of at most twenty of a person: the oldest ends', async () => {
    const cookies: string[] = [];
    for (let i = 0; i < 21; i++) cookies.push(await gateway.cookie('wang'));
    expect(await whoIs(cookies[0] ?? '')).toBe(401);
    expect(await whoIs(cookies[1] ?? '')).toBe(200);
    expect(await whoIs(cookies[20] ?? '')).toBe(200);
  });
});

describe('the first administrator', () => {
  const administrator = { user: 'boss', name: '校长', password: 'Bangongshi-hao-58' };

  beforeEach(async () => {
    await gateway.stop();
    gateway = new MemoryGateway();
    gateway.users.people.delete('admin');
    await gateway.start({ setupCode: 'ABCD-2345-WXYZ-6789' });
  });

  function setUp(body: Record<string, string>): Promise<Response> {
    return gateway.post('/api/v1/setup', { ...administrator, ...body });
  }

  async function needed(): Promise<boolean> {
    return ((await (await gateway.get$('/api/v1/setup')).json()) as { needed: boolean }).needed;
  }

  it('is made with the one-time code, however people write it, and is signed in', async () => {
    expect(await needed()).toBe(true);
    const response = await setUp({ code: 'abcd 2345 wxyz 6789' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ user: 'boss', role: 'administrator' });
    expect(await whoIs(cookieOf(response))).toBe(200);
    expect(await needed()).toBe(false);
    const again = await setUp({ code: 'ABCD-2345-WXYZ-6789', user: 'boss2' });
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: 'not-possible' });
  });

  it('is one even when two ask at once', async () => {
    const code = 'ABCD-2345-WXYZ-6789';
    const answers = await Promise.all([setUp({ code }), setUp({ code, user: 'boss2' })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('cannot be made by guessing the code', async () => {
    for (let i = 0; i < MAX_FAILURES; i++) expect((await setUp({ code: `guess-${i}` })).status).toBe(401);
    expect((await setUp({ code: 'ABCD-2345-WXYZ-6789' })).status).toBe(429);
    expect(gateway.failures.map(({ how }) => how)).toEqual(Array(MAX_FAILURES + 1).fill('setup-code'));
    expect(await needed()).toBe(true);
  });

  it.each([
    ['a name that is taken', { user: 'wang' }, 'user'],
    ['a password of one kind', { password: '1234567890' }, 'password'],
    ['a password with the user name', { password: 'Boss-12345' }, 'password'],
    ['a short password', { password: 'ab-12' }, 'password'],
    ['a bad user name', { user: 'The Boss' }, 'user'],
  ])('is refused with %s', async (_, body, path) => {
    const response = await setUp({ code: 'ABCD-2345-WXYZ-6789', ...body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid', errors: [{ path }] });
    expect(await needed()).toBe(true);
  });

  it('cannot be made without a code in force', async () => {
    await gateway.stop();
    gateway = new MemoryGateway();
    gateway.users.people.delete('admin');
    await gateway.start();
    expect((await setUp({ code: '' })).status).toBe(400);
    expect((await setUp({ code: 'undefined' })).status).toBe(401);
  });
});

describe('a sign-in link', () => {
  it('works once, and leads to the console', async () => {
    const path = gateway.api.signInLink('li');
    expect((await fetch(`${gateway.url}${path}`, { method: 'HEAD' })).status).toBe(404);
    const response = await gateway.get$(path);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/');
    expect(await whoIs(cookieOf(response))).toBe(200);
    const again = await gateway.get$(path);
    expect(again.status).toBe(401);
    expect(await again.json()).toMatchObject({ code: 'sign-in-failed', instance: '/api/v1/session/link' });
    expect(gateway.failures).toEqual([{ address: '127.0.0.1', how: 'link', locked: false }]);
  });

  it('expires', async () => {
    const path = gateway.api.signInLink('li');
    gateway.now += LINK_TTL_MS + 1;
    expect((await gateway.get$(path)).status).toBe(401);
  });

  it('is not made for nobody', () => {
    expect(() => gateway.api.signInLink('ghost')).toThrow(/no such user/);
  });
});

describe('the log', () => {
  it('never holds a password, a code, a token or a cookie', async () => {
    const cookie = await gateway.cookie('li');
    const link = gateway.api.signInLink('wang');
    await gateway.get$(link);
    await gateway.get$(link);
    await signIn('wang', 'Wrong-Secret-1');
    await signIn('Typed-Into-User-1', 'x');
    await gateway.post('/api/v1/session', { user: 'wang', password: 'Odd-Secret-2', extra: 1 });
    await gateway.post('/api/v1/setup', {
      code: 'CODE-SECRET-3',
      user: 'x',
      name: 'x',
      password: 'Set-Secret-4',
    });
    const broken = await fetch(`${gateway.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"user":"wang","password":"Broken-Secret-5',
    });
    const answers = [await broken.text()];
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const second = { user: 'wang', password: 'Second-Secret-6' };
    const act = { version: 1, station: 'gate', second };
    answers.push(await (await gateway.post(`/api/v1/alarms/${alarm?.id}/reset`, act, { cookie })).text());
    gateway.act = () => Promise.reject(new Error('stopping'));
    await gateway.post(
      `/api/v1/alarms/${alarm?.id}/reset`,
      { ...act, second: { ...second, password: PASSWORD } },
      { cookie },
    );

    const log = gateway.logged.join('') + answers.join('');
    expect(log).toContain('signed in');
    expect(log).toContain('an action on an alarm could not be taken');
    const token = new URL(link, gateway.url).searchParams.get('token') ?? 'none';
    for (const secret of ['Secret', 'CODE-SECRET', 'Typed-Into-User', PASSWORD, token, cookie.slice(11)]) {
      expect(log).not.toContain(secret);
    }
  });
});
