import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, describe, expect, test } from 'vitest';
import { cli } from '../simulators/cli.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env.CI === 'true')
  throw new Error('the full-disk test mounts a tmpfs: run it as root');

const { dir, remove } = tempDir('full-disk');
const data = join(dir, 'data');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  try {
    execFileSync('umount', [data]);
  } catch {
    // never mounted
  }
  remove();
});

/** Fills the disk to the last block, as a runaway log does; the returned function gives the space back. */
function fillDisk(): () => void {
  const file = join(data, 'runaway.log');
  for (let chunk = 1024 * 1024; chunk >= 4096; chunk /= 4) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(chunk, 120), { flag: 'a' });
    } catch {
      // no space for a chunk of this size: try a smaller one
    }
  }
  return () => rmSync(file);
}

/** Storage as the console shows it last. */
function storageLight(live: LiveClient): string | undefined {
  for (const { frame } of [...live.frames].reverse()) if (frame.k === 'status') return frame.storage;
  return undefined;
}

const title = isRoot ? 'full disk' : 'full disk (skipped: mounting a tmpfs takes root)';
(isRoot ? describe : describe.skip)(title, () => {
  test('alarms are saved from the reserve, then shown unsaved and sounding, and stored with the same ids when space returns', {
    timeout: 180_000,
  }, async () => {
    mkdirSync(data, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', data]);
    const gateway: Gateway = await startGateway({ dir, site: testCampus(4) });
    stops.push(() => gateway.process.stop());
    const guard = await signIn(gateway.url, 'guard', passwords.guard);
    const live = await LiveClient.connect(guard);
    stops.push(() => live.close());
    const module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
    stops.push(() => module.stop());

    // 1. the disk is full: events stop, a panic is saved from the reserve
    const giveBack = fillDisk();
    const filler = await IoModule.connect(gateway.mqttPort, 'io-3', passwords.device).catch(() => undefined);
    let flip = 0;
    const flips = setInterval(() => {
      void filler?.set(5, flip++ % 2 === 0 ? 'alarm' : 'normal').catch(() => undefined);
    }, 20);
    stops.push(() => clearInterval(flips));
    await waitFor('the storage light to go out', () => storageLight(live) !== 'ok', 60_000);
    const pressed = module.set(1, 'alarm');
    const panic = await live.alarm('panic', (alarm) => alarm.type === 'EMG.PANIC');
    await pressed;
    expect(statfsSync(data).bavail, 'the reserve was given up for it').toBeGreaterThanOrEqual(0);

    // 2. even the reserve is used up: alarms are shown, marked unsaved, and their messages are not acknowledged
    const giveBackMore = [fillDisk()];
    const second = mqtt.connect(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
      protocolVersion: 4,
      clientId: 'io-2',
      username: 'io-2',
      password: passwords.device,
      reconnectPeriod: 500,
      keepalive: 60,
    });
    stops.push(() => second.endAsync(true));
    let acknowledged = false;
    const smoke = second
      .publishAsync('io/io-2/state', JSON.stringify({ ch: { 2: 'alarm' }, seq: 1 }), { qos: 1 })
      .then(() => {
        acknowledged = true;
      });
    const shown = await live.alarm(
      'smoke, unsaved',
      (a) => a.type === 'FIR.SMOKE' && a.unsaved === true,
      30_000,
    );
    expect(shown.operator, 'sounding').toBe('new');
    expect(acknowledged, 'no PUBACK for what is not stored').toBe(false);

    // 3. space returns: stored by itself, with the same ids
    clearInterval(flips);
    giveBack();
    for (const more of giveBackMore) more();
    await smoke;
    await waitFor('the smoke alarm to be saved', () => live.alarms.get(shown.id)?.unsaved !== true, 60_000);
    await waitFor('the storage light to come back', () => storageLight(live) === 'ok', 60_000);
    expect(
      [...live.alarms.values()].filter((a) => a.type === 'FIR.SMOKE' && a.subject === shown.subject),
    ).toHaveLength(1);
    await gateway.process.stop();
    expect(await cli(['journal', 'verify', '--data', gateway.dataDir])).toMatchObject({ code: 0 });
    const rows = (await cli(['journal', 'export', '--data', gateway.dataDir])).stdout;
    expect(rows).toContain(panic.id);
    expect(rows).toContain(shown.id);
  });
});
