import { type Clock, type Freshness, gatewayClock } from '../contract/event.ts';
import type { RawMessage } from '../contract/raw-message.ts';
import { normaliseValue } from './compare.ts';
import type { CompiledProfile } from './compile.ts';
import { readClock } from './device-clock.ts';
import { readDeviceTime } from './device-time.ts';
import type { Scope } from './reference.ts';
import type { StateChange } from './state-change.ts';

/** What the normaliser must know of the gateway's clock. */
export interface ProfileClock {
  /** IANA zone in which a device's zone-less time is read. */
  siteZone: string;
  /** A device time in sync that is older than this makes an event late: 30 s. */
  lateAfterMs: number;
}

/** When what a message body says happened, as far as it is the same for all its events. */
export interface MessageTime {
  /** Milliseconds since 1970. */
  occurredAt: number;
  clock: Clock;
  /** Undefined: live, or `initial` at a first sight. */
  freshness: Freshness | undefined;
  /** The device's time as it says it; undefined for none, `0000-00-00` and a clock that was never set. */
  said: string | undefined;
}

/** Weighs the device's time; the record of its clock goes into the state. `history`: the body is part of one. */
export function readTime(
  profile: CompiledProfile,
  raw: RawMessage,
  body: unknown,
  scope: Scope,
  state: StateChange,
  gateway: ProfileClock,
  history: boolean,
): MessageTime {
  const { stored, initial, receivedAt } = raw;
  let late = history || stored === 'queued' || isLate(profile.late, body, scope);
  let clock: Clock = gatewayClock;
  let occurredAt = receivedAt;
  let said: string | undefined;
  const { time } = profile;
  const value = time?.read(body, scope);
  if (time !== undefined && value !== undefined && value !== null) {
    const read = readDeviceTime(value, time.format, gateway.siteZone);
    if (read !== undefined) said = String(value);
    // a state that is told at the start may be as old as it likes: it says nothing of the clock now
    const message = { receivedAt, stored: stored !== undefined || late || initial === true };
    const reading = readClock(state.clock, read, message, gateway.lateAfterMs);
    state.clock = reading.record;
    if (time.provesLate || !reading.late) {
      ({ clock, occurredAt } = reading);
      late ||= reading.late;
    } else clock = { ...reading.clock, quality: 'unsync' };
  }
  const told = stored === 'retained' ? 'replay' : late ? 'late' : undefined;
  return { occurredAt, clock, freshness: told ?? (initial === true ? 'initial' : undefined), said };
}

function isLate(flag: CompiledProfile['late'], body: unknown, scope: Scope): boolean {
  return flag?.values.has(normaliseValue(flag.read(body, scope))) ?? false;
}

/** Test mode: the flag is on, and not stuck. */
export function isTesting(
  { tests }: CompiledProfile,
  body: unknown,
  scope: Scope,
  receivedAt: number,
  state: StateChange,
): boolean {
  if (tests.length === 0) return false;
  let seen = false;
  let testing = false;
  state.flagged = false;
  for (const test of tests) {
    const value = test.read(body, scope);
    if (value === undefined) {
      if (test.sticky && state.testSince !== undefined && receivedAt - state.testSince <= test.forMs)
        testing = true;
      continue;
    }
    seen = true;
    if (!test.values.has(normaliseValue(value))) continue;
    state.testSince ??= receivedAt;
    testing ||= receivedAt - state.testSince <= test.forMs;
    state.flagged = true;
  }
  if (seen && !state.flagged) {
    state.testSince = undefined;
    return false;
  }
  return testing;
}
