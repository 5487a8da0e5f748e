import { afterAll, expect, test } from 'vitest';
import { restartGateway, signIn, startGateway } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';

const { dir, remove } = tempDir('first-start');
const stops: Array<() => Promise<unknown>> = [];

afterAll(async () => {
  for (const stop of stops) await stop();
  remove();
});

const codePattern = /\b([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})\b/;

function setUp(url: string, code: string): Promise<Response> {
  return fetch(`${url}/api/v1/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ code, user: 'admin', name: '管理员', password: 'chosen-at-set-up' }),
  });
}

test('the code printed at first start makes the administrator once; guard and leader come from the import', {
  timeout: 120_000,
}, async () => {
  const first = await startGateway({ dir, site: testCampus(1) });
  stops.push(() => first.process.stop());
  const code = first.process.lines
    .map((line) => codePattern.exec(line)?.[1])
    .find((found) => found !== undefined);
  expect(code, 'a code in clear text').toBeDefined();
  expect((await setUp(first.url, '0000-0000-0000-0000')).ok).toBe(false);
  expect((await setUp(first.url, code as string)).ok).toBe(true);
  expect((await setUp(first.url, code as string)).ok, 'once').toBe(false);
  const admin = await signIn(first.url, 'admin', 'chosen-at-set-up');
  expect((await admin.call('GET', '/api/v1/session')).body).toMatchObject({ role: 'administrator' });
  const guard = await signIn(first.url, 'guard', passwords.guard);
  expect((await guard.call('GET', '/api/v1/session')).body).toMatchObject({ role: 'guard', name: '张值班' });
  const leader = await signIn(first.url, 'leader', passwords.leader);
  expect((await leader.call('GET', '/api/v1/session')).body).toMatchObject({ role: 'shift-leader' });
  await first.process.stop();
  // nothing secret was logged, and the next start asks for no administrator
  expect(first.process.lines.join('\n')).not.toContain('chosen-at-set-up');
  const second = await restartGateway(first.configFile);
  stops.push(() => second.process.stop());
  expect(second.process.lines.some((line) => codePattern.test(line))).toBe(false);
  await signIn(second.url, 'admin', 'chosen-at-set-up');
});
