import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { cli } from '../simulators/cli.ts';
import { IoModule } from '../simulators/devices.ts';
import { signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('import');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

test('a device imported by another process raises its alarms without a restart, although it was a stranger before', async () => {
  const gateway = await startGateway({ dir, site: testCampus(1) });
  stops.push(() => gateway.process.stop());
  const guard = await signIn(gateway.url, 'guard', passwords.guard);
  const live = await LiveClient.connect(guard);
  stops.push(() => live.close());

  // credentials first: the module connects and is a stranger
  const { devices, ...rest } = testCampus(2) as { devices: Array<{ id: string }> };
  const file = join(dir, 'more.yaml');
  const importSite = async (known: Array<{ id: string }>) => {
    writeFileSync(file, stringify({ ...rest, devices: known }));
    const { code, stderr } = await cli(['devices', 'import', file, '--config', gateway.configFile]);
    expect(code, stderr).toBe(0);
  };
  const credentials = (rest as { credentials: Array<Record<string, unknown>> }).credentials;
  for (const credential of credentials) {
    if (credential.user === 'io-2') credential.publish = ['io/io-2/#'];
  }
  await importSite(devices.filter(({ id }) => id !== 'io-2'));
  await waitFor('the gateway to see the import', async () => {
    const { body } = await guard.call('GET', '/api/v1/site');
    return (body as { places: Array<{ id: string }> }).places.some(({ id }) => id === 'room-io-2');
  });
  const module = await IoModule.connect(gateway.mqttPort, 'io-2', passwords.device);
  stops.push(() => module.stop());
  await module.set(1, 'alarm');
  expect([...live.alarms.values()].some((alarm) => alarm.device === 'io-2')).toBe(false);

  await importSite(devices);
  let pressed = false;
  await waitFor(
    'the panic of the new device',
    async () => {
      await module.set(1, pressed ? 'normal' : 'alarm');
      pressed = !pressed;
      return [...live.alarms.values()].some((alarm) => alarm.device === 'io-2' && alarm.type === 'EMG.PANIC');
    },
    20_000,
    300,
  );
});
