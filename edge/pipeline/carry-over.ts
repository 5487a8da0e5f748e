import { uuidv7 } from 'uuidv7';
import type { Alarm } from '../../contract/alarm.ts';
import { type Change, gatewayAuthor, opened } from '../alarms/change.ts';
import { keyOf } from '../alarms/key.ts';

const REASON = 'carried over from a damaged journal';

/**
 * Raises alarms of a damaged journal again in the new one: the same occurrence, to be handled anew. Of a key that is
 * open already, or of several instances of one key, only the newest that nobody disposed of is raised.
 */
export function carriedOver(alarms: readonly Alarm[], open: readonly Alarm[]): Change[] {
  const taken = new Set(open.map(keyOf));
  const rank = (alarm: Alarm) => (alarm.operator === 'disposed' ? 1 : 0);
  const newest = alarms
    .filter(({ operator }) => operator !== 'closed')
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.firstAt) - Date.parse(a.firstAt));
  const changes: Change[] = [];
  for (const alarm of newest) {
    const key = keyOf(alarm);
    if (taken.has(key)) continue;
    taken.add(key);
    const change = opened(asNew(alarm), gatewayAuthor);
    change.transition.reason = REASON;
    changes.push(change);
  }
  return changes.reverse();
}

/** Without what people did to it, and without numbers that mean nothing in another journal. */
function asNew(alarm: Alarm): Alarm {
  const {
    silencedUntil: _silenced,
    acknowledgedAt: _acknowledged,
    shelved: _shelved,
    owner: _owner,
    steps: _steps,
    confirmation: _confirmation,
    disposition: _disposition,
    proposal: _proposal,
    previous: _previous,
    delivery: _delivery,
    raisedSeq: _raisedSeq,
    repeatedSeq: _repeatedSeq,
    unsaved: _unsaved,
    ...occurrence
  } = alarm;
  return { ...occurrence, id: uuidv7(), version: 1, operator: 'new' };
}
