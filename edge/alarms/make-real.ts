import type { Alarm } from '../../contract/alarm.ts';
import { type Author, type Change, changed, instant } from './change.ts';
import { refuse, text } from './refusal.ts';
import { endOfShelving } from './shelving.ts';
import { type Act, step } from './step.ts';

/**
 * 转为实警 (CONTRACT section 4): a drill or test alarm ends here and goes on as a real one, which is raised with the same
 * commit and names it as `previous`. Its mode never changes: what was told of it as a drill stays true.
 */
export const makeReal: Act = {
  isDone: ({ alarm, actor }) => isMadeReal(alarm) && alarm.disposition?.by === actor.user,
  obstacle: ({ alarm }) => {
    if (alarm.mode === 'live') return refuse('not-possible', text.realAlready);
    return alarm.operator === 'closed' ? refuse('not-possible', text.closed) : undefined;
  },
  apply: (a) => step(a, ended(a.alarm, a.actor.user, a.now)),
};

/** The same without a person: a second press, or it still held when the drill ended. */
export function becameReal(alarm: Alarm, author: Author, now: number, reason: string): Change[] {
  if (alarm.mode === 'live' || alarm.operator === 'closed') return [];
  return [changed(alarm, ended(alarm, author.actor, now), 'make-real', author, { reason })];
}

function ended(alarm: Alarm, by: string, now: number): Partial<Alarm> {
  return {
    ...endOfShelving(alarm, now),
    operator: 'closed',
    silencedUntil: undefined,
    proposal: undefined,
    disposition: { verdict: 'real', by, at: instant(now) },
  };
}

function isMadeReal({ mode, operator, disposition }: Alarm): boolean {
  return mode !== 'live' && operator === 'closed' && disposition?.verdict === 'real';
}
