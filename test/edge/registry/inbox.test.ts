import { describe, expect, it } from 'vitest';
import type { RawMessage } from '../../../contract/raw-message.ts';
import { UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';

function message(
  channel: string,
  payload: string | Buffer = '{}',
  at = 1,
  more: Partial<RawMessage> = {},
): RawMessage {
  return {
    source: 'mqtt',
    adapter: 'mqtt',
    channel,
    payload: Buffer.from(payload),
    receivedAt: at,
    receivedMonotonicMs: at,
    ...more,
  };
}

describe('the inbox of unknown devices', () => {
  it('groups by channel, counts, and keeps the last three payloads', () => {
    const inbox = new UnknownDeviceInbox();
    for (let i = 1; i <= 5; i++)
      inbox.add(message('io/9/state', `p${i}`, i * 1_000, { user: 'io-9' }), 'unknown-device');
    inbox.add(message('io/8/state', 'q', 9_000), 'unknown-device');
    const [last, first] = inbox.list();
    expect(last).toMatchObject({ channel: 'io/8/state', count: 1 });
    expect(first).toMatchObject({
      channel: 'io/9/state',
      user: 'io-9',
      count: 5,
      firstAt: 1_000,
      lastAt: 5_000,
    });
    expect(first?.samples.map(({ payload, at }) => [payload.toString(), at])).toEqual([
      ['p3', 3_000],
      ['p4', 4_000],
      ['p5', 5_000],
    ]);
    expect(inbox.messages).toBe(6);
  });

  it('counts every message of a flood, but copies its payloads only ten times a second', () => {
    const inbox = new UnknownDeviceInbox();
    for (let i = 0; i < 1_000; i++) inbox.add(message('flood', `p${i}`, 1_000 + i / 10), 'unknown-device');
    const [flood] = inbox.list();
    expect(flood?.count).toBe(1_000);
    expect(flood?.samples.map(({ payload }) => payload.toString())).toEqual(['p0', 'p1', 'p2']);
  });

  it('masks PINs and card numbers: those of the profile, and of an unknown device what looks like one', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.add(message('keypad', '{"action_code":"4711","x":1}'), 'unmapped', 'k1', undefined, [
      'action_code',
    ]);
    inbox.add(message('stranger', '{"card_number":"6222021234567890"}'), 'unknown-device');
    const kept = inbox.list().flatMap((group) => group.samples.map(({ payload }) => payload.toString()));
    expect(kept.join()).not.toMatch(/4711|6222/);
    expect(kept.join()).toContain('***');
  });

  it('groups what a registered device says beside its profile by the device', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.add(message('z/a', '{'), 'undecodable', 'smoke', 'not JSON');
    inbox.add(message('z/b', '{'), 'undecodable', 'smoke', 'not JSON either');
    inbox.add(message('z/b', '{}'), 'unmapped', 'smoke');
    expect(inbox.list()).toMatchObject([
      { reason: 'unmapped', device: 'smoke', count: 1 },
      { reason: 'undecodable', device: 'smoke', channel: 'z/b', detail: 'not JSON either', count: 2 },
    ]);
  });

  it('groups by the device key of a transport that has one', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.add(message('tns1:a', 'x', 1, { source: 'onvif', deviceKey: 'urn:uuid:1' }), 'unknown-device');
    inbox.add(message('tns1:b', 'x', 2, { source: 'onvif', deviceKey: 'urn:uuid:1' }), 'unknown-device');
    expect(inbox.list()).toHaveLength(1);
  });

  it('keeps 4 KiB of a large payload, and not the buffer behind it', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.add(message('big', Buffer.alloc(1024 * 1024, 'x')), 'unknown-device');
    const [sample] = inbox.list()[0]?.samples ?? [];
    expect(sample).toMatchObject({ bytes: 1024 * 1024 });
    expect(sample?.payload).toHaveLength(4096);
    expect(sample?.payload.buffer.byteLength).toBeLessThan(64 * 1024);
    expect(inbox.bytes).toBe(4096);
  });

  it('gives up the group that was quiet longest, and counts it', () => {
    const inbox = new UnknownDeviceInbox({ groups: 2 });
    for (const channel of ['a', 'b', 'a', 'c']) inbox.add(message(channel), 'unknown-device');
    expect(inbox.list().map(({ channel }) => channel)).toEqual(['c', 'a']);
    expect(inbox.evicted).toBe(1);
    expect(inbox.messages).toBe(4);
  });

  it('stays within its bytes', () => {
    const inbox = new UnknownDeviceInbox({ bytes: 10_000 });
    for (let i = 0; i < 100; i++) {
      inbox.add(message(`t${i}`, Buffer.alloc(3_000)), 'unknown-device');
      expect(inbox.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(inbox.list()).toHaveLength(3);
    expect(inbox.evicted).toBe(97);
  });

  it('stays within its defaults against a scan of topics', () => {
    const inbox = new UnknownDeviceInbox();
    const payload = Buffer.alloc(8_192);
    for (let i = 0; i < 5_000; i++) inbox.add(message(`scan/${i}`, payload), 'unknown-device');
    expect(inbox.list()).toHaveLength(1_000);
    expect(inbox.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    for (let i = 0; i < 5_000; i++) inbox.add(message(`again/${i % 900}`, payload), 'unknown-device');
    expect(inbox.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it('forgets what has been registered', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.add(message('a'), 'unknown-device');
    inbox.add(message('b'), 'unknown-device');
    inbox.forget(({ channel }) => channel === 'a');
    expect(inbox.list().map(({ channel }) => channel)).toEqual(['b']);
    expect(inbox.bytes).toBe(2);
    expect(inbox.evicted).toBe(0);
  });
});
