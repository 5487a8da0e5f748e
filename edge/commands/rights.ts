import type { Role } from '../../contract/alarm.ts';
import type { CommandDefinition } from '../../device-profiles/command-schema.ts';
import type { Actor } from '../alarms/rights.ts';

/** What a command moves, as its profile says. */
export type CommandOutput = CommandDefinition['output'];

/** `yes`: alone; `leader`: with the shift leader, who signs in with the same request. */
type Cell = 'yes' | 'leader';

/**
 * Who may command what; a role that is not named may not. Whatever opens, sounds or switches takes the shift leader of
 * this campus (CONTRACT section 6); muting a detector's own sounder leaves the alarm open and the detector watching, and
 * turning a camera to a preset is looking.
 */
export const commandRights = {
  mute: { guard: 'yes', 'shift-leader': 'yes', installer: 'leader' },
  siren: { guard: 'leader', 'shift-leader': 'yes', installer: 'leader' },
  strobe: { guard: 'leader', 'shift-leader': 'yes', installer: 'leader' },
  lock: { guard: 'leader', 'shift-leader': 'yes', installer: 'leader' },
  relay: { guard: 'leader', 'shift-leader': 'yes', installer: 'leader' },
  view: { guard: 'yes', 'shift-leader': 'yes', installer: 'yes' },
  other: { guard: 'leader', 'shift-leader': 'yes', installer: 'leader' },
} as const satisfies Record<CommandOutput, Readonly<Partial<Record<Role, Cell>>>>;

/** What somebody may do without anybody else; what is missing otherwise. */
export type CommandRight = 'allowed' | 'second-person' | 'refused';

/** May this role send it alone, with the shift leader, or not at all? */
export function rightOf(role: Role, output: CommandOutput): CommandRight {
  const row: Readonly<Partial<Record<Role, Cell>>> = commandRights[output];
  switch (row[role]) {
    case 'yes':
      return 'allowed';
    case 'leader':
      return 'second-person';
    default:
      return 'refused';
  }
}

/** May this person, with the second one of the request where there is one, send it? */
export function mayCommand(actor: Actor, output: CommandOutput): CommandRight {
  const right = rightOf(actor.role, output);
  if (right !== 'second-person' || actor.second === undefined) return right;
  const isLeader = actor.second.user !== actor.user && actor.second.role === 'shift-leader';
  return isLeader ? 'allowed' : 'second-person';
}
