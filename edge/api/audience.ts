import type { Alarm } from '../../contract/alarm.ts';
import { eventTypes } from '../../contract/event-type.ts';
import type { SiteDirectory } from './ports.ts';
import type { Session } from './sessions.ts';

/**
 * Who must not see silent alarms (duress, bullying button): a kiosk none of them, a station none of its own room
 * (CONTRACT section 4, "Silent").
 */
export interface Audience {
  readonly kiosk: boolean;
  /** Room or point of the station. */
  readonly room?: string;
  /** Equal for sessions that see the same; empty for those that see everything. */
  readonly key: string;
}

const everything: Audience = { kiosk: false, key: '' };

const silentCodes = eventTypes.filter((type) => type.silent === true).map((type) => type.code);
/**
 * Bodies are our own JSON without blanks: text of a device has its quotes escaped and cannot match. `silent` is an alarm
 * in a transition, `discreet` what the gateway says about one.
 */
const namesSilentType = new RegExp(
  `"type":"(?:${silentCodes.join('|').replaceAll('.', '\\.')})"|"(?:silent|discreet)":true`,
);

/** What a session may see. */
export class Discretion {
  readonly #directory: SiteDirectory;

  constructor(directory: SiteDirectory) {
    this.#directory = directory;
  }

  audienceOf(session: Session): Audience {
    if (session.role === 'kiosk') return { kiosk: true, key: 'kiosk' };
    const room = this.#roomOf(session.place);
    return room === undefined ? everything : { kiosk: false, room, key: `room:${room}` };
  }

  seesAlarm(audience: Audience, alarm: Pick<Alarm, 'silent' | 'place'>): boolean {
    if (alarm.silent !== true || audience.key === '') return true;
    return !audience.kiosk && this.#roomOf(alarm.place) !== audience.room;
  }

  /** Also hides what only mentions a silent type: transitions, causes. */
  seesBody(audience: Audience, body: string): boolean {
    if (audience.key === '' || !namesSilentType.test(body)) return true;
    if (audience.kiosk) return false;
    const { data } = JSON.parse(body) as { data: { origin: { place?: string } } };
    return this.#roomOf(data.origin.place) !== audience.room;
  }

  /** The room a place lies in; a whole floor or building is no room, and hides nothing. */
  #roomOf(place: string | undefined): string | undefined {
    let point: string | undefined;
    let current = place === undefined ? undefined : this.#directory.place(place);
    for (let depth = 0; current !== undefined && depth < 8; depth++) {
      if (current.kind === 'room') return current.id;
      if (current.kind === 'point') point ??= current.id;
      current = current.parent === undefined ? undefined : this.#directory.place(current.parent);
    }
    return point;
  }
}
