import type { Alarm } from '../../contract/alarm.ts';
import type { Change } from '../../edge/alarms/change.ts';
import { escalated, missed } from '../../edge/alarms/escalation.ts';
import type { Stage } from './stage.ts';
import { slots } from './stage-campus.ts';

const MINUTE = 60_000;

/** A night with one of everything: every severity, state and mark that a card can show. */
export async function playEveryKind(stage: Stage): Promise<void> {
  stage.happen(
    { type: 'ACC.GRANT', slot: 'door-302', edge: 'pulse', ago: 40 * MINUTE },
    {
      type: 'DEV.READING',
      slot: 'smoke-508',
      edge: 'update',
      readings: [{ name: 'temperature', value: 21.5, unit: 'Cel' }],
    },
    { type: 'ACC.DOOR', slot: 'door-302', ago: 30 * MINUTE },
  );
  // came and went by themselves
  for (const type of ['DEV.OFFLINE', 'ENV.WATER']) {
    stage.happen({ type, slot: 'leak-chemistry', severity: 3, ago: 50 * MINUTE });
    stage.happen({ type, slot: 'leak-chemistry', severity: 3, edge: 'clear', ago: 45 * MINUTE });
  }
  // disposed, waits for its reset
  const heat = stage.raise({ type: 'FIR.HEAT', slot: 'gas-kitchen', ago: 62 * MINUTE });
  stage.act(heat, 'acknowledge', 'zhang');
  stage.act(heat, 'confirm', 'zhang', { how: 'on-site' });
  stage.act(heat, 'dispose', 'li', { verdict: 'nuisance', note: '蒸柜开门，蒸汽触发' });
  stage.happen({ type: 'FIR.HEAT', slot: 'gas-kitchen', edge: 'clear', ago: 58 * MINUTE });
  // the guard proposes, the leader decides
  const fence = stage.raise({ type: 'INT.FENCE', slot: 'fence-east', ago: 9 * MINUTE });
  stage.act(fence, 'acknowledge', 'zhang');
  stage.act(fence, 'dispose', 'zhang', { verdict: 'nuisance', note: '大风刮断树枝搭在围栏上' });
  // on its way
  const cabinet = stage.raise({ type: 'LAB.CAB_OPEN', slot: 'door-chemistry', ago: 4 * MINUTE });
  stage.act(cabinet, 'acknowledge', 'zhang');
  stage.act(cabinet, 'dispatch', 'zhang');
  const smoke = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508', ago: 3 * MINUTE });
  stage.act(smoke, 'acknowledge', 'zhang');
  stage.deliver('receipted');
  // news from a store, and what is not real
  stage.happen(
    { type: 'GAS.COMBUSTIBLE', slot: 'gas-kitchen', freshness: 'late', ago: 4.2 * MINUTE },
    { type: 'DEV.TAMPER', slot: 'door-302', freshness: 'initial', ago: 2 * MINUTE },
    { type: 'INT.DOOR', slot: 'door-302', freshness: 'replay', ago: 12 * MINUTE },
    { type: 'FIR.MCP', slot: 'panic-301', mode: 'test', ago: MINUTE },
    { type: 'FIR.SMOKE', slot: 'gas-kitchen', mode: 'drill', ago: MINUTE },
    { type: 'INT.AREA', slot: 'door-302', mode: 'walktest', ago: MINUTE },
    { type: 'DEV.BATT', slot: 'smoke-508', severity: 2, ago: 20 * MINUTE },
    { type: 'DEV.OFFLINE', slot: 'leak-chemistry', ago: 15 * MINUTE },
    { type: 'DEV.CLOCK', slot: 'fence-east', ago: 65 * MINUTE },
  );
  stage.deliver('receipted');
  stage.happen({ type: 'EMG.DURESS', slot: 'duress-finance', edge: 'pulse', ago: 40_000 });
  stage.deliver('failed');
  stage.happen({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse', ago: 12_000 });
  stage.happen({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse', ago: 4_000 });
  stage.diskFull = true;
  stage.happen({ type: 'INT.GLASS', slot: 'door-302', ago: 2_000 });
  stage.diskFull = false;
}

/** What nobody takes, what was put aside, and what does not get through. */
export function playWaiting(stage: Stage): void {
  const until = (hours: number) => new Date(Date.now() + hours * 60 * MINUTE).toISOString();
  const later = (alarm: Alarm, ...steps: Array<(alarm: Alarm) => Change[]>) => {
    for (const step of steps) stage.store([], stage.book.amend(alarm.id, step));
  };
  const escalate = (alarm: Alarm) => escalated(alarm, Date.now());
  const panic = stage.raise({ type: 'EMG.PANIC', slot: 'panic-301', edge: 'pulse', ago: 4 * MINUTE });
  later(panic, escalate, escalate, escalate, (alarm) => missed(alarm, 'handle', Date.now()));
  const area = stage.raise({ type: 'INT.AREA', slot: 'door-302', ago: MINUTE });
  stage.act(area, 'acknowledge', 'zhang');
  const fence = stage.raise({ type: 'INT.FENCE', slot: 'fence-east', ago: 20 * MINUTE });
  stage.act(fence, 'acknowledge', 'zhang');
  stage.act(fence, 'shelve', 'li', { until: until(4), reason: '大风，树枝搭在围栏上', owner: '园林科' });
  const smoke = stage.raise({ type: 'FIR.SMOKE', slot: 'smoke-508', ago: 9 * MINUTE });
  stage.act(smoke, 'confirm', 'zhang', { how: 'on-site' });
  const isolated = stage.book.act(
    smoke.id,
    'isolate',
    {
      version: stage.book.get(smoke.id)?.version ?? 1,
      until: until(8),
      reason: '蒸汽反复误报，维修已派工',
      patrol: '保安王某每 30 分钟查看一次',
    },
    { user: 'li', role: 'shift-leader', station: '中控室', second: { user: 'zhang', role: 'guard' } },
  );
  if ('refused' in isolated) throw new Error(isolated.detail.en);
  stage.store([], isolated.changes);
  const { isolated: isolation } = isolated.alarm;
  if (isolation === undefined) throw new Error('it is not isolated');
  const { by, second, ...rest } = isolation;
  stage.tellStatus({
    isolations: [{ ...rest, alarm: smoke.id, type: smoke.type, slot: 'smoke-508', place: smoke.place }],
  });
  stage.happen({ type: 'SYS.UNDELIVERED', ago: 2 * MINUTE });
  stage.deliver('failed');
}

/** Many alarms at once, in commits of fifty. */
export async function playFlood(stage: Stage, count: number): Promise<void> {
  const types = ['INT.DOOR', 'DEV.FAULT', 'ENV.WATER', 'ACC.HELD', 'VID.LOITER', 'DEV.BATT', 'INT.AREA'];
  const one = (n: number) => ({
    type: types[n % types.length] as string,
    slot: slots[n % slots.length]?.id as string,
    device: `探测器 ${n + 1}`,
    ago: n * 100,
  });
  for (let n = 0; n < count; n += 50) {
    stage.happen(...Array.from({ length: Math.min(50, count - n) }, (_, i) => one(n + i)));
  }
}

/** An installer's day: new devices of several kinds, one that cannot be read, one that nobody knows. */
export function playStrangers(stage: Stage): void {
  const MIN = 60_000;
  stage.hear('zigbee2mqtt/dorm-509-smoke', { smoke: false, battery: 97, linkquality: 120 }, 'z2m', 9 * MIN);
  stage.hear('zigbee2mqtt/dorm-509-smoke', { smoke: true, battery: 97, linkquality: 118 }, 'z2m', 8 * MIN);
  stage.hear('zigbee2mqtt/dorm-509-smoke/availability', { state: 'online' }, 'z2m', 7 * MIN);
  stage.hear(
    'io/io-gate/state',
    { seq: 1, ch: { 1: 'normal', 2: 'normal', 3: 'alarm', 4: 'normal' } },
    'io-gate',
    6 * MIN,
  );
  stage.hear('zigbee2mqtt/财务室键盘', { action: 'emergency', action_code: '471108' }, 'z2m', 5 * MIN);
  stage.hear('zigbee2mqtt/后门门磁', { contact: false, battery: 80 }, 'z2m', 4 * MIN);
  stage.hear('acme/7731/telemetry', { heat: 41.5, st: 3 }, 'acme-7731', 3 * MIN);
  const device = { identifiers: ['acme-9'], name: '顶楼水箱', manufacturer: 'Acme' };
  const discovery = { name: '水浸', device_class: 'moisture', state_topic: 'acme/9/leak', device };
  stage.hear('homeassistant/binary_sensor/acme-9/config', discovery, 'ha', 2 * MIN);
  stage.hear(
    'homeassistant/climate/acme-8/config',
    { name: '空调', state_topic: 'acme/8', device },
    'ha',
    MIN,
  );
  stage.hearUnreadable(
    'leak-1',
    'zigbee2mqtt/leak-1',
    { water_leak: 'perhaps' },
    'a value of "water_leak" is not known to profile zigbee2mqtt.device',
  );
}
