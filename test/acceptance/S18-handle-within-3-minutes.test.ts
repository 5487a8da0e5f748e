import { afterAll, expect, test } from 'vitest';
import type { TransitionAction } from '../../contract/alarm.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import { kpiReportSchema } from '../../contract/kpi.ts';
import { isLouder } from '../../contract/sounding.ts';
import { signIn } from '../simulators/gateway.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
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
  site.users.push(
    { user: 'admin', name: '管理员', role: 'administrator', password },
    { user: 'audit', name: '审计员', role: 'auditor', password },
  );
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

  // the report has them all, also of what was before the power failed; the auditor reads it, and takes it away on record
  const audit = await signIn(desk.gateway.url, 'audit', password);
  const { status, body } = await audit.call('GET', '/api/v1/kpi?period=week');
  expect(status).toBe(200);
  const report = kpiReportSchema.parse(body);
  expect(report.levels).toMatchObject([
    { level: 'acknowledge', limitS: 0.5 },
    { level: 'handle', limitS: 3, met: 1, missed: 1, share: 0.5 },
    { level: 'scene', limitS: 5, met: 1, missed: 1, share: 0.5 },
  ]);
  expect(report.types).toContainEqual({ type: 'EMG.PANIC', alarms: 2, triggers: 2 });
  expect(report.response.map(({ step, n }) => [step, n])).toEqual([
    ['acknowledge', 1],
    ['dispatch', 1],
    ['arrive', 1],
  ]);
  expect(report.blind.n, 'the power failed once').toBe(1);
  const file = await fetch(`${desk.gateway.url}/api/v1/kpi/export?period=week`, {
    headers: { cookie: audit.cookie },
  });
  expect(file.headers.get('content-disposition')).toMatch(
    /^attachment; filename="kpi-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv"$/,
  );
  const bytes = Buffer.from(await file.arrayBuffer());
  expect(bytes.subarray(0, 3).toString('hex'), 'a spreadsheet knows that it is UTF-8').toBe('efbbbf');
  expect(bytes.toString()).toMatch(/^level handle,,,,missed,1\r$/m);
  const line = await waitFor('its line in the audit', async () => {
    const read = await audit.call('GET', '/api/v1/audit?act=kpi');
    return (read.body as { lines: AuditEntry[] }).lines[0];
  });
  expect(line).toMatchObject({ user: 'audit', act: 'kpi.export', result: 'done' });
  const refused = await desk.guard.call('GET', '/api/v1/kpi');
  expect(refused).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
  for (const wrong of [
    'period=day&from=2026-01-01',
    'from=2026-01-02&to=2026-01-01',
    'from=2020-01-01&to=2026-01-01',
  ])
    expect((await audit.call('GET', `/api/v1/kpi?${wrong}`)).status, wrong).toBe(400);
});
