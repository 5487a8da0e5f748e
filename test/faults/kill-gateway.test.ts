import { afterAll, expect, test } from 'vitest';
import { cli } from '../simulators/cli.ts';
import { type Gateway, restartGateway, startGateway } from '../simulators/gateway.ts';
import { startMosquitto } from '../simulators/mosquitto.ts';
import { receivedEvents, startReceiver } from '../simulators/receiver.ts';
import { SerialClient } from '../simulators/serial-client.ts';
import { SERIAL_PROFILE, writeSerialProfile } from '../simulators/serial-profile.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { waitFor } from '../simulators/wait.ts';
import { describeWithPeer, requirePeer } from '../support/peers.ts';

const full = process.env.FULL === '1';
const KILLS = full ? 20 : 5;
const CLIENTS = 50;
const PASSWORD = 'serial-in-the-test';

const { dir, remove } = tempDir('kill');
const names = Array.from({ length: CLIENTS }, (_, i) => `serial-${i + 1}`);
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

describeWithPeer('mosquitto', `kill -9 of the gateway, ${KILLS} times, under 50 QoS 1 clients`, () => {
  test('every acknowledged serial is in the journal and in the receiver, none twice, and the chain verifies each time', {
    timeout: 600_000,
  }, async () => {
    const province = await startMosquitto(requirePeer('mosquitto'), dir);
    stops.push(() => province.process.stop());
    const receiver = await startReceiver(dir, province.url);
    stops.push(() => receiver.process.stop());
    const options = {
      dir,
      config: {
        profiles: { dir: writeSerialProfile(dir) },
        uplinks: [{ recipient: 'province', url: province.url }],
      },
      site: {
        devices: names.map((id) => ({ id, name: id, profile: SERIAL_PROFILE, user: id })),
        credentials: names.map((user) => ({ user, password: PASSWORD })),
      },
    };
    let gateway: Gateway = await startGateway(options);
    stops.push(() => gateway.process.stop());
    const clients = names.map((name) => new SerialClient(name, PASSWORD, () => gateway.mqttPort));
    const count = () => clients.reduce((sum, client) => sum + client.acknowledged.length, 0);
    for (let kill = 1; kill <= KILLS; kill++) {
      const before = count();
      await waitFor('a thousand acknowledgements', () => count() > before + 1_000, 60_000);
      await gateway.process.kill();
      const verify = await cli(['journal', 'verify', '--data', gateway.dataDir]);
      expect(verify, `journal verify after kill ${kill}`).toMatchObject({ code: 0 });
      gateway = await restartGateway(gateway.configFile);
    }
    await Promise.all(clients.map((client) => client.stop()));
    const acknowledged = clients.flatMap((client) => client.acknowledged);

    const exported = await cli(['journal', 'export', '--data', gateway.dataDir]);
    const keys = exported.stdout
      .split('\n')
      .filter((line) => line.includes('"DEV.INPUT"'))
      .map((line) => (JSON.parse(line) as { data: { dedupKey: string } }).data.dedupKey);
    const stored = new Set(keys);
    expect(acknowledged.filter((serial) => !stored.has(serial))).toEqual([]);
    expect(keys.length, 'no keyed event twice').toBe(stored.size);

    const received = await waitFor(
      'the receiver to have them all',
      async () => {
        const events = await receivedEvents(receiver, 'gw-test');
        const serials = events.filter((event) => event.type === 'DEV.INPUT');
        return serials.length >= stored.size ? serials : undefined;
      },
      120_000,
      500,
    );
    const there = new Set(received.map(({ event }) => event.data.dedupKey));
    expect(acknowledged.filter((serial) => !there.has(serial))).toEqual([]);
    expect(received.length).toBe(there.size);
    console.log(
      `${acknowledged.length} acknowledged over ${KILLS} kills, ${stored.size} stored, ${there.size} received`,
    );
  });
});
