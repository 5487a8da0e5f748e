import type { Alarm } from '../../contract/alarm.ts';
import type { Audience, Discretion } from './audience.ts';

/** The text of a `commit` frame: stored bodies joined as they are, nothing serialised again. */
export function commitText(position: number, bodies: readonly string[], alarms: readonly Alarm[]): string {
  return `{"k":"commit","position":${position},"events":[${bodies.join(',')}],"alarms":${JSON.stringify(alarms)}}`;
}

/** One frame for all clients: its text is built once for each kind of audience that is there. */
export class SharedFrame {
  readonly #build: (bodies: readonly string[], alarms: readonly Alarm[]) => string;
  readonly #bodies: readonly string[];
  readonly #alarms: readonly Alarm[];
  readonly #discretion: Discretion;
  readonly #texts = new Map<string, Buffer | undefined>();

  constructor(
    bodies: readonly string[],
    alarms: readonly Alarm[],
    discretion: Discretion,
    build: (bodies: readonly string[], alarms: readonly Alarm[]) => string,
  ) {
    this.#bodies = bodies;
    this.#alarms = alarms;
    this.#discretion = discretion;
    this.#build = build;
  }

  /** Undefined when nothing in it is for this audience. */
  for(audience: Audience): Buffer | undefined {
    if (this.#texts.has(audience.key)) return this.#texts.get(audience.key);
    const text = this.#textFor(audience);
    this.#texts.set(audience.key, text);
    return text;
  }

  #textFor(audience: Audience): Buffer | undefined {
    let bodies = this.#bodies;
    let alarms = this.#alarms;
    if (audience.key !== '') {
      bodies = bodies.filter((body) => this.#discretion.seesBody(audience, body));
      alarms = alarms.filter((alarm) => this.#discretion.seesAlarm(audience, alarm));
    }
    if (bodies.length === 0 && alarms.length === 0) return undefined;
    return Buffer.from(this.#build(bodies, alarms));
  }
}
