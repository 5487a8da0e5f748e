import type { Device } from './definitions.ts';
import { type Family, familyOf, keyOf } from './families.ts';

/** What a value says, judged by its words. */
export type Meaning =
  | { says: 'alarm'; type: string; edge: 'raise' | 'pulse'; also?: string[] }
  /** All is well: ends the alarm. */
  | { says: 'normal' }
  /** Neither: must raise nothing, and must be known. */
  | { says: 'nothing' }
  /** The device tests itself. */
  | { says: 'test' };

type Judged = Device['features'][number];

const nothing: Meaning = { says: 'nothing' };
const normal: Meaning = { says: 'normal' };

const normalWords =
  /^(none|normal|normal_state|no|off|safe|idle|ok|stop|closed?|locked?|clear|dry|absence|unoccupied|unmuted|(check[_ ])?success|online|connected|power_ok|no_presence|no_fault_detected|\w+_no|none_\d+min|contact_open)$/i;
const nothingWords =
  /unknown|undefined|detecting|checking|running|^others?$|no_movement|maybe|fall_warning|silenced|weather|battery$|end_of_life|disabled|locking|light_contamination|timer/i;

/** What a value of this key says. */
export function meaningOf(feature: Judged, family: Family, value: unknown, device: Device): Meaning {
  if (family.name === 'battery' && feature.type === 'numeric')
    return Number(value) < 10 ? alarm(family) : normal;
  const special = byWord(feature, family, value, device);
  if (special !== undefined) return special;
  const on = isOn(feature, family, value);
  if (family.name === 'test') return on ? { says: 'test' } : normal;
  if (!on) return normal;
  if (typeof value === 'string' && nothingWords.test(value)) return nothing;
  return family.name === 'alarm' || family.name === 'sounder' ? unnamed(feature, device) : alarm(family);
}

function alarm({ type }: Family, also?: string[]): Meaning {
  return { says: 'alarm', type, edge: 'raise', ...(also === undefined ? {} : { also }) };
}

/** Values whose own word says more than the key. */
function byWord(feature: Judged, family: Family, value: unknown, device: Device): Meaning | undefined {
  if (typeof value !== 'string') return undefined;
  const raise = (type: string, also?: string[]): Meaning => alarm({ ...family, type }, also);
  const word = value.toLowerCase();
  if (family.name === 'test result') {
    if (/fail|fault/.test(word)) return raise('DEV.FAULT');
    return /success/.test(word) ? normal : word === 'checking' ? { says: 'test' } : nothing;
  }
  if (family.name === 'alarm' && feature.values?.includes('high_temperatur')) {
    const types: Record<string, string> = {
      tamper: 'DEV.TAMPER',
      high_temperatur: 'FIR.HEAT',
      battery_alarm: 'DEV.BATT',
      error: 'DEV.FAULT',
    };
    const type = types[word];
    return type === undefined ? (word === 'ok' ? normal : nothing) : raise(type);
  }
  if (word === 'falling') return raise('VID.FALL', ['INT.AREA']);
  if (word === 'error_forced_open') return raise('ACC.FORCED');
  if (word === 'error_jammed' || word === 'error_unspecified') return raise('ACC.LOCK');
  if (word === 'not_fully_locked') return raise('ACC.LOCK');
  if (word === 'pre_smoke') return raise('FIR.PREALARM');
  if (word === 'interconnect_carbon_monoxide' || word === 'carbon_monoxide') return raise('GAS.CO');
  if (word === 'smoke_test' || word === 'co_test') return { says: 'test' };
  if (/prealarm|warning_alarm|critical_alarm|alarmed/.test(word)) return level(word, device);
  // of a bed or a room: present or not; a word of the water supply is none of leaks
  if (family.name === 'leak' && !/leak|yes/.test(word) && feature.type === 'enum') return normal;
  if (family.name === 'battery' && /^(medium|middle|high|usb|full)$/.test(word)) return normal;
  return undefined;
}

/** A level of alarm is of what the device detects; before a fire alarm there is a pre-alarm. */
function level(word: string, device: Device): Meaning {
  const detects = new Set(device.features.map((feature) => keyOf(feature)));
  const smoke = detects.has('smoke');
  const type = smoke ? (word === 'prealarm' ? 'FIR.PREALARM' : 'FIR.SMOKE') : 'GAS.CO';
  return { says: 'alarm', type, edge: 'raise' };
}

/** The value that says yes: the library's `value_on`, except where on is good or the words say otherwise. */
function isOn(
  { type, value_on, description, property, values }: Judged,
  family: Family,
  value: unknown,
): boolean {
  const key = property ?? '';
  if (family.name === 'opening' && type === 'binary') return isOpen(value);
  if (family.name === 'input' && typeof value === 'string') return /^(on|close|contact_closed)$/i.test(value);
  if (/connected$/.test(key)) return value !== true;
  if (family.name === 'lock') return /^unlock/i.test(String(value));
  if (type === 'text') return value !== 'normal';
  if (type === 'enum') return !normalWords.test(String(value)) && values?.includes(String(value)) === true;
  if (typeof value === 'string' && /^(on|off|muted|unmuted|online|offline)$/i.test(value)) {
    return /^(on|muted|offline)$/i.test(value);
  }
  // "at fault", "detected", "is active": the library's on
  return value === value_on && !/not known/.test(description ?? '');
}

/** The library's rule for every `contact`: true, or ON, is closed. */
function isOpen(value: unknown): boolean {
  return typeof value === 'string' ? /^(off|open|opened|false)$/i.test(value) : value === false;
}

const sounders = /^(warning|squawk|volume|melody|ringtone|alarm_volume|alarm_melody)$/;

/** `alarm` names nothing: it is that of the only detection, or of a sounder, or of a zone that is always armed. */
function unnamed(feature: Judged, device: Device): Meaning {
  const raise = (type: string): Meaning => ({ says: 'alarm', type, edge: 'raise' });
  const text = feature.description ?? '';
  if (/\bCO alarm/.test(text)) return raise('GAS.CO');
  if (/vibration/.test(text)) return raise('INT.PERIM');
  if (/siren|manual|sound|trigger an alarm|light/i.test(text) && !/is triggered/.test(text))
    return raise('DEV.OUTPUT');
  if (familyOf(feature)?.name === 'sounder') return raise('DEV.OUTPUT');
  if (device.features.some((other) => sounders.test(keyOf(other)))) return raise('DEV.OUTPUT');
  if (device.features.some((other) => keyOf(other) === 'occupancy')) return raise('INT.AREA');
  return raise('INT.24H');
}

/** What an action says; undefined: a button without a meaning of its own. */
export function actionMeaning(action: string, device: Device): Meaning | undefined {
  const pulse = (type: string): Meaning => ({ says: 'alarm', type, edge: 'pulse' });
  if (/sos|panic|emergency/.test(action)) return pulse('EMG.PANIC');
  const actions = device.features.find(({ name }) => name === 'action')?.values?.map(String) ?? [];
  if (
    actions.some((one) => /unlock|lock_opened|finger_open/.test(one)) &&
    !actions.some((one) => /^press/.test(one))
  ) {
    if (/fail|not_match|invalid|non_access/.test(action)) return pulse('ACC.DENY');
    if (action === 'zigbee_unlock') return pulse('ACC.REMOTE');
    if (/unlock|lock_opened|_open$/.test(action)) return pulse('ACC.GRANT');
    return action === 'unknown' ? nothing : pulse('DEV.INPUT');
  }
  if (actions.some((one) => /disarm/.test(one))) return pulse('DEV.INPUT');
  if (/^(tilt|drop)$/.test(action) && actions.includes('vibration')) return pulse('INT.PERIM');
  return undefined;
}
