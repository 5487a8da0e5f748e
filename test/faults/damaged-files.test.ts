import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { packageFile } from '../../contract/package-root.ts';
import { openDatabase } from '../../edge/journal/sqlite.ts';
import { IoModule } from '../simulators/devices.ts';
import {
  type Gateway,
  restartGateway,
  signIn,
  startGateway,
  writeGatewayConfig,
} from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { type RunningProcess, startProcess } from '../simulators/processes.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

// each test starts several gateways
vi.setConfig({ testTimeout: 120_000 });

const { dir, remove } = tempDir('damaged-files');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** A gateway with an open panic of io-1, stopped cleanly, so that everything is in the main file. */
async function stoppedWithPanic(name: string): Promise<{ gateway: Gateway; panic: Alarm }> {
  const gateway = await startGateway({ dir: join(dir, name), site: testCampus(2) });
  const panic = await press(gateway, 'io-1');
  expect(await gateway.process.stop()).toBe(0);
  expect(existsSync(join(gateway.dataDir, 'journal.db-wal'))).toBe(false);
  return { gateway, panic };
}

/** Presses the panic button of a module; resolves with the open alarm. */
async function press(gateway: Gateway, id: string): Promise<Alarm> {
  const module = await IoModule.connect(gateway.mqttPort, id, passwords.device, 4);
  await module.set(1, 'alarm');
  module.cutPower();
  return waitFor(`the panic of ${id}`, async () =>
    (await openAlarms(gateway)).find(({ type, slot }) => type === 'EMG.PANIC' && slot === `${id}-panic`),
  );
}

async function openAlarms(gateway: Gateway): Promise<Alarm[]> {
  const session = await signIn(gateway.url, 'guard', passwords.guard);
  const { body } = await session.call('GET', '/api/v1/alarms?state=open');
  return (body as { alarms: Alarm[] }).alarms;
}

function quarantined(gateway: Gateway, name: string): string[] {
  return readdirSync(join(gateway.dataDir, 'quarantine')).filter(
    (file) => file.startsWith(`${name}-`) && file.endsWith('.db'),
  );
}

/** Flips bits of the quote that ends `text` in JSON bodies; what SQLite goes by stays. Answers how often. */
function flipAt(file: string, text: string, which: (before: string) => boolean): number {
  const bytes = readFileSync(file);
  let flipped = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    if (!which(bytes.subarray(Math.max(0, at - 100), at).toString('latin1'))) continue;
    const quote = at + text.length;
    bytes[quote] = (bytes[quote] ?? 0) ^ 0x55;
    flipped++;
  }
  writeFileSync(file, bytes);
  return flipped;
}

async function restart(gateway: Gateway): Promise<Gateway> {
  const again = await restartGateway(gateway.configFile);
  stops.push(() => again.process.stop());
  return again;
}

async function expectCarriedOver(again: Gateway, panic: Alarm): Promise<void> {
  const [setAside = ''] = quarantined(again, 'journal');
  expect(setAside).toMatch(/^journal-\d{8}T\d{6}Z\.db$/);
  expect(again.process.lines.join('\n')).toContain(setAside);
  await expectRaisedAgain(again, panic);
}

async function expectRaisedAgain(again: Gateway, panic: Alarm): Promise<void> {
  const open = await openAlarms(again);
  const { type, subject, severity, device, slot, place, firstAt } = panic;
  const kept = { type, subject, severity, device, slot, place, firstAt, operator: 'new' };
  expect(open.filter((alarm) => alarm.subject === subject)).toEqual([expect.objectContaining(kept)]);
  expect(open.map((alarm) => alarm.type)).toContain('SYS.STORAGE');
  expect((await press(again, 'io-2')).operator).toBe('new');
}

test('a flipped byte in the stored alarm does not stop every start: the panic is raised again', async () => {
  const { gateway, panic } = await stoppedWithPanic('alarm-body');
  const isAlarm = (before: string) => before.includes(`{"id":"${panic.id}","version":`);
  // the alarm stands within its transitions as well; they stay
  const file = join(gateway.dataDir, 'journal.db');
  const isProjection = (before: string) => isAlarm(before) && !before.includes('"alarm":{"id"');
  expect(flipAt(file, '"type":"EMG.PANIC', isProjection)).toBeGreaterThan(0);
  const again = await restart(gateway);
  await expectCarriedOver(again, panic);
});

/** Starts the gateway on its configuration without waiting until it is ready. */
function begin(gateway: Gateway): RunningProcess {
  const main = packageFile('dist', 'edge', 'main.js');
  const running = startProcess(process.execPath, [main, 'start', '--config', gateway.configFile]);
  stops.push(() => running.kill());
  return running;
}

/** A port of the console that somebody else has. */
async function occupiedPort() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { address: { host: '127.0.0.1', port }, close: () => server.close() };
}

/** What the guard was told of files, as stored. */
async function storageNotices({ dataDir }: Gateway): Promise<Array<Record<string, unknown>>> {
  const db = await openDatabase(join(dataDir, 'journal.db'), 'read');
  const rows = await db.all<{ body: string }>(
    "SELECT body FROM journal WHERE type = 'SYS.STORAGE' ORDER BY position",
  );
  await db.close();
  return rows.map(({ body }) => JSON.parse(body).data.data);
}

for (const line of ['was moved to', 'a new journal began']) {
  test(`bug: kill -9 when the log said "${line}" lost the open alarms of the damaged journal`, async () => {
    const { gateway, panic } = await stoppedWithPanic(`killed-${line.replaceAll(' ', '-')}`);
    const isEvent = (before: string) => !before.includes(`"id":"${panic.id}"`);
    flipAt(join(gateway.dataDir, 'journal.db'), '"subject":"io-1-panic', isEvent);
    const killed = begin(gateway);
    await killed.line((text) => text.includes(line));
    await killed.kill();
    expect(killed.lines.join('\n')).not.toContain('"msg":"ready"');
    await expectRaisedAgain(await restart(gateway), panic);
  });
}

test('bug: with the port of the console taken, the start that set the journal aside lost SYS.STORAGE', async () => {
  const { gateway, panic } = await stoppedWithPanic('port');
  const isEvent = (before: string) => !before.includes(`"id":"${panic.id}"`);
  flipAt(join(gateway.dataDir, 'journal.db'), '"subject":"io-1-panic', isEvent);
  const { address, close } = await occupiedPort();
  stops.push(close);
  const home = dirname(gateway.configFile);
  writeGatewayConfig({ dir: home, site: testCampus(2), config: { console: address } });
  expect(await begin(gateway).ended).toBe(1);
  writeGatewayConfig({ dir: home, site: testCampus(2) });
  await expectRaisedAgain(await restart(gateway), panic);
});

test('bug: an emptied journal.db counted as a first start', async () => {
  const { gateway } = await stoppedWithPanic('emptied');
  writeFileSync(join(gateway.dataDir, 'journal.db'), '');
  const again = await restart(gateway);
  expect(again.process.lines.join('\n')).toContain(
    'is empty or missing, but reserve, site.db beside it show',
  );
  const [notice] = await waitFor('the notice', async () => {
    const notices = await storageNotices(again);
    return notices.length > 0 ? notices : undefined;
  });
  expect(notice).toMatchObject({ reason: 'the journal was empty or missing' });
  expect((await openAlarms(again)).map(({ type }) => type)).toContain('SYS.STORAGE');
});

test('bug: an emptied site.db without an import refused every device, and /readyz said ready', async () => {
  const { gateway } = await stoppedWithPanic('emptied-site');
  writeFileSync(join(gateway.dataDir, 'site.db'), '');
  const home = dirname(gateway.configFile);
  writeGatewayConfig({ dir: home });
  // a second start finds a sound, empty site.db
  for (const what of ['is empty or missing', 'holds no device']) {
    const again = await restartGateway(gateway.configFile);
    expect(again.process.lines.join('\n')).toContain(
      `${what}, but the journal shows that this gateway ran before`,
    );
    const ready = await fetch(`${again.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain('设备登记已丢失');
    expect(await again.process.stop()).toBe(0);
  }
  writeGatewayConfig({ dir: home, site: testCampus(2) });
  const again = await restart(gateway);
  expect((await fetch(`${again.url}/readyz`)).status).toBe(200);
  // the third start is sound; the stops of the first two have stored theirs
  const notices = await storageNotices(again);
  expect(notices.map(({ reason }) => reason)).toEqual([
    'site.db was empty or missing',
    'no device is registered any more',
  ]);
});

test('flipped bytes in the rows of events are damage that is set aside, not an exit with 1 at every start', async () => {
  const { gateway, panic } = await stoppedWithPanic('row-body');
  const isEvent = (before: string) => !before.includes(`"id":"${panic.id}"`);
  expect(flipAt(join(gateway.dataDir, 'journal.db'), '"subject":"io-1-panic', isEvent)).toBeGreaterThan(0);
  const again = await restart(gateway);
  await expectCarriedOver(again, panic);
});

test('a site.db that is damaged is set aside, and the import registers the campus again', async () => {
  const { gateway, panic } = await stoppedWithPanic('site');
  const file = join(gateway.dataDir, 'site.db');
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 0, 4096);
  writeFileSync(file, bytes);
  const again = await restart(gateway);
  const [setAside = ''] = quarantined(again, 'site');
  expect(setAside).toMatch(/^site-\d{8}T\d{6}Z\.db$/);
  expect(again.process.lines.join('\n')).toContain(setAside);
  const open = await openAlarms(again);
  expect(open.map(({ id }) => id)).toContain(panic.id);
  expect(open.map(({ type }) => type)).toContain('SYS.STORAGE');
  await press(again, 'io-2');
});

test('a row of site.db that is no JSON any more is damage as well', async () => {
  const { gateway } = await stoppedWithPanic('site-row');
  expect(flipAt(join(gateway.dataDir, 'site.db'), '"profile":"io.wired', () => true)).toBeGreaterThan(0);
  const again = await restart(gateway);
  expect(quarantined(again, 'site')).toHaveLength(1);
  await press(again, 'io-2');
});

test('a damaged site.db without an import does not stop the gateway', async () => {
  const home = join(dir, 'no-import');
  const first = await startGateway({ dir: home, site: testCampus(1) });
  await first.process.stop();
  writeFileSync(join(first.dataDir, 'site.db'), Buffer.alloc(8192, 0xa5));
  writeGatewayConfig({ dir: home });
  const again = await restart(first);
  expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
  expect(quarantined(again, 'site')).toHaveLength(1);
});

/** Makes noise of the index that every row goes into, with nothing of it left in the log or in anybody's cache. */
async function spoilRowIndex(file: string): Promise<void> {
  const db = await openDatabase(file, 'write');
  const index = await db.get<{ rootpage: number }>(
    "SELECT rootpage FROM sqlite_schema WHERE name = 'journal_seq'",
  );
  await db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  // another connection's change makes the gateway's own one drop its cache
  await db.exec('CREATE TABLE scratch (x); DROP TABLE scratch');
  await db.get('PRAGMA wal_checkpoint(TRUNCATE)');
  await db.close();
  const bytes = Buffer.alloc(4096, 0xa7);
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, ((index?.rootpage ?? 0) - 1) * 4096);
  closeSync(handle);
}

test('a journal that gets damaged under the running gateway ends it with 1, and the next start is sound', async () => {
  const gateway = await startGateway({ dir: join(dir, 'running'), site: testCampus(2) });
  stops.push(() => gateway.process.stop());
  const module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device, 4);
  const live = await LiveClient.connect(await signIn(gateway.url, 'guard', passwords.guard));
  await spoilRowIndex(join(gateway.dataDir, 'journal.db'));
  // never acknowledged: the module sends it again after the restart
  module.set(1, 'alarm').catch(() => undefined);
  expect(await gateway.process.ended).toBe(1);
  module.cutPower();
  const fatal = gateway.process.lines.filter((line) => line.includes('takes no more'));
  expect(fatal).toHaveLength(1);
  const unsaved = live.frames.flatMap(({ frame }) => (frame.k === 'unsaved' ? frame.alarms : []));
  expect(unsaved.map(({ type }) => type)).toContain('EMG.PANIC');
  const again = await restart(gateway);
  expect(quarantined(again, 'journal')).toHaveLength(1);
  expect((await press(again, 'io-1')).operator).toBe('new');
});
