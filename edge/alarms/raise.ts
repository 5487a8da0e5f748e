import type { Alarm } from '../../contract/alarm.ts';
import { subjectOf } from '../../contract/cloud-event.ts';
import type { Event, Media, Severity } from '../../contract/event.ts';
import type { EventType } from '../../contract/event-type.ts';
import { authorOf, type Change, changed, opened } from './change.ts';
import { isNews, opens, wakes } from './freshness.ts';
import { holdAfterRaise, isHeldBy } from './sources.ts';

/** Media shown on an alarm at most; every event keeps its own. */
const MEDIA_MAX = 32;

/** A raise or pulse on the newest open instance of its key, or on none. */
export function raised(
  current: Alarm | undefined,
  event: Event,
  type: EventType,
  newId: () => string,
): Change[] {
  if (current === undefined) return opens(event, type) ? [open(event, type, newId())] : [];
  const disposed = current.operator === 'disposed';
  if (triggers(current, event, type)) {
    return [disposed ? open(event, type, newId(), current) : repeat(current, event, type)];
  }
  if (event.edge === 'pulse' || isHeldBy(current, event)) return [];
  return [resume(current, event)];
}

/** Did something happen, or was a state only told again? */
function triggers(current: Alarm, event: Event, type: EventType): boolean {
  if (event.edge === 'pulse') return opens(event, type);
  const disposed = current.operator === 'disposed';
  switch (current.condition) {
    case 'active':
      return isNews(event, type);
    case 'returned':
      return disposed ? opens(event, type) : true;
    case 'unknown':
      // nobody looks at a disposed alarm any more: what concerns life is told anew
      return isNews(event, type) || (disposed && type.lifeSafety);
  }
}

function open(event: Event, type: EventType, id: string, previous?: Alarm): Change {
  const { origin, media } = event;
  const alarm: Alarm = {
    id,
    version: 1,
    type: event.type,
    subject: subjectOf(event),
    severity: event.severity,
    condition: event.edge === 'pulse' ? 'returned' : 'active',
    latched: type.latching,
    operator: 'new',
    count: 1,
    firstAt: event.occurredAt,
    lastAt: event.occurredAt,
    mode: event.mode,
    freshness: event.freshness,
    lifeSafety: type.lifeSafety,
    raisedBy: event.id,
    raisedSeq: event.seq,
  };
  if (event.edge === 'pulse') alarm.returnedAt = event.occurredAt;
  else {
    const { sources, lost } = holdAfterRaise(previous, event);
    if (sources !== undefined) alarm.sources = sources;
    if (lost !== undefined) alarm.lost = lost;
  }
  if (type.silent === true) alarm.silent = true;
  if (origin.place !== undefined) alarm.place = origin.place;
  if (origin.unit !== undefined) alarm.unit = origin.unit;
  if (origin.device !== undefined) alarm.device = origin.device;
  if (origin.slot !== undefined) alarm.slot = origin.slot;
  if (previous !== undefined) alarm.previous = previous.id;
  if (media !== undefined && media.length > 0) alarm.media = media.slice(0, MEDIA_MAX);
  return opened(alarm, authorOf(event));
}

/** A new trigger of an open alarm that nobody has disposed of. */
function repeat(current: Alarm, event: Event, type: EventType): Change {
  const severity = Math.min(current.severity, event.severity) as Severity;
  const patch: Partial<Alarm> = {
    count: current.count + 1,
    lastAt: later(current.lastAt, event.occurredAt),
    severity,
    latched: current.latched || type.latching,
  };
  if (event.edge === 'raise') {
    Object.assign(patch, held(current, event));
  }
  if (event.freshness === 'live') patch.freshness = 'live';
  if (wakes(event, type)) {
    // GB 50394 5.2.3: a new trigger of the zone ends the silence
    if (current.silencedUntil !== undefined) patch.silencedUntil = undefined;
    if (mustBeHeardAgain(current, severity, event)) {
      Object.assign(patch, {
        operator: 'new',
        acknowledgedAt: undefined,
        owner: undefined,
        proposal: undefined,
      });
    }
  }
  const media = withMedia(current, event.media);
  if (media !== undefined) patch.media = media;
  return changed(current, patch, 'repeat', authorOf(event));
}

/** An acknowledged or confirmed alarm goes back to `new`: severity 1, a risen severity, the first live trigger. */
function mustBeHeardAgain(current: Alarm, severity: Severity, event: Event): boolean {
  if (current.operator !== 'acknowledged' && current.operator !== 'confirmed') return false;
  if (severity === 1) return true;
  const neverSounded = current.freshness !== 'live' && !current.lifeSafety && event.freshness === 'live';
  return severity === 2 && (current.severity > 2 || neverSounded);
}

/** The state is active (again), or of one more source, which is all that is new: no count, no sound. */
function resume(current: Alarm, event: Event): Change {
  return changed(current, held(current, event), 'repeat', authorOf(event));
}

/** Active, by what held it and by this event's source. */
function held(current: Alarm, event: Event): Partial<Alarm> {
  return { condition: 'active', returnedAt: undefined, ...holdAfterRaise(current, event) };
}

/** A snapshot or clip that came after the alarm; nothing when it shows them already or holds enough. */
export function attached(current: Alarm | undefined, event: Event): Change[] {
  const media = current === undefined ? undefined : withMedia(current, event.media);
  return current === undefined || media === undefined
    ? []
    : [changed(current, { media }, 'attach', authorOf(event))];
}

function withMedia(alarm: Alarm, added: Media[] | undefined): Media[] | undefined {
  if (added === undefined) return undefined;
  const held = alarm.media ?? [];
  const fresh = added.filter((item) => !held.some((other) => other.id === item.id));
  const room = MEDIA_MAX - held.length;
  return fresh.length === 0 || room <= 0 ? undefined : [...held, ...fresh.slice(0, room)];
}

function later(a: string, b: string): string {
  return Date.parse(b) > Date.parse(a) ? b : a;
}
