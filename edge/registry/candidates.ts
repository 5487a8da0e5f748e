import type { EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import type { RawMessage } from '../../contract/raw-message.ts';
import type { Reading } from '../../contract/reading.ts';
import type { CompiledProfile, ProfileMatch } from '../../device-profiles/compile.ts';
import {
  type DeviceState,
  type Normalised,
  normalise,
  type ProfileClock,
  type Settings,
} from '../../device-profiles/normalise.ts';
import { INBOX_SAMPLE_BYTES, type InboxGroup, type InboxSample } from './inbox.ts';
import { type Profiles, specificMatches } from './strangers.ts';

/** Profiles that are shown for a group. */
const SHOWN = 3;
/** Events of one profile that are shown. */
const MAX_READS = 12;
/** A group's profiles are tried for so long at most; what could not be tried is said. */
const BUDGET_MS = 50;
/** A profile of any topic and any payload stands below each that knows the device. */
const GENERIC_FACTOR = 0.4;

/** An event that a profile would make, in short. */
export interface ReadEvent {
  type: string;
  edge: EventDraft['edge'];
  mode: EventDraft['mode'];
  freshness: EventDraft['freshness'];
  input?: string;
  readings?: Reading[];
}

/** What a profile makes of a group's messages. */
export interface Candidate {
  profile: string;
  title: string;
  /** What the device is called on its transport. */
  deviceKey: string;
  /** 0 (nothing is understood) to 1. */
  score: number;
  reads: ReadEvent[];
  /** Messages of this device tried; of them understood, and known to be no news. */
  tried: number;
  understood: number;
  silent: number;
  /** Values that the profile does not know. */
  unknown: number;
  /** It fits any device: only where nothing better does. */
  generic: boolean;
  /** Why a message was not understood, as the profile says it. */
  detail?: string;
}

export interface Candidates {
  /** The best first, at most three. */
  candidates: Candidate[];
  /** Not every profile could be tried in time. */
  partial: boolean;
}

export interface TrialTools {
  profiles: Profiles;
  clock: ProfileClock;
  /** Monotonic milliseconds. */
  now: () => number;
}

/** What the profile of a device with these settings makes of its kept messages, one after the other. */
export interface PlayOptions {
  profile: CompiledProfile;
  deviceKey: string;
  settings: Settings;
  clock: ProfileClock;
}

/**
 * Tries every profile whose topic fits on the messages of a group, as of a device that was just registered without
 * settings, and ranks them. Takes 50 ms at most.
 */
export function rankCandidates(group: InboxGroup, { profiles, clock, now }: TrialTools): Candidates {
  const until = now() + BUDGET_MS;
  const found = new Map<string, ProfileMatch>();
  for (const { channel } of group.samples) {
    // of several devices behind one client, the last one heard
    for (const match of specificMatches(profiles, group.source, channel)) found.set(match.profile.id, match);
  }
  const ranked: (Candidate & { weight: number })[] = [];
  let partial = false;
  for (const { profile, deviceKey, weight } of found.values()) {
    partial ||= now() > until;
    if (partial) break;
    ranked.push({ ...judge(group, { profile, deviceKey, settings: {}, clock }, weight), weight });
  }
  // whatever a profile of any topic reads, one that knows the topic and a key of it is the better guess
  const special = ranked.filter(({ generic, score, understood, weight }) => {
    return !generic && (understood > 0 || score > 0.05 * specialOf(weight));
  });
  const ceiling = Math.min(1, ...special.map(({ score }) => Math.max(0, score - 0.01)));
  for (const one of ranked) if (one.generic) one.score = Math.min(one.score, ceiling);
  ranked.sort((a, b) => b.score - a.score || b.weight - a.weight || (a.profile < b.profile ? -1 : 1));
  return { candidates: ranked.slice(0, SHOWN).map(shown), partial };
}

function shown({ weight: _, score, ...candidate }: Candidate & { weight: number }): Candidate {
  return { ...candidate, score: Math.round(score * 100) / 100 };
}

/** How special a topic with so many literal characters is, 0 to 1. */
function specialOf(weight: number): number {
  return weight / (weight + 8);
}

/** Plays the kept messages of one device through its profile, its state kept; a cut payload is left out. */
export function play(
  group: Pick<InboxGroup, 'source' | 'adapter' | 'samples'>,
  options: PlayOptions,
): { sample: InboxSample; result: Normalised }[] {
  const { profile, deviceKey, settings, clock } = options;
  let state: DeviceState | undefined;
  return group.samples.flatMap((sample) => {
    const match = profile.match(sample.channel);
    if (match === undefined || match.ignore || match.deviceKey !== deviceKey) return [];
    if (sample.bytes > INBOX_SAMPLE_BYTES) return [];
    const { captures } = match;
    const result = normalise(profile, rawOf(group, sample), { settings, state, clock, deviceKey, captures });
    state = result.state;
    return [{ sample, result }];
  });
}

/** Each kind of event once, the most urgent first. */
export function readsOf(drafts: readonly EventDraft[]): ReadEvent[] {
  const reads = new Map<string, ReadEvent>();
  for (const { type, edge, mode, freshness, input, readings } of drafts) {
    const read: ReadEvent = { type, edge, mode, freshness };
    if (input !== undefined) read.input = input;
    if (readings !== undefined) read.readings = readings;
    reads.set(`${type} ${edge} ${input ?? ''}`, read);
  }
  // what is over comes after what is
  const urgency = ({ type, edge }: ReadEvent): number =>
    (eventType(type)?.severity ?? 4) + (edge === 'clear' ? 0.5 : 0);
  return [...reads.values()].sort((a, b) => urgency(a) - urgency(b)).slice(0, MAX_READS);
}

function judge(group: InboxGroup, options: PlayOptions, weight: number): Candidate {
  const { profile, deviceKey } = options;
  const played = play(group, options);
  const of = (status: Normalised['status']) => played.filter(({ result }) => result.status === status);
  const mapped = of('mapped');
  const silent = of('ignored');
  const failed = [...of('unmapped'), ...of('undecodable')].at(-1);
  const reads = readsOf(played.flatMap(({ result }) => result.drafts));
  const generic = weight === 0;
  const share = played.length / Math.max(1, concerned(group, profile));
  const whole = (0.6 + 0.4 * share) * (generic ? GENERIC_FACTOR : 1);
  const score = played.length === 0 ? 0 : scoreOf(profile, played, weight) * whole;
  return {
    profile: profile.id,
    title: profile.definition.title ?? profile.id,
    deviceKey,
    score,
    reads,
    tried: played.length,
    understood: mapped.length,
    silent: silent.length,
    unknown: played.reduce((sum, { result }) => sum + (result.unknown ?? 0), 0),
    generic,
    ...(failed?.result.detail === undefined ? {} : { detail: failed.result.detail }),
  };
}

/** Messages that a profile should know if it is the right one: not its own commands and echoes, nor cut ones. */
function concerned({ samples }: InboxGroup, profile: CompiledProfile): number {
  return samples.filter(
    ({ channel, bytes }) => bytes <= INBOX_SAMPLE_BYTES && profile.match(channel)?.ignore !== true,
  ).length;
}

/**
 * Most of it is how many messages are understood, and how completely; the rest how many of their keys the profile
 * knows, and how special its topic is.
 */
function scoreOf(profile: CompiledProfile, played: ReturnType<typeof play>, weight: number): number {
  const average = (value: (one: (typeof played)[number]) => number): number =>
    played.reduce((sum, one) => sum + value(one), 0) / played.length;
  const understood = average(({ result }) => understandingOf(result));
  const special = specialOf(weight);
  const coverage = average(({ sample }) => coverageOf(profile, sample.payload));
  // topic and keys alone say little, but more than nothing
  if (understood === 0) return 0.05 * (special + coverage);
  return understood * (0.4 + 0.3 * coverage + 0.3 * special);
}

function understandingOf({ status, unknown = 0, drafts }: Normalised): number {
  if (status === 'mapped')
    return unknown === 0 ? 1 : Math.max(0.4, drafts.length / (drafts.length + unknown));
  // known to be no news: a heartbeat speaks for the profile, but weakly
  return status === 'ignored' ? 0.3 : 0;
}

/** Share of the payload's first keys that the profile knows; a text has none to know. */
function coverageOf(profile: CompiledProfile, payload: Buffer): number {
  let body: unknown;
  try {
    body = JSON.parse(payload.toString());
  } catch {
    return 0.5;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 0.5;
  const keys = Object.keys(body);
  if (keys.length === 0) return 0;
  const known = new Set(profile.forms.flatMap((form) => [...form.keys.names]));
  return keys.filter((key) => known.has(key)).length / keys.length;
}

function rawOf({ source, adapter }: Pick<InboxGroup, 'source' | 'adapter'>, sample: InboxSample): RawMessage {
  return {
    source,
    adapter,
    channel: sample.channel,
    payload: sample.payload,
    receivedAt: sample.at,
    receivedMonotonicMs: 0,
    ...(sample.stored === undefined ? {} : { stored: sample.stored }),
  };
}
