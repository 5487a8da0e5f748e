import { type Alarm, type Evidence, evidenceSchema } from '../../contract/alarm.ts';
import { subjectOf } from '../../contract/cloud-event.ts';
import type { Event, Media, Severity } from '../../contract/event.ts';
import type { EventType } from '../../contract/event-type.ts';
import { authorOf, type Change, changed, instant, opened } from './change.ts';
import { isNews, opens, wakes } from './freshness.ts';
import { dueOf, type ServiceLevels } from './service-levels.ts';
import { endOfShelving } from './shelving.ts';
import { holdAfterRaise, isHeldBy } from './sources.ts';
import { isOnlyTaken, unhandled } from './unhandled.ts';

/** Media shown on an alarm at most; every event keeps its own. */
const MEDIA_MAX = 32;

/** What a raise is judged by, beside the event. */
export interface RaiseContext {
  /** Milliseconds since 1970. */
  now: number;
  /** A UUIDv7. */
  newId: () => string;
  levels: ServiceLevels;
  /** Another way reported the same press a moment ago: it is no second one while nobody has taken the first. */
  echo?: boolean;
  /** Its source chatters: it is recorded, and what it holds is followed; it opens and counts nothing. */
  shut?: boolean;
}

/** A raise or pulse on the newest open instance of its key, or on none. */
export function raised(
  current: Alarm | undefined,
  event: Event,
  type: EventType,
  context: RaiseContext,
): Change[] {
  if (context.shut === true) return current === undefined ? [] : followed(current, event);
  if (current === undefined) return opens(event, type) ? [open(event, type, context)] : [];
  const disposed = current.operator === 'disposed';
  if (context.echo === true && isWaiting(current) && event.severity >= current.severity) {
    return followed(current, event);
  }
  if (triggers(current, event, type)) {
    return [disposed ? open(event, type, context, current) : repeat(current, event, type, context)];
  }
  return followed(current, event);
}

/** Nothing of it has been taken or silenced: it is heard now. */
function isWaiting({ operator, silencedUntil }: Alarm): boolean {
  return operator === 'new' && silencedUntil === undefined;
}

/** The state goes on, or again; nothing happened. */
function followed(current: Alarm, event: Event): Change[] {
  return event.edge === 'pulse' || isHeldBy(current, event) ? [] : [resume(current, event)];
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

function open(event: Event, type: EventType, { now, newId, levels }: RaiseContext, previous?: Alarm): Change {
  const { origin, media } = event;
  const alarm: Alarm = {
    id: newId(),
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
    newSince: instant(now),
    raisedBy: event.id,
    raisedSeq: event.seq,
  };
  const due = dueOf(event, event.severity, now, levels);
  if (due !== undefined) alarm.due = due;
  if (event.edge === 'pulse') alarm.returnedAt = event.occurredAt;
  else {
    const { sources, lost } = holdAfterRaise(previous, event);
    if (sources !== undefined) alarm.sources = sources;
    if (lost !== undefined) alarm.lost = lost;
  }
  if (type.silent === true || isDiscreet(event)) alarm.silent = true;
  if (origin.place !== undefined) alarm.place = origin.place;
  if (origin.unit !== undefined) alarm.unit = origin.unit;
  if (origin.device !== undefined) alarm.device = origin.device;
  if (event.input !== undefined && origin.device !== undefined) alarm.input = event.input;
  if (origin.slot !== undefined) alarm.slot = origin.slot;
  if (previous !== undefined) alarm.previous = previous.id;
  if (media !== undefined && media.length > 0) alarm.media = media.slice(0, MEDIA_MAX);
  return opened(alarm, authorOf(event));
}

/** A new trigger of an open alarm that nobody has disposed of. */
function repeat(current: Alarm, event: Event, type: EventType, { now, levels }: RaiseContext): Change {
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
  // what was receipted before says nothing of this one; who takes only what is more urgent gets no part of it
  if (event.severity <= current.severity) patch.repeatedSeq = event.seq;
  // what rises was not what somebody shelved; severity 1 never is
  if (severity < current.severity) Object.assign(patch, endOfShelving(current, now));
  if (wakes(event, type)) {
    // GB 50394 5.2.3: a new trigger of the zone ends the silence
    if (current.silencedUntil !== undefined) patch.silencedUntil = undefined;
    if (mustBeHeardAgain(current, severity, event)) {
      Object.assign(patch, unhandled({ ...current, severity }, now, levels));
    }
  }
  const media = withMedia(current, event.media);
  if (media !== undefined) patch.media = media;
  return changed(current, patch, 'repeat', authorOf(event));
}

/** An acknowledged or confirmed alarm goes back to `new`: severity 1, a risen severity, the first live trigger. */
function mustBeHeardAgain(current: Alarm, severity: Severity, event: Event): boolean {
  // one card of an isolated detector is enough, and it does not sound
  if (!isOnlyTaken(current) || current.isolated !== undefined) return false;
  // each raise of it is one more alarm that somebody has not got
  if (severity === 1 || current.type === 'SYS.UNDELIVERED') return true;
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

/**
 * A snapshot or clip that came after the alarm, or why there is none; nothing when it shows them already or holds
 * enough. Who acts on the version before it has seen the same alarm.
 */
export function attached(current: Alarm | undefined, event: Event): Change[] {
  if (current === undefined) return [];
  const media = withMedia(current, event.media);
  const evidence = withEvidence(current, event);
  if (media === undefined && evidence === undefined) return [];
  const patch: Partial<Alarm> = { sameSince: current.sameSince ?? current.version };
  if (media !== undefined) patch.media = media;
  if (evidence !== undefined) patch.evidence = evidence;
  return [changed(current, patch, 'attach', authorOf(event))];
}

/** The newest failure of a camera replaces the one before. */
function withEvidence({ evidence = [] }: Alarm, { data }: Event): Evidence[] | undefined {
  const told = evidenceSchema.safeParse(data?.evidence).data;
  if (told === undefined) return undefined;
  const others = evidence.filter(
    ({ camera, kind, result }) => result === 'taken' || camera !== told.camera || kind !== told.kind,
  );
  return [...others, told].slice(-MEDIA_MAX);
}

function withMedia(alarm: Alarm, added: Media[] | undefined): Media[] | undefined {
  if (added === undefined) return undefined;
  const held = alarm.media ?? [];
  const fresh = added.filter((item) => !held.some((other) => other.id === item.id));
  const room = MEDIA_MAX - held.length;
  return fresh.length === 0 || room <= 0 ? undefined : [...held, ...fresh.slice(0, room)];
}

/** What the gateway says of a silent alarm is as discreet as the alarm itself. */
function isDiscreet({ origin, data }: Event): boolean {
  return origin.device === undefined && data?.discreet === true;
}

function later(a: string, b: string): string {
  return Date.parse(b) > Date.parse(a) ? b : a;
}
