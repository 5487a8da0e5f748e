import { afterAll, beforeAll, expect, test } from 'vitest';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { zoneCampus } from '../simulators/zone-campus.ts';

// GB 50394-2007 5.2.3(4), 5.2.4: while disarmed detectors get no response, tamper and fault still do.

const { dir, remove } = tempDir('s5');
const stops: Array<() => Promise<unknown> | unknown> = [];
let gateway: Gateway;
let guard: Session;
let leader: Session;
let live: LiveClient;
let module: IoModule;

interface Zone {
  version: number;
  mode: string;
  phase: string;
  reasons: Array<{ why: string; slot: string; type: string }>;
  bypasses: Array<{ slot: string }>;
}

beforeAll(async () => {
  gateway = await startGateway({ dir, site: zoneCampus({ entry: 30, exit: 0 }) });
  stops.push(() => gateway.process.stop());
  guard = await signIn(gateway.url, 'guard', passwords.guard);
  leader = await signIn(gateway.url, 'leader', passwords.leader);
  live = await LiveClient.connect(guard);
  stops.push(() => live.close());
  module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
  stops.push(() => module.stop());
});

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

async function zone(): Promise<Zone> {
  const { body } = await guard.call('GET', '/api/v1/zones');
  return (body as { zones: Zone[] }).zones[0] as Zone;
}

function alarmsOf(type: string): unknown[] {
  return [...live.alarms.values()].filter((alarm) => alarm.type === type);
}

test('S5: disarmed, a detector is recorded only; a cut line alarms, an unplugged module is a fault; both keep the zone from being armed', async () => {
  await module.set(4, 'alarm');
  await live.event('fence', ({ type }) => type === 'INT.FENCE');
  expect(alarmsOf('INT.FENCE')).toEqual([]);

  await module.set(3, 'cut');
  const cut = await live.alarm('line cut', ({ type }) => type === 'INT.LINE');
  expect(cut).toMatchObject({ severity: 2, condition: 'active', slot: 'io-1-door' });

  const reasons = await waitFor('the reasons', async () => {
    const found = (await zone()).reasons.map(({ why, slot }) => `${why} ${slot}`).sort();
    return found.length === 2 && found;
  });
  expect(reasons).toEqual(['open io-1-fence', 'tamper io-1-door']);
  const refused = await guard.call('POST', '/api/v1/zones/z-io-1/arm', { version: 0 });
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'zone-not-ready', zone: { mode: 'disarmed' } },
  });

  module.cutPower();
  const away = await live.alarm('module away', ({ type }) => type === 'DEV.OFFLINE', 30_000);
  expect(away).toMatchObject({ condition: 'active', device: 'io-1' });
  expect((await zone()).reasons.map(({ why }) => why)).toContain('offline');
});

test('S5: forced by the leader with a reason: what is open is by-passed and alarms nothing; a second person makes a guard’s force good', async () => {
  const forced = { version: 0, force: true, reason: '设备待修，人工巡查' };
  const alone = await guard.call('POST', '/api/v1/zones/z-io-1/arm', forced);
  expect(alone).toMatchObject({ status: 409, body: { code: 'second-person-needed' } });
  const together = await guard.call('POST', '/api/v1/zones/z-io-1/arm', {
    ...forced,
    second: { user: 'leader', password: passwords.leader },
  });
  expect(together).toMatchObject({ status: 200, body: { mode: 'away', bypasses: [{ slot: 'io-1-fence' }] } });
  const { event } = await live.event('by-pass', ({ type }) => type === 'ARM.BYPASS');
  expect(event).toMatchObject({ edge: 'raise', data: { data: { by: 'guard', second: 'leader' } } });

  module = await IoModule.connect(gateway.mqttPort, 'io-1', passwords.device);
  stops.push(() => module.stop());
  await module.set(4, 'alarm');
  await module.set(3, 'alarm');
  await waitFor('the entry delay', async () => (await zone()).phase === 'entry');
  expect(alarmsOf('INT.FENCE')).toEqual([]);
  expect(alarmsOf('INT.DOOR')).toEqual([]);

  const disarmed = await leader.call('POST', '/api/v1/zones/z-io-1/disarm', { version: 1 });
  expect(disarmed).toMatchObject({ status: 200, body: { mode: 'disarmed', bypasses: [] } });
  await live.event('end of the by-pass', ({ type, edge }) => type === 'ARM.BYPASS' && edge === 'clear');
  const { event: unset } = await live.event('disarmed', ({ type }) => type === 'ARM.UNSET');
  expect(unset.data.data).toMatchObject({ by: 'leader', was: 'away' });
  expect((unset.data.data as { heldBack: string[] }).heldBack).toHaveLength(1);
  expect(alarmsOf('INT.DOOR')).toEqual([]);
});
