import { pino } from 'pino';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Device } from '../../../contract/site.ts';
import type { ConnectionChange } from '../../../edge/adapters/adapter.ts';
import { AlarmBook } from '../../../edge/alarms/book.ts';
import { ClockWatch } from '../../../edge/ops/clock-watch.ts';
import { Watchdogs } from '../../../edge/ops/watchdogs.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';
import { Presence } from '../../../edge/registry/presence.ts';
import type { Registry } from '../../../edge/registry/registry.ts';

const start = Date.parse('2026-11-24T03:00:00Z');
let now: number;
let book: AlarmBook;
let watchdogs: Watchdogs;
let told: string[];

/** What the pipeline does with a draft, at a life-safety slot: severity 2, so that the alarm stays open on return. */
function take(type: string, edge: 'raise' | 'clear', device: string): void {
  const origin = { gateway: 'gw-1', school: '2137000001', region: '370102', device };
  book.onEvent(
    { ...ownDraft(type, edge, now), severity: 2, id: uuidv7(), lane: 'e', seq: 1, origin },
    { armed: 'never' },
  );
}

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  now = start;
  told = [];
  book = new AlarmBook({ clock: () => now, newId: uuidv7 });
  const devices: Record<string, Device> = {
    button: { id: 'button', name: 'b', profile: 'io.wired', user: 'button' },
    bridge: { id: 'bridge', name: 'z', profile: 'zigbee2mqtt.bridge', user: 'bridge' },
  };
  const registry = { refresh: async () => false, device: (id: string) => devices[id] } as unknown as Registry;
  watchdogs = new Watchdogs({
    book,
    presence: new Presence({ devicesOf: (user) => [user] }),
    clockWatch: new ClockWatch(
      () => now,
      () => performance.now(),
    ),
    registry,
    recipients: [],
    takePaced: () => new Map(),
    watched: () => [],
    isBridge: (id) => id === 'bridge',
    dropped: () => 0,
    soundArmed: () => true,
    logger: pino({ level: 'silent' }),
    clock: () => now,
    monotonic: () => performance.now(),
  });
  watchdogs.start({
    emit: async (draft, device = '') => {
      told.push(`${draft.type} ${draft.edge} ${device}`);
      take(draft.type, draft.edge as 'raise' | 'clear', device);
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

function connection(user: string, online: boolean): void {
  const change: ConnectionChange = { adapter: 'mqtt', clientId: user, user, online, at: now };
  watchdogs.connection(change);
}

test('a device that went offline, came back and goes again is told again although its first alarm is still open', () => {
  connection('button', true);
  connection('button', false);
  pass(20);
  connection('button', true);
  pass(5);
  expect(book.open().map((alarm) => alarm.condition)).toEqual(['returned']);
  connection('button', false);
  pass(20);
  expect(told).toEqual(['DEV.OFFLINE raise button', 'DEV.OFFLINE clear button', 'DEV.OFFLINE raise button']);
  expect(book.open()[0]).toMatchObject({ condition: 'active', operator: 'new', count: 2 });
});

test('a last will without a birth message is contradicted by a connection that holds', () => {
  connection('button', true);
  take('DEV.OFFLINE', 'raise', 'button');
  pass(20);
  expect(told).toEqual(['DEV.OFFLINE clear button']);
});

test('a last will that said so already is not said twice', () => {
  connection('button', true);
  connection('button', false);
  take('DEV.OFFLINE', 'raise', 'button');
  pass(20);
  expect(told).toEqual([]);
});

test('a bridge that loses its connection is SYS.GATEWAY_DOWN, so that the devices behind it become unknown', () => {
  connection('bridge', true);
  connection('bridge', false);
  pass(20);
  connection('bridge', true);
  expect(told).toEqual(['SYS.GATEWAY_DOWN raise bridge', 'SYS.GATEWAY_DOWN clear bridge']);
});
