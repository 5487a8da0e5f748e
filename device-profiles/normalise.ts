import type { EventDraft } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import type { CompiledForm, CompiledProfile } from './compile.ts';
import { type DeviceState, noState } from './device-state.ts';
import { DraftMaker } from './draft-maker.ts';
import { Edges } from './edges.ts';
import { findForm } from './find-form.ts';
import type { Body } from './message-bodies.ts';
import { isTesting, type ProfileClock, readTime } from './message-time.ts';
import { BodyReader } from './read-body.ts';
import type { Scope } from './reference.ts';
import type { Settings } from './settings.ts';
import { StateChange } from './state-change.ts';
import { Tally } from './tally.ts';
import type { Captures } from './topic-pattern.ts';
import type { Trace } from './trace.ts';

export { type DeviceState, forget } from './device-state.ts';
export type { ProfileClock } from './message-time.ts';
export type { Settings } from './settings.ts';

export interface NormaliseContext {
  settings: Settings;
  state: DeviceState | undefined;
  clock: ProfileClock;
  deviceKey: string;
  /** What `profile.match` read out of the topic. */
  captures: Captures;
}

/** What became of one message. */
export interface Normalised {
  /**
   * `mapped`: at least one value was understood; `ignored`: nothing in it is news; `unmapped`: nothing was understood;
   * `undecodable`: it could not be read.
   */
  status: 'mapped' | 'unmapped' | 'undecodable' | 'ignored';
  /** A list of its own, in order; kind and severity are those of the type. */
  drafts: EventDraft[];
  /** The same object as in the context when nothing changed. */
  state: DeviceState;
  /** Why nothing came of it; never quotes the payload. */
  detail?: string;
  /** Number of values that no entry knows; absent for none. */
  unknown?: number;
  /** Keys of a `mapped` message that the profile does not name: it may miss something in them. Absent for none. */
  strange?: readonly string[];
}

/**
 * Turns one message into events (CONTRACT section 3, rules 1-8). Pure: the same message, settings, state and clock
 * give the same result; nothing is changed in place; never throws, whatever the payload.
 */
export function normalise(profile: CompiledProfile, raw: RawMessage, context: NormaliseContext): Normalised {
  return normaliseTraced(profile, raw, context, undefined);
}

/** As `normalise`; `trace` collects what applied, for the linter. */
export function normaliseTraced(
  profile: CompiledProfile,
  raw: RawMessage,
  context: NormaliseContext,
  trace: Trace | undefined,
): Normalised {
  const state = new StateChange(context.state ?? noState);
  const found = findForm(profile, raw, context.captures, state);
  if ('status' in found) return { ...found, drafts: [], state: context.state ?? noState };
  const { form, bodies, scope } = found;
  trace?.forms.add(form);
  const tally = new Tally();
  const pass = { profile, form, raw, context, scope, tally, trace };
  // history is told, but what is now keeps its own state: an old alarm must not silence the next
  const past = bodies.list.some(({ late }) => late) ? new StateChange(state.after(context.state)) : undefined;
  for (const [i, part] of bodies.list.entries()) {
    readBody({ ...pass, state: part.late && past !== undefined ? past : state }, part, i);
  }
  if (past !== undefined) state.remember(past);
  if (bodies.left !== undefined) tally.leaveOut(bodies.left.count, bodies.left.why);
  return {
    ...settle(pass, bodies.list),
    drafts: tally.drafts,
    state: state.after(context.state),
  };
}

interface Pass {
  profile: CompiledProfile;
  form: CompiledForm;
  raw: RawMessage;
  context: NormaliseContext;
  scope: Scope;
  state: StateChange;
  tally: Tally;
  trace: Trace | undefined;
}

function readBody(
  { profile, form, raw, context, scope, state, tally, trace }: Pass,
  { body, late }: Body,
  place: number,
): void {
  const time = readTime(profile, raw, body, scope, state, context.clock, late);
  const testing = isTesting(profile, body, scope, raw.receivedAt, state);
  const drafts = new DraftMaker(profile, raw, body, scope, time, tally, late ? place : undefined);
  const edges = new Edges(raw, state, tally, drafts, testing);
  const reader = new BodyReader(scope, context.settings, state, tally, edges, trace?.entries);
  for (const field of form.fieldsOf(body)) reader.read(field, body);
  edges.settle();
  // a test that is announced beforehand ends with what it raised: the next alarm is one
  if (edges.testOver && profile.tests.some(({ sticky }) => sticky)) state.testSince = undefined;
}

function settle(
  pass: Pick<Pass, 'profile' | 'form' | 'context' | 'tally'>,
  bodies: readonly Body[],
): Pick<Normalised, 'status' | 'unknown' | 'strange' | 'detail'> {
  const { profile, form, context, tally } = pass;
  const keysOf = (read: CompiledForm['keys']['strange']): readonly string[] => {
    const [only] = bodies;
    if (bodies.length === 1 && only !== undefined) return read(only.body, context.settings);
    return [...new Set(bodies.flatMap(({ body }) => read(body, context.settings)))];
  };
  const strange = keysOf(form.keys.strange);
  const status = statusOf(profile.id, strange, () => keysOf(form.keys.unread), tally);
  tally.explain(profile.id);
  const { unknown, detail } = tally;
  return {
    status,
    ...(unknown > 0 && { unknown }),
    ...(status === 'mapped' && strange.length > 0 && { strange }),
    ...(detail !== undefined && { detail }),
  };
}

/** The first of them, as a person is told. */
export function nameKeys(keys: readonly string[]): string {
  return keys
    .slice(0, 5)
    .map((key) => JSON.stringify(key.slice(0, 40)))
    .join(', ');
}

/** `ignored` is only what is known to be no news. */
function statusOf(
  profile: string,
  strange: readonly string[],
  readUnread: () => readonly string[],
  tally: Tally,
): Normalised['status'] {
  if (tally.understood > 0) return 'mapped';
  if (tally.unknown > 0) return 'unmapped';
  if (strange.length > 0) {
    tally.detail ??= `profile ${profile} knows none of its keys: ${nameKeys(strange)}`;
    return 'unmapped';
  }
  const unread = readUnread();
  if (unread.length > 0) {
    tally.detail ??= `profile ${profile} knows ${nameKeys(unread)} only beside other keys, which are missing`;
    return 'unmapped';
  }
  tally.detail ??= 'nothing in this message is news';
  return 'ignored';
}
