import { afterAll, beforeAll, expect, test } from 'vitest';
import { IoModule } from '../simulators/devices.ts';
import { type Gateway, type Session, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { zoneCampus } from '../simulators/zone-campus.ts';

// GB 50394-2007 5.2.3(1): panic devices cannot be disarmed and latch; arming may happen by itself, disarming may not.

const { dir, remove } = tempDir('s2');
const stops: Array<() => Promise<unknown> | unknown> = [];
let gateway: Gateway;
let guard: Session;
let leader: Session;
let live: LiveClient;
let module: IoModule;

beforeAll(async () => {
  const site = zoneCampus({ entry: 30, exit: 0 });
  const [zone] = site.zones as object[];
  // a night watch that is on all day long, so that the schedule arms whenever the test runs
  site.zones = [{ ...zone, schedule: [{ from: '00:00', to: '00:00', mode: 'stay' }] }];
  site.calendar = [{ id: 'ever', kind: 'term', name: '学期', from: '2020-01-01', to: '2099-12-31' }];
  gateway = await startGateway({ dir, site });
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

test('S2: the schedule arms; disarmed by a person, the panic button still alarms and latches, and nothing by-passes it', async () => {
  const { body } = await waitFor('armed by the schedule', async () => {
    const found = await guard.call('GET', '/api/v1/events?type=ARM.STAY');
    return (found.body as { events: unknown[] }).events.length > 0 ? found : undefined;
  });
  expect(body).toMatchObject({ events: [{ event: { data: { data: { zone: 'z-io-1', by: 'schedule' } } } }] });

  const disarmed = await guard.call('POST', '/api/v1/zones/z-io-1/disarm', { version: 0 });
  expect(disarmed).toMatchObject({ status: 200, body: { mode: 'disarmed', by: 'guard' } });
  const off = await live.alarm('disarmed outside its schedule', ({ type }) => type === 'ARM.OFF_SCHED');
  expect(off).toMatchObject({ subject: 'zone:z-io-1', place: 'room-io-1', severity: 2 });

  const bypass = await leader.call('POST', '/api/v1/zones/z-io-1/bypass', {
    version: 2,
    slot: 'io-1-panic',
    reason: '误报',
  });
  expect(bypass).toMatchObject({ status: 409, body: { code: 'not-possible', zone: { version: 2 } } });

  await module.set(4, 'alarm');
  await module.set(1, 'alarm');
  const panic = await live.alarm('panic', ({ type }) => type === 'EMG.PANIC');
  expect(panic).toMatchObject({ severity: 1, operator: 'new', latched: true, slot: 'io-1-panic' });
  expect([...live.alarms.values()].filter(({ type }) => type === 'INT.FENCE')).toEqual([]);

  await module.set(1, 'normal');
  const returned = await live.alarm(
    'released',
    ({ id, condition }) => id === panic.id && condition !== 'active',
  );
  expect(returned).toMatchObject({ latched: true, operator: 'new' });
  // the fence signal before the press has its event, and no card
  await live.event('fence', ({ type }) => type === 'INT.FENCE');
  expect(
    live.events().some(({ event }) => event.type === 'ARM.UNSET' && event.data.data?.by !== 'guard'),
  ).toBe(false);
});
