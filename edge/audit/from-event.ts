import type { Role } from '../../contract/alarm.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { Event } from '../../contract/event.ts';

/** What an event does not say of who caused it: their role, and the address of their session at this station. */
export type WhoIs = (
  user: string,
  station: string | undefined,
) => { role?: Role | undefined; address?: string | undefined };

const texts = [
  'act',
  'actor',
  'by',
  'role',
  'station',
  'address',
  'action',
  'what',
  'command',
  'result',
  'reason',
] as const;
/** What an event calls what did not work out. */
const results: Record<string, AuditEntry['result']> = {
  refused: 'refused',
  failed: 'failed',
  unanswered: 'failed',
};
type Said = Partial<Record<(typeof texts)[number], string>> & Record<string, unknown>;

/**
 * The line of the audit that an event of the gateway itself makes: one that a person caused (`actor` or `by` in its data).
 * Undefined for everything else. So whatever people do that is an event is audited with the commit that makes it true, with
 * nothing to forget; what is no event (sign-ins, refusals, reading) is recorded where it happens.
 */
export function auditOf(event: Event, whoIs: WhoIs): AuditEntry | undefined {
  const said = saidIn(event.data);
  const user = said.actor ?? said.by;
  if (user === undefined || said.role === 'system') return undefined;
  const { station } = said;
  const { role, address } = whoIs(user, station);
  return {
    at: event.receivedAt,
    user,
    role: (said.role as Role | undefined) ?? role,
    station,
    address: said.address ?? address,
    act: actOf(event.type, said),
    on: objectOf(event, said),
    result: results[said.result ?? ''] ?? 'done',
    why: said.reason,
    second: secondOf(said.second, whoIs),
    event: event.id,
    detail: detailOf(event.type, said),
  };
}

function saidIn(data: Record<string, unknown> | undefined): Said {
  const said: Said = { ...data };
  for (const name of texts) if (typeof said[name] !== 'string' || said[name] === '') delete said[name];
  return said;
}

function actOf(type: string, { act, action, command }: Said): string {
  if (type === 'ALM.TRANSITION' && action !== undefined) return `alarm.${action}`;
  if (type === 'DEV.OUTPUT' && command !== undefined)
    return command === 'view' ? 'video.view' : 'device.command';
  if (type === 'SYS.CFG') return act ?? 'configuration';
  return type;
}

/** The most telling id of what it was done to. */
function objectOf({ origin }: Event, said: Said): string | undefined {
  const named = [said.alarmId, said.zone, said.person, said.device, origin.device, origin.slot, origin.place];
  return named.find((id): id is string => typeof id === 'string');
}

function secondOf(second: unknown, whoIs: WhoIs): AuditEntry['second'] {
  const { user } = typeof second === 'string' ? { user: second } : ((second ?? {}) as { user?: unknown });
  return typeof user === 'string' ? { user, role: whoIs(user, undefined).role } : undefined;
}

/** What stands nowhere else in the line; the whole alarm is in the event. */
function detailOf(type: string, said: Said): AuditEntry['detail'] {
  if (type === 'ALM.TRANSITION') return picked({ from: said.from, to: said.to, note: said.note });
  const {
    act: _c,
    person: _p,
    actor: _a,
    by: _b,
    role: _r,
    station: _s,
    address: _d,
    second: _2,
    reason: _e,
    result: _t,
    ...rest
  } = said;
  return picked(rest);
}

function picked(all: Record<string, unknown>): Record<string, unknown> | undefined {
  const some = Object.entries(all).filter(([, value]) => value !== undefined);
  return some.length === 0 ? undefined : Object.fromEntries(some);
}
