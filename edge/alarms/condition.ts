import type { Alarm } from '../../contract/alarm.ts';
import type { Event } from '../../contract/event.ts';
import { type Author, authorOf, type Change, changed, gatewayAuthor, instant } from './change.ts';
import { isOvertaken } from './freshness.ts';
import { closesItself } from './shelving.ts';
import { type DeviceInput, deviceOfSource, heldAfter, lostAmong } from './sources.ts';

/**
 * A clear: the condition returns once no other source holds the alarm active. Severity 3-4 without latch then closes
 * by itself, into the recovered list; severity 1-2 never does (GB 50394 5.2.3).
 */
export function cleared(current: Alarm | undefined, event: Event, now: number): Change[] {
  if (current === undefined || current.condition === 'returned') return [];
  if (isOvertaken(event, current.lastAt)) return [];
  const sources = heldAfter(current, event);
  if (sources === undefined) return [];
  return left(current, sources, { at: event.occurredAt, author: authorOf(event), now });
}

/**
 * A device that held this alarm is registered no more, was replaced (`why`), or watches another slot: it will never clear it, and whoever
 * changed the registry has looked (CONTRACT section 4: a stuck device only after its slot is isolated or replaced).
 * What is latched or of severity 1-2 still waits for people.
 */
export function released(
  current: Alarm,
  holds: (source: string) => boolean,
  now: number,
  why?: string,
): Change[] {
  const { condition, device, sources = [] } = current;
  if (condition === 'returned' || device === undefined) return [];
  // stored before sources were kept: the device that raised it last is all that is known
  const gone = (sources.length === 0 ? [device] : sources).filter((source) => !holds(source));
  if (gone.length === 0) return [];
  const reason = why ?? `not registered here any more: ${gone.join(', ')}`;
  const still = sources.filter((source) => !gone.includes(source));
  return left(current, still, { at: instant(now), author: gatewayAuthor, now, reason });
}

/** What becomes of an alarm that only these sources still hold. */
function left(
  current: Alarm,
  sources: string[],
  { at, author, now, reason }: { at: string; author: Author; now: number; reason?: string },
): Change[] {
  if (sources.length > 0) {
    const eased = changed(current, { sources, lost: lostAmong(current, sources) }, 'ease', author, {
      reason,
    });
    // what could still be heard has returned: of the rest nobody knows
    return [eased, ...forsaken(eased.alarm)];
  }
  const back = { condition: 'returned', returnedAt: at, sources: undefined, lost: undefined } as const;
  const returned = changed(current, back, 'return', author, { reason });
  return [returned, ...closesItself(returned.alarm, now)];
}

/**
 * These sources are out of reach (a dead bridge, a lost broker), or did not repeat in time what they said. An active alarm
 * that nothing else holds is unknown now. Clears nothing.
 */
export function lost(alarm: Alarm, isLost: (source: DeviceInput) => boolean): Change[] {
  const { condition, operator, device, sources = [] } = alarm;
  // an alarm of the gateway itself has no device: what it names is no device either
  if (condition === 'returned' || operator === 'closed' || device === undefined) return [];
  // stored before sources were kept: the device that raised it last is all that is known
  if (sources.length === 0) return condition === 'active' && isLost({ device }) ? [lose(alarm, {})] : [];
  const before = lostAmong(alarm, sources) ?? [];
  const after = sources.filter((name) => before.includes(name) || isLost(deviceOfSource(name)));
  if (after.length === before.length) return [];
  return after.length === sources.length
    ? [lose(alarm, { lost: after })]
    : [changed(alarm, { lost: after }, 'lose', gatewayAuthor)];
}

/** Is all that still holds it out of reach? Then it is unknown. */
function forsaken(alarm: Alarm): Change[] {
  const { condition, sources = [], lost = [] } = alarm;
  return condition === 'active' && lost.length === sources.length ? [lose(alarm, {})] : [];
}

function lose(alarm: Alarm, patch: Partial<Alarm>): Change {
  return changed(alarm, { ...patch, condition: 'unknown' }, 'lose', gatewayAuthor);
}
