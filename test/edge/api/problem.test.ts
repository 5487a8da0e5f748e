import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema, problemStatus } from '../../../contract/problem.ts';
import { languageOf } from '../../../edge/api/language.ts';
import { MemoryGateway, PASSWORD } from './memory-gateway.ts';

const gateway = new MemoryGateway();
let guard: string;

beforeAll(async () => {
  await gateway.start();
  guard = await gateway.cookie('wang');
});

afterAll(() => gateway.stop());

/** The answer, checked: a problem document whose code and status agree. */
async function problemOf(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problemStatus[problem.code]).toBe(response.status);
  expect(problem.detail.length).toBeGreaterThan(3);
  return problem;
}

function raw(body: string | undefined, headers: Record<string, string>, method = 'POST'): Promise<Response> {
  return fetch(`${gateway.url}/api/v1/session`, { method, headers, ...(body === undefined ? {} : { body }) });
}

const json = { 'content-type': 'application/json' };

describe('every error is a problem document', () => {
  it.each([
    ['an unknown address', '/api/v1/nothing', 'unknown-route'],
    ['an unknown file', '/nothing.js', 'unknown-route'],
    ['an address that is no address', '/api/v1/alarms/%E0%A4%A', 'invalid'],
    ['an id that is far too long', `/api/v1/alarms/${'x'.repeat(500)}`, 'unknown-route'],
    ['a bad query', '/api/v1/events?limit=0', 'invalid'],
    ['an unknown query', '/api/v1/events?limti=5', 'invalid'],
    ['no such alarm', '/api/v1/alarms/0192f0c1-2345-7abc-8def-0123456789ab', 'unknown-alarm'],
    ['no such device', '/api/v1/devices/nothing', 'unknown-device'],
  ])('%s', async (_, path, code) => {
    const problem = await problemOf(await gateway.get$(path, { cookie: guard }));
    expect(problem.code).toBe(code);
    expect(problem.type).toBe(`urn:campus-gateway:problem:${code}`);
  });

  it.each([
    ['JSON that is none', '{"user":', json],
    ['an empty body', '', json],
    ['__proto__', '{"user":"a","password":"b","__proto__":{"x":1}}', json],
    ['constructor.prototype', '{"constructor":{"prototype":{"x":1}}}', json],
    ['a form', 'user=a&password=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text', '{"user":"a","password":"b"}', { 'content-type': 'text/plain' }],
    ['no content type', undefined, {}],
    ['a wrong shape', '[]', json],
    ['deep JSON', '['.repeat(20_000) + ']'.repeat(20_000), json],
  ])('%s', async (_, body, headers) => {
    expect((await problemOf(await raw(body, headers))).code).toBe('invalid');
  });

  it('a body of more than 64 KiB', async () => {
    const problem = await problemOf(await raw(JSON.stringify({ user: 'x'.repeat(70_000) }), json));
    expect(problem.code).toBe('too-large');
  });

  it('a method that the address does not have', async () => {
    expect((await problemOf(await raw(undefined, {}, 'PUT'))).code).toBe('unknown-route');
  });

  it('what is not HTTP at all', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write('HELO gateway\r\n\r\n');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
    expect(problemSchema.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).code).toBe('invalid');
  });

  it('a failure inside shows nothing of the inside; the log has it under the same number', async () => {
    gateway.journal.page = () => Promise.reject(new Error('SQLITE_CORRUPT at /var/lib/secret/journal.db'));
    const problem = await problemOf(await gateway.get$('/api/v1/events', { cookie: guard }));
    expect(problem.code).toBe('internal');
    expect(JSON.stringify(problem)).not.toMatch(/SQLITE|secret|at .*\.ts/);
    const id = /编号 (\S+)/.exec(problem.detail)?.[1] ?? 'none';
    const line = gateway.logged.find((text) => text.includes('SQLITE_CORRUPT'));
    expect(line).toContain(`"reqId":"${id}"`);
  });
});

describe('the language of a problem', () => {
  it('is Chinese unless English is asked for', async () => {
    const chinese = await gateway.get$('/api/v1/alarms');
    expect(chinese.headers.get('content-language')).toBe('zh-CN');
    expect(await problemOf(chinese)).toMatchObject({ title: '请先登录' });
    const english = await gateway.get$('/api/v1/alarms', { 'accept-language': 'en-GB,en;q=0.9,zh;q=0.5' });
    expect(english.headers.get('content-language')).toBe('en');
    expect(await problemOf(english)).toMatchObject({ title: 'Please sign in' });
  });

  it('is also that of each fault', async () => {
    const ask = async (language: string) =>
      problemOf(
        await gateway.get$('/api/v1/events?limit=9999', { cookie: guard, 'accept-language': language }),
      );
    expect((await ask('zh-CN')).errors).toMatchObject([
      { path: 'limit', message: expect.stringMatching(/不能大于 500/) },
    ]);
    expect((await ask('en')).errors).toMatchObject([
      { path: 'limit', message: expect.stringMatching(/must be at most 500/) },
    ]);
  });

  it.each([
    [undefined, 'zh'],
    ['', 'zh'],
    ['fr', 'zh'],
    ['en', 'en'],
    ['EN-us', 'en'],
    ['zh-TW, en;q=0.8', 'zh'],
    ['en;q=0.4, zh;q=0.6', 'zh'],
    ['en;q=0', 'zh'],
    ['en;q=nonsense', 'zh'],
    ['*', 'zh'],
  ] as const)('%s is %s', (header, language) => {
    expect(languageOf(header)).toBe(language);
  });
});

describe('the origin of a request that changes something', () => {
  const body = { user: 'wang', password: PASSWORD };
  const own = () => gateway.url;

  it.each([
    ['another site', 'https://evil.example'],
    ['another port of the same host', 'http://127.0.0.1:1'],
    ['an opaque origin', 'null'],
    ['nonsense', 'not a url'],
    ['a page on disk', 'file://'],
  ])('may not be %s', async (_, origin) => {
    const problem = await problemOf(await gateway.post('/api/v1/session', body, { origin }));
    expect(problem.code).toBe('wrong-origin');
  });

  it('may not be hidden by a browser', async () => {
    const response = await gateway.post('/api/v1/session', body, { 'sec-fetch-site': 'cross-site' });
    expect((await problemOf(response)).code).toBe('wrong-origin');
  });

  it('may be our own page, or a program', async () => {
    expect((await gateway.post('/api/v1/session', body, { origin: own() })).status).toBe(200);
    expect((await gateway.post('/api/v1/session', body)).status).toBe(200);
  });

  it('is not asked for reading', async () => {
    const response = await gateway.get$('/api/v1/alarms', { cookie: guard, origin: 'https://evil.example' });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is checked for every action', async () => {
    const alarm = gateway.raise('EMG.PANIC', 's-panic');
    const response = await gateway.post(
      `/api/v1/alarms/${alarm?.id}/acknowledge`,
      { version: 1, station: 'gate' },
      { cookie: guard, origin: 'https://evil.example' },
    );
    expect((await problemOf(response)).code).toBe('wrong-origin');
    expect(gateway.book.get(alarm?.id ?? '')?.operator).toBe('new');
  });
});
