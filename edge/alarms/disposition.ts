import type { Alarm, Disposition } from '../../contract/alarm.ts';
import { eventType } from '../../contract/event-type.ts';
import { parsePoliceSuggestion, policeCodeSchema } from '../../contract/police-category.ts';
import { instant } from './change.ts';
import { isAtLeast } from './order.ts';
import { type Refusal, refuse, text } from './refusal.ts';
import { endOfShelving } from './shelving.ts';
import { type Act, type Attempt, step, taken } from './step.ts';

/**
 * A verdict on an alarm, from any state but closed; another one corrects it. A leader who gives none accepts what
 * the guard proposed.
 */
export const dispose: Act = {
  isDone: (a) => {
    const { alarm, actor, request } = a;
    if (!isAtLeast(alarm, 'disposed') || alarm.disposition?.by !== actor.user) return false;
    return request.verdict === undefined
      ? alarm.proposal === undefined
      : isSame(alarm.disposition, wanted(a));
  },
  obstacle: (a) => {
    if (a.alarm.operator === 'closed') return refuse('not-possible', text.closed);
    return faultOf(a, wanted(a, a.alarm.proposal));
  },
  apply: (a) => {
    const disposition = wanted(a, a.alarm.proposal);
    // handled is handled: what comes next opens an alarm of its own
    const patch = { ...endOfShelving(a.alarm, a.now), ...taken(a, 'disposed') };
    return step(a, { ...patch, disposition, proposal: undefined });
  },
};

/** A guard's verdict on severity 1-2, which waits for the shift leader. The alarm stays open and unhandled. */
export const propose: Act = {
  isDone: (a) => a.alarm.proposal?.by === a.actor.user && isSame(a.alarm.proposal, wanted(a)),
  obstacle: (a) => {
    if (a.alarm.operator === 'closed') return refuse('not-possible', text.closed);
    if (a.alarm.operator === 'disposed') return refuse('not-possible', text.notBackwards(a.alarm));
    return faultOf(a, wanted(a));
  },
  apply: (a) => {
    const operator = a.alarm.operator === 'new' ? 'acknowledged' : a.alarm.operator;
    return step(a, { ...taken(a, operator), proposal: wanted(a) }, 'propose');
  },
};

function faultOf({ alarm, request }: Attempt, asked: Disposition | undefined): Refusal | undefined {
  if (asked === undefined) return refuse('invalid', text.verdictMissing);
  const code = request.policeCode;
  if (code === undefined || policeCodeOf(alarm, code) !== undefined) return undefined;
  return refuse('invalid', text.policeCodeUnknown(code));
}

/** What the request says; where it gives no verdict, what was `proposed`, with the request's own words on top. */
function wanted(a: Attempt, proposed?: Disposition): Disposition | undefined {
  const { alarm, request, actor, now } = a;
  const basis = request.verdict === undefined ? proposed : undefined;
  const verdict = request.verdict ?? basis?.verdict;
  if (verdict === undefined) return undefined;
  const policeCode =
    request.policeCode === undefined
      ? (basis?.policeCode ?? impliedCode(alarm, verdict))
      : policeCodeOf(alarm, request.policeCode);
  const note = request.note ?? basis?.note;
  return {
    verdict,
    ...(policeCode !== undefined && { policeCode }),
    ...(note !== undefined && { note }),
    by: actor.user,
    at: instant(now),
  };
}

function isSame(held: Disposition, asked: Disposition | undefined): boolean {
  return held.verdict === asked?.verdict && held.policeCode === asked.policeCode && held.note === asked.note;
}

/** A category of the list, or the type's own suggestion with its star, which the person confirms by sending it. */
function policeCodeOf(alarm: Alarm, code: string): string | undefined {
  if (policeCodeSchema.safeParse(code).success) return code;
  const suggestion = eventType(alarm.type)?.codes.ga669_7;
  return code === suggestion ? parsePoliceSuggestion(suggestion)?.code : undefined;
}

/** Without a star the category follows from the type, where the alarm was real. */
function impliedCode(alarm: Alarm, verdict: Disposition['verdict']): string | undefined {
  const suggestion = parsePoliceSuggestion(eventType(alarm.type)?.codes.ga669_7);
  return verdict === 'real' && suggestion?.confirm === false ? suggestion.code : undefined;
}
