import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { liveClose } from '../../../contract/live.ts';
import { Journal } from '../../../edge/journal/journal.ts';
import { Registry } from '../../../edge/registry/registry.ts';
import { batchOf, rowOf } from '../journal/support/rows.ts';
import { LiveProbe } from './live-probe.ts';
import { cookieOf, MemoryGateway, PASSWORD } from './memory-gateway.ts';

const logger = pino({ level: 'silent' });

/** One run of a gateway on the data directory: its registry, its journal, its API. */
interface Run {
  registry: Registry;
  journal: Journal;
  gateway: MemoryGateway;
}

let dir: string;
let run: Run;
const probes: LiveProbe[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'api-restart-'));
  run = await begin();
  await run.registry.users.create({ user: 'wang', name: '王保安', role: 'guard' }, PASSWORD);
});

afterEach(async () => {
  for (const probe of probes.splice(0)) probe.close();
  await end(run);
  rmSync(dir, { recursive: true, force: true });
});

async function begin(): Promise<Run> {
  const registry = await Registry.open({ file: join(dir, 'site.db'), logger });
  const journal = await Journal.open({ dir, logger, clock: Date.now, reserveBytes: 0 });
  const startedAt = performance.now();
  const gateway = new MemoryGateway();
  await gateway.start({
    journal: journal.reader,
    epoch: journal.epoch,
    users: registry.users,
    sessionStore: registry.sessions,
    // as in a new process
    monotonic: () => performance.now() - startedAt,
  });
  journal.onCommit((committed) => gateway.api.live.commit(committed));
  registry.users.onChange(gateway.api.endSessions);
  return { registry, journal, gateway };
}

async function end({ registry, journal, gateway }: Run): Promise<void> {
  await gateway.stop();
  await journal.close();
  await registry.close();
}

async function restart(): Promise<void> {
  await end(run);
  run = await begin();
}

function join$(cookie: string, query = ''): LiveProbe {
  const probe = new LiveProbe(`${run.gateway.url}/api/v1/live${query}`, { cookie });
  probes.push(probe);
  return probe;
}

const store = ({ journal }: Run, count: number) =>
  journal.append(batchOf(Array.from({ length: count }, () => rowOf(journal)))).all;

it('a duty screen goes on with its cookie after a restart of the gateway, where it left off', async () => {
  const cookie = await run.gateway.cookie('wang', { station: 'gate-1', place: 'duty' });
  const before = await join$(cookie).joined();
  await store(run, 3);
  await before.until(() => before.eventIds().length === 3);
  const resume = `?since=3&epoch=${before.of('hello')[0]?.epoch}`;

  await restart();
  expect(await before.ended()).toMatchObject({ code: 1001 });
  await store(run, 2);
  const after = await join$(cookie, resume).joined();
  expect(after.of('snapshot')).toEqual([]);
  expect(after.eventIds()).toHaveLength(2);
  await store(run, 1);
  await after.until(() => after.eventIds().length === 3);
  expect(new Set([...before.eventIds(), ...after.eventIds()]).size).toBe(6);

  const who = await run.gateway.get$('/api/v1/session', { cookie });
  expect(await who.json()).toMatchObject({ user: 'wang', station: 'gate-1', place: 'duty' });
});

it('a session is on disk when its cookie is given: a kill right after the sign-in loses nothing', async () => {
  await run.gateway.cookie('wang');
  const beside = await Registry.open({ file: join(dir, 'site.db'), logger });
  expect(await beside.sessions.load()).toMatchObject([{ user: 'wang' }]);
  await beside.close();
});

it('who signed out, and a cookie nobody was given, stay out after a restart', async () => {
  const cookie = await run.gateway.cookie('wang');
  const [stored] = await run.registry.sessions.load();
  await fetch(`${run.gateway.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } });
  await restart();
  // the hash of a token is no token
  for (const bad of [cookie, `cg_session=${stored?.hash}`]) {
    expect((await run.gateway.get$('/api/v1/session', { cookie: bad })).status).toBe(401);
    expect(await join$(bad).ended()).toMatchObject({ code: liveClose.sessionEnded });
  }
});

it('a changed password ends the sessions of its user at once, for good, and no others', async () => {
  await run.registry.users.create({ user: 'zhao', name: '赵保安', role: 'guard' }, PASSWORD);
  const [cookie, other] = [await run.gateway.cookie('wang'), await run.gateway.cookie('zhao')];
  const probe = await join$(cookie).joined();
  await run.registry.users.setPassword('wang', 'Another-2026!');
  expect(await probe.ended()).toMatchObject({ code: liveClose.sessionEnded });
  expect((await run.gateway.get$('/api/v1/session', { cookie })).status).toBe(401);
  const response = await run.gateway.post('/api/v1/session', { user: 'wang', password: 'Another-2026!' });
  const fresh = cookieOf(response);
  await restart();
  for (const [one, status] of [
    [cookie, 401],
    [other, 200],
    [fresh, 200],
  ] as const) {
    expect((await run.gateway.get$('/api/v1/session', { cookie: one })).status).toBe(status);
  }
});
