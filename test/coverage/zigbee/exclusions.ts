import type { Device } from './definitions.ts';
import { keyOf } from './families.ts';

type Judged = Device['features'][number];

/** Why a value that sounds like safety is no alarm. The first that fits counts; all are printed with their number. */
interface Exclusion {
  rule: string;
  holds: (feature: Judged, device: Device) => boolean;
}

const settable =
  /^(contact|alarm|alarm_state|sil\w+|mute|temporary_mute|muffling|water_leak_alarm_control|(self_)?test(_mode|_alarm)?|(manual|force)_\w+|state)$/;

const named =
  (key: RegExp): Exclusion['holds'] =>
  (feature) =>
    key.test(keyOf(feature));

const exclusions: readonly Exclusion[] = [
  { rule: 'a command: it is never published', holds: ({ access = 1 }) => (access & 1) === 0 },
  {
    rule: 'a configuration (category, or settable and no state of a device)',
    holds: (feature) =>
      (feature.category === 'config' && keyOf(feature) !== 'test_mode') ||
      (((feature.access ?? 1) & 2) !== 0 && feature.within !== 'lock' && !settable.test(keyOf(feature))),
  },
  {
    rule: 'a command button (one value, settable)',
    holds: ({ access = 1, values }) => (access & 2) !== 0 && values?.length === 1,
  },
  { rule: 'a number without a limit', holds: ({ type, name }) => type === 'numeric' && name !== 'battery' },
  {
    rule: 'free text or a list',
    holds: (feature) =>
      (feature.type === 'text' && !/^(fault_state|muted)$/.test(keyOf(feature))) || feature.type === 'list',
  },
  { rule: 'a composite of settings or of commands', holds: ({ type }) => type === 'composite' },
  {
    rule: "a thermostat's guess or fault",
    holds: (feature, device) =>
      device.features.some(({ within }) => within === 'climate') &&
      !/occupancy|presence|contact/.test(keyOf(feature)),
  },
  {
    rule: "a lock of the device's own keys",
    holds: named(/child_lock|button_lock|key_?lock|lock_relay|tilt_lock|frost_lock/),
  },
  {
    rule: 'electrical protection of a relay or meter',
    holds: named(
      /over(_?current|voltage|load|heat)|undervoltage|no_load|power_alarm|^alarm_active$|leakage_(current|breaker|test|recloser)|_consumed_energy|_power_max|_voltage_m/,
    ),
  },
  {
    rule: 'a comfort limit (temperature, humidity, air, soil)',
    holds: named(/temperature|humidity|co2|pm25|_warning$|ntc_|temp_alarm|volume_alarm|^alarm_(temp|hum)/),
  },
  {
    rule: 'a comfort limit (temperature, humidity, air, soil)',
    holds: ({ values = [] }) => /over_humidity|co2|pm25|calibrat/.test(values.join(' ')),
  },
  { rule: 'a unit', holds: named(/_unit$/) },
  {
    rule: 'the switch of an alarm function, or the alarm of a pump or relay',
    holds: (feature, device) =>
      /\b(enable|disable)\b|shortage|over current/i.test(feature.description ?? '') ||
      (keyOf(feature) === 'alarm' && device.features.some((other) => keyOf(other) === 'co2')),
  },
  {
    rule: 'a passage or direction, beside a presence',
    holds: named(/^presence_event$|_direction$|_source$/),
  },
  {
    rule: 'the state of an actuator',
    holds: named(/valve(?!_abnormal)|motor|^moving$|^drive_state$|^hooks_state$/),
  },
  {
    rule: 'a copy of the alarm of linked devices',
    holds: named(/link_available|linkage_alarm_state|interconnectable/),
  },
  {
    rule: 'no word says which value is the bad one',
    holds: named(/^(lifecycle|fault_code|neutral_presence|button_\w+|magnetic_status|halo_hush_state)$/),
  },
];

/** The rule by which a value is left out; undefined: it must be understood. */
export function exclusionOf(feature: Judged, device: Device): string | undefined {
  return exclusions.find(({ holds }) => holds(feature, device))?.rule;
}
