import { describe, expect, test } from 'vitest';
import type { Alarm, AlarmActionRequest, Role } from '../../contract/alarm.ts';
import { isQuiet } from '../../contract/sounding.ts';
import { applyAction } from '../../edge/alarms/lifecycle.ts';
import { offers } from '../../edge/console/rights.ts';
import { anAlarm } from './alarms.ts';

const NOW = Date.parse('2025-11-24T02:30:00.000Z');
const details: Partial<Record<string, Partial<AlarmActionRequest>>> = {
  confirm: { how: 'on-site' },
  dispose: { verdict: 'false' },
  shelve: { until: new Date(NOW + 60_000).toISOString(), reason: 'a branch' },
  isolate: { until: new Date(NOW + 60_000).toISOString(), reason: 'fumes', patrol: 'every half hour' },
};
const pause = { at: new Date(NOW).toISOString(), until: new Date(NOW + 60_000).toISOString(), reason: 'x' };
const shelved = { ...pause, owner: 'x', by: 'x' };
const isolated = { ...pause, patrol: 'x', by: 'x', second: 'y' };

/** What the gateway itself says to an action of this role. */
function answer(alarm: Alarm, action: Parameters<typeof applyAction>[1], role: Role) {
  const request = { version: alarm.version, station: 'x', ...details[action] };
  const result = applyAction(alarm, action, request, { user: 'me', role, station: 'x' }, { now: NOW });
  return 'refused' in result ? result.refused : result.alarm;
}

const states = ['new', 'acknowledged', 'confirmed', 'dispatched', 'on-scene', 'disposed', 'closed'] as const;
const roles: Role[] = ['guard', 'shift-leader', 'installer', 'administrator', 'auditor', 'kiosk'];
const cases = ([1, 2, 3, 4] as const).flatMap((severity) =>
  states.flatMap((operator) =>
    (['active', 'returned', 'unknown'] as const).flatMap((condition) =>
      [true, false].flatMap((latched) => {
        const alarm = { severity, operator, condition, latched };
        const smoke = { ...alarm, type: 'FIR.SMOKE' };
        return [
          anAlarm(alarm),
          anAlarm(smoke),
          anAlarm({ ...smoke, isolated }),
          ...(severity > 1 && operator !== 'disposed' ? [anAlarm({ ...alarm, shelved })] : []),
        ];
      }),
    ),
  ),
);

describe('no button is offered that the gateway must refuse', () => {
  test.each(roles)('%s', (role) => {
    for (const alarm of cases) {
      const { primary, others, aside } = offers(alarm, role, alarm.operator === 'new' && !isQuiet(alarm));
      for (const offer of [...(primary === undefined ? [] : [primary]), ...others, ...aside]) {
        const became = answer(alarm, offer.action, role);
        const what = `${role}: ${offer.action} on ${JSON.stringify(alarm)}`;
        if (became === 'second-person-needed') {
          expect(role, what).toBe('shift-leader');
          expect(alarm.severity === 1 || offer.action === 'isolate', what).toBe(true);
        } else {
          expect(became, what).toBeTypeOf('object');
          if (typeof became === 'object') expect(became.proposal !== undefined, what).toBe(offer.propose);
        }
      }
    }
  });
});

test('every open alarm has a next step for a shift leader, or a reason to wait', () => {
  for (const alarm of cases.filter(({ operator }) => operator !== 'closed')) {
    const { primary, waiting } = offers(alarm, 'shift-leader', false);
    expect(primary !== undefined || waiting === 'return', JSON.stringify(alarm)).toBe(true);
  }
});

test('to put aside is offered to a leader alone, and only where it is possible', () => {
  const asides = (alarm: Alarm, role: Role = 'shift-leader') =>
    offers(alarm, role, false).aside.map(({ action }) => action);
  const operator = 'acknowledged';
  expect(asides(anAlarm({ operator }))).toEqual([]);
  expect(asides(anAlarm({ operator, type: 'FIR.SMOKE' })), 'nobody has looked').toEqual([]);
  const confirmation = { how: 'video' as const, by: 'zhang', at: '2025-11-24T02:00:00.000Z' };
  const seen = { operator: 'confirmed', type: 'FIR.SMOKE', confirmation } as const;
  expect(asides(anAlarm(seen))).toEqual(['isolate']);
  expect(asides(anAlarm({ ...seen, isolated }))).toEqual([]);
  expect(asides(anAlarm({ ...seen, sources: ['d1', 'd2'] })), 'two detectors say so').toEqual([]);
  expect(asides(anAlarm({ operator, type: 'INT.PERIM', severity: 2 }))).toEqual(['shelve']);
  expect(asides(anAlarm({ operator, type: 'INT.PERIM', severity: 2 }), 'guard')).toEqual([]);
  const others = offers(
    anAlarm({ operator, type: 'INT.PERIM', severity: 2, shelved }),
    'shift-leader',
    false,
  );
  expect(others.others.map(({ action }) => action)).toContain('unshelve');
});

test('a leader is offered the guard’s proposal first', () => {
  const proposal = { verdict: 'false' as const, by: 'zhang', at: '2025-11-24T02:00:00.000Z' };
  const alarm = anAlarm({ operator: 'acknowledged', proposal });
  expect(offers(alarm, 'shift-leader', false).primary).toEqual({ action: 'dispose', propose: false });
  expect(offers(alarm, 'guard', false).primary?.action).toBe('confirm');
});
