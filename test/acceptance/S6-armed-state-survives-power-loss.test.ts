import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { isSounding } from '../../contract/sounding.ts';
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
const phone = { id: 'police', name: '派出所', number: '0531-1100 0000', role: 'police', order: 1 };

/** Nobody answers at the province; the fence is watched around the clock, and in no zone. */
function options() {
  const site = zoneCampus({ entry: ENTRY_S, exit: 0 });
  const slots = (site.slots as Array<{ id: string }>).map((slot) =>
    slot.id === 'io-1-fence' ? { ...slot, armed: 'always' } : slot,
  );
  return {
    dir,
    site: { ...site, slots, phones: [phone] },
    config: {
      alarms: {
        undelivered_s: 0.5,
        escalation: { second_station_s: 0.3, shift_leader_s: 0.6, security_chief_s: 60 },
      },
      uplinks: [{ recipient: 'province', url: 'mqtt://127.0.0.1:1' }],
    },
  };
}

/** Acts on an alarm as it is now. */
async function act(who: Session, id: string, action: string, more: object): Promise<Alarm> {
  const { version } = (await who.call('GET', `/api/v1/alarms/${id}`)).body as Alarm;
  const answer = await who.call('POST', `/api/v1/alarms/${id}/${action}`, { version, ...more });
  expect(answer, action).toMatchObject({ status: 200 });
  return answer.body as Alarm;
}

test('S6: killed in an entry delay, a shelving, an isolation and an escalation, it comes back armed, alarms what was held back, goes on with the rest, and shows the unprotected time until it is signed for', async () => {
  let running: Gateway = await startGateway(options());
  stops.push(() => running.process.stop());
  let guard = await signIn(running.url, 'guard', passwords.guard);
  const module = await IoModule.connect(running.mqttPort, 'io-1', passwords.device);
  stops.push(() => module.stop());
  expect(await guard.call('POST', '/api/v1/zones/z-io-1/arm', { version: 0 })).toMatchObject({ status: 200 });
  expect((await zonesOf(guard)).blind).toEqual([]);

  // a detector isolated, an alarm shelved, and a panic that nobody takes and nobody gets
  let live = await LiveClient.connect(guard);
  const leader = await signIn(running.url, 'leader', passwords.leader, 'control-centre');
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await module.set(2, 'alarm');
  const smoke = await live.alarm('smoke', ({ type }) => type === 'FIR.SMOKE');
  await act(guard, smoke.id, 'confirm', { how: 'on-site' });
  const second = { user: 'guard', password: passwords.guard };
  await act(leader, smoke.id, 'isolate', { until, reason: '误报', patrol: '每半小时', second });
  await module.set(4, 'alarm');
  const fence = await live.alarm('fence', ({ type }) => type === 'INT.FENCE');
  await act(leader, fence.id, 'shelve', { until, reason: '大风' });
  await module.set(1, 'alarm');
  const panic = await live.alarm('step 2', ({ type, escalation }) => {
    return type === 'EMG.PANIC' && escalation?.step === 2;
  });
  // it sounds, and there is whom to call
  const lost = await live.alarm('not delivered', ({ type }) => type === 'SYS.UNDELIVERED');
  expect(lost).toMatchObject({ subject: 'province', condition: 'active' });
  expect(isSounding(lost, Date.now())).toBe(true);
  expect((await guard.call('GET', '/api/v1/site')).body).toMatchObject({ phones: [phone] });
  live.close();

  await module.set(3, 'alarm');
  const heldAt = Date.now();
  await waitFor('the entry delay', async () => (await zonesOf(guard)).zones[0]?.phase === 'entry');
  const killedAt = new Date().toISOString();
  await running.process.kill();

  running = await restartGateway(running.configFile);
  guard = await signIn(running.url, 'guard', passwords.guard);
  live = await LiveClient.connect(guard);
  stops.push(() => live.close());
  const { alarms } = (await guard.call('GET', '/api/v1/alarms')).body as { alarms: Alarm[] };
  const now = (id: string) => alarms.find((one) => one.id === id) as Alarm;
  expect(now(smoke.id).isolated).toMatchObject({ until, by: 'leader', second: 'guard' });
  expect(now(fence.id).shelved).toMatchObject({ until, reason: '大风' });
  expect([smoke.id, fence.id].map((id) => isSounding(now(id), Date.now()))).toEqual([false, false]);
  expect(now(panic.id)).toMatchObject({ operator: 'new', newSince: panic.newSince, escalation: { step: 2 } });
  expect(now(lost.id)).toMatchObject({ condition: 'active', operator: 'new' });
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
