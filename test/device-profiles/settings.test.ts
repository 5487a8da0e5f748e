import { describe, expect, test } from 'vitest';
import { checkSettings, type Settings } from '../../device-profiles/settings.ts';
import { builtinProfile } from './helpers.ts';

const faults = (id: string, settings: Settings) =>
  checkSettings(builtinProfile(id).definition, settings).map(({ path, message }) => `${path}: ${message}`);

describe('what the registry says of a device', () => {
  test('is fine', () => {
    expect(faults('io.wired', { inputs: { 1: { means: 'panic', polarity: 'nc' }, 2: {} } })).toEqual([]);
    expect(
      faults('zigbee2mqtt.device', {
        contact: 'intrusion',
        inverted: true,
        gas_alarm: 10,
        press: { double: 'panic', hold: 'EMG.BULLY' },
      }),
    ).toEqual([]);
  });

  test('names what is wrong and what to write', () => {
    expect(faults('io.wired', { inputs: { 1: { means: 'pannic' } } })).toEqual([
      'inputs.1.means: "pannic" is no meaning of this profile; did you mean "panic"?',
    ]);
    expect(faults('io.wired', { inputs: { 1: { means: 'xyzzy' } } })).toEqual([
      expect.stringMatching(
        /^inputs\.1\.means: "xyzzy" is no meaning of this profile; write one of none, panic/,
      ),
    ]);
    expect(faults('io.wired', { speed: 1 })).toEqual([
      'settings.speed: no such setting; write one of heartbeat',
    ]);
    expect(
      faults('zigbee2mqtt.device', {
        contact: 'window',
        inverted: 'yes',
        gas_alarm: 200,
        press: { double: 'pannic', hold: 'EMG.PANNIC', single: 'xyzzy' },
        colour: 1,
        inverd: true,
      }),
    ).toEqual([
      'settings.contact: must be one of door, intrusion (is "window")',
      'settings.inverted: must be a boolean (is "yes")',
      'settings.gas_alarm: must be at most 100',
      'settings.press.double: "pannic" is no meaning; did you mean "panic"?',
      'settings.press.hold: "EMG.PANNIC" is no meaning; did you mean "EMG.PANIC"?',
      expect.stringMatching(
        /^settings\.press\.single: "xyzzy" is no meaning; write an event type or one of none/,
      ),
      expect.stringMatching(/^settings\.colour: no such setting; write one of .*contact/),
      'settings.inverd: no such setting; did you mean "inverted"?',
    ]);
    expect(faults('zigbee2mqtt.device', { contact: 'dor' })).toEqual([
      'settings.contact: must be one of door, intrusion (is "dor"); did you mean "door"?',
    ]);
  });

  test('keys of JavaScript are no settings', () => {
    expect(faults('io.wired', JSON.parse('{"constructor":1}'))).toHaveLength(1);
  });
});

test('a device may publish on the topics of its profile, a bridge on those of its devices', () => {
  expect(builtinProfile('io.wired').filters('m1')).toEqual({
    publish: ['io/m1/state', 'io/m1/status'],
    subscribe: ['io/m1/set'],
  });
  expect(builtinProfile('zigbee2mqtt.device').filters('dorm/a').publish).toEqual([
    'zigbee2mqtt/dorm/a/availability',
    'zigbee2mqtt/dorm/a',
  ]);
  expect(builtinProfile('zigbee2mqtt.bridge').filters('zigbee2mqtt')).toEqual({
    publish: ['zigbee2mqtt/#'],
    subscribe: ['zigbee2mqtt/#'],
  });
});
