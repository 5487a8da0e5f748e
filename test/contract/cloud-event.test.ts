import { expect, test } from 'vitest';
import { decodeBody, encodeBody } from '../../contract/cloud-event.ts';
import { type Event, gatewayClock } from '../../contract/event.ts';

const least: Event = {
  v: 1,
  id: '01a20df3-50cb-779a-8299-aeec5b214142',
  lane: 'a',
  seq: 7,
  type: 'EMG.PANIC',
  kind: 'alarm',
  severity: 1,
  edge: 'raise',
  mode: 'live',
  freshness: 'live',
  occurredAt: '2026-11-24T14:26:19.459Z',
  receivedAt: '2026-11-24T14:26:19.460Z',
  clock: gatewayClock,
  origin: { gateway: 'gw-"1"', school: '2137000001', region: '370102' },
};
const most: Event = {
  ...least,
  clock: { source: 'device', quality: 'sync', offsetMs: -3, zoneless: true },
  origin: { ...least.origin, device: 'io-1', profile: 'io.wired', place: 'room-1', unit: 'dorm' },
  input: '门 "1"\\\n\ud800',
  readings: [{ name: 'battery', value: 71, unit: '%' }],
  dedupKey: '"k"',
  cause: [least.id],
  data: { line: 'cut', 说明: '"' },
};

test.each([
  ['least', least],
  ['most', most],
])('a body is what JSON.stringify writes, and comes back: %s', (_, event) => {
  const body = encodeBody(event);
  expect(JSON.stringify(JSON.parse(body))).toBe(body);
  expect(decodeBody(body)).toEqual(event);
});
