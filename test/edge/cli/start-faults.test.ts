import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { packageFile } from '../../../contract/package-root.ts';
import { openDatabase } from '../../../edge/journal/sqlite.ts';
import { restartGateway, writeGatewayConfig } from '../../simulators/gateway.ts';
import { tempDir } from '../../simulators/temp-dir.ts';
import { passwords, testCampus } from '../../simulators/test-campus.ts';

// each test starts several processes
vi.setConfig({ testTimeout: 120_000 });

const { dir, remove } = tempDir('start-faults');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** Root may do everything, so as root the gateway is started as nobody. */
const root = process.getuid?.() === 0;
const user = root ? { uid: 65_534, gid: 65_534 } : {};

/** Runs a command of the gateway to its end. */
async function run(command: string, configFile: string): Promise<{ code: number | null; text: string }> {
  const main = packageFile('dist', 'edge', 'main.js');
  const child = spawn(process.execPath, [main, command, '--config', configFile], user);
  stops.push(() => child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

/** A configuration whose data directory belongs to the user of the gateway. */
function home(name: string, dataDir = 'data'): { configFile: string; data: string } {
  const configFile = writeGatewayConfig({ dir: join(dir, name), config: { data_dir: dataDir } });
  const data = join(dir, name, 'data');
  mkdirSync(data, { mode: 0o750 });
  give(data);
  // the folders above must let it pass
  chmodSync(dir, 0o755);
  return { configFile, data };
}

function give(path: string): void {
  if (root) chownSync(path, 65_534, 65_534);
}

/** Takes a file or folder away from the user of the gateway. */
function deny(path: string): void {
  if (root) chownSync(path, 0, 0);
  chmodSync(path, root ? 0o600 : 0o000);
  stops.push(() => chmodSync(path, 0o700));
}

async function expectFault(configFile: string, ...parts: Array<string | RegExp>): Promise<void> {
  const { code, text } = await run('start', configFile);
  expect(code).toBe(1);
  const last = text.split('\n').find((line) => line.startsWith('the gateway cannot start: ')) ?? text;
  for (const part of parts) expect(last).toMatch(part);
  const checked = await run('check-config', configFile);
  expect(checked.code).toBe(78);
  for (const part of parts) expect(checked.text).toMatch(part);
}

for (const name of ['journal.db', 'journal.lock', 'site.db', 'reserve']) {
  test(`bug: a ${name} of somebody else was SQLITE_CANTOPEN without a path or what to do`, async () => {
    const { configFile, data } = home(`owner-${name}`);
    const file = join(data, name);
    writeFileSync(file, 'x');
    deny(file);
    await expectFault(configFile, file, /run "(chown \d+|chmod u\+rw) /, /mode 0[06]00/);
  });
}

test('bug: a data_dir of somebody else was SQLITE_CANTOPEN without a path or what to do', async () => {
  const { configFile, data } = home('owner');
  deny(data);
  await expectFault(configFile, data, /run "(chown \d+|chmod u\+rwx) /);
});

test('bug: a folder that may not be written was SQLITE_READONLY without a path or what to do', async () => {
  const { configFile, data } = home('read-only');
  chmodSync(data, 0o550);
  await expectFault(configFile, data, /run "chmod u\+rwx /);
});

test('bug: a journal.db that is a folder was SQLITE_IOERR', async () => {
  const { configFile, data } = home('folder');
  mkdirSync(join(data, 'journal.db'));
  await expectFault(configFile, join(data, 'journal.db'), 'is a folder', 'move it away');
});

test('bug: a data_dir that names a file had no fault in check-config and was EEXIST at the start', async () => {
  const { configFile, data } = home('file');
  rmSync(data, { recursive: true });
  writeFileSync(data, 'x');
  await expectFault(configFile, data, 'is a file, not a folder', 'data_dir');
  expect((await run('check-config', configFile)).text).toMatch(/edge\.yaml:\d+:\d+/);
});

test('bug: a data_dir where the file system takes no folders was looked at for ever, with a busy processor', async () => {
  const { configFile } = home('proc', '/proc/nope');
  const { code, text } = await run('start', configFile);
  expect(code).toBe(1);
  expect(text).toMatch(/\/proc(\/nope)? (cannot be made|may not be read and written)/);
});

test('a data_dir several folders deep is made', async () => {
  const configFile = writeGatewayConfig({ dir: join(dir, 'deep'), config: { data_dir: 'some/where/data' } });
  const gateway = await restartGateway(configFile);
  stops.push(() => gateway.process.stop());
  expect(statSync(join(dir, 'deep', 'some', 'where', 'data')).mode & 0o777).toBe(0o750);
});

test('bug: another program\'s database as site.db was "no such table: main.user" at every start', async () => {
  const configFile = writeGatewayConfig({ dir: join(dir, 'foreign'), site: testCampus(1) });
  const data = join(dir, 'foreign', 'data');
  mkdirSync(data);
  const db = await openDatabase(join(data, 'site.db'), 'create');
  await db.exec('CREATE TABLE other (x); PRAGMA user_version = 2');
  await db.close();
  const gateway = await restartGateway(configFile);
  stops.push(() => gateway.process.stop());
  expect(readdirSync(join(data, 'quarantine'))).toEqual([expect.stringMatching(/^site-.*\.db$/)]);
  const signedIn = await fetch(`${gateway.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.url },
    body: JSON.stringify({ user: 'guard', password: passwords.guard }),
  });
  expect(signedIn.status).toBeLessThan(300);
});
