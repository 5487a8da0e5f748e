import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { isSounding } from '../../contract/sounding.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { AlarmDesk } from './alarm-desk.ts';

const { dir, remove } = tempDir('s3');
let desk: AlarmDesk | undefined;

afterAll(async () => {
  await desk?.stop();
  remove();
});

/** GB 50394-2007 5.2.3 (2) and (3) */
test('S3: several alarms are all shown with their place, and each is held until a person resets it', {
  timeout: 90_000,
}, async () => {
  desk = await AlarmDesk.start(dir, testCampus(2));
  const one = await desk.inputs('io-1');
  const two = await desk.inputs('io-2');
  one.say(1, 'alarm');
  one.say(3, 'alarm');
  two.say(2, 'alarm');
  const { live } = desk;
  const shown = {
    panic: await live.alarm('panic', ({ subject }) => subject === 'io-1-panic'),
    door: await live.alarm('door', ({ subject }) => subject === 'io-1-door'),
    smoke: await live.alarm('smoke', ({ subject }) => subject === 'io-2-smoke'),
  };
  for (const alarm of Object.values(shown)) expect(isSounding(alarm, Date.now())).toBe(true);
  expect(shown.panic).toMatchObject({ place: 'room-io-1', device: 'io-1', type: 'EMG.PANIC' });
  expect(shown.door).toMatchObject({ place: 'room-io-1', type: 'INT.DOOR' });
  expect(shown.smoke).toMatchObject({ place: 'room-io-2', device: 'io-2', type: 'FIR.SMOKE' });

  // the devices are back to normal: nothing resets itself
  one.say(1, 'normal');
  one.say(3, 'normal');
  two.say(2, 'normal');
  const returned = (wanted: Alarm) =>
    live.alarm(
      `${wanted.type} returned`,
      ({ id, condition }) => id === wanted.id && condition === 'returned',
    );
  for (const alarm of Object.values(shown)) {
    expect(await returned(alarm)).toMatchObject({ latched: true, operator: 'new' });
  }
  await sleep(1_000);
  await desk.killAndRestart();
  const held = await desk.open();
  for (const { id } of Object.values(shown)) {
    const alarm = held.find((open) => open.id === id);
    expect(alarm).toMatchObject({ latched: true, operator: 'new', condition: 'returned' });
    expect(alarm && isSounding(alarm, Date.now())).toBe(true);
  }

  // nobody resets what nobody has taken; a guard not at all; a leader of severity 1 not alone
  const { guard, leader } = desk;
  const id = shown.panic.id;
  const second = { user: 'guard', password: passwords.guard };
  expect((await desk.act(leader, id, 'reset', { second })).body.code).toBe('not-possible');
  await desk.act(guard, id, 'acknowledge');
  expect((await desk.act(guard, id, 'reset')).body.code).toBe('not-allowed');
  expect((await desk.act(leader, id, 'reset')).body.code).toBe('second-person-needed');
  expect((await desk.act(leader, id, 'close', { second })).body.code).toBe('not-possible');
  expect((await desk.act(leader, id, 'reset', { second })).body.latched).toBe(false);
  expect((await desk.act(leader, id, 'close', { second })).body.code, 'not disposed').toBe('not-possible');
  await desk.act(leader, id, 'dispose', { verdict: 'false' });
  expect((await desk.act(leader, id, 'close', { second })).body.operator).toBe('closed');
  expect((await desk.history(id)).map(({ action }) => action)).toEqual([
    ...['raise', 'return', 'acknowledge', 'reset', 'dispose', 'close'],
  ]);
  // the others are untouched
  const left = (await desk.open()).filter(({ latched }) => latched).map(({ id: other }) => other);
  expect(left).toEqual(expect.arrayContaining([shown.door.id, shown.smoke.id]));

  // a detector that is stuck is closed only when it is isolated, by two people, with somebody who patrols instead
  const again = await desk.inputs('io-2');
  again.say(2, 'alarm');
  const stuck = shown.smoke.id;
  await desk.live.alarm('the smoke again', (alarm) => alarm.id === stuck && alarm.condition === 'active');
  await desk.act(leader, stuck, 'dispose', { verdict: 'equipment' });
  expect((await desk.act(leader, stuck, 'reset', { second })).body.code).toBe('condition-active');
  const pause = {
    until: new Date(Date.now() + 3_600_000).toISOString(),
    reason: '探测器故障，已报修',
    patrol: '保安每 30 分钟查看一次',
  };
  expect((await desk.act(guard, stuck, 'isolate', pause)).body.code).toBe('not-allowed');
  expect((await desk.act(leader, stuck, 'isolate', pause)).body.code).toBe('second-person-needed');
  expect((await desk.act(leader, stuck, 'isolate', { ...pause, second })).body.isolated).toMatchObject({
    by: 'leader',
    second: 'guard',
  });
  expect((await desk.act(leader, id, 'isolate', { ...pause, second })).status, 'a panic never').not.toBe(200);
  await desk.act(leader, stuck, 'reset', { second });
  expect((await desk.act(leader, stuck, 'close', { second })).body.operator).toBe('closed');
  await desk.live.event('the shield', ({ type, edge }) => type === 'FIR.SHIELD' && edge === 'raise');
  // it is restored, and still holds: it is there again, and sounds
  await desk.act(leader, stuck, 'restore');
  await desk.live.event('its end', ({ type, edge }) => type === 'FIR.SHIELD' && edge === 'clear');
  const back = await desk.live.alarm('the smoke that holds', (alarm) => {
    return alarm.type === 'FIR.SMOKE' && alarm.id !== stuck && alarm.operator === 'new';
  });
  expect(back).toMatchObject({ subject: 'io-2-smoke', freshness: 'initial', condition: 'active' });
  expect(isSounding(back, Date.now())).toBe(true);
  // severity 2 is shelved by a leader alone
  const aside = await desk.act(leader, shown.door.id, 'shelve', pause);
  expect(aside.body.shelved).toMatchObject({ by: 'leader', owner: 'leader' });
  expect((await desk.act(leader, back.id, 'shelve', pause)).body.code).toBe('not-possible');
});
