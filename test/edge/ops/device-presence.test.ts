import { expect, test } from 'vitest';
import type { Alarm } from '../../../contract/alarm.ts';
import type { Device } from '../../../contract/site.ts';
import { DevicePresence } from '../../../edge/ops/device-presence.ts';

const device = (id: string, more: Partial<Device> = {}): Device => ({
  id,
  name: id,
  profile: 'p',
  key: id,
  ...more,
});

/** A module with an account, a bridge and two devices behind it, of which one was heard in an earlier run. */
const devices = [
  device('module', { user: 'module' }),
  device('bridge', { user: 'bridge' }),
  device('sleeper', { bridge: 'bridge' }),
  device('new', { bridge: 'bridge' }),
];

function presence(away: ReadonlyArray<Partial<Alarm>>, seen: Record<string, number> = {}) {
  return new DevicePresence({
    registry: { devices: () => devices, device: (id) => devices.find((one) => one.id === id) },
    book: { open: () => away as Alarm[] },
    channel: () => undefined,
    lastSeen: (user) => seen[user],
    heard: (id) => ({ at: undefined, ever: id === 'sleeper' }),
    isReachable: ({ bridge }, isDown) => bridge === undefined || !isDown(bridge),
  });
}

const states = (of: DevicePresence) => devices.map(({ id }) => of.status(id)?.state);

test('bug: a device that nobody had ever heard counted as online', () => {
  const of = presence([], { bridge: 1_000 });
  expect(states(of)).toEqual(['unknown', 'online', 'online', 'unknown']);
  expect(of.counts()).toEqual({ total: 4, offline: 0, unknown: 2 });
  expect(of.status('bridge')?.lastAt).toBe('1970-01-01T00:00:01.000Z');
});

test('bug: what is behind a dead bridge counted as online', () => {
  const down = { type: 'SYS.GATEWAY_DOWN', condition: 'active', device: 'bridge' } as const;
  const of = presence([down], { bridge: 1_000, module: 1_000 });
  expect(states(of)).toEqual(['online', 'offline', 'unknown', 'unknown']);
  expect(of.counts()).toEqual({ total: 4, offline: 1, unknown: 2 });
});

test('a device that came back is online, although its alarm waits for a person', () => {
  const over = { type: 'DEV.OFFLINE', condition: 'returned', device: 'module' } as const;
  expect(presence([over], { module: 1_000 }).status('module')?.state).toBe('online');
  expect(presence([]).status('nobody')).toBeUndefined();
});
