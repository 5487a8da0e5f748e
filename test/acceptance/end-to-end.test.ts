import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { type Gateway, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import {
  type ReceiverProcess,
  receivedEvents,
  startReceiver,
  waitForReceived,
} from '../simulators/receiver.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const run = promisify(execFile);
const { dir, remove } = tempDir('end-to-end');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** Publishes with the real mosquitto_pub, QoS 1; resolves when it was acknowledged. */
async function publish(gateway: Gateway, user: string, password: string, topic: string, payload: unknown) {
  const began = performance.now();
  await run('mosquitto_pub', [
    ...['-h', '127.0.0.1', '-p', String(gateway.mqttPort), '-V', 'mqttv311', '-q', '1'],
    ...['-i', `pub-${user}`, '-u', user, '-P', password, '-t', topic, '-m', JSON.stringify(payload)],
  ]);
  return { began, acknowledgedMs: performance.now() - began };
}

async function follow(
  live: LiveClient,
  receiver: ReceiverProcess,
  type: string,
  send: () => Promise<{ began: number; acknowledgedMs: number }>,
) {
  const { began, acknowledgedMs } = await send();
  const { at, event } = await live.event(type, (e) => e.type === type && e.edge === 'raise');
  const alarm = await live.alarm(type, (a) => a.type === type);
  await waitForReceived(receiver, 'gw-test', type, (e) => e.type === type && e.event.edge === 'raise');
  const receivedMs = performance.now() - began;
  const delivered = await waitFor(
    'the delivered mark',
    () => {
      const now = live.alarms.get(alarm.id);
      return now?.delivery?.province?.state === 'receipted' ? now : undefined;
    },
    10_000,
    5,
  );
  console.log(
    `${type}: acknowledged ${Math.round(acknowledgedMs)} ms (mosquitto_pub start included), live feed ` +
      `${Math.round(at - began)} ms, receiver ${Math.round(receivedMs)} ms, delivered mark ${Math.round(performance.now() - began)} ms`,
  );
  return { event, alarm: delivered, feedMs: at - began };
}

describeWithPeer(['mosquitto', 'mosquitto-clients'], 'from a device to guard and province', () => {
  test('a panic press and a zigbee2mqtt smoke reach the console feed and the receiver, each once', {
    timeout: 120_000,
  }, async () => {
    const province = await startMosquitto(requirePeer('mosquitto'), dir);
    stops.push(() => province.process.stop());
    const receiver = await startReceiver(dir, province.url);
    stops.push(() => receiver.process.stop());
    const gateway = await startGateway({
      dir,
      site: testCampus(2),
      config: { uplinks: [{ recipient: 'province', url: province.url }] },
    });
    stops.push(() => gateway.process.stop());
    const guard = await signIn(gateway.url, 'guard', passwords.guard);
    const live = await LiveClient.connect(guard);
    stops.push(() => live.close());

    const panic = await follow(live, receiver, 'EMG.PANIC', () =>
      publish(gateway, 'io-1', passwords.device, 'io/io-1/state', { ch: { 1: 'alarm' }, seq: 1 }),
    );
    expect(panic.alarm).toMatchObject({
      severity: 1,
      condition: 'active',
      operator: 'new',
      latched: true,
      subject: 'io-1-panic',
      place: 'room-io-1',
      device: 'io-1',
      freshness: 'live',
      mode: 'live',
    });
    expect(panic.event.data.origin).toMatchObject({
      gateway: 'gw-test',
      school: '2137000001',
      region: '370102',
    });

    await publish(gateway, 'z2m', passwords.bridge, 'zigbee2mqtt/lab_smoke', { smoke: false, battery: 90 });
    const smoke = await follow(live, receiver, 'FIR.SMOKE', () =>
      publish(gateway, 'z2m', passwords.bridge, 'zigbee2mqtt/lab_smoke', { smoke: true, battery: 90 }),
    );
    expect(smoke.alarm).toMatchObject({ severity: 1, subject: 'lab-smoke', place: 'lab', freshness: 'live' });

    // the same cached state again is no second alarm, and a battery report brings no old smoke back
    await publish(gateway, 'z2m', passwords.bridge, 'zigbee2mqtt/lab_smoke', { smoke: true, battery: 89 });
    const received = await receivedEvents(receiver, 'gw-test');
    const raises = (type: string) => received.filter((e) => e.type === type && e.event.edge === 'raise');
    expect(raises('EMG.PANIC')).toHaveLength(1);
    expect(raises('FIR.SMOKE')).toHaveLength(1);
    const onFeed = (type: string) =>
      live.events().filter(({ event }) => event.type === type && event.edge === 'raise');
    expect(onFeed('EMG.PANIC')).toHaveLength(1);
    expect(onFeed('FIR.SMOKE')).toHaveLength(1);
    expect(live.alarms.get(smoke.alarm.id)?.count).toBe(1);
  });
});
