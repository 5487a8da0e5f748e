import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, describe, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { isSounding } from '../../contract/sounding.ts';
import { cli } from '../simulators/cli.ts';
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

const runaway = join(data, 'runaway.log');

/** Fills the disk to the last block, as a runaway log does. */
function fillDisk(): void {
  for (let chunk = 1024 * 1024; chunk >= 4096; chunk /= 4) {
    try {
      for (;;) writeFileSync(runaway, Buffer.alloc(chunk, 120), { flag: 'a' });
    } catch {
      // no space for a chunk of this size: try a smaller one
    }
  }
}

/** What a wired module reports of one input. */
function report(input: number, alarm: boolean): string {
  return JSON.stringify({ ch: { [input]: alarm ? 'alarm' : 'normal' } });
}

async function connectModule(gateway: Gateway, id: string): Promise<MqttClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    protocolVersion: 4,
    clientId: id,
    username: id,
    password: passwords.device,
    reconnectPeriod: 500,
    keepalive: 60,
  });
  stops.push(() => client.endAsync(true));
  return client;
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

    // 1. the disk is full: events wait, a panic is saved from the reserve at once
    const reserve = join(data, 'reserve');
    await waitFor('the reserve', () => existsSync(reserve));
    fillDisk();
    const filler = await connectModule(gateway, 'io-3');
    let flip = 0;
    const flips = setInterval(() => {
      void filler
        .publishAsync('io/io-3/state', report(5, flip++ % 2 === 0), { qos: 1 })
        .catch(() => undefined);
    }, 20);
    stops.push(() => clearInterval(flips));
    await waitFor('the storage light to go out', () => storageLight(live) !== 'ok', 60_000);
    const panicking = await connectModule(gateway, 'io-1');
    await panicking.publishAsync('io/io-1/state', report(1, true), { qos: 1 });
    const panic = await live.alarm('panic', (alarm) => alarm.type === 'EMG.PANIC');
    await waitFor('the panic to be saved', () => live.alarms.get(panic.id)?.unsaved !== true);
    expect(existsSync(reserve), 'the reserve was given up for it').toBe(false);

    // 2. even that is used up: alarms are shown, marked unsaved, and their messages are not acknowledged
    const smoking = await connectModule(gateway, 'io-2');
    let acknowledged = false;
    let smoke: Promise<void> = Promise.resolve();
    const unsaved = () => [...live.alarms.values()].find((a) => a.type === 'FIR.SMOKE' && a.unsaved === true);
    // the journal's own file may still have room inside: the detector flickers until that is gone as well
    for (let flicker = 0; unsaved() === undefined && flicker < 500; flicker++) {
      fillDisk();
      acknowledged = false;
      smoke = smoking.publishAsync('io/io-2/state', report(2, flicker % 2 === 0), { qos: 1 }).then(() => {
        acknowledged = true;
      });
      await waitFor('an acknowledgement, or the unsaved mark', () => acknowledged || unsaved(), 30_000, 2);
    }
    const shown = unsaved() as Alarm;
    expect(isSounding(shown, Date.now()), 'sounding').toBe(true);
    await waitFor('the fault of the storage', () =>
      [...live.alarms.values()].some((a) => a.type === 'SYS.STORAGE'),
    );
    expect(acknowledged, 'no PUBACK for what is not stored').toBe(false);

    // 3. space returns: stored by itself, with the same ids
    clearInterval(flips);
    rmSync(runaway);
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
