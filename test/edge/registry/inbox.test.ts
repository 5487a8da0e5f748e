import { describe, expect, it } from 'vitest';
import type { RawMessage } from '../../../contract/raw-message.ts';
import { type InboxOptions, UnknownDeviceInbox } from '../../../edge/registry/inbox.ts';

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

/** A topic `dev/<key>/...` is read by a profile. */
const addresses: InboxOptions['addresses'] = (source, channel) => {
  const key = /^dev\/([^/]+)\//.exec(channel)?.[1];
  return key === undefined ? [] : [`${source}\0dev\0${key}`];
};

const unread = { device: 'smoke', detail: undefined, mask: [] };

describe('the inbox of unknown devices', () => {
  it('counts, and keeps the last three payloads', () => {
    const inbox = new UnknownDeviceInbox();
    for (let i = 1; i <= 5; i++)
      inbox.addUnknown(message('io/9/state', `p${i}`, i * 1_000, { user: 'io-9' }));
    inbox.addUnknown(message('io/8/state', 'q', 9_000));
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
    expect(inbox.counts).toEqual({ unknown: 2, unreadable: 0, described: 0 });
  });

  it('keeps a rare message of another topic beside a frequent reading', () => {
    const inbox = new UnknownDeviceInbox({ addresses });
    inbox.addUnknown(message('dev/a/alarm', 'fire', 1_000));
    for (let i = 2; i <= 9; i++) inbox.addUnknown(message('dev/a/reading', `r${i}`, i * 1_000));
    expect(inbox.list()[0]?.samples.map(({ payload }) => payload.toString())).toEqual(['fire', 'r8', 'r9']);
  });

  it('groups by the device that a profile reads from the topic, whoever brings its messages', () => {
    const inbox = new UnknownDeviceInbox({ addresses });
    const bridge = { user: 'z2m', clientId: 'bridge' };
    inbox.addUnknown(message('dev/a/state', '1', 1, bridge));
    inbox.addUnknown(message('dev/a/online', '2', 2, bridge));
    inbox.addUnknown(message('dev/b/state', '3', 3, bridge));
    expect(inbox.list().map(({ channels, count }) => [[...channels], count])).toEqual([
      [['dev/b/state'], 1],
      [['dev/a/state', 'dev/a/online'], 2],
    ]);
  });

  it('takes two profiles that call a device the same for one device', () => {
    const both: Record<string, string[]> = { 'x/events': ['gen2', 'esphome'], 'x/status': ['esphome'] };
    const inbox = new UnknownDeviceInbox({ addresses: (_, topic) => both[topic] ?? [] });
    inbox.addUnknown(message('x/events'));
    inbox.addUnknown(message('x/status'));
    expect(inbox.list()).toHaveLength(1);
  });

  it('groups what no profile knows by its client, and by topic where the client is a passing one', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.addUnknown(message('acme/7/heat', '1', 1, { clientId: 'acme-7', user: 'shared' }));
    inbox.addUnknown(message('acme/7/door', '2', 2, { clientId: 'acme-7', user: 'shared' }));
    inbox.addUnknown(message('acme/8/heat', '3', 3, { clientId: 'acme-8', user: 'shared' }));
    for (const clientId of ['mqttjs_1a2b', 'mqttjs_3c4d', 'auto-1']) {
      inbox.addUnknown(message('script/out', '4', 4, { clientId, user: 'shared' }));
    }
    expect(inbox.list().map(({ count }) => count)).toEqual([3, 1, 2]);
  });

  it('calls a group the same after a restart', () => {
    const ids = [1, 2].map(() => {
      const inbox = new UnknownDeviceInbox({ addresses });
      inbox.addUnknown(message('dev/a/state'));
      return inbox.list()[0]?.id;
    });
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).toMatch(/^[\w-]{16}$/);
  });

  it('counts every message of a flood, but copies its payloads only ten times a second', () => {
    const inbox = new UnknownDeviceInbox();
    for (let i = 0; i < 1_000; i++) inbox.addUnknown(message('flood', `p${i}`, 1_000 + i / 10));
    const [flood] = inbox.list();
    expect(flood?.count).toBe(1_000);
    expect(flood?.samples.map(({ payload }) => payload.toString())).toEqual(['p0', 'p1', 'p2']);
  });

  it('masks what the profile of a registered device masks', () => {
    const inbox = new UnknownDeviceInbox();
    const mask = ['action_code'];
    inbox.addUnread(message('keypad', '{"action_code":"4711","x":1}'), 'unmapped', { ...unread, mask });
    expect(inbox.list()[0]?.samples[0]?.payload.toString()).toBe('{"action_code":"***","x":1}');
  });

  it('counts what a registered device says beside its profile, with the last reason', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.addUnread(message('z/a', '{'), 'undecodable', { ...unread, detail: 'not JSON' });
    inbox.addUnread(message('z/b', '{}'), 'unmapped', { ...unread, detail: 'none of its keys' });
    expect(inbox.list()).toMatchObject([
      { reason: 'unmapped', device: 'smoke', channel: 'z/b', detail: 'none of its keys', count: 2 },
    ]);
    expect(inbox.counts).toEqual({ unknown: 0, unreadable: 1, described: 0 });
  });

  it('groups by the device key of a transport that has one', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.addUnknown(message('tns1:a', 'x', 1, { source: 'onvif', deviceKey: 'urn:uuid:1' }));
    inbox.addUnknown(message('tns1:b', 'x', 2, { source: 'onvif', deviceKey: 'urn:uuid:1' }));
    expect(inbox.list()).toHaveLength(1);
  });

  it('keeps 16 KiB of a large payload, and not the buffer behind it', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.addUnknown(message('big', Buffer.alloc(1024 * 1024, 'x')));
    const [sample] = inbox.list()[0]?.samples ?? [];
    expect(sample).toMatchObject({ bytes: 1024 * 1024 });
    expect(sample?.payload).toHaveLength(16 * 1024);
    expect(sample?.payload.buffer.byteLength).toBeLessThan(64 * 1024);
    expect(inbox.bytes).toBe(16 * 1024);
  });

  it('forgets what has been registered', () => {
    const inbox = new UnknownDeviceInbox();
    inbox.addUnknown(message('a'));
    inbox.addUnknown(message('b'));
    inbox.forget(({ channel }) => channel === 'a');
    expect(inbox.list().map(({ channel }) => channel)).toEqual(['b']);
    expect(inbox.bytes).toBe(2);
    expect(inbox.evicted).toBe(0);
  });

  it('keeps nothing of what is ignored', () => {
    const inbox = new UnknownDeviceInbox({ addresses, isIgnored: (names) => names.includes('mqtt\0dev\0a') });
    inbox.addUnknown(message('dev/a/state'));
    inbox.addUnknown(message('dev/b/state'));
    expect(inbox.list().map(({ channel }) => channel)).toEqual(['dev/b/state']);
  });
});

describe('a full inbox', () => {
  it('gives up the group that was quiet longest, and counts it', () => {
    const inbox = new UnknownDeviceInbox({ groups: 2 });
    for (const channel of ['a', 'b', 'a', 'c']) inbox.addUnknown(message(channel));
    expect(inbox.list().map(({ channel }) => channel)).toEqual(['c', 'a']);
    expect(inbox.evicted).toBe(1);
    expect(inbox.messages).toBe(4);
  });

  it('stays within its bytes', () => {
    const inbox = new UnknownDeviceInbox({ bytes: 10_000 });
    for (let i = 0; i < 100; i++) {
      inbox.addUnknown(message(`t${i}`, Buffer.alloc(3_000)));
      expect(inbox.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(inbox.list()).toHaveLength(3);
    expect(inbox.evicted).toBe(97);
  });

  it('stays within its defaults against a scan of topics', () => {
    const inbox = new UnknownDeviceInbox();
    const payload = Buffer.alloc(4_096);
    for (let i = 0; i < 5_000; i++) inbox.addUnknown(message(`scan/${i}`, payload));
    expect(inbox.list().length).toBeLessThanOrEqual(1_000);
    expect(inbox.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    for (let i = 0; i < 5_000; i++) inbox.addUnknown(message(`again/${i % 900}`, payload));
    expect(inbox.bytes).toBeLessThanOrEqual(4 * 1024 * 1024);
  });

  it('loses no quiet device of another client to a client that scans topics', () => {
    const inbox = new UnknownDeviceInbox({ addresses });
    for (let i = 0; i < 200; i++) inbox.addUnknown(message(`dev/${i}/state`, 'x', 1, { user: 'bridge' }));
    for (let i = 0; i < 5_000; i++) inbox.addUnknown(message(`dev/s${i}/state`, 'x', 2, { user: 'scanner' }));
    const kept = inbox.list().filter(({ user }) => user === 'bridge');
    expect(kept).toHaveLength(200);
    expect(inbox.evicted).toBe(4_200);
  });

  it('loses no quiet device to large payloads of another client', () => {
    const inbox = new UnknownDeviceInbox({ addresses, bytes: 100_000 });
    for (let i = 0; i < 20; i++) inbox.addUnknown(message(`dev/${i}/state`, 'x', 1, { user: 'bridge' }));
    const large = Buffer.alloc(16_000);
    for (let i = 0; i < 500; i++) inbox.addUnknown(message(`dev/l${i}/state`, large, 2, { user: 'mad' }));
    expect(inbox.list().filter(({ user }) => user === 'bridge')).toHaveLength(20);
  });

  it('loses none of one client’s proven devices to a scan by the same client', () => {
    const inbox = new UnknownDeviceInbox({ addresses, groups: 400 });
    for (const at of [1, 2])
      for (let i = 0; i < 200; i++) inbox.addUnknown(message(`dev/${i}/state`, 'x', at, { user: 'bridge' }));
    for (let i = 0; i < 5_000; i++) inbox.addUnknown(message(`dev/s${i}/state`, 'x', 3, { user: 'bridge' }));
    expect(inbox.list().filter(({ count }) => count === 2)).toHaveLength(200);
  });

  it('still takes a new device of a client that has many', () => {
    const inbox = new UnknownDeviceInbox({ addresses, groups: 100 });
    for (const at of [1, 2])
      for (let i = 0; i < 100; i++) inbox.addUnknown(message(`dev/${i}/state`, 'x', at, { user: 'bridge' }));
    inbox.addUnknown(message('dev/new/state', 'x', 3, { user: 'bridge' }));
    expect(inbox.list()[0]?.channel).toBe('dev/new/state');
    expect(inbox.list()).toHaveLength(100);
  });
});
