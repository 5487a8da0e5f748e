import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import type { DrillReport } from '../../contract/drill.ts';
import { IoModule } from '../simulators/devices.ts';
import { restartGateway, signIn, startGateway } from '../simulators/gateway.ts';
import { LiveClient } from '../simulators/live-client.ts';
import {
  type ReceiverProcess,
  receivedEvents,
  startProvince,
  waitForReceived,
} from '../simulators/receiver.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';

// STANDARDS S17; CONTRACT section 4, "Drill and walk test"
const { dir, remove } = tempDir('s17');
const stops: Array<() => Promise<unknown> | unknown> = [];

afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
  remove();
});

async function receiver(name: string): Promise<ReceiverProcess> {
  mkdirSync(join(dir, name));
  const started = await startProvince(join(dir, name), name);
  stops.push(() => started.process.stop());
  return started;
}

const panics = async (at: ReceiverProcess) =>
  (await receivedEvents(at, 'gw-test'))
    .filter(({ type, event }) => type === 'EMG.PANIC' && event.edge === 'raise')
    .map(({ event }) => `${event.data.origin.device} ${event.mode}`);

test('a press in a drill never reaches the police; made real, or a second press, it does', {
  timeout: 120_000,
}, async () => {
  const [province, police] = await Promise.all([receiver('province'), receiver('police')]);
  const gateway = await startGateway({
    dir,
    site: testCampus(3),
    config: {
      uplinks: [
        { recipient: 'province', url: province.brokerUrl },
        { recipient: 'police', url: police.brokerUrl, filter: { types: ['EMG'], severity: 1 } },
      ],
    },
  });
  let running = gateway;
  stops.push(() => running.process.stop());
  const [leader, guard] = await Promise.all([
    signIn(gateway.url, 'leader', passwords.leader),
    signIn(gateway.url, 'guard', passwords.guard),
  ]);
  const live = await LiveClient.connect(guard);
  stops.push(() => live.close());
  const modules = await Promise.all(
    ['io-1', 'io-2', 'io-3'].map((id) => IoModule.connect(gateway.mqttPort, id, passwords.device)),
  );
  for (const module of modules) stops.push(() => module.stop());
  const press = (n: number) => (modules[n - 1] as IoModule).set(1, 'alarm');
  const release = (n: number) => (modules[n - 1] as IoModule).set(1, 'normal');
  const cardOf = (device: string, mode: string) =>
    live.alarm(
      `${mode} of ${device}`,
      (a) => a.type === 'EMG.PANIC' && a.device === device && a.mode === mode,
    );
  const has = (at: ReceiverProcess, device: string, mode: string) =>
    waitForReceived(
      at,
      'gw-test',
      `${mode} panic of ${device}`,
      ({ type, event: { edge, mode: told, data } }) =>
        type === 'EMG.PANIC' && edge === 'raise' && data.origin.device === device && told === mode,
    );

  // without prior notice to the police an emergency button is not tried
  const drill = { places: ['teaching-1'], types: ['EMG.PANIC'], minutes: 10, reason: '一键报警季度测试' };
  const refused = await leader.call('POST', '/api/v1/drills', drill);
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid' } });
  const notice = { who: '历下分局指挥中心 王警官', number: '0531-110', at: new Date().toISOString() };
  expect((await guard.call('POST', '/api/v1/drills', { ...drill, notice })).status).toBe(403);
  const started = await leader.call('POST', '/api/v1/drills', { ...drill, notice });
  expect(started).toMatchObject({ status: 201, body: { kind: 'drill', notice } });
  const { id } = started.body as DrillReport;

  // announced: at the province, and on every console
  const told = await waitForReceived(province, 'gw-test', 'the drill', ({ type }) => type === 'TST.DRILL');
  expect(told.event).toMatchObject({ edge: 'raise', data: { data: { drill: id, notice, by: 'leader' } } });
  await waitFor('the drill on the status', () =>
    live.frames.some(
      ({ frame }) => frame.k === 'status' && frame.mode === 'drill' && frame.drills?.[0]?.id === id,
    ),
  );

  // practice: a card and the province, not the police
  await press(1);
  const card = await cardOf('io-1', 'drill');
  await has(province, 'io-1', 'drill');
  await waitFor('the delivery marks', () => {
    const marks = live.alarms.get(card.id)?.delivery;
    return marks?.province?.state === 'receipted' && marks.police === undefined;
  });

  // 转为实警
  const made = await guard.call('POST', `/api/v1/alarms/${card.id}/make-real`, { version: card.version });
  expect(made).toMatchObject({ status: 200, body: { mode: 'drill', operator: 'closed' } });
  const real = await cardOf('io-1', 'live');
  expect(real).toMatchObject({ severity: 1, operator: 'new', condition: 'active', previous: card.id });
  const forwarded = await has(police, 'io-1', 'live');
  expect(forwarded.event.data).toMatchObject({
    cause: [card.raisedBy],
    data: { by: 'guard', madeReal: card.id },
  });
  await waitFor(
    'the police receipt on the card',
    () => (live.alarms.get(real.id) as Alarm).delivery?.police?.state === 'receipted',
  );

  // a second press
  await press(2);
  await cardOf('io-2', 'drill');
  await release(2);
  await press(2);
  await has(police, 'io-2', 'live');
  expect(await cardOf('io-2', 'live')).toMatchObject({ operator: 'new' });

  // kill -9 in the middle: the drill goes on for what is left, and what was pressed before is not forgotten
  await press(3);
  await has(province, 'io-3', 'drill');
  await release(3);
  await gateway.process.kill();
  for (const module of modules) await module.stop();
  running = await restartGateway(gateway.configFile);
  const again = await signIn(running.url, 'leader', passwords.leader);
  const { body } = await again.call('GET', '/api/v1/drills');
  expect((body as { drills: DrillReport[] }).drills).toMatchObject([{ id, reason: drill.reason }]);
  const third = await IoModule.connect(running.mqttPort, 'io-3', passwords.device);
  stops.push(() => third.stop());
  await third.set(1, 'alarm');
  await has(police, 'io-3', 'live');

  // over: told to the province, with whom it ended
  expect((await again.call('POST', `/api/v1/drills/${id}/end`, {})).status).toBe(200);
  const over = await waitForReceived(
    province,
    'gw-test',
    'the end of the drill',
    ({ type, event }) => type === 'TST.DRILL' && event.edge === 'clear',
  );
  expect(over.event.data.data).toMatchObject({ drill: id, by: 'leader', reported: 3 });

  expect((await panics(police)).sort()).toEqual(['io-1 live', 'io-2 live', 'io-3 live']);
  expect((await panics(province)).filter((text) => text.endsWith('drill')).sort()).toEqual([
    'io-1 drill',
    'io-2 drill',
    'io-3 drill',
  ]);
  // nor anything else that was practice
  const modes = (await receivedEvents(police, 'gw-test')).map(({ event }) => event.mode);
  expect(new Set(modes)).toEqual(new Set(['live']));
});
