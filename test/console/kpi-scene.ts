import { missed } from '../../edge/alarms/escalation.ts';
import type { KpiPort } from '../../edge/api/routes/kpi.ts';
import type { ProtectionRow } from '../../edge/journal/history-rows.ts';
import { reportOf } from '../../edge/kpi/report.ts';
import { guard, leader, pair } from '../edge/alarms/play.ts';
import { DAY, History, partsOf, ZONE } from '../edge/kpi/history.ts';
import { devices, places, slots } from './stage-campus.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const week = { from: DAY.from - 24 * HOUR, to: DAY.from + 6 * 24 * HOUR };

/** A week of a school as the report shows it: the real figures of an invented history. */
export function weekOfReports(): KpiPort {
  const history = new History();
  const day = (n: number, time: number): number => week.from + n * 24 * HOUR + time * HOUR;
  history.at(week.from - 30 * HOUR).raise('DEV.FAULT', { device: 'cab-1', slot: 'door-chemistry' });
  for (let n = 0; n < 6; n++) {
    alarm(history, day(n, 7.5), 'INT.FENCE', 'fence-3', 'fence-east', n < 3 ? 'nuisance' : 'false', n);
    alarm(history, day(n, 22.2), 'INT.DOOR', 'door-302', 'door-302', n === 4 ? 'real' : 'equipment', n + 3);
    if (n % 2 === 0) alarm(history, day(n, 12), 'FIR.SMOKE', 'zb-smoke-508', 'smoke-508', 'nuisance', n);
  }
  alarm(history, day(3, 10), 'EMG.PANIC', 'io-301', 'panic-301', 'real', 1);
  const late = history
    .at(day(4, 2))
    .send('EMG.PANIC', 'pulse', { device: 'io-finance', slot: 'duress-finance' });
  const id = late[0]?.alarm.id ?? '';
  history.at(day(4, 2) + 3 * MINUTE).amend(id, (one) => missed(one, 'handle', history.now));
  history.at(day(4, 2) + 4 * MINUTE).done(id, 'acknowledge', guard);
  history.at(day(4, 2) + 5 * MINUTE).amend(id, (one) => missed(one, 'scene', history.now));
  history.at(day(4, 2) + 6 * MINUTE).done(id, 'dispatch', guard);
  for (let n = 0; n < 25; n++)
    history
      .at(day(5, 18) + n * 10_000)
      .raise('DEV.OFFLINE', { device: devices[n % 8]?.id ?? '', slot: `offline-${n}` });
  const { id: shelved } = history
    .at(day(5, 19))
    .raise('INT.AREA', { device: 'door-302', slot: 'door-302', armed: 'always' });
  history.done(shelved, 'shelve', leader, { until: new Date(day(5, 24)).toISOString(), reason: '施工' });
  history.at(day(5, 20)).raise('FIR.SMOKE', { device: 'zb-smoke-508', mode: 'drill' });

  const zone = { zone: 'teaching', name: '教学楼防区' };
  const told: Array<
    [at: number, type: string, edge: 'raise' | 'clear' | 'pulse', data: object, slot?: string]
  > = [
    [day(0, 6.5), 'ARM.UNSET', 'pulse', zone],
    [day(0, 22), 'ARM.SET', 'pulse', zone],
    [day(1, 6.5), 'ARM.UNSET', 'pulse', zone],
    [day(2, 0.5), 'ARM.SET', 'pulse', zone],
    [day(2, 1), 'ARM.BYPASS', 'raise', zone, 'door-302'],
    [day(2, 6), 'ARM.BYPASS', 'clear', zone, 'door-302'],
    [day(3, 9), 'FIR.SHIELD', 'raise', { alarm: 'a', isolates: 'FIR.SMOKE' }, 'smoke-508'],
    [day(3, 13.5), 'FIR.SHIELD', 'clear', { alarm: 'a', isolates: 'FIR.SMOKE' }, 'smoke-508'],
  ];
  const protection = told.map(([at, type, edge, data, slot], index): ProtectionRow => {
    const origin = { gateway: 'g', school: 's', region: 'r', ...(slot === undefined ? {} : { slot }) };
    return { position: index, at, type, edge, origin, data: data as Record<string, unknown> };
  });
  const zones = [
    { id: 'teaching', name: '教学楼防区', mode: 'away' as const, since: '', by: 'li', bypasses: [] },
  ];
  const parts = partsOf({ rows: history.rows(), protection, zones, period: week, now: day(6, 9) });
  const report = reportOf({
    ...parts,
    directory: {
      place: (one) => places.find((place) => place.id === one),
      slot: (one) => slots.find((slot) => slot.id === one),
      device: (one) => devices.find((device) => device.id === one),
    },
    zoneOfSlot: (slot) => (slot === 'door-302' ? 'teaching' : undefined),
  });
  return { zone: ZONE, now: () => day(6, 9), report: async () => report };
}

/** From the alarm to its end, slower with `n`. */
function alarm(
  history: History,
  at: number,
  type: string,
  device: string,
  slot: string,
  verdict: 'real' | 'false' | 'nuisance' | 'equipment',
  n: number,
): void {
  const isPulse = type.startsWith('EMG.');
  const [raised] = history.at(at).send(type, isPulse ? 'pulse' : 'raise', { device, slot, armed: 'always' });
  const id = raised?.alarm.id ?? '';
  history.at(at + 8_000 + n * 4_000).done(id, 'acknowledge', guard);
  history.at(at + 40_000 + n * 20_000).done(id, 'dispatch', guard);
  history.at(at + 90_000 + n * 30_000).done(id, 'arrive', guard);
  history.at(at + 240_000 + n * 60_000).done(id, 'dispose', leader, { verdict });
  if (!isPulse) history.send(type, 'clear', { device, slot });
  history.done(id, 'reset', pair);
  history.done(id, 'close', pair);
}
