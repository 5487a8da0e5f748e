import { afterAll, expect, test } from 'vitest';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, restartGateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { zoneCampus } from '../simulators/zone-campus.ts';

// GB 50394-2007 ch. 9: after power returns the armed state is restored; power-off never acts as disarm.

const { dir, remove } = tempDir('s6');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

interface Zones {
  zones: Array<{ mode: string; phase: string; version: number; by: string }>;
  blind: Array<{ id: string; from: string; to: string }>;
}

async function zonesOf(session: Session): Promise<Zones> {
  return (await session.call('GET', '/api/v1/zones')).body as Zones;
}

const ENTRY_S = 6;

test('S6: killed in an entry delay, it comes back armed, alarms what was held back, and shows the unprotected time until it is signed for', async () => {
  let running: Gateway = await startGateway({ dir, site: zoneCampus({ entry: ENTRY_S, exit: 0 }) });
  stops.push(() => running.process.stop());
  let guard = await signIn(running.url, 'guard', passwords.guard);
  const module = await IoModule.connect(running.mqttPort, 'io-1', passwords.device);
  stops.push(() => module.stop());
  expect(await guard.call('POST', '/api/v1/zones/z-io-1/arm', { version: 0 })).toMatchObject({ status: 200 });
  expect((await zonesOf(guard)).blind).toEqual([]);

  await module.set(3, 'alarm');
  const heldAt = Date.now();
  await waitFor('the entry delay', async () => (await zonesOf(guard)).zones[0]?.phase === 'entry');
  const killedAt = new Date().toISOString();
  await running.process.kill();

  running = await restartGateway(running.configFile);
  guard = await signIn(running.url, 'guard', passwords.guard);
  const live = await LiveClient.connect(guard);
  stops.push(() => live.close());
  const alarm = await live.alarm(
    'what came in before the power went',
    ({ type }) => type === 'INT.DOOR',
    20_000,
  );
  expect(alarm).toMatchObject({ slot: 'io-1-door', severity: 2, operator: 'new', condition: 'active' });
  expect(Date.parse(alarm.firstAt)).toBeLessThanOrEqual(heldAt + 1_000);
  const { zones, blind } = await zonesOf(guard);
  expect(zones[0]).toMatchObject({ mode: 'away', phase: 'alarm', by: 'guard', version: 1 });

  expect(blind).toHaveLength(1);
  const [window] = blind as [Zones['blind'][number]];
  expect(window.from <= killedAt && killedAt <= window.to).toBe(true);
  expect(live.frames.some(({ frame }) => frame.k === 'status' && frame.blind?.[0]?.id === window.id)).toBe(
    true,
  );
  const { body } = await guard.call('GET', '/api/v1/events?type=SYS.BOOT&limit=1');
  expect(JSON.stringify(body)).toContain(`"blind":{"from":"${window.from}","to":"${window.to}"}`);

  const signed = await guard.call('POST', `/api/v1/unprotected/${window.id}/sign`, {});
  expect(signed).toMatchObject({ status: 200, body: { blind: [] } });
  const { event } = await live.event('the signature', ({ type }) => type === 'SYS.CFG');
  expect(event.data.data).toMatchObject({ by: 'guard', what: 'unprotected time signed' });

  expect(await guard.call('POST', '/api/v1/zones/z-io-1/disarm', { version: 1 })).toMatchObject({
    status: 200,
  });
}, 90_000);
