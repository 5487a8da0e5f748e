import { afterAll, expect, test } from 'vitest';
import type { TransitionAction } from '../../contract/alarm.ts';
import { isLouder } from '../../contract/sounding.ts';
import { signIn } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { testCampus } from '../simulators/test-campus.ts';
import { AlarmDesk } from './alarm-desk.ts';

const { dir, remove } = tempDir('s18');
let desk: AlarmDesk | undefined;

afterAll(async () => {
  await desk?.stop();
  remove();
});

const password = 'administrator-in-the-test';

/** The minutes of the real site as seconds here. */
const alarms = {
  escalation: { second_station_s: 0.5, shift_leader_s: 1, security_chief_s: 6 },
  handle_within_s: 3,
  on_scene_within_s: 5,
};

test('S18: who does not handle an alarm in time is told, step by step, and each miss is shown and counted', {
  timeout: 90_000,
}, async () => {
  const site = testCampus(2) as { users: unknown[] };
  site.users.push({ user: 'admin', name: '管理员', role: 'administrator', password });
  desk = await AlarmDesk.start(dir, site, { alarms });
  const took = async (id: string, action: TransitionAction) =>
    (await (desk as AlarmDesk).history(id)).filter((one) => one.action === action);

  // handled in time: nothing is missed
  const two = await desk.inputs('io-2');
  two.say(1, 'alarm');
  const quick = await desk.live.alarm('a panic', ({ subject }) => subject === 'io-2-panic');
  const since = Date.parse(quick.newSince ?? '');
  expect(quick.due).toEqual({
    handle: new Date(since + 3_000).toISOString(),
    scene: new Date(since + 5_000).toISOString(),
  });
  await desk.act(desk.guard, quick.id, 'dispatch');
  await desk.act(desk.guard, quick.id, 'arrive');

  // nobody takes it: second station and louder, shift leader; the power fails; the chief all the same
  const one = await desk.inputs('io-1');
  one.say(1, 'alarm');
  const left = await desk.live.alarm('another', ({ subject }) => subject === 'io-1-panic');
  expect(isLouder(left)).toBe(false);
  const louder = await desk.live.alarm(
    'step 1',
    ({ id, escalation }) => id === left.id && escalation?.step === 1,
  );
  expect(isLouder(louder)).toBe(true);
  await desk.live.alarm('step 2', ({ id, escalation }) => id === left.id && escalation?.step === 2);
  await desk.killAndRestart();
  const chief = await desk.live.alarm(
    'step 3',
    ({ id, escalation }) => id === left.id && escalation?.step === 3,
  );
  expect(chief.operator).toBe('new');
  const missed = await desk.live.alarm('both levels missed', ({ id, overdue }) => {
    return id === left.id && overdue?.handle !== undefined && overdue.scene !== undefined;
  });
  expect(missed.version).toBeGreaterThanOrEqual(6);
  expect((await took(left.id, 'escalate')).map(({ alarm }) => alarm.escalation?.step)).toEqual([1, 2, 3]);
  expect((await took(left.id, 'overdue')).map(({ reason, actor }) => [reason, actor])).toEqual([
    ['handle', 'timer'],
    ['scene', 'timer'],
  ]);
  expect(await took(quick.id, 'overdue')).toEqual([]);
  expect(await took(quick.id, 'escalate')).toEqual([]);

  // counted; what was missed before the power failed is in the journal
  const admin = await signIn(desk.gateway.url, 'admin', password);
  const metrics = await (
    await fetch(`${desk.gateway.url}/metrics`, { headers: { cookie: admin.cookie } })
  ).text();
  expect(metrics).toMatch(/^campus_alarms_handled_late 1$/m);
  expect(metrics).toMatch(/^campus_alarms_on_scene_late 1$/m);
});
