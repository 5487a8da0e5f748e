import mqtt from 'mqtt';
import { afterAll, expect, test } from 'vitest';
import { packageFile } from '../../contract/package-root.ts';
import { cli } from '../simulators/cli.ts';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, restartGateway, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { startProcess } from '../simulators/processes.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

const { dir, remove } = tempDir('replace');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

/** What a new unit, named and set up as it came out of its box, says of one input. */
async function say(gateway: Gateway, password: string, key: string, state: string): Promise<void> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${gateway.mqttPort}`, {
    clientId: key,
    username: 'io-1',
    password,
    reconnectPeriod: 0,
  });
  await client.publishAsync(`io/${key}/state`, JSON.stringify({ ch: { 2: state } }), { qos: 1 });
  await client.endAsync();
}

test('a stuck detector is replaced while the gateway runs: its alarm is let go, the new unit speaks for its slot', async () => {
  const gateway = await startGateway({ dir, site: testCampus(1) });
  let running = gateway;
  stops.push(() => running.process.stop());
  const leader = await signIn(gateway.url, 'leader', passwords.leader);
  const live = await LiveClient.connect(leader);
  stops.push(() => live.close());
  const old = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
  stops.push(() => old.stop());
  await old.set(2, 'alarm');
  const stuck = await live.alarm('smoke', ({ type }) => type === 'FIR.SMOKE');
  expect(stuck.condition).toBe('active');

  const config = ['--config', gateway.configFile];
  const { code, stdout, stderr } = await cli([
    'devices',
    'replace',
    'io-1',
    '--key',
    'io-new',
    '--json',
    ...config,
  ]);
  expect(code, stderr).toBe(0);
  const { issued, device } = JSON.parse(stdout);
  expect(device).toMatchObject({ id: 'io-1', key: 'io-new', inputs: { 2: { slot: 'io-1-smoke' } } });

  const released = await live.alarm(
    'let go',
    ({ id, condition }) => id === stuck.id && condition === 'returned',
    20_000,
  );
  expect(released).toMatchObject({ operator: 'new', latched: true });
  const { event } = await live.event('the record', ({ type }) => type === 'SYS.CFG');
  expect(event.data.data).toMatchObject({
    what: 'unit replaced',
    device: 'io-1',
    by: 'command line',
    from: { profile: 'io.wired', key: 'io-1' },
    to: { profile: 'io.wired', key: 'io-new' },
  });
  const { body } = await leader.call('GET', `/api/v1/alarms/${stuck.id}/history`);
  expect(JSON.stringify(body)).toContain('the unit was replaced: io-1');

  await expect(say(gateway, passwords.device, 'io-1', 'alarm')).rejects.toThrow();
  const listening = startProcess(process.execPath, [
    packageFile('dist', 'edge', 'main.js'),
    ...['devices', 'test', 'io-1', '--seconds', '60', ...config],
  ]);
  stops.push(() => listening.stop());
  await listening.line((line) => line.includes('listening for 60 s'), 60_000);
  await say(gateway, issued.password, 'io-new', 'alarm');
  const again = await live.alarm(
    'the new unit',
    ({ id, condition }) => id === stuck.id && condition === 'active',
  );
  expect(again.sources).toEqual(['io-1#2']);
  await listening.line((line) => /FIR\.SMOKE {2}raise {2}severity 1 {2}input 2/.test(line), 60_000);

  // the import file still names the old unit, and the gateway reads it again
  await running.process.stop();
  running = await restartGateway(gateway.configFile);
  const shown = await cli(['devices', 'show', 'io-1', '--json', ...config]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ key: 'io-new' });
  const session = await signIn(running.url, 'leader', passwords.leader);
  await waitFor('the boot', async () => {
    const { body } = await session.call('GET', '/api/v1/events?type=SYS.BOOT');
    return (body as { events: unknown[] }).events.length === 2;
  });
  const records = await session.call('GET', '/api/v1/events?type=SYS.CFG');
  expect((records.body as { events: unknown[] }).events).toHaveLength(1);
  const alarm = await session.call('GET', `/api/v1/alarms/${stuck.id}`);
  expect(alarm.body).toMatchObject({ condition: 'active' });
}, 240_000);
