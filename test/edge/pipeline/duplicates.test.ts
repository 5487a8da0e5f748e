import { expect, test } from 'vitest';
import { Duplicates, eventKey, redeliveryKey } from '../../../edge/pipeline/duplicates.ts';
import { ownDraft } from '../../../edge/pipeline/own-event.ts';

const raw = (payload: string, clientId = 'c1') => ({
  source: 'mqtt',
  adapter: 'mqtt',
  channel: 'io/gate/state',
  clientId,
  payload: Buffer.from(payload),
  receivedAt: 0,
  receivedMonotonicMs: 0,
});

test('a key is seen within its window and forgotten after it', () => {
  const duplicates = new Duplicates();
  duplicates.remember('k', 1_000);
  expect(duplicates.seen('k', 600_999)).toBe(true);
  expect(duplicates.seen('k', 601_001)).toBe(false);
  expect(duplicates.seen('other', 1_000)).toBe(false);
});

test('a clock set back by hours does not swallow a real event', () => {
  const duplicates = new Duplicates();
  duplicates.remember('k', 10_000_000);
  expect(duplicates.seen('k', 1_000_000)).toBe(false);
});

test('bug: two cards, or two denials, at one door in one second were one event', () => {
  const draft = { ...ownDraft('ACC.DENY', 'pulse', 0), dedupKey: '2026-12-01T10:00:00Z' };
  const said = (fingerprint: string) => eventKey('d1', draft, { ...raw('x'), source: 'onvif', fingerprint });
  expect(said('a')).toBe(said('a'));
  expect(said('a')).not.toBe(said('b'));
});

test('memory is bounded: the oldest keys go, the latest stay', () => {
  const duplicates = new Duplicates();
  for (let i = 0; i < 250_000; i++) duplicates.remember(`k${i}`, 0);
  expect(duplicates.seen('k0', 0)).toBe(false);
  expect(duplicates.seen('k249999', 0)).toBe(true);
});

test('a redelivery is named by client, topic and payload', () => {
  expect(redeliveryKey(raw('x'))).toBe(redeliveryKey(raw('x')));
  expect(redeliveryKey(raw('x'))).not.toBe(redeliveryKey(raw('y')));
  expect(redeliveryKey(raw('x'))).not.toBe(redeliveryKey(raw('x', 'c2')));
});

test('a profile key is per device, type, edge and input', () => {
  const draft = { ...ownDraft('EMG.PANIC', 'raise', 0), dedupKey: '7', input: '1' };
  const message = { ...raw('x'), qos: 1 as const };
  expect(eventKey('d1', draft, message)).not.toBe(eventKey('d2', draft, message));
  expect(eventKey('d1', draft, message)).not.toBe(eventKey('d1', { ...draft, input: '2' }, message));
  expect(eventKey('d1', draft, message)).toBe(eventKey('d1', draft, { ...message, qos: 0 }));
});

test('without a profile key only what MQTT may deliver again has one', () => {
  const draft = ownDraft('EMG.PANIC', 'raise', 0);
  expect(eventKey('d1', draft, { ...raw('x'), qos: 1 })).toBeDefined();
  expect(eventKey('d1', draft, { ...raw('x'), qos: 0 })).toBeUndefined();
});

test('two equal messages with packet identifiers of their own are two', () => {
  expect(redeliveryKey({ ...raw('x'), packetId: 7 })).toBe(redeliveryKey({ ...raw('x'), packetId: 7 }));
  expect(redeliveryKey({ ...raw('x'), packetId: 7 })).not.toBe(redeliveryKey({ ...raw('x'), packetId: 8 }));
  expect(redeliveryKey({ ...raw('x'), packetId: 7 })).not.toBe(redeliveryKey(raw('x')));
});
