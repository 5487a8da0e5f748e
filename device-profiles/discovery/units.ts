import type { Unit } from '../../contract/reading.ts';

interface Conversion {
  unit: Unit;
  scale?: number;
  offset?: number;
}

/** Units of Home Assistant's sensors as units of a reading. */
const units = new Map<string, Conversion>([
  ['°C', { unit: 'Cel' }],
  ['°F', { unit: 'Cel', scale: 0.5556, offset: -17.78 }],
  ['ppm', { unit: 'ppm' }],
  ['lx', { unit: 'lx' }],
  ['V', { unit: 'V' }],
  ['mV', { unit: 'V', scale: 0.001 }],
  ['A', { unit: 'A' }],
  ['mA', { unit: 'mA' }],
  ['kPa', { unit: 'kPa' }],
  ['hPa', { unit: 'kPa', scale: 0.1 }],
  ['MPa', { unit: 'MPa' }],
  ['m', { unit: 'm' }],
  ['m/s', { unit: 'm/s' }],
  ['km/h', { unit: 'km/h' }],
  ['L/s', { unit: 'L/s' }],
  ['dB', { unit: 'dB' }],
  ['dBA', { unit: 'dB' }],
  ['dBm', { unit: 'dBm' }],
  ['s', { unit: 's' }],
  ['%LEL', { unit: '%LEL' }],
]);

/** How a sensor's unit becomes one of ours; undefined: there is none for it. */
export function unitOf(unit: unknown, deviceClass: unknown): Conversion | undefined {
  if (unit === undefined || unit === null || unit === '') return { unit: '1' };
  if (unit === '%') return { unit: deviceClass === 'humidity' || deviceClass === 'moisture' ? '%RH' : '%' };
  return typeof unit === 'string' ? units.get(unit) : undefined;
}
