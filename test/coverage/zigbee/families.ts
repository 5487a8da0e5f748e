import type { Device, Feature } from './definitions.ts';

/**
 * What a published value is about, judged from its name and description alone. Nothing here is taken from the
 * profile: the contract's event types are the only thing both share.
 */
export interface Family {
  name: string;
  /** Event type of its alarm or state. */
  type: string;
  /** Says by itself that a device matters for safety; the others are judged on such devices only. */
  primary: boolean;
  /** By the meaning of the key, without endpoint. */
  key: RegExp;
}

const family = (name: string, type: string, primary: boolean, key: RegExp): Family => ({
  name,
  type,
  primary,
  key,
});

/** The first that fits counts: "smoke_alarm_silenced" is about silence, "gas_alarm_1" about gas. */
const families: readonly Family[] = [
  family(
    'mute',
    'DEV.MUTED',
    false,
    /silen(t_mode|ce)|muted?$|mute$|hush(_active)?$|muffling|alarm_control$/,
  ),
  family('test', '', false, /^(self_?)?test(ing|_mode|_alarm|_in_progress)?$/),
  family('test result', 'DEV.FAULT', false, /checking_result|self_?test|test(_alarm)?_result/),
  family('end of life', 'DEV.END_OF_LIFE', false, /end_?of_?life/),
  family('battery', 'DEV.BATT', false, /^(channel_\d+_)?battery(_low|_state|_level|_status)?$/),
  family(
    'fault',
    'DEV.FAULT',
    false,
    /(^|_)fault|trouble|reliability|defect|contamination|wire_break|connection_control/,
  ),
  family('mains', 'DEV.MAINS', false, /^ac_(connected|status)$|mains_power|power_outage$/),
  family('tamper', 'DEV.TAMPER', true, /tamper/),
  family('panic', 'EMG.PANIC', true, /^sos|panic|^emergency$/),
  family('fall', 'VID.FALL', true, /fall_(down_)?status/),
  family(
    'sounder',
    'DEV.OUTPUT',
    true,
    /alarm_state|device_state|buzzer_manual_alarm|manual_\w+_alarm|siren_state|force_smoke/,
  ),
  family('smoke', 'FIR.SMOKE', true, /smoke|halo_alert_state/),
  family('co', 'GAS.CO', true, /carbon_monoxide|^co(_state)?$/),
  family('gas', 'GAS.COMBUSTIBLE', true, /^gas(_alarm_\d|_sensor_state)?$/),
  family('heat', 'FIR.HEAT', true, /^heat$/),
  family('input', 'DEV.INPUT', true, /^input(_l?\d+)?$|^di_status$|dry_contact$|external_trigger$/),
  family(
    'leak',
    'ENV.WATER',
    true,
    /water_leak|leak_detect|^water(_sensor|_condition_alarm)?$|^valve_abnormal_state$|^current_device_status$/,
  ),
  family(
    'opening',
    'ACC.DOOR',
    true,
    /contact|^door_state|opening_(state|mode)|handle_position|^window(_state)?$|magnetic_status/,
  ),
  family(
    'occupancy',
    'INT.AREA',
    true,
    /occupancy|presence|motion_(state|up|down|status)|pir_detection|^movement$|^target_type$|^sensor_status$/,
  ),
  family('vibration', 'INT.PERIM', true, /^(vibration|tilt)/),
  family('lock', 'ACC.MODE', true, /^lock_state$/),
  family('alarm', '', true, /^(alarm|alarm_alarm_\d|alarm_[12]|alarm_status)$/),
];

/** Keys whose name says too little: the words of their values say what they are about. */
function byValues({ name, values, within, value_on }: Device['features'][number]): string | undefined {
  if (name !== 'state' && name !== 'status' && name !== 'work_state' && name !== 'current_status')
    return undefined;
  const words = (values ?? []).join(' ').toLowerCase();
  if (/presence|occupied|approaching/.test(words)) return 'occupancy';
  if (within === 'lock' || (value_on === 'UNLOCK' && name === 'state')) return 'lock';
  return undefined;
}

/** The key without its endpoint: `contact` of `contact_left`. */
export function keyOf({ property, endpoint }: Feature): string {
  const key = property ?? '';
  return endpoint !== undefined && key.endsWith(`_${endpoint}`) ? key.slice(0, -endpoint.length - 1) : key;
}

export function familyOf(feature: Device['features'][number]): Family | undefined {
  const key = keyOf(feature);
  const name = byValues(feature);
  if (name !== undefined) return families.find((one) => one.name === name);
  if (/^(occupancy|presence|motion).*(status)$/.test(key))
    return families.find((one) => one.name === 'occupancy');
  const found = families.find((one) => one.key.test(key));
  // `self_test` with words is the result of one
  return found?.name === 'test' && feature.type === 'enum' ? families.find(isResult) : found;
}

function isResult({ name }: Family): boolean {
  return name === 'test result';
}
