import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { IoModule } from '../simulators/devices.ts';
import {
  type Gateway,
  restartGateway,
  signIn,
  startGateway,
  writeGatewayConfig,
} from '../simulators/gateway.ts';
import { type ReceiverProcess, receivedEvents, startProvince } from '../simulators/receiver.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('lost-rows');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** Changes an input of a module to `alarm` and back, so often. */
async function trip(gateway: Gateway, id: string, input: number, times = 1): Promise<void> {
  const module = await IoModule.connect(gateway.mqttPort, id, passwords.device, 4);
  for (let n = 0; n < times; n++) {
    await module.set(input, 'alarm');
    if (n < times - 1) await module.set(input, 'normal');
  }
  module.cutPower();
}

async function openAlarms(gateway: Gateway): Promise<Alarm[]> {
  const session = await signIn(gateway.url, 'guard', passwords.guard);
  const { body } = await session.call('GET', '/api/v1/alarms?state=open');
  return (body as { alarms: Alarm[] }).alarms;
}

/** Waits until the province has receipted everything. */
async function settled(gateway: Gateway): Promise<void> {
  await waitFor('everything to be receipted', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const value = (name: string) => Number(text.match(new RegExp(`^${name} (\\d+)`, 'm'))?.[1]);
    return ['a', 'e'].every((lane) => {
      const seq = value(`campus_lane_${lane}_seq`);
      return seq > 0 && seq === value(`campus_uplink_province_${lane}_ack`);
    });
  });
}

interface Lane {
  epoch: string;
  lane: string;
  missing: unknown[];
}

async function provinceLanes(receiver: ReceiverProcess): Promise<{ epoch: string; lanes: Lane[] }> {
  const { gateways } = (await receiver.get('/api/v1/gateways')) as {
    gateways: Array<{ epoch: string; lanes: Lane[] }>;
  };
  return gateways[0] as { epoch: string; lanes: Lane[] };
}

/** A gateway with history, killed when the province had all of it, whose log is deleted: the newest rows are gone. */
async function withLostRows(name: string) {
  const home = join(dir, name);
  const configFile = writeGatewayConfig({ dir: home, site: testCampus(2) });
  const province = await startProvince(home);
  stops.push(() => province.process.stop());
  const config = { uplinks: [{ recipient: 'province', url: province.brokerUrl }] };
  const first = await startGateway({ dir: home, site: testCampus(2), config });
  await trip(first, 'io-1', 3, 10);
  await settled(first);
  await first.process.stop();
  const second = await restartGateway(configFile);
  await trip(second, 'io-2', 3, 8);
  await settled(second);
  await second.process.kill();
  for (const suffix of ['-wal', '-shm']) rmSync(join(second.dataDir, `journal.db${suffix}`));
  return { home, config, configFile, province };
}

/** The new alarms are at the province, shown as receipted, and the guard was told. */
async function expectDelivered(gateway: Gateway, province: ReceiverProcess): Promise<void> {
  await settled(gateway);
  const open = await openAlarms(gateway);
  for (const [type, slot] of [
    ['FIR.SMOKE', 'io-1-smoke'],
    ['EMG.PANIC', 'io-2-panic'],
  ]) {
    const alarm = open.find((one) => one.type === type && one.slot === slot);
    expect(alarm?.delivery?.province?.state, `${type} at the gateway`).toBe('receipted');
    const events = await receivedEvents(province, 'gw-test');
    expect(
      events.filter(({ id }) => id === alarm?.raisedBy),
      `${type} at the province`,
    ).toHaveLength(1);
  }
  const { epoch, lanes } = await provinceLanes(province);
  expect(new Set(lanes.map((lane) => lane.epoch)).size).toBe(2);
  expect(lanes.filter((lane) => lane.epoch === epoch).map(({ missing }) => missing)).toEqual([[], []]);
  expect(open.map(({ type }) => type)).toContain('SYS.STORAGE');
  const notices = (await receivedEvents(province, 'gw-test')).filter(({ type }) => type === 'SYS.STORAGE');
  expect(notices.map(({ event }) => (event.data as { data?: unknown }).data)).toEqual([
    expect.objectContaining({ reason: 'newest rows were lost', recipient: 'province' }),
  ]);
  expect(gateway.process.lines.filter((line) => line.includes('has lost its newest rows'))).toHaveLength(1);
}

test('bug: after newest rows were lost, new severity 1 alarms got the numbers of old rows and never arrived', {
  timeout: 240_000,
}, async () => {
  const { configFile, province } = await withLostRows('fewer');
  const again = await restartGateway(configFile);
  stops.push(() => again.process.stop());
  await trip(again, 'io-1', 2);
  await trip(again, 'io-2', 1);
  await expectDelivered(again, province);
});

test('bug: more rows than were lost, made before the province was reached, counted as receipted unsent', {
  timeout: 240_000,
}, async () => {
  const { home, config, configFile, province } = await withLostRows('more');
  writeGatewayConfig({ dir: home, site: testCampus(2) });
  const alone = await restartGateway(configFile);
  await trip(alone, 'io-1', 2);
  await trip(alone, 'io-2', 1);
  await trip(alone, 'io-1', 3, 20);
  await alone.process.stop();
  writeGatewayConfig({ dir: home, site: testCampus(2), config });
  const again = await restartGateway(configFile);
  stops.push(() => again.process.stop());
  await expectDelivered(again, province);
});
