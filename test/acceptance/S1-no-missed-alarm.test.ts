import { afterAll, expect, test } from 'vitest';
import { isSounding } from '../../contract/sounding.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { AlarmDesk } from './alarm-desk.ts';

const { dir, remove } = tempDir('s1');
let desk: AlarmDesk | undefined;

afterAll(async () => {
  await desk?.stop();
  remove();
});

/** GB 50394-2007 5.2.2 */
test('S1: no alarm is missed: of many at once, over a power cut, and when it comes again after it was taken', {
  timeout: 90_000,
}, async () => {
  const modules = 8;
  desk = await AlarmDesk.start(dir, testCampus(modules));

  const ids = Array.from({ length: modules }, (_, i) => `io-${i + 1}`);
  const inputs = await Promise.all(ids.map((id) => (desk as AlarmDesk).inputs(id)));

  // all at once: panic and smoke of every room
  for (const one of inputs) {
    one.say(1, 'alarm');
    one.say(2, 'alarm');
  }
  await waitFor('every message to be acknowledged', () => inputs.every(({ acked }) => acked === 2));
  // what was acknowledged is on disk: the power fails now
  await desk.killAndRestart();
  const alarms = (await desk.open()).filter(({ severity }) => severity === 1);
  expect(alarms).toHaveLength(2 * modules);
  for (const alarm of alarms) {
    expect(alarm).toMatchObject({ operator: 'new', count: 1, latched: true });
    expect(isSounding(alarm, Date.now()), alarm.subject).toBe(true);
  }

  // taken, and pressed again: it sounds again, and counts
  const panic = alarms.find(({ subject }) => subject === 'io-3-panic');
  expect(panic).toBeDefined();
  const id = panic?.id ?? '';
  expect((await desk.act(desk.guard, id, 'acknowledge')).body.operator).toBe('acknowledged');
  const again = await desk.inputs('io-3');
  again.say(1, 'normal');
  again.say(1, 'alarm');
  const pressed = await desk.live.alarm('the second press', (one) => one.id === id && one.operator === 'new');
  expect(pressed.count).toBe(2);
  expect(isSounding(pressed, Date.now())).toBe(true);

  // disposed, and pressed again: an alarm of its own, linked
  await desk.act(desk.leader, id, 'dispose', { verdict: 'real', policeCode: '200100' });
  again.say(1, 'normal');
  again.say(1, 'alarm');
  const followed = await desk.live.alarm('one that follows', (one) => one.previous === id);
  expect(followed).toMatchObject({ operator: 'new', subject: 'io-3-panic', count: 1 });

  // three presses between two looks are three
  const many = await desk.inputs('io-5');
  for (let i = 0; i < 3; i++) {
    many.say(1, 'normal');
    many.say(1, 'alarm');
  }
  await desk.live.alarm('each of them', (one) => one.subject === 'io-5-panic' && one.count === 4);
});
