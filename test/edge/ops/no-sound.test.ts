import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Event, EventDraft } from '../../../contract/event.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { ClockWatch } from '../../../edge/ops/clock-watch.ts';
import { NO_SOUND_AFTER_MS, NO_SOUND_AFTER_START_MS, Watchdogs } from '../../../edge/ops/watchdogs.ts';
import { Presence } from '../../../edge/registry/presence.ts';
import type { Registry } from '../../../edge/registry/registry.ts';

let book: AlarmBook;
let watchdogs: Watchdogs;
let armed: boolean;
/** Raises and clears of SYS.NO_SOUND, with the second they came at. */
let edges: string[];
let now: number;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-24T03:00:00Z') });
  book = new AlarmBook({ clock: () => now, newId: uuidv7 });
  armed = false;
  now = Date.now();
  begin();
});

afterEach(() => {
  watchdogs.stop();
  vi.useRealTimers();
});

/** A run of the gateway over the alarms of the last. */
function begin(): void {
  edges = [];
  const began = performance.now();
  const registry = { refresh: async () => false } as unknown as Registry;
  watchdogs = new Watchdogs({
    isBridge: () => false,
    book,
    presence: new Presence({ devicesOf: () => [] }),
    clockWatch: new ClockWatch(
      () => now,
      () => performance.now(),
    ),
    registry,
    recipients: [],
    takePaced: () => new Map(),
    watched: () => [],
    dropped: () => 0,
    soundArmed: () => armed,
    logger: pino({ level: 'silent' }),
    clock: () => now,
    monotonic: () => performance.now(),
  });
  watchdogs.start({
    emit: async (draft) => {
      if (draft.type !== 'SYS.NO_SOUND') return;
      edges.push(`${draft.edge} ${Math.round((performance.now() - began) / 1_000)}`);
      book.onEvent(eventOf(draft), { armed: 'never' });
    },
    show: () => undefined,
  });
}

function eventOf(draft: EventDraft): Event {
  const origin = { gateway: 'gw-1', school: '2137000001', region: '370102' };
  return { ...draft, id: uuidv7(), lane: 'a', seq: 1, origin };
}

function pass(ms: number): void {
  for (let passed = 0; passed < ms; passed += 1_000) {
    now += 1_000;
    vi.advanceTimersByTime(1_000);
  }
}

const hour = 3_600_000;

test('a gateway that nobody can hear says so two minutes after its start, once, and not again after a restart', () => {
  pass(NO_SOUND_AFTER_START_MS - 1_000);
  expect(edges).toEqual([]);
  pass(24 * hour);
  expect(edges).toEqual(['raise 120']);
  expect(book.open()).toMatchObject([
    { type: 'SYS.NO_SOUND', severity: 2, condition: 'active', operator: 'new', count: 1 },
  ]);
  watchdogs.stop();
  begin();
  pass(hour);
  expect(edges).toEqual([]);
  armed = true;
  pass(1_000);
  expect(edges).toEqual(['clear 3601']);
  expect(book.open()).toMatchObject([{ condition: 'returned', count: 1 }]);
});

test('a page that is loaded again is no fault; a minute of silence is one, and the next console ends it', () => {
  armed = true;
  pass(hour);
  armed = false;
  pass(NO_SOUND_AFTER_MS - 1_000);
  armed = true;
  pass(1_000);
  armed = false;
  pass(NO_SOUND_AFTER_MS - 1_000);
  expect(edges).toEqual([]);
  pass(1_000);
  armed = true;
  pass(1_000);
  expect(edges).toEqual(['raise 3720', 'clear 3721']);
});

test('a fault that was over before the restart is raised anew when it comes back', () => {
  pass(NO_SOUND_AFTER_START_MS);
  armed = true;
  pass(1_000);
  expect(book.open()).toMatchObject([{ condition: 'returned', operator: 'new' }]);
  watchdogs.stop();
  armed = false;
  begin();
  pass(NO_SOUND_AFTER_START_MS);
  expect(edges).toEqual(['raise 120']);
  expect(book.open()).toMatchObject([{ condition: 'active', count: 2 }]);
});

test('a wall clock that is set a day ahead brings no fault forward', () => {
  armed = true;
  pass(hour);
  armed = false;
  now += 24 * hour;
  pass(NO_SOUND_AFTER_MS - 1_000);
  expect(edges).toEqual([]);
});
