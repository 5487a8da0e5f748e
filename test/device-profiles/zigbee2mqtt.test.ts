import { describe, expect, test } from 'vitest';
import { forget } from '../../device-profiles/normalise.ts';
import type { Settings } from '../../device-profiles/settings.ts';
import { Bench, builtinProfile, T0 } from './helpers.ts';

const profile = builtinProfile('zigbee2mqtt.device');

function device(settings: Settings = {}): Bench {
  return new Bench(profile, 'zigbee2mqtt/dorm-3/2F/corridor', settings);
}

/** A smoke detector that was heard before. */
function quietSmoke(): Bench {
  const bench = device();
  bench.send({ smoke: false, battery: 100, test: false });
  return bench;
}

const minutes = (count: number) => ({ receivedAt: T0 + count * 60_000 });

describe('no false alarm from', () => {
  test('a cached republish: an alarm that was told is not told again with a battery report', () => {
    const bench = quietSmoke();
    expect(bench.told({ smoke: true, battery: 100 })).toEqual(['FIR.SMOKE raise live live']);
    expect(bench.told({ smoke: true, battery: 99 })).toEqual([]);
    expect(bench.told({ smoke: true, battery: 98 }, { retain: true })).toEqual([]);
  });

  test('stored state at the start of the bridge: it is not live', () => {
    const bench = device();
    expect(bench.told({ contact: false, occupancy: true }, { stored: 'retained' })).toEqual([
      'ACC.DOOR raise live replay',
      'INT.AREA raise live replay',
    ]);
    expect(device().told({ occupancy: true })).toEqual(['INT.AREA raise live initial']);
  });

  test('a test: it is told as one', () => {
    expect(quietSmoke().told({ smoke: true, test: true })).toEqual(['FIR.SMOKE raise test live']);
    const leak = device();
    leak.send({ water_leak: false, test_mode: 'OFF' });
    expect(leak.told({ water_leak: true, test_mode: 'ON' })).toEqual(['ENV.WATER raise test live']);
  });

  test('muting: it neither raises nor ends an alarm', () => {
    const bench = quietSmoke();
    bench.send({ silence: false });
    bench.send({ smoke: true });
    expect(bench.told({ smoke: true, silence: true })).toEqual(['DEV.MUTED raise live live']);
    expect(bench.told({ smoke: true, silence: false })).toEqual(['DEV.MUTED clear live live']);
    expect(bench.told({ smoke: false, silence: false })).toEqual(['FIR.SMOKE clear live live']);
  });

  test('an empty action: it is no press and resets nothing', () => {
    const bench = device();
    expect(bench.told({ action: 'emergency' })).toEqual(['EMG.PANIC pulse live live']);
    expect(bench.told({ action: '' })).toEqual([]);
    expect(bench.told({ action: null })).toEqual([]);
    expect(bench.last?.unknown).toBeUndefined();
  });

  test('unknown enum values: they are counted', () => {
    const bench = quietSmoke();
    for (const body of [
      { smoke_state: 'fire?' },
      { presence_state: 'alien' },
      { alarm_status: 'panic?' },
      { lock_state: 'melted' },
      { gas_sensor_state: 'sniffing' },
      { action: 'brightness_move_up' },
    ]) {
      expect(bench.told(body)).toEqual([]);
      expect(bench.last?.unknown).toBe(1);
    }
  });

  test('missing keys: they clear nothing', () => {
    const bench = quietSmoke();
    bench.send({ smoke: true, tamper: true, water_leak: true });
    expect(bench.told({ linkquality: 70 })).toEqual([]);
    expect(bench.told({ battery: 100 })).toEqual([]);
    expect(bench.told({ smoke: true, tamper: true, water_leak: true })).toEqual([]);
  });

  test('gas as a number: without a unit, and below the threshold', () => {
    expect(device().told({ gas: 4711.2 })).toEqual([]);
    expect(device().told({ gas_value: 9, gas_density: 9, co: 400, smoke_concentration: 900 })).toEqual([]);
    const lel = device({ gas_unit: '%LEL' });
    lel.send({ gas: 0 });
    expect(lel.told({ gas: 24.9 })).toEqual([]);
    expect(lel.told({ gas: 25 })).toEqual(['GAS.COMBUSTIBLE raise live live']);
  });

  test('settings of a device that sound like alarms', () => {
    const bench = quietSmoke();
    const body = {
      alarm: true,
      smoke: false,
      alarm_switch: true,
      linkage_alarm: true,
      interconnectable: true,
      siren_for_automation_only: 'stop',
      gas_sensitivity: '10%LEL',
      vibration: 'high',
      occupancy_timeout: 60,
      alarm_mode: 'siren_and_light',
    };
    expect(bench.told(body)).toEqual([]);
    expect(bench.last?.unknown).toBeUndefined();
  });

  test('a press from the retained store', () => {
    expect(device().told({ action: 'emergency' }, { stored: 'retained' })).toEqual([]);
  });

  test('a suspected fall, and a person who merely moves', () => {
    const bench = device();
    bench.send({ fall_down_status: 'none', presence: false });
    expect(bench.told({ fall_down_status: 'maybe_fall' })).toEqual([]);
    expect(bench.told({ presence: true, motion_direction: 'moving_forward' })).toEqual([
      'INT.AREA raise live live',
    ]);
  });
});

describe('no silence for', () => {
  test('a real smoke learnt at start', () => {
    expect(device().told({ smoke: true })).toEqual(['FIR.SMOKE raise live initial']);
    expect(device().told({ smoke: true }, { stored: 'retained' })).toEqual(['FIR.SMOKE raise live replay']);
  });

  test('a late panic: one that waited in a queue', () => {
    expect(device().told({ action: 'sos' }, { stored: 'queued' })).toEqual(['EMG.PANIC pulse live late']);
  });

  test('the same press again: each one is told', () => {
    const bench = device();
    for (let press = 0; press < 3; press++) {
      expect(bench.told({ action: 'panic' })).toEqual(['EMG.PANIC pulse live live']);
    }
  });

  test('an active smoke after a restart of the bridge: it is told again', () => {
    const bench = quietSmoke();
    bench.send({ smoke: true });
    bench.state = forget(bench.state ?? {});
    expect(bench.told({ smoke: true })).toEqual(['FIR.SMOKE raise live initial']);
  });

  test('a smoke that ended while the bridge was away', () => {
    const bench = quietSmoke();
    bench.send({ smoke: true });
    bench.state = forget(bench.state ?? {});
    expect(bench.told({ smoke: false })).toEqual(['FIR.SMOKE clear live initial']);
  });

  test('a smoke that goes on after the test', () => {
    const bench = quietSmoke();
    bench.send({ smoke: true, test: true });
    expect(bench.told({ smoke: true, test: false })).toEqual(['FIR.SMOKE raise live live']);
  });

  test('a smoke behind a test flag that is stuck', () => {
    const bench = quietSmoke();
    bench.send({ smoke: false, self_test: true });
    expect(bench.told({ smoke: true, self_test: true }, minutes(11))).toEqual(['FIR.SMOKE raise live live']);
  });

  test('a second source: smoke by the level while the plain key is still false', () => {
    const bench = quietSmoke();
    bench.send({ smoke: false, alarm_state: 'normal' });
    expect(bench.told({ smoke: false, alarm_state: 'critical_alarm' })).toEqual([
      'FIR.SMOKE raise live live',
    ]);
  });

  test('an alarm that names nothing', () => {
    const bench = device();
    bench.send({ alarm_1: false, battery_low: false });
    expect(bench.told({ alarm_1: true, battery_low: false })).toEqual(['INT.24H raise live live']);
  });

  test('a smoke in the same message as a value that nobody knows', () => {
    const bench = quietSmoke();
    expect(bench.told({ smoke: true, presence_state: 'alien', fault: { x: 1 } })).toEqual([
      'FIR.SMOKE raise live live',
    ]);
  });
});

test('no PIN, code or user list of a keypad or lock reaches an event', () => {
  const bench = device();
  bench.send({
    action: 'unlock',
    action_code: '4711',
    action_source_name: 'keypad',
    action_user: 3,
    users: { 1: { status: 'enabled', pin_code: '4711' } },
    last_used_pin_code: '4711',
    last_added_user_code: '4711',
    admin_code: '4711',
  });
  expect(bench.last?.drafts.map(({ type }) => type)).toEqual(['ACC.GRANT']);
  expect(JSON.stringify([bench.last, bench.state])).not.toContain('4711');
});

test('25 hours of silence are healthy, as Zigbee2MQTT itself has it; a button may have more', () => {
  expect(profile.heartbeatMs({})).toBe(25 * 3_600_000);
  expect(profile.heartbeatMs({ heartbeat: '720h' })).toBe(720 * 3_600_000);
});
