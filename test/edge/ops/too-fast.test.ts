import { Writable } from 'node:stream';
import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { ClockWatch } from '../../../edge/ops/clock-watch.ts';
import { Watchdogs } from '../../../edge/ops/watchdogs.ts';
import { Presence } from '../../../edge/registry/presence.ts';
import type { Registry } from '../../../edge/registry/registry.ts';

let watchdogs: Watchdogs;
let now: number;
/** Who is too fast in each second to come. */
let fast: string[];
/** What SYS.DROPPED said. */
let told: [edge: string, tooFast: unknown][];
let lines: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-24T03:00:00Z') });
  now = Date.now();
  fast = [];
  told = [];
  lines = [];
  const log = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const clock = (): number => now;
  watchdogs = new Watchdogs({
    isBridge: () => false,
    book: new AlarmBook({ clock, newId: uuidv7 }),
    presence: new Presence({ devicesOf: () => [] }),
    clockWatch: new ClockWatch(clock, () => performance.now()),
    registry: { refresh: async () => false } as unknown as Registry,
    recipients: [],
    takePaced: () => new Map(fast.map((user) => [user, 100])),
    watched: () => [],
    dropped: () => 0,
    soundArmed: () => true,
    logger: pino({ level: 'warn' }, log),
    clock,
    monotonic: () => performance.now(),
  });
  watchdogs.start({
    emit: async ({ type, edge, data }) => {
      if (type === 'SYS.DROPPED') told.push([edge, (data as { tooFast?: string[] }).tooFast]);
    },
    show: () => undefined,
  });
});

afterEach(() => {
  watchdogs.stop();
  vi.useRealTimers();
});

function pass(seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    now += 1_000;
    vi.advanceTimersByTime(1_000);
  }
}

test('bug: who became too fast while SYS.DROPPED was open was not named', () => {
  fast = ['mad'];
  pass(30);
  expect(told).toEqual([['raise', ['mad']]]);
  fast = ['mad', 'madder'];
  pass(30);
  expect(told.slice(1)).toEqual([['update', ['mad', 'madder']]]);
  expect(lines.filter((line) => line.includes('"madder"'))).toHaveLength(1);
  fast = [];
  pass(601);
  expect(told.slice(2)).toEqual([['clear', undefined]]);
  fast = ['madder'];
  pass(1);
  expect(told.slice(3)).toEqual([['raise', ['madder']]]);
});

test('a hundred at once are told a few at a time, and not all of them', () => {
  fast = Array.from({ length: 100 }, (_, i) => `u${i}`);
  pass(60);
  expect(told.map(([edge]) => edge)).toEqual(['raise', 'update', 'update', 'update']);
  expect(told[0]?.[1]).toHaveLength(5);
  expect(told[3]?.[1]).toHaveLength(20);
});

test('who stopped makes room for the name of another, however long the first goes on', () => {
  fast = Array.from({ length: 20 }, (_, i) => `u${i}`);
  pass(10);
  fast = ['u0'];
  pass(700);
  fast = ['u0', 'late'];
  pass(5);
  expect(told.at(-1)).toEqual(['update', ['u0', 'late']]);
});
