import { expect, test } from 'vitest';
import type { Alarm } from '../../contract/alarm.ts';
import { orderedRows } from '../../edge/console/alarm-order.ts';
import { anAlarm } from './alarms.ts';

const NOW = Date.parse('2025-11-24T02:30:00.000Z');
const at = (minute: number) => `2025-11-24T02:${String(minute).padStart(2, '0')}:00.000Z`;
const order = (...alarms: Alarm[]) => orderedRows(alarms, NOW).map(({ alarm }) => alarm.id);

test('severity goes before everything, whatever sounds', () => {
  const handled = anAlarm({ id: 'handled-1', severity: 1, operator: 'confirmed', firstAt: at(29) });
  const sounding = anAlarm({ id: 'sounding-2', severity: 2, firstAt: at(1) });
  const minor = anAlarm({ id: 'minor-3', severity: 3, firstAt: at(0) });
  expect(order(minor, sounding, handled)).toEqual(['handled-1', 'sounding-2', 'minor-3']);
});

test('within a severity what sounds goes first, then the oldest', () => {
  const old = anAlarm({ id: 'old', operator: 'acknowledged', acknowledgedAt: at(29), firstAt: at(1) });
  const second = anAlarm({ id: 'second', firstAt: at(20) });
  const first = anAlarm({ id: 'first', firstAt: at(10) });
  expect(order(old, second, first)).toEqual(['first', 'second', 'old']);
});

test('bug: a panic stood below all detectors of severity 1 that had sounded before it', () => {
  const smokes = [1, 2, 3].map((minute) =>
    anAlarm({ id: `smoke-${minute}`, type: 'FIR.SMOKE', firstAt: at(minute) }),
  );
  const late = anAlarm({ id: 'panic-2', type: 'EMG.PANIC', firstAt: at(25) });
  const early = anAlarm({ id: 'panic-1', type: 'EMG.PANIC', firstAt: at(20) });
  expect(order(...smokes, late, early)).toEqual(['panic-1', 'panic-2', 'smoke-1', 'smoke-2', 'smoke-3']);
  // once it is taken it stands where it belongs by its age
  const taken = { operator: 'acknowledged', acknowledgedAt: at(29) } as const;
  expect(order({ ...smokes[0]!, ...taken }, { ...early, ...taken })).toEqual(['smoke-1', 'panic-1']);
});

test('no drill stands above a real alarm of its severity', () => {
  const drill = anAlarm({ id: 'drill', mode: 'drill', firstAt: at(1) });
  const real = anAlarm({ id: 'real', operator: 'dispatched', firstAt: at(20) });
  expect(order(drill, real)).toEqual(['real', 'drill']);
});

test('an acknowledged severity 1 that nobody dispatched sounds again, and moves up', () => {
  const waiting = anAlarm({
    id: 'waiting',
    operator: 'acknowledged',
    acknowledgedAt: at(26),
    firstAt: at(25),
  });
  const taken = anAlarm({ id: 'taken', operator: 'acknowledged', acknowledgedAt: at(29), firstAt: at(1) });
  const rows = orderedRows([taken, waiting], NOW);
  expect(rows.map(({ alarm, sounding }) => [alarm.id, sounding])).toEqual([
    ['waiting', true],
    ['taken', false],
  ]);
});

test('a silent alarm never sounds and still stands with its severity', () => {
  const [row] = orderedRows([anAlarm({ type: 'EMG.DURESS', silent: true })], NOW);
  expect(row?.sounding).toBe(false);
});

test('rows that did not change stay the same objects, and an equal list is the same list', () => {
  const [a, b] = [anAlarm({ id: 'a' }), anAlarm({ id: 'b', severity: 2 })];
  const before = orderedRows([a, b], NOW);
  expect(orderedRows([b, a], NOW + 1000, before)).toBe(before);
  const after = orderedRows([a, { ...b, version: 2 }], NOW, before);
  expect(after[0]).toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
});

test('500 alarms are put in order within a few milliseconds', () => {
  const severities = [1, 2, 3, 4] as const;
  const many = Array.from({ length: 500 }, (_, n) => anAlarm({ severity: severities[n % 4] ?? 4 }));
  const before = orderedRows(many, NOW);
  const began = performance.now();
  for (let n = 0; n < 20; n += 1) orderedRows(many, NOW + n * 1000, before);
  expect((performance.now() - began) / 20).toBeLessThan(20);
});
