import { describe, expect, test } from 'vitest';
import { type Role, roleSchema } from '../../../contract/alarm.ts';
import { type CommandOutput, commandRights, mayCommand, rightOf } from '../../../edge/commands/rights.ts';

const outputs = Object.keys(commandRights) as CommandOutput[];
const leader = { user: 'li', role: 'shift-leader' } as const;

function actor(role: Role, second?: { user: string; role: Role }) {
  return { user: 'me', role, station: 'gate', ...(second === undefined ? {} : { second }) };
}

describe.each(outputs)('%s', (output) => {
  test.each(roleSchema.options)('%s never gets further than the table says', (role) => {
    const isField = role === 'guard' || role === 'installer';
    const alone =
      role === 'shift-leader' || (role === 'guard' && output === 'mute') || (isField && output === 'view');
    const withLeader = alone || isField;
    expect(mayCommand(actor(role), output) === 'allowed').toBe(alone);
    expect(mayCommand(actor(role, leader), output) === 'allowed').toBe(withLeader);
    expect(rightOf(role, output) === 'refused').toBe(!withLeader);
  });
});

test('a second guard, or the same person again, is no shift leader', () => {
  expect(mayCommand(actor('guard', { user: 'zhao', role: 'guard' }), 'lock')).toBe('second-person');
  expect(mayCommand(actor('guard', { user: 'me', role: 'shift-leader' }), 'lock')).toBe('second-person');
  expect(mayCommand(actor('administrator', leader), 'lock')).toBe('refused');
});
