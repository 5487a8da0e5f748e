import { describe, expect, it } from 'vitest';
import { applyFrame, applyState, presenceOf } from '../../../cloud-bridge/receiver/presence.ts';
import type { GatewayState } from '../../../contract/gateway-state.ts';
import { uplinkPath } from '../../../contract/uplink-topic.ts';

const path = uplinkPath('370102', '4137010001', 'gw-01');
const hello = (boot: string): GatewayState => ({
  k: 'hello',
  v: 1,
  gateway: 'gw-01',
  school: '4137010001',
  region: '370102',
  name: '示例大学',
  boot,
  epoch: 'e1',
  software: 's',
  schema: 1,
  capabilities: [],
});
const beat = (boot: string, at: number): GatewayState => ({
  k: 'hb',
  boot,
  epoch: 'e1',
  at: new Date(at).toISOString(),
  lanes: { a: { seq: 0, head: '' }, e: { seq: 0, head: '' } },
  outbox: { a: { oldestS: 0, n: 0 }, e: { oldestS: 0, n: 0 } },
  holdHours: 1,
  clock: 'sync',
  software: 's',
});
const now = 1_800_000_000_000;
const at = (record: ReturnType<typeof applyState>, time: number) => presenceOf(record, time, 60_000).presence;

describe('presence', () => {
  it('is online for three heartbeats after the last sign, frames included', () => {
    let record = applyState(undefined, path, hello('b'), now, false);
    expect(at(record, now + 180_000)).toBe('online');
    expect(at(record, now + 180_001)).toBe('offline');
    record = applyFrame(record, path, now + 170_000);
    expect(at(record, now + 300_000)).toBe('online');
    record = applyState(record, path, beat('b', now + 320_000), now + 320_000, false);
    expect(at(record, now + 500_000)).toBe('online');
    expect(record).toMatchObject({ name: '示例大学', since: now, heartbeat: { holdHours: 1 } });
  });

  it('of a retained heartbeat is as old as the heartbeat', () => {
    const record = applyState(undefined, path, beat('b', now - 200_000), now, true);
    expect(at(record, now)).toBe('offline');
    const known = applyState(
      applyState(undefined, path, hello('b'), now - 300_000, false),
      path,
      beat('b', now - 200_000),
      now,
      true,
    );
    expect(at(known, now)).toBe('offline');
  });

  it('ends with the will or goodbye of its own boot only, and a goodbye says until when', () => {
    const record = applyState(undefined, path, hello('b2'), now, false);
    expect(applyState(record, path, { k: 'gone', boot: 'b1' }, now + 1, false)).toBe(record);
    expect(applyState(record, path, { k: 'bye', boot: 'b1', planned: true }, now + 1, false)).toBe(record);
    const stopped = applyState(
      record,
      path,
      { k: 'bye', boot: 'b2', planned: true, untilAt: '2027-01-15T08:00:00.000Z' },
      now + 5,
      false,
    );
    expect(presenceOf(stopped, now + 900_000, 60_000)).toEqual({ presence: 'stopped', since: now + 5 });
    expect(stopped.untilAt).toBe('2027-01-15T08:00:00.000Z');
    // The same, delivered from the store again, moves nothing.
    expect(applyState(stopped, path, { k: 'bye', boot: 'b2', planned: true }, now + 99, true)).toMatchObject({
      since: now + 5,
      lastSeen: now + 5,
    });
    const back = applyState(stopped, path, hello('b3'), now + 100_000, false);
    expect(back).toMatchObject({ link: 'online', since: now + 100_000, boot: 'b3' });
    expect(back.untilAt).toBeUndefined();
  });

  it('is known from frames alone', () => {
    const record = applyFrame(undefined, path, now);
    expect(presenceOf(record, now, 60_000)).toEqual({ presence: 'online', since: now });
    expect(applyState(record, path, { k: 'gone', boot: 'b' }, now + 1, false)).toMatchObject({
      link: 'gone',
      boot: 'b',
    });
  });
});
