import { afterAll, expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { isSounding } from '../../contract/sounding.ts';
import { orderedRows } from '../../edge/console/alarm-order.ts';
import { grouped, isFlood } from '../../edge/console/flood-groups.ts';
import { pace } from '../bench/paced-publisher.ts';
import { tempDir } from '../simulators/temp-dir.ts';
import { passwords, testCampus } from '../simulators/test-campus.ts';
import { waitFor } from '../simulators/wait.ts';
import { AlarmDesk, type Inputs } from './alarm-desk.ts';

const { dir, remove } = tempDir('s20');
let desk: AlarmDesk | undefined;

afterAll(async () => {
  await desk?.stop();
  remove();
});

const MODULES = 10;
const INPUTS = 50;
const ALARMS = MODULES * INPUTS;
const FLOOD_MS = 10_000;

/** Modules of 50 inputs: of each, 10 doors that are always armed (severity 2) and 40 fire doors (severity 3). */
function floodCampus() {
  const site = testCampus(1) as Record<'slots' | 'devices' | 'credentials', Record<string, unknown>[]>;
  for (let m = 1; m <= MODULES; m++) {
    const id = `flood-${m}`;
    const inputs: Record<string, { slot: string; means: string }> = {};
    for (let i = 1; i <= INPUTS; i++) {
      const slot = `${id}-${i}`;
      const isZone = i <= 10;
      site.slots.push({ id: slot, name: slot, place: 'lab', armed: isZone ? 'always' : 'never' });
      inputs[i] = { slot, means: isZone ? 'door' : 'fire-door' };
    }
    site.devices.push({ id, name: id, profile: 'io.wired', key: id, user: id, inputs });
    site.credentials.push({ user: id, password: passwords.device });
  }
  return site;
}

test('S20: a panic in the middle of 500 alarms in 10 s is on top and sounds within 1 s; nothing urgent is grouped away', {
  timeout: 120_000,
}, async () => {
  desk = await AlarmDesk.start(dir, floodCampus());
  const { live } = desk;
  const modules: Inputs[] = [];
  for (let m = 1; m <= MODULES; m++) modules.push(await desk.inputs(`flood-${m}`));
  const button = await desk.inputs('io-1');
  const isPanic = ({ type }: Alarm) => type === 'EMG.PANIC';

  let pressedAt = 0;
  const flood = pace(ALARMS / (FLOOD_MS / 1_000), FLOOD_MS, (n) => {
    modules[n % MODULES]?.say(Math.floor(n / MODULES) + 1, 'alarm');
    if (n !== ALARMS / 2) return;
    pressedAt = performance.now();
    button.say(1, 'alarm');
  });
  const panic = await live.alarm('the panic', isPanic, 30_000);
  const tookMs = performance.now() - pressedAt;
  const [top] = orderedRows([...live.alarms.values()], Date.now());
  expect(top?.alarm.id).toBe(panic.id);
  expect(top?.sounding).toBe(true);
  console.log(`panic within a flood: on top and sounding after ${Math.round(tookMs)} ms`);
  expect(tookMs).toBeLessThan(1_000);
  await flood;

  const flooded = (type: string) => [...live.alarms.values()].filter((alarm) => alarm.type === type);
  await waitFor('every door', () => flooded('INT.DOOR').length === MODULES * 10);
  await waitFor('every fire door', () => flooded('FIR.DOOR').length === MODULES * 40);
  const told = await live.alarm('the flood', isFlood);
  expect(told.severity).toBe(2);

  // a guard who comes now gets the same list from the gateway
  const open = await desk.open();
  expect(open.filter(({ type }) => type === 'INT.DOOR')).toHaveLength(MODULES * 10);
  const now = Date.now();
  const groups = grouped(orderedRows(open, now), open.some(isFlood));
  const shown = groups.map(({ first }) => first.alarm);
  for (const urgent of open.filter(({ severity }) => severity <= 2)) expect(shown).toContain(urgent);
  for (const alarm of open.filter((one) => isSounding(one, now))) expect(shown).toContain(alarm);
  // and what is not urgent stands behind the one that came first there
  const behind = groups.flatMap((group) => group.behind);
  expect(behind).toHaveLength(MODULES * 40 - 1);
  expect(shown.length + behind.length).toBe(open.length);
});
