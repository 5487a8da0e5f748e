import { expect, test } from 'vitest';
import { retainedCopy } from '../../../edge/pipeline/retained-copy.ts';
import { builtinProfile, profileOf } from '../../device-profiles/helpers.ts';

const zigbee = builtinProfile('zigbee2mqtt.device');
const reader =
  profileOf(`match: [{ topic: 'reader/{device}/card', text: card }, { topic: 'reader/{device}/state', text: state }]
device: '{device}'
mask: [card]
map: [{ on: state, when: { path: state, in: [open] }, emit: { type: ACC.DOOR, edge: raise } }]
`);

function copy(channel: string, payload: string | Buffer, profile = zigbee, isKnown = true): string {
  const message = { channel, payload: Buffer.from(payload), qos: 1 as const };
  return retainedCopy(message, [profile], isKnown).payload.toString();
}

test('a retained user list had its PIN codes in the journal', () => {
  const payload = '{"lock_state":"locked","users":{"1":{"pin_code":"482915"}},"action_code":4711}';
  const kept = copy('zigbee2mqtt/lock', payload);
  expect(JSON.parse(kept)).toEqual({ lock_state: 'locked', users: '***', action_code: '***' });
});

test('what has nothing to mask is kept byte for byte', () => {
  for (const payload of ['{ "smoke" : true }', '{"a":1.0}', ''])
    expect(copy('zigbee2mqtt/smoke', payload)).toBe(payload);
  expect(copy('reader/1/state', 'half open', reader)).toBe('half open');
});

test('a plain card number cannot be masked: it is not kept', () => {
  expect(copy('reader/1/card', '7788990011', reader)).toBe('');
});

test('of a device that nobody registered everything suspicious is masked', () => {
  expect(copy('zigbee2mqtt/x', '{"cardNo":"7788990011"}', zigbee, false)).toBe('{"cardNo":"***"}');
});
