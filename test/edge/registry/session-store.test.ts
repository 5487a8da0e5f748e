import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptSession } from '../../../edge/api/ports.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import type { Registry } from '../../../edge/registry/registry.ts';
import { campus, profiles, type Workspace, workspace } from './campus.ts';

let at: Workspace;
let registry: Registry;

beforeEach(async () => {
  at = workspace();
  registry = await at.open();
});
afterEach(() => registry.close());

const session = (hash: string, user = 'guard1', more: Partial<KeptSession> = {}): KeptSession => ({
  hash,
  user,
  seenAt: 1_000,
  endsAt: 2_000,
  ...more,
});

const opened = (...sessions: KeptSession[]) =>
  registry.sessions.write({ opened: sessions, seen: [], ended: [] });

/** Ends this run and begins the next. */
async function restart(): Promise<Registry> {
  await registry.close();
  registry = await at.open();
  return registry;
}

const hashes = async () => (await registry.sessions.load()).map(({ hash }) => hash);

describe('sessions', () => {
  beforeEach(async () => {
    await registry.users.create({ user: 'guard1', name: '王警卫', role: 'guard' }, 'guard-password');
    await registry.users.create({ user: 'leader', name: '李班长', role: 'shift-leader' }, 'leader-password');
  });

  it('come back after a restart, the oldest first, with desk and times', async () => {
    const first = session('z', 'guard1', { station: 'gate-1', place: 'gate' });
    await opened(first, session('a', 'leader'));
    await registry.sessions.write({
      opened: [],
      seen: [session('a', 'leader', { seenAt: 1_500, endsAt: 2_500 })],
      ended: [],
    });
    await restart();
    expect(await registry.sessions.load()).toEqual([
      first,
      session('a', 'leader', { seenAt: 1_500, endsAt: 2_500 }),
    ]);
  });

  it('that have ended do not', async () => {
    await opened(session('a'), session('b'));
    await registry.sessions.write({ opened: [], seen: [], ended: ['a', 'never-there'] });
    await restart();
    expect(await hashes()).toEqual(['b']);
  });

  it('that were deleted meanwhile are not brought back by their last use', async () => {
    await opened(session('a'));
    await registry.users.setPassword('guard1', 'another-password');
    await registry.sessions.write({ opened: [], seen: [session('a')], ended: [] });
    expect(await hashes()).toEqual([]);
  });

  it('of somebody who is gone keep nobody else from being stored', async () => {
    await opened(session('a', 'ghost'), session('b'));
    expect(await hashes()).toEqual(['b']);
  });

  it('of who changed the password end with it, also by a process beside the gateway', async () => {
    await opened(session('a'), session('b', 'leader'));
    const beside = await at.open();
    await beside.users.setPassword('guard1', 'another-password');
    await beside.close();
    expect(await hashes()).toEqual(['b']);
  });

  it('are no reason to read the whole site again', async () => {
    await registry.refresh();
    const { version } = registry;
    await opened(session('a'));
    expect(await registry.refresh()).toBe(false);
    expect(registry.version).toBe(version);
  });
});

describe('an import', () => {
  const importText = async (text: string, replace = false) => {
    const result = await registry.importFile(at.write(text), { profiles, replace });
    if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  };

  beforeEach(async () => {
    await importText(campus);
    await opened(session('g'), session('l', 'leader'));
  });

  it('that says the same leaves every session', async () => {
    await importText(campus);
    await importText(campus.replace('东门门磁', '东门的门磁').replace('王警卫', '王卫'));
    expect(registry.users.person('guard1')?.name).toBe('王卫');
    expect(await hashes()).toEqual(['g', 'l']);
  });

  it.each([
    ['password', 'password: guard-password', 'password: guard-passw0rd'],
    ['role', 'name: 王警卫, role: guard', 'name: 王警卫, role: installer'],
  ])(
    "that changes somebody's %s ends their sessions, also while the gateway is down",
    async (_, from, to) => {
      await restart();
      await importText(campus.replace(from, to));
      expect(await hashes()).toEqual(['l']);
    },
  );

  it('that removes somebody ends their sessions', async () => {
    await importText(campus.replace(/ {2}- \{ user: guard1.*\n/, ''), true);
    expect(registry.users.person('guard1')).toBeUndefined();
    expect(await hashes()).toEqual(['l']);
  });
});

it('a site.db from before there were sessions gets their table and keeps the rest', async () => {
  await registry.users.create({ user: 'guard1', name: '王警卫', role: 'guard' }, 'guard-password');
  await registry.close();
  const db = await openDatabase(join(at.dir, 'site.db'), 'write');
  const first = new Set(['place', 'unit', 'slot', 'credential', 'device', 'user', 'link', 'meta']);
  const triggers = await db.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`);
  const tables = await db.all<{ name: string }>(`SELECT name FROM sqlite_schema WHERE type = 'table'`);
  for (const { name } of triggers) await db.exec(`DROP TRIGGER ${name}`);
  for (const { name } of tables) if (!first.has(name)) await db.exec(`DROP TABLE ${name}`);
  await db.exec('ALTER TABLE user DROP COLUMN account; PRAGMA user_version = 1');
  await db.close();
  registry = await at.open();
  expect(await registry.users.verify('guard1', 'guard-password')).toBeDefined();
  await opened(session('a'));
  expect(await hashes()).toEqual(['a']);
});
