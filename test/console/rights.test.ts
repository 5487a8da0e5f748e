import { describe, expect, test } from 'vitest';
import type { Alarm, AlarmActionRequest, Role } from '../../contract/alarm.ts';
import { applyAction } from '../../edge/alarms/lifecycle.ts';
import { offers } from '../../edge/console/rights.ts';
import { anAlarm } from './alarms.ts';

const NOW = Date.parse('2025-11-24T02:30:00.000Z');
const details: Partial<Record<string, Partial<AlarmActionRequest>>> = {
  confirm: { how: 'on-site' },
  dispose: { verdict: 'false' },
};

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
      [true, false].map((latched) => anAlarm({ severity, operator, condition, latched })),
    ),
  ),
);

describe('no button is offered that the gateway must refuse', () => {
  test.each(roles)('%s', (role) => {
    for (const alarm of cases) {
      const { primary, others } = offers(alarm, role, alarm.operator === 'new');
      for (const offer of primary === undefined ? others : [primary, ...others]) {
        const became = answer(alarm, offer.action, role);
        const what = `${role}: ${offer.action} on ${JSON.stringify(alarm)}`;
        if (became === 'second-person-needed') {
          expect([alarm.severity, role, what]).toEqual([1, 'shift-leader', what]);
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

test('a leader is offered the guard’s proposal first', () => {
  const proposal = { verdict: 'false' as const, by: 'zhang', at: '2025-11-24T02:00:00.000Z' };
  const alarm = anAlarm({ operator: 'acknowledged', proposal });
  expect(offers(alarm, 'shift-leader', false).primary).toEqual({ action: 'dispose', propose: false });
  expect(offers(alarm, 'guard', false).primary?.action).toBe('confirm');
});
