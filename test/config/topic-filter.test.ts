import { expect, test } from 'vitest';
import { overlaps } from '../../config/topic-filter.ts';
import { builtinProfile } from '../device-profiles/helpers.ts';

test('Zigbee2MQTT and many Shelly on one broker had no filters that are taken: those of docs/mqtt.md are', () => {
  expect(overlaps('zigbee2mqtt/#', '+/events/rpc')).toBe(true);
  const recipe = ['zigbee2mqtt/#', 'shelly/#', 'shellies/#'];
  for (const one of recipe) {
    for (const other of recipe) expect(overlaps(one, other)).toBe(one === other);
  }
  const shelly = builtinProfile('shelly.gen2');
  expect(shelly.match('shelly/hall-1/events/rpc')).toMatchObject({ deviceKey: 'shelly/hall-1' });
});
