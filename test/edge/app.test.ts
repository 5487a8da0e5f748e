import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadEdgeConfig } from '../../config/edge.ts';
import type { EdgeConfig } from '../../config/edge-schema.ts';
import { liveClose } from '../../contract/live.ts';
import { type App, startApp } from '../../edge/app.ts';
import { signIn, writeGatewayConfig } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { LiveProbe } from './api/live-probe.ts';

const logger = pino({ level: 'silent' });

let folder: ReturnType<typeof tempDir>;
let app: App;
const probes: LiveProbe[] = [];

beforeEach(async () => {
  folder = tempDir('app');
  app = await startApp(configure(testCampus(1)), logger);
});

afterEach(async () => {
  for (const probe of probes.splice(0)) probe.close();
  await app.stop();
  folder.remove();
});

function configure(site: Record<string, unknown>): EdgeConfig {
  const loaded = loadEdgeConfig(writeGatewayConfig({ dir: folder.dir, site }));
  if ('faults' in loaded) throw new Error(JSON.stringify(loaded.faults));
  return loaded.value;
}

/** The test campus with another password of the guard. */
function withGuardPassword(password: string): Record<string, unknown> {
  const site = testCampus(1);
  const users = site.users as Array<{ user: string; password: string }>;
  return { ...site, users: users.map((user) => (user.user === 'guard' ? { ...user, password } : user)) };
}

function watch(cookie: string): Promise<LiveProbe> {
  const probe = new LiveProbe(`${app.consoleUrl}/api/v1/live`, { cookie });
  probes.push(probe);
  return probe.joined();
}

test('a restart of the gateway signs nobody out', async () => {
  const guard = await signIn(app.consoleUrl, 'guard', passwords.guard);
  const before = await watch(guard.cookie);
  await app.stop();
  expect(await before.ended()).toMatchObject({ code: 1001 });
  app = await startApp(configure(testCampus(1)), logger);
  const after = await watch(guard.cookie);
  expect(after.of('hello')[0]?.epoch).toBe(before.of('hello')[0]?.epoch);
});

test('an import that changes a password ends the sessions of that user, now and after a restart', async () => {
  const guard = await signIn(app.consoleUrl, 'guard', passwords.guard);
  const leader = await signIn(app.consoleUrl, 'leader', passwords.leader);
  const [watched, other] = [await watch(guard.cookie), await watch(leader.cookie)];
  await app.reload(configure(withGuardPassword('changed-in-the-test')), []);
  expect(await watched.ended()).toMatchObject({ code: liveClose.sessionEnded });
  expect(other.closed).toBeUndefined();
  const fresh = await signIn(app.consoleUrl, 'guard', 'changed-in-the-test');
  await app.stop();

  app = await startApp(configure(withGuardPassword('changed-while-down')), logger);
  const ended = new LiveProbe(`${app.consoleUrl}/api/v1/live`, { cookie: fresh.cookie });
  expect(await ended.ended()).toMatchObject({ code: liveClose.sessionEnded });
  await watch(leader.cookie);
});

test('the status says whether a console can be heard', async () => {
  const guard = await signIn(app.consoleUrl, 'guard', passwords.guard);
  const probe = await watch(guard.cookie);
  expect(probe.of('status').at(-1)?.sound).toBe('none');
  probe.socket.send('{"k":"sound","armed":true}');
  await probe.until(() => probe.of('status').at(-1)?.sound === 'armed');
  const metrics = await (await fetch(`${app.consoleUrl}/metrics`)).text();
  expect(metrics).toContain('campus_sound_armed 1');
  expect(metrics).toContain('campus_consoles 1');
});

test('a log level that was raised for a look goes back to what it was at start', async () => {
  const config = configure(testCampus(1));
  await app.stop();
  const own = pino({ level: config.log.level }, { write: () => undefined });
  app = await startApp(config, own);
  await app.reload({ ...config, log: { level: 'debug' } }, ['log']);
  expect(own.level).toBe('debug');
  await app.reload(config, ['log']);
  expect(own.level).toBe(config.log.level);
});
