import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { toggle } from '../bench/load-generator.ts';
import { Publisher } from '../bench/paced-publisher.ts';
import { startGateway } from '../simulators/gateway.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { receivedEvents, startReceiver, waitForReceived } from '../simulators/receiver.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const full = process.env.FULL === '1';
const OUTAGE_MS = full ? 60_000 : 8_000;
const EVENTS = 5_000;

const { dir, remove } = tempDir('outage');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

describeWithPeer('mosquitto', `the province is away for ${OUTAGE_MS / 1000} s`, () => {
  test('all 5,000 events arrive, once, in order; a severity 1 raised during the drain is receipted within 2 s', {
    timeout: 600_000,
  }, async () => {
    const mosquitto = requirePeer('mosquitto');
    const province = await startMosquitto(mosquitto, dir);
    const receiver = await startReceiver(dir, province.url);
    stops.push(() => receiver.process.stop());
    const gateway = await startGateway({
      dir,
      site: testCampus(10),
      config: { uplinks: [{ recipient: 'province', url: province.url }] },
    });
    stops.push(() => gateway.process.stop());
    await waitForReceived(receiver, 'gw-test', 'the boot event', (event) => event.type === 'SYS.BOOT');

    await province.process.kill();
    const began = performance.now();
    const publishers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        Publisher.open(gateway.mqttPort, `io-${i + 1}`, `io-${i + 1}`, passwords.device),
      ),
    );
    stops.push(() => publishers.map((publisher) => publisher.close()));
    for (let n = 0; n < EVENTS; n++) {
      const device = n % 10;
      (publishers[device] as Publisher).publish(toggle(device, Math.floor(n / 10)));
      if (n % 200 === 199) {
        await waitFor('PUBACKs', () => publishers.reduce((sum, p) => sum + p.acked, 0) > n - 200, 30_000, 2);
      }
    }
    await waitFor('all PUBACKs', () => publishers.reduce((sum, p) => sum + p.acked, 0) === EVENTS, 60_000);
    await sleep(Math.max(0, OUTAGE_MS - (performance.now() - began)));

    const again = await startMosquitto(mosquitto, dir, { port: province.port });
    stops.push(() => again.process.stop());
    const count = async () =>
      (await receivedEvents(receiver, 'gw-test')).filter((event) => event.type === 'DEV.INPUT').length;
    // the gateway comes back within its jitter, 300 s at most after several failures; then, in the middle of the drain,
    // somebody presses
    await waitFor('the drain to begin', async () => (await count()) > 0, 310_000, 20);
    const pressedAt = performance.now();
    (publishers[0] as Publisher).publish(toggle(0, 0, '1'));
    await waitForReceived(receiver, 'gw-test', 'the panic', (event) => event.type === 'EMG.PANIC', 10_000);
    const panicMs = performance.now() - pressedAt;
    await waitFor('everything to arrive', async () => (await count()) >= EVENTS, 120_000, 200);

    const events = await receivedEvents(receiver, 'gw-test');
    for (const lane of ['a', 'e'] as const) {
      const seqs = events.filter((event) => event.lane === lane).map((event) => event.seq);
      expect(
        [...seqs].sort((x, y) => x - y),
        `lane ${lane} is contiguous and has nothing twice`,
      ).toEqual(Array.from({ length: seqs.length }, (_, i) => i + 1));
    }
    const bodies = events
      .filter((event) => event.type === 'DEV.INPUT' && event.lane === 'e')
      .sort((x, y) => x.seq - y.seq)
      .map(({ event }) => event);
    for (let device = 1; device <= 10; device++) {
      const edges = bodies
        .filter((body) => body.data.origin.device === `io-${device}`)
        .map((body) => body.edge);
      expect(edges, `io-${device} in order`).toEqual(
        Array.from({ length: EVENTS / 10 }, (_, i) => (i % 2 === 0 ? 'raise' : 'clear')),
      );
    }
    expect(panicMs).toBeLessThan(2_000);
    console.log(`panic during the drain receipted after ${Math.round(panicMs)} ms`);
  });
});
