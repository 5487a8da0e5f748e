import { expect, test } from 'vitest';
import { detailText } from '../../../edge/registry/detail-text.ts';

test.each([
  [
    'profile zigbee2mqtt.device does not know its keys "fire_alarm", "x"',
    '模板 zigbee2mqtt.device 不认识字段："fire_alarm", "x"',
  ],
  [
    'profile io.wired reads messages of mqtt, this one came over onvif: register the device with another profile',
    '模板 io.wired 读取 mqtt 报文，此报文来自 onvif：请为该设备改用其他模板登记',
  ],
  [
    'profile lorawan.chirpstack knows "type" only beside other keys, which are missing',
    '模板 lorawan.chirpstack 只在与其他字段同时出现时才读取 "type"，而那些字段缺失',
  ],
  ['something new', 'something new'],
])('a person reads in Chinese: %s', (en, zh) => {
  expect(detailText(en)).toEqual({ en, zh });
});
