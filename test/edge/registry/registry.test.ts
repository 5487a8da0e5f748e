import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Site, siteSchema } from '../../../contract/site.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import type { ImportReport } from '../../../edge/registry/import.ts';
import type { FileImport, SiteImportOptions } from '../../../edge/registry/registry.ts';
import { Registry, SiteError } from '../../../edge/registry/registry.ts';
import { readRegisteredSite } from '../../../edge/registry/site-db.ts';
import { campus, profiles, type Workspace, workspace } from './campus.ts';

let at: Workspace;
let registry: Registry;

beforeEach(async () => {
  at = workspace();
  registry = await at.open();
});
afterEach(() => registry.close());

function importText(text: string, options: SiteImportOptions = {}): Promise<FileImport> {
  return registry.importFile(at.write(text), { profiles, ...options });
}

async function reportOf(text: string, options: SiteImportOptions = {}): Promise<ImportReport> {
  const result = await importText(text, options);
  if ('faults' in result) throw new Error(JSON.stringify(result.faults));
  return result.report;
}

/** Tables in which something changed, as `+added ~changed -removed`. */
function changes(report: ImportReport): Record<string, string> {
  const all = Object.entries(report).map(([table, { added, changed, removed }]) => {
    const ids = [
      ...added.map((id) => `+${id}`),
      ...changed.map((id) => `~${id}`),
      ...removed.map((id) => `-${id}`),
    ];
    return [table, ids.join(' ')] as const;
  });
  return Object.fromEntries(all.filter(([, ids]) => ids !== ''));
}

describe('the view', () => {
  beforeEach(() => reportOf(campus));

  it('finds devices by id, address, user and bridge', () => {
    const smoke = registry.device('smoke');
    expect(smoke?.name).toBe('烟感');
    expect(registry.findDevice('zigbee2mqtt.device', 'dorm-3/smoke-101')).toBe(smoke);
    expect(registry.findDevice('io.wired', 'io-1')?.id).toBe('io-1');
    expect(registry.findDevice('io.wired', 'dorm-3/smoke-101')).toBeUndefined();
    expect(registry.devicesOfUser('z2m').map(({ id }) => id)).toEqual(['bridge']);
    expect(registry.devicesBehind('bridge')).toEqual([smoke]);
    expect(registry.devicesBehind('smoke')).toEqual([]);
  });

  it("says where an input is: its own slot, else the device's", () => {
    const io = registry.device('io-1')!;
    expect(registry.originOf(io, '1')).toEqual({
      device: 'io-1',
      profile: 'io.wired',
      slot: 'gate-panic',
      place: 'gate',
      unit: 'security',
    });
    const door = { device: 'io-1', profile: 'io.wired', slot: 'gate-door', place: 'gate' };
    expect(registry.originOf(io, '2')).toEqual(door);
    expect(registry.originOf(io, '16')).toEqual(door);
    expect(registry.originOf(io)).toEqual(door);
    expect(registry.originOf(registry.device('bridge')!)).toEqual({
      device: 'bridge',
      profile: 'zigbee2mqtt.bridge',
    });
    expect(registry.originOf(io, '1')).toBe(registry.originOf(io, '1'));
  });

  it('names places from the campus down', () => {
    expect(registry.placePath('room-101')).toEqual(['东校区', '3号学生公寓', '一层', '101室']);
    expect(registry.placePath('nowhere')).toEqual([]);
  });

  it('knows life safety and arming of a slot', () => {
    expect(registry.isLifeSafety('smoke-101')).toBe(true);
    expect(registry.isLifeSafety('gate-door')).toBe(false);
    expect(registry.armed('gate-panic')).toBe('always');
    expect(registry.armed('gate-door')).toBe('never');
    expect(registry.armed('nowhere')).toBe('never');
  });

  it('is still there after a restart', async () => {
    const before = registry.site();
    await registry.close();
    registry = await at.open();
    expect(registry.site()).toEqual(before);
    expect(registry.users.person('guard1')).toEqual({ user: 'guard1', name: '王警卫', role: 'guard' });
  });
});

describe('an import', () => {
  it('reports what it added, then finds nothing to do', async () => {
    const first = await reportOf(campus);
    expect(changes(first)).toEqual({
      places: '+c +dorm-3 +dorm-3-1 +room-101 +gate',
      units: '+security',
      slots: '+gate-panic +gate-door +smoke-101',
      credentials: '+io-1 +z2m',
      devices: '+io-1 +bridge +smoke',
      users: '+guard1 +leader',
      links: '+gate-panic',
    });
    const version = registry.version;
    const second = await reportOf(campus);
    expect(changes(second)).toEqual({});
    expect(second.devices.unchanged).toBe(3);
    expect(registry.version).toBe(version);
  });

  it('keeps what the file does not list, and says so', async () => {
    await reportOf(campus);
    const report = await reportOf(
      'devices: [{ id: bridge, name: 新名, profile: zigbee2mqtt.bridge, user: z2m }]',
    );
    expect(changes(report)).toEqual({ devices: '~bridge' });
    expect(report.devices.kept).toEqual(['io-1', 'smoke']);
    expect(registry.devices()).toHaveLength(3);
    expect(registry.device('bridge')?.name).toBe('新名');
  });

  it('removes with replace, in the sections of the file only', async () => {
    await reportOf(campus);
    const report = await reportOf('links: []\nusers: []', { replace: true });
    expect(changes(report)).toEqual({ users: '-guard1 -leader', links: '-gate-panic' });
    expect(registry.devices()).toHaveLength(3);
    expect(await registry.users.verify('guard1', 'guard-password')).toBeUndefined();
  });

  it('never removes an administrator', async () => {
    await registry.users.createAdministrator({ user: 'admin', name: '管理员', password: 'admin-password' });
    const report = await reportOf('users: []', { replace: true });
    expect(report.users).toMatchObject({ removed: [], kept: ['admin'] });
    expect(registry.users.hasAdministrator()).toBe(true);
  });

  it('refuses to remove what the rest needs', async () => {
    await reportOf(campus);
    const result = await importText('credentials: []\nslots: []\n', { replace: true });
    expect(
      'faults' in result ? result.faults.map(({ line, path, message }) => `${line} ${path} ${message}`) : [],
    ).toEqual([
      '1 credentials "z2m" would be removed, but device "bridge" needs it',
      '1 credentials "io-1" would be removed, but device "io-1" needs it',
      '2 slots "gate-door" would be removed, but device "io-1" needs it',
      '2 slots "gate-panic" would be removed, but device "io-1" needs it',
      '2 slots "smoke-101" would be removed, but device "smoke" needs it',
      '2 slots "gate-panic" would be removed, but the link of slot "gate-panic" needs it',
    ]);
    expect(registry.slots()).toHaveLength(3);
  });

  it('takes a file that moves slots to a new place and drops the old one', async () => {
    const at = (place: string, inputs: string) => `places:
  - { id: c, kind: campus, name: 校园 }
  - { id: ${place}, kind: building, name: 大厅, parent: c }
slots: [{ id: ${inputs}, name: 按钮, place: ${place} }]
devices: [{ id: io, name: IO, profile: io.wired, key: io, inputs: { 1: { slot: ${inputs}, means: panic } } }]
`;
    await reportOf(at('hall', 'old'));
    const report = await reportOf(at('hall2', 'new'), { replace: true });
    expect(changes(report)).toEqual({ places: '+hall2 -hall', slots: '+new -old', devices: '~io' });
  });

  it('lets two devices exchange their addresses', async () => {
    const two = (a: string, b: string) =>
      `devices:\n  - { id: a, name: A, profile: io.wired, key: ${a} }\n  - { id: b, name: B, profile: io.wired, key: ${b} }\n`;
    await reportOf(two('1', '2').replaceAll(/key: (\d)/g, 'key: "$1"'));
    const report = await reportOf(two('2', '1').replaceAll(/key: (\d)/g, 'key: "$1"'));
    expect(changes(report)).toEqual({ devices: '~a ~b' });
    expect(registry.findDevice('io.wired', '1')?.id).toBe('b');
  });

  it('shows with a dry run what would change, and changes nothing', async () => {
    const report = await reportOf(campus, { dryRun: true });
    expect(report.devices.added).toEqual(['io-1', 'bridge', 'smoke']);
    expect(registry.devices()).toEqual([]);
    expect(await readRegisteredSite(join(at.dir, 'site.db'))).toEqual(siteSchema.parse({}));
  });

  it('changes nothing at all when anything is wrong', async () => {
    await reportOf(campus);
    const before = registry.site();
    const result = await importText(
      campus.replace('东门门磁', '新名').replace('place: room-101', 'place: room-102'),
    );
    expect('faults' in result).toBe(true);
    expect(registry.site()).toEqual(before);
  });

  it('tells listeners, and they see the new view', async () => {
    const seen: number[] = [];
    const stop = registry.onChange(() => seen.push(registry.devices().length));
    await reportOf(campus);
    stop();
    await reportOf(campus.replace('烟感', '感烟'));
    expect(seen).toEqual([3]);
  });

  it('runs two imports one after the other', async () => {
    const [first, second] = await Promise.all([reportOf(campus), reportOf(campus)]);
    expect(first.devices.added).toHaveLength(3);
    expect(second.devices.unchanged).toBe(3);
  });

  it('of another process is taken over', async () => {
    const other = await at.open();
    expect(await registry.refresh()).toBe(false);
    await other.importFile(at.write(campus), { profiles });
    await other.close();
    expect(registry.device('smoke')).toBeUndefined();
    expect(await registry.refresh()).toBe(true);
    expect(registry.device('smoke')?.name).toBe('烟感');
    expect(registry.users.person('guard1')?.role).toBe('guard');
  });

  it('takes a site that did not come from a file, with the same checks', async () => {
    const site: Site = siteSchema.parse({ slots: [{ id: 's', name: 's', place: 'nowhere' }] });
    await expect(registry.importSite(site)).rejects.toThrow(SiteError);
    const good = siteSchema.parse({ places: [{ id: 'c', kind: 'campus', name: 'c' }] });
    expect((await registry.importSite(good)).places.added).toEqual(['c']);
  });
});

describe('passwords of an import', () => {
  it('are stored hashed only', async () => {
    await reportOf(campus);
    const db = await openDatabase(join(at.dir, 'site.db'), 'read');
    const rows = await db.all<{ body: string; hash: string }>(
      'SELECT body, hash FROM user UNION ALL SELECT body, hash FROM credential',
    );
    await db.close();
    expect(rows).toHaveLength(4);
    for (const { body, hash } of rows) {
      expect(body).not.toMatch(/password|wired-module/);
      expect(hash).toMatch(/^scrypt\$\d+\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    }
    expect(JSON.stringify(registry.site())).not.toContain('password');
  });

  it('come from a file beside the YAML', async () => {
    at.write('from-a-file\n', 'secret');
    await reportOf('users: [{ user: a, name: A, role: guard, password_file: secret }]');
    expect(await registry.users.verify('a', 'from-a-file')).toMatchObject({ user: 'a' });
  });

  it('change when the file changes them', async () => {
    await reportOf(campus);
    const report = await reportOf(
      campus.replace('guard-password', 'another-password').replace('wired-module-1', 'wired-module-2'),
    );
    expect(changes(report)).toEqual({ credentials: '~io-1', users: '~guard1' });
    expect(await registry.users.verify('guard1', 'another-password')).toMatchObject({ user: 'guard1' });
    expect(await registry.users.verify('guard1', 'guard-password')).toBeUndefined();
  });

  it('do not come back when a person has changed hers and the file changes elsewhere', async () => {
    await reportOf(campus);
    await registry.users.setPassword('guard1', 'my-own-password');
    await reportOf(campus.replace('东门门磁', '东门'));
    expect(await registry.users.verify('guard1', 'my-own-password')).toMatchObject({ user: 'guard1' });
    await reportOf(campus.replace('王警卫', '王师傅'));
    expect(await registry.users.verify('guard1', 'my-own-password')).toMatchObject({ name: '王师傅' });
    await reportOf(campus.replace('guard-password', 'given-again-1'));
    expect(await registry.users.verify('guard1', 'given-again-1')).toMatchObject({ user: 'guard1' });
  });

  it('may be left out for who has one', async () => {
    await reportOf(campus);
    const report = await reportOf(campus.replaceAll(/, password: [\w-]+/g, ''));
    expect(changes(report)).toEqual({});
    expect(await registry.users.verify('guard1', 'guard-password')).toMatchObject({ user: 'guard1' });
  });

  it('of an unchanged file cost one check, not one each', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `  - { user: d${i}, password: password-${i} }`).join(
      '\n',
    );
    const text = `credentials:\n${many}\n`;
    let started = performance.now();
    await reportOf(text);
    const first = performance.now() - started;
    started = performance.now();
    await reportOf(text);
    expect(performance.now() - started).toBeLessThan(first / 2);
  });
});

describe('broker accounts', () => {
  const topicsOf = (profile: string, key: string) => ({
    publish: [`${profile}/${key}`],
    subscribe: [`${profile}/${key}/set`],
  });

  it('may use what the credential lists, with {user} filled in', async () => {
    await reportOf(campus);
    expect(registry.account('z2m')).toEqual({
      user: 'z2m',
      publish: ['zigbee2mqtt/#'],
      subscribe: ['zigbee2mqtt/z2m/set'],
    });
    expect(registry.account('nobody')).toBeUndefined();
  });

  it('may by default use the topics of their devices, a bridge also those behind it', async () => {
    await registry.close();
    registry = await at.open({ topicsOf });
    await reportOf(campus.replace(/, publish: .* \}/, ' }'));
    expect(registry.account('io-1')).toEqual({
      user: 'io-1',
      publish: ['io.wired/io-1'],
      subscribe: ['io.wired/io-1/set'],
    });
    expect(registry.account('z2m')?.publish).toEqual([
      'zigbee2mqtt.bridge/bridge',
      'zigbee2mqtt.device/dorm-3/smoke-101',
    ]);
  });

  it('sign in with their password, until the import changes it', async () => {
    await reportOf(campus);
    const right = Buffer.from('wired-module-1');
    expect(await registry.access.authenticate('io-1', right)).toMatchObject({ user: 'io-1' });
    expect(await registry.access.authenticate('io-1', Buffer.from('wrong'))).toBeUndefined();
    expect(await registry.access.authenticate('io-1', undefined)).toBeUndefined();
    expect(await registry.access.authenticate('nobody', right)).toBeUndefined();
    await reportOf(campus.replace('wired-module-1', 'wired-module-2'));
    expect(await registry.access.authenticate('io-1', right)).toBeUndefined();
    expect(await registry.access.authenticate('io-1', Buffer.from('wired-module-2'))).toMatchObject({
      user: 'io-1',
    });
  });
});

describe('site.db', () => {
  it('that is damaged is named, with what to do', async () => {
    const other = workspace();
    writeFileSync(join(other.dir, 'site.db'), 'not a database, but long enough to look at'.repeat(100));
    await expect(other.open()).rejects.toThrow(
      /site\.db is damaged \(.*\); restore a backup, or move it away/,
    );
  });

  it('that is damaged is set aside for a gateway, which must start', async () => {
    const other = workspace();
    const file = join(other.dir, 'site.db');
    writeFileSync(file, 'not a database, but long enough to look at'.repeat(100));
    const logger = pino({ level: 'silent' });
    const { registry, setAside = '' } = await Registry.openOrSetAside({ file, logger }, Date.now);
    expect(registry.devices()).toEqual([]);
    expect(readFileSync(setAside, 'utf8')).toContain('long enough to look at');
    await registry.close();
  });

  it('is not written by an import that changes nothing, so that it needs no space on a full disk', async () => {
    const other = workspace();
    const registry = await other.open();
    const site = siteSchema.parse({ devices: [{ id: 'x', name: 'x', profile: 'p' }] });
    await registry.importSite(site);
    const wal = statSync(join(other.dir, 'site.db-wal'));
    await registry.importSite(site);
    const after = statSync(join(other.dir, 'site.db-wal'));
    expect([after.size, after.mtimeMs]).toEqual([wal.size, wal.mtimeMs]);
    await registry.close();
  });

  it('of a newer version is left alone', async () => {
    const other = workspace();
    const db = await openDatabase(join(other.dir, 'site.db'), 'create');
    await db.exec('PRAGMA user_version = 99');
    await db.close();
    await expect(other.open()).rejects.toThrow(
      /was written by a newer version \(form 99\); install that version again/,
    );
  });

  it('that is missing reads as empty', async () => {
    expect(await readRegisteredSite('/nowhere/site.db')).toEqual(siteSchema.parse({}));
  });
});
