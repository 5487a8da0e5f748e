import type { Clock } from '../contract/event.ts';
import type { DeviceTime } from './device-time.ts';

/** A live message whose time is this close to its receipt proves the device's clock. Skew > 5 s is a fault. */
const SYNC_WITHIN_MS = 5_000;
/** A clock may run ahead by this much before it counts as stepped (CONTRACT section 3). */
const AHEAD_AT_MOST_MS = 300_000;
/** Messages may overtake each other by this much; a larger step back is a clock that was set back. */
const BACK_AT_MOST_MS = 30_000;
/** A proof holds this long on the device's own time axis: a cheap quartz loses 2-9 s a day. */
const PROOF_HOLDS_MS = 24 * 3_600_000;
/** The record is renewed no more often than this, so that not every message changes the device's state. */
const RENEW_AFTER_MS = 10_000;

/** What is known of a device's clock; part of its state. Times are the device's own, ms since 1970. */
export interface ClockRecord {
  /** Latest time seen in sync. */
  last: number;
  /** Latest time proven by a live message. */
  proven: number;
  /** How far it is known to run ahead of ours, ms: a message cannot come from the future. */
  ahead: number;
}

/** What a device's time is worth. */
export interface ClockReading {
  /** When it happened, ms since 1970. */
  occurredAt: number;
  clock: Clock;
  /** It happened so long before its receipt that it is not live. */
  late: boolean;
  /** The record after this message; undefined: the clock is not in sync. Same object if nothing changed. */
  record: ClockRecord | undefined;
}

/**
 * Weighs a device's time against the receipt. `time` undefined: the device sent a time that is none.
 * Only a clock in sync proves lateness: it was within 5 s of a live receipt before, within a day of its own time,
 * and has not stepped since. Anything else is dated by the receipt.
 */
export function readClock(
  record: ClockRecord | undefined,
  time: DeviceTime | undefined,
  message: { receivedAt: number; stored: boolean },
  lateAfterMs: number,
): ClockReading {
  const { receivedAt } = message;
  if (time === undefined) return unsync(receivedAt, undefined);
  const offset = time.at - receivedAt;
  if (!message.stored && Math.abs(offset) <= SYNC_WITHIN_MS) return inSync(record, time, receivedAt);
  if (record === undefined) return message.stored ? unproven(receivedAt, time) : unsync(receivedAt, time);
  if (offset > AHEAD_AT_MOST_MS || time.at < record.last - BACK_AT_MOST_MS) {
    // what a store delivers may be older than what came since; it says nothing of the clock now
    return message.stored ? unproven(receivedAt, time, record) : unsync(receivedAt, time);
  }
  if (offset > 0) return { ...unproven(receivedAt, time, record), clock: clockOf('holdover', time, offset) };
  if (time.at - record.proven > PROOF_HOLDS_MS) return unsync(receivedAt, time);
  const occurredAt = Math.min(time.at - record.ahead, receivedAt);
  return {
    occurredAt,
    clock: clockOf('sync', time, offset),
    late: receivedAt - occurredAt > lateAfterMs,
    record: time.at > record.last + RENEW_AFTER_MS ? { ...record, last: time.at } : record,
  };
}

function inSync(record: ClockRecord | undefined, time: DeviceTime, receivedAt: number): ClockReading {
  const offset = time.at - receivedAt;
  const ahead = Math.max(0, offset, record?.ahead ?? 0);
  const reading = { occurredAt: Math.min(time.at - ahead, receivedAt), clock: clockOf('sync', time, offset) };
  if (
    record !== undefined &&
    ahead - record.ahead < 100 &&
    Math.abs(time.at - record.proven) <= RENEW_AFTER_MS &&
    Math.abs(time.at - record.last) <= RENEW_AFTER_MS
  ) {
    return { ...reading, late: false, record };
  }
  return { ...reading, late: false, record: { last: time.at, proven: time.at, ahead } };
}

/** The device's clock is wrong: its record is forgotten, the receipt dates the message. */
function unsync(receivedAt: number, time: DeviceTime | undefined): ClockReading {
  const offset = time === undefined ? undefined : time.at - receivedAt;
  return { occurredAt: receivedAt, clock: clockOf('unsync', time, offset), late: false, record: undefined };
}

/** The time may be right, but nothing proves it: the receipt dates the message, the record stays. */
function unproven(receivedAt: number, time: DeviceTime, record?: ClockRecord): ClockReading {
  return { ...unsync(receivedAt, time), record };
}

function clockOf(
  quality: Clock['quality'],
  time: DeviceTime | undefined,
  offsetMs: number | undefined,
): Clock {
  const clock: Clock = { source: 'device', quality };
  if (offsetMs !== undefined) clock.offsetMs = offsetMs;
  if (time?.zoneless === true) clock.zoneless = true;
  return clock;
}
