import { describe, expect, it } from 'vitest';
import type { ConnectionChange } from '../../../edge/adapters/adapter.ts';
import { OFFLINE_GRACE_MS, Presence, RETURN_GRACE_MS } from '../../../edge/registry/presence.ts';

const devices: Record<string, string[]> = { 'io-1': ['io-1'], z2m: ['bridge'], none: [] };

function tracker(): Presence {
  return new Presence({ devicesOf: (user) => devices[user] ?? [] });
}

function change(
  user: string,
  online: boolean,
  at: number,
  more: Partial<ConnectionChange> = {},
): ConnectionChange {
  return { adapter: 'mqtt', clientId: `c-${user}`, user, online, at, ...more };
}

describe('presence', () => {
  it('raises after the grace, once, and clears on return', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 0));
    expect(presence.change(change('io-1', false, 1_000, { reason: 'keepalive timeout' }))).toEqual([]);
    expect(presence.tick(1_000 + OFFLINE_GRACE_MS - 1)).toEqual([]);
    expect(presence.tick(1_000 + OFFLINE_GRACE_MS)).toEqual([
      { device: 'io-1', edge: 'raise', at: 1_000, reason: 'keepalive timeout' },
    ]);
    expect(presence.isOffline('io-1')).toBe(true);
    expect(presence.offline).toBe(1);
    expect(presence.tick(10_000_000)).toEqual([]);
    expect(presence.change(change('io-1', true, 20_000_000))).toEqual([
      { device: 'io-1', edge: 'clear', at: 20_000_000 },
    ]);
    expect(presence.offline).toBe(0);
  });

  it('raises at once where 1.5 times the keepalive are over, and never later than that', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 0));
    const stalled = change('io-1', false, 15_000, { reason: 'keepalive timeout', graceMs: 0 });
    expect(presence.change(stalled)).toMatchObject([{ device: 'io-1', edge: 'raise', at: 15_000 }]);
    presence.change(change('z2m', true, 20_000));
    expect(presence.change(change('z2m', false, 20_000, { graceMs: 7_500 }))).toEqual([]);
    expect(presence.tick(27_499)).toEqual([]);
    expect(presence.tick(27_500)).toMatchObject([{ device: 'bridge', edge: 'raise' }]);
  });

  it('waits as long as ever for who was closed by us, whatever its keepalive', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 0));
    presence.change(change('io-1', false, 1_000, { causedByUs: true, graceMs: 0 }));
    expect(presence.tick(1_000 + OFFLINE_GRACE_MS)).toEqual([]);
  });

  it('says nothing of a device that returns within the grace', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 0));
    presence.change(change('io-1', false, 1_000));
    expect(presence.change(change('io-1', true, 2_000))).toEqual([]);
    expect(presence.tick(100_000)).toEqual([]);
  });

  it('counts a user with two connections as there until both are gone', () => {
    const presence = tracker();
    presence.change(change('z2m', true, 0, { clientId: 'a' }));
    presence.change(change('z2m', true, 0, { clientId: 'b' }));
    presence.change(change('z2m', false, 1, { clientId: 'a' }));
    expect(presence.tick(1_000_000)).toEqual([]);
    presence.change(change('z2m', false, 1_000_000, { clientId: 'b' }));
    expect(presence.tick(2_000_000)).toHaveLength(1);
  });

  it('does not blame a device for a close that we caused, but misses it after 15 minutes', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 0));
    presence.change(change('io-1', false, 0, { causedByUs: true }));
    expect(presence.tick(RETURN_GRACE_MS - 1)).toEqual([]);
    expect(presence.tick(RETURN_GRACE_MS)).toMatchObject([{ device: 'io-1', edge: 'raise' }]);
  });

  it('misses after a start who was there before it', () => {
    const presence = tracker();
    presence.expect(['io-1', 'z2m'], 0);
    presence.change(change('z2m', true, 60_000));
    expect(presence.tick(RETURN_GRACE_MS)).toEqual([
      { device: 'io-1', edge: 'raise', at: 0, reason: 'not back after a restart' },
    ]);
  });

  it('clears what the last run left offline, and does not raise it again', () => {
    const presence = tracker();
    presence.restore(['io-1', 'bridge']);
    presence.expect(['io-1', 'z2m'], 0);
    expect(presence.tick(RETURN_GRACE_MS)).toEqual([]);
    expect(presence.change(change('io-1', true, 9))).toEqual([{ device: 'io-1', edge: 'clear', at: 9 }]);
  });

  it('ignores peers without a user, unknown users and a second goodbye', () => {
    const presence = tracker();
    expect(presence.change({ adapter: 'mqtt', clientId: 'x', online: false, at: 0 })).toEqual([]);
    presence.change(change('none', true, 0));
    presence.change(change('none', false, 0));
    presence.change(change('io-1', false, 0));
    expect(presence.tick(1_000_000)).toEqual([]);
  });

  it('does not wait for hours when the clock steps back, nor raise at once', () => {
    const presence = tracker();
    presence.change(change('io-1', true, 10_000_000));
    presence.change(change('io-1', false, 10_000_000));
    expect(presence.tick(1_000_000)).toEqual([]);
    expect(presence.tick(1_000_000 + OFFLINE_GRACE_MS - 1)).toEqual([]);
    expect(presence.tick(1_000_000 + OFFLINE_GRACE_MS)).toHaveLength(1);
  });
});
