import { describe, expect, test } from 'vitest';
import type { AlarmAction, Role } from '../../../contract/alarm.ts';
import type { Severity } from '../../../contract/event.ts';
import { may, rights } from '../../../edge/alarms/rights.ts';
import { actorOf, guard, leader, Play } from './play.ts';

const roles: Role[] = [
  'guard',
  'shift-leader',
  'installer',
  'administrator',
  'security-administrator',
  'auditor',
  'kiosk',
  'system',
];

describe('the rights table (CONTRACT section 4), cell by cell', () => {
  const cases: [AlarmAction, Severity[], string, string][] = [
    // action, severities, guard, shift leader; nobody else does anything
    ['silence', [1, 2, 3, 4], 'allowed', 'allowed'],
    ['acknowledge', [1, 2, 3, 4], 'allowed', 'allowed'],
    ['confirm', [1, 2, 3, 4], 'allowed', 'allowed'],
    ['dispatch', [1, 2, 3, 4], 'allowed', 'allowed'],
    ['arrive', [1, 2, 3, 4], 'allowed', 'allowed'],
    ['dispose', [3, 4], 'allowed', 'allowed'],
    ['dispose', [1, 2], 'proposes', 'allowed'],
    ['reset', [1], 'refused', 'second-person'],
    ['close', [1], 'refused', 'second-person'],
    ['reset', [2], 'refused', 'allowed'],
    ['close', [2], 'refused', 'allowed'],
    ['reset', [3, 4], 'allowed', 'allowed'],
    ['close', [3, 4], 'allowed', 'allowed'],
    ['shelve', [2, 3, 4], 'refused', 'allowed'],
    ['unshelve', [2, 3, 4], 'refused', 'allowed'],
    ['isolate', [1, 2], 'refused', 'second-person'],
    ['restore', [1, 2], 'refused', 'allowed'],
    ['make-real', [1], 'allowed', 'allowed'],
  ];
  for (const [action, severities, asGuard, asLeader] of cases) {
    for (const severity of severities) {
      for (const role of roles) {
        const expected = { guard: asGuard, 'shift-leader': asLeader }[role as string] ?? 'refused';
        test(`${role}, ${action}, severity ${severity}: ${expected}`, () => {
          expect(may(actorOf(role), action, { severity }).right).toBe(expected);
        });
      }
    }
  }

  test('names the acts that come with zones, drills and administration', () => {
    expect(rights['walk-test']).toEqual({ guard: 'consents', 'shift-leader': 'yes', installer: 'starts' });
    expect(rights.isolate).toEqual({ guard: 'asks', 'shift-leader': 'second' });
    expect(rights.arm).toEqual({ guard: 'own-scope', 'shift-leader': 'yes' });
    expect(rights.devices).toEqual({ installer: 'yes', administrator: 'yes' });
    expect(rights.people).toEqual({ 'security-administrator': 'yes' });
  });

  test('a refusal says who may', () => {
    expect(may(guard, 'close', { severity: 1 })).toEqual({
      right: 'refused',
      detail: {
        zh: '您的角色不能执行此操作；请由带班班长办理。',
        en: 'Your role may not do this; ask the shift leader.',
      },
    });
    expect(may(actorOf('auditor'), 'acknowledge', { severity: 3 })).toMatchObject({
      detail: { en: 'Your role may not do this; ask the guard or the shift leader.' },
    });
  });
});

describe('the second person', () => {
  test.each(roles)('of role %s counts only as guard or shift leader', (role) => {
    const actor = { ...leader, second: { user: 'other', role } };
    const expected = role === 'guard' || role === 'shift-leader' ? 'allowed' : 'second-person';
    expect(may(actor, 'reset', { severity: 1 }).right).toBe(expected);
  });

  test('is another person than the first', () => {
    const actor = { ...leader, second: { user: leader.user, role: leader.role } };
    expect(may(actor, 'close', { severity: 1 })).toMatchObject({
      right: 'second-person',
      detail: { en: expect.stringContaining('cannot be yourself') },
    });
  });

  test('does not lift a guard above the own rights', () => {
    const actor = { ...guard, second: { user: 'wang', role: 'shift-leader' as const } };
    expect(may(actor, 'close', { severity: 1 }).right).toBe('refused');
  });
});

describe('rights through the book', () => {
  test('second-person-needed comes last: the leader learns first what else is missing', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC');
    play.done(id, 'dispose', leader, { verdict: 'real' });
    expect(play.act(id, 'reset', leader)).toMatchObject({ refused: 'condition-active' });
    play.send('EMG.PANIC', 'clear');
    expect(play.act(id, 'reset', leader)).toMatchObject({ refused: 'second-person-needed' });
  });

  test('a refused role changes nothing, whatever version it sends', () => {
    const play = new Play();
    const { id } = play.raise('EMG.PANIC');
    for (const role of roles.slice(2)) {
      const result = play.act(id, 'acknowledge', actorOf(role), { version: 7 });
      expect(result, role).toMatchObject({ refused: 'not-allowed' });
    }
    expect(play.alarm(id).version).toBe(1);
  });
});
