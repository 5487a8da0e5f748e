import { formatFault } from '../../config/fault.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import { builtinProfiles, Catalogue } from '../../device-profiles/catalogue.ts';
import type { CompiledProfile } from '../../device-profiles/compile.ts';
import { loadProfile } from '../../device-profiles/load-profile.ts';
import { type DeviceState, type Normalised, normalise } from '../../device-profiles/normalise.ts';
import type { Settings } from '../../device-profiles/settings.ts';

export const builtin = Catalogue.load({ builtin: builtinProfiles() }).catalogue;

export function builtinProfile(id: string): CompiledProfile {
  const profile = builtin.get(id);
  if (profile === undefined) throw new Error(`no built-in profile ${id}`);
  return profile;
}

/** A profile from YAML without samples, which these tests do not need. */
export function profileOf(yaml: string): CompiledProfile {
  const text = `id: test.device\nversion: 1\n${yaml}\nsamples: [{ topic: t, payload: '', expect: { status: ignored } }]\n`;
  const loaded = loadProfile(text, 'test.yaml', 'site');
  if (loaded.profile === undefined) throw new Error(loaded.faults.map(formatFault).join('\n'));
  return loaded.profile;
}

/** Midnight UTC of 1 January 2026. */
export const T0 = Date.UTC(2026, 0, 1);

/** A device to which messages are sent; keeps its state. */
export class Bench {
  state: DeviceState | undefined;
  last: Normalised | undefined;
  readonly profile: CompiledProfile;
  readonly topic: string;
  readonly settings: Settings;

  constructor(profile: CompiledProfile, topic: string, settings: Settings = {}, state?: DeviceState) {
    this.profile = profile;
    this.topic = topic;
    this.settings = settings;
    this.state = state;
  }

  /** Sends one message; a string or Buffer as it is, anything else as JSON. */
  send(payload: unknown, more: Partial<RawMessage> & { topic?: string } = {}): Normalised {
    const { topic, ...rest } = more;
    const raw: RawMessage = {
      source: 'mqtt',
      adapter: 'test',
      channel: topic ?? this.topic,
      payload: bytes(payload),
      qos: 1,
      receivedAt: T0,
      receivedMonotonicMs: 0,
      ...rest,
    };
    const captures = this.profile.match(raw.channel)?.captures ?? {};
    this.last = normalise(this.profile, raw, {
      settings: this.settings,
      state: this.state,
      clock: { siteZone: 'Asia/Shanghai', lateAfterMs: 30_000 },
      deviceKey: 'device',
      captures,
    });
    this.state = this.last.state;
    return this.last;
  }

  /** Sends a message and tells its events in short: `FIR.SMOKE raise live initial`, with `#input` after the type. */
  told(payload: unknown, more: Partial<RawMessage> & { topic?: string } = {}): string[] {
    return this.send(payload, more).drafts.map(
      ({ type, input, edge, mode, freshness }) =>
        `${type}${input === undefined ? '' : `#${input}`} ${edge} ${mode} ${freshness}`,
    );
  }
}

function bytes(payload: unknown): Buffer {
  if (Buffer.isBuffer(payload)) return payload;
  return Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
}
