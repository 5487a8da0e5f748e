import type { EventDraft } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import type { Catalogue } from './catalogue.ts';
import type { CompiledProfile, ProfileMatch } from './compile.ts';
import type { DeviceState } from './device-state.ts';
import { expire } from './expiry.ts';
import { type Normalised, normaliseTraced, type ProfileClock } from './normalise.ts';
import type { Settings } from './settings.ts';
import type { Trace } from './trace.ts';

/** A message as a person writes it down: in a sample, on the command line. */
export interface TrialMessage {
  topic: string;
  /** A text as it is, anything else as JSON. */
  payload?: unknown;
  payloadBase64?: string | undefined;
  /** Delivered from the broker's retained store. */
  retained?: boolean | undefined;
  stored?: RawMessage['stored'] | undefined;
  dup?: boolean | undefined;
  /** State that is told while a subscription starts. */
  initial?: boolean | undefined;
  /** ISO 8601 or milliseconds since 1970; default 2026-01-01T00:00:00.000Z. */
  receivedAt?: string | number | undefined;
}

export interface TrialOptions {
  /** Try this profile alone. */
  profile?: CompiledProfile | undefined;
  /** Take the message for one of this device, whatever its topic says. */
  device?: string | undefined;
  settings?: Settings | undefined;
}

export interface TrialResult {
  status: Normalised['status'];
  /** Id of the profile that fits best; null when the topic is none of any. */
  profile: string | null;
  device: string | null;
  events: EventDraft[];
  detail?: string;
  /** Keys that the profile does not name, of a message that it understands otherwise. */
  strange?: readonly string[];
  unknown?: number;
}

/** The instant at which a message was received when nothing else is said. */
const TRIAL_INSTANT = '2026-01-01T00:00:00.000Z';

/** A device whose adapter would name it. */
export const UNNAMED = 'device';

/** As at a campus in China. */
const trialClock: ProfileClock = { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 };

/** Status of the better fit first. */
const order: readonly Normalised['status'][] = ['mapped', 'ignored', 'unmapped', 'undecodable'];

/** Plays messages through profiles without a gateway; keeps the state of each device it meets. */
export class Trial {
  readonly #catalogue: Catalogue;
  readonly #states = new Map<string, DeviceState>();

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Gives a device a state before its first message. */
  preset(profile: CompiledProfile, device: string, state: DeviceState): void {
    this.#states.set(keyOf(profile, device), state);
  }

  /**
   * Tries a message against one profile, or against all: the one that understands it, then the one with the most
   * literal topic, is taken; profiles of any topic only by name. Throws an error for a message that cannot be one (bad `receivedAt`, no topic).
   */
  play(message: TrialMessage, options: TrialOptions = {}, trace?: Trace): TrialResult {
    const { profile } = options;
    const raw = rawOf(message, profile?.source ?? 'mqtt');
    const matches =
      profile === undefined
        ? this.#catalogue.match(raw.source, raw.channel).filter(({ weight }) => weight > 0)
        : (profile.match(raw.channel) ?? []);
    const fits = [matches].flat().map((match) => this.#apply(match, raw, options, trace));
    const [best] = fits.sort(
      (a, b) => order.indexOf(a.result.status) - order.indexOf(b.result.status) || b.weight - a.weight,
    );
    if (best === undefined) {
      const where = profile === undefined ? 'any profile' : `profile ${profile.id}`;
      return {
        status: 'unmapped',
        profile: profile?.id ?? null,
        device: null,
        events: [],
        detail: `the topic is none of ${where}`,
      };
    }
    this.#states.set(best.key, best.result.state);
    const { status, drafts, detail, unknown, strange } = best.result;
    return {
      status,
      profile: best.profile,
      device: best.device,
      events: drafts,
      ...(detail === undefined ? {} : { detail }),
      ...(unknown === undefined ? {} : { unknown }),
      ...(strange === undefined ? {} : { strange }),
    };
  }

  #apply(match: ProfileMatch, raw: RawMessage, options: TrialOptions, trace: Trace | undefined) {
    const { profile, captures, weight } = match;
    const device = options.device ?? (match.deviceKey === '' ? UNNAMED : match.deviceKey);
    const key = keyOf(profile, device);
    const state = this.#states.get(key);
    const context = {
      settings: options.settings ?? {},
      // as the gateway's timer would have done by now
      state: expire(state, raw.receivedAt)?.state ?? state,
      clock: trialClock,
      deviceKey: device,
      captures,
    };
    return {
      key,
      device,
      weight,
      profile: profile.id,
      result: normaliseTraced(profile, raw, context, trace),
    };
  }
}

function keyOf(profile: CompiledProfile, device: string): string {
  return `${profile.id}\0${device}`;
}

/** The message as an adapter would hand it over. */
function rawOf(message: TrialMessage, source: string): RawMessage {
  const receivedAt = instant(message.receivedAt ?? TRIAL_INSTANT);
  const stored = message.stored ?? (message.retained === true ? 'retained' : undefined);
  return {
    source,
    adapter: 'trial',
    channel: message.topic,
    payload: payloadOf(message),
    qos: 1,
    receivedAt,
    receivedMonotonicMs: 0,
    ...(stored === undefined ? {} : { stored }),
    ...(message.dup === undefined ? {} : { dup: message.dup }),
    ...(message.initial === undefined ? {} : { initial: message.initial }),
  };
}

function payloadOf({ payload, payloadBase64 }: TrialMessage): Buffer {
  if (payloadBase64 !== undefined) return Buffer.from(payloadBase64, 'base64');
  if (typeof payload === 'string') return Buffer.from(payload);
  return payload === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(payload));
}

function instant(at: string | number): number {
  const ms = typeof at === 'number' ? at : Date.parse(at);
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) {
    throw new Error(`receivedAt "${at}" is no time; write ISO 8601, such as ${TRIAL_INSTANT}`);
  }
  return ms;
}
