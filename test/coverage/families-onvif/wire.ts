import { expire } from '../../../device-profiles/expiry.ts';
import { Bench, builtinProfile, T0 } from '../../device-profiles/helpers.ts';

/** One notification as the adapter hands it over. */
export interface Said {
  topic: string;
  operation?: string;
  source?: Record<string, string>;
  key?: Record<string, string>;
  data?: Record<string, string>;
  utcTime?: string;
  initial?: boolean;
  /** Seconds after the start. */
  at?: number;
}

/** What became of it: the status, and its events in short (`VID.LINE pulse live`, with `#input` after the type). */
export interface Became {
  status: string;
  events: string[];
}

/** A device that speaks ONVIF, with the state that its messages leave. */
export class Speaker {
  readonly #bench: Bench;

  constructor(profile: string, settings: Record<string, unknown> = {}) {
    this.#bench = new Bench(builtinProfile(profile), '', settings);
  }

  say({
    topic,
    operation = 'Changed',
    source = {},
    key = {},
    data = {},
    utcTime,
    initial,
    at = 0,
  }: Said): Became {
    const receivedAt = T0 + at * 1000;
    const body = { operation, utcTime: utcTime ?? new Date(receivedAt).toISOString(), source, key, data };
    const more = initial === true ? { initial } : {};
    // as the gateway's timer would have done by now
    this.#bench.state = expire(this.#bench.state, receivedAt)?.state ?? this.#bench.state;
    const { status, drafts } = this.#bench.send(body, { source: 'onvif', topic, receivedAt, ...more });
    return {
      status,
      events: drafts.map(
        (draft) =>
          `${draft.type}${draft.input === undefined ? '' : `#${draft.input}`} ${draft.edge} ${draft.freshness}`,
      ),
    };
  }

  /** The events alone. */
  told(said: Said): string[] {
    return this.say(said).events;
  }
}
