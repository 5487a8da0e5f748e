import type { Claim } from './claims.ts';
import { sweep } from './lora-sweep.ts';

/** What a decoder makes of one thing it measures: each value it can have, and the meaning of the value. */
export type Values = readonly (readonly [value: unknown, wanted?: string])[];

export interface Model {
  vendor: string;
  model: string;
  /** Key of the decoded object, or a path to it. */
  key: string;
  values: Values;
  settings?: Record<string, unknown>;
  /** What the decoder always sends beside it. */
  beside?: Record<string, unknown>;
}

const netvox = (Device: string) => ({ Device, Volt: 3.1 });
const alarm = (type: string): Values => [
  ['Alarm', `${type} raise`],
  ['No Alarm', `${type} clear`],
];

/**
 * Read from the decoders of the vendors (Milesight-IoT/SensorDecoders, dragino-end-node-decoder, lorawan-devices
 * vendor/netvox): the values are those of their maps, `unknown` is what Milesight's say for a byte they do not know.
 */
const models: readonly Model[] = [
  // Milesight
  ...['WS301', 'WS302', 'EM300-MCS'].map(
    (model): Model => ({
      vendor: 'Milesight',
      model,
      key: 'magnet_status',
      values: [
        ['open', 'ACC.DOOR raise'],
        ['close', 'ACC.DOOR clear'],
        ['unknown'],
        [1, 'ACC.DOOR raise'],
        [0, 'ACC.DOOR clear'],
      ],
    }),
  ),
  {
    vendor: 'Milesight',
    model: 'WS301',
    key: 'tamper_status',
    values: [['uninstalled', 'DEV.TAMPER raise'], ['installed', 'DEV.TAMPER clear'], ['unknown']],
  },
  {
    vendor: 'Milesight',
    model: 'WS101',
    key: 'button_event',
    values: ['short press', 'long press', 'double press'].map(
      (status) => [{ status, msgid: 1 }, 'DEV.INPUT pulse'] as const,
    ),
  },
  {
    vendor: 'Milesight',
    model: 'WS101 as SOS',
    key: 'button_event',
    settings: { press: { 'short press': 'panic', 'long press': 'panic' } },
    values: [
      [{ status: 'short press', msgid: 1 }, 'EMG.PANIC pulse'],
      [{ status: 'long press', msgid: 1 }, 'EMG.PANIC pulse'],
      [{ status: 'double press', msgid: 1 }, 'DEV.INPUT pulse'],
      [{ status: 'unknown', msgid: 1 }],
    ],
  },
  {
    vendor: 'Milesight',
    model: 'WS202',
    key: 'pir',
    values: [['trigger', 'INT.AREA raise'], ['normal', 'INT.AREA clear'], ['unknown']],
  },
  { vendor: 'Milesight', model: 'WS202', key: 'daylight', values: [['dim'], ['bright']] },
  {
    vendor: 'Milesight',
    model: 'WS203',
    key: 'occupancy',
    values: [['occupied', 'INT.AREA raise'], ['vacant', 'INT.AREA clear'], ['unknown']],
  },
  {
    vendor: 'Milesight',
    model: 'WS203',
    key: 'temperature_alarm',
    beside: { temperature: 41 },
    values: [
      ['threshold alarm', 'LAB.TEMP raise'],
      ['threshold alarm release', 'LAB.TEMP clear'],
      ['unknown'],
    ],
  },
  ...['WS303', 'EM300-SLD', 'EM300-ZLD'].map(
    (model): Model => ({
      vendor: 'Milesight',
      model,
      key: 'leakage_status',
      values: [
        ['leak', 'ENV.WATER raise'],
        ['normal', 'ENV.WATER clear'],
        ['unknown'],
        [1, 'ENV.WATER raise'],
        [0, 'ENV.WATER clear'],
      ],
    }),
  ),
  ...['threshold_x', 'threshold_y', 'threshold_z'].map(
    (key): Model => ({
      vendor: 'Milesight',
      model: 'EM310-TILT',
      key,
      values: [['trigger', 'INT.PERIM raise'], ['normal', 'INT.PERIM clear'], ['unknown']],
    }),
  ),
  {
    vendor: 'Milesight',
    model: 'GS101',
    key: 'gas_status',
    values: [['alarm', 'GAS.COMBUSTIBLE raise'], ['normal', 'GAS.COMBUSTIBLE clear'], ['unknown']],
  },
  { vendor: 'Milesight', model: 'GS101', key: 'valve_status', values: [['on'], ['off']] },
  {
    vendor: 'Milesight',
    model: 'GS101',
    key: 'alarm',
    values: [
      ['power off', 'DEV.MAINS raise'],
      ['power on', 'DEV.MAINS clear'],
      ['device fault', 'DEV.FAULT raise'],
      ['device fault recovered', 'DEV.FAULT clear'],
      ['device will be invalid soon', 'DEV.END_OF_LIFE raise'],
      ['device invalid', 'DEV.END_OF_LIFE raise'],
      ['unknown'],
    ],
  },
  {
    vendor: 'Milesight',
    model: 'GS301',
    key: 'h2s',
    values: [[0.003, 'GAS.TOXIC clear'], [9.9], [10, 'GAS.TOXIC raise'], [55, 'GAS.TOXIC raise']],
  },
  {
    vendor: 'Milesight',
    model: 'GS301',
    key: 'nh3',
    values: [[2.2, 'GAS.TOXIC clear'], [39], [40, 'GAS.TOXIC raise']],
  },
  ...['h2s_sensor_status', 'nh3_sensor_status'].map(
    (key): Model => ({
      vendor: 'Milesight',
      model: 'GS301',
      key,
      values: [['device error', 'DEV.FAULT raise'], ['normal', 'DEV.FAULT clear'], ['polarizing']],
    }),
  ),
  {
    vendor: 'Milesight',
    model: 'VS373',
    key: 'detection_status',
    values: [
      ['fall', 'VID.FALL raise'],
      ['normal', 'VID.FALL clear'],
      ['vacant', 'VID.FALL clear'],
      ['in bed', 'VID.FALL clear'],
      ['out of bed', 'VID.FALL clear'],
    ],
  },
  {
    vendor: 'Milesight',
    model: 'VS373',
    key: 'fall_alarm',
    values: [
      [{ alarm_id: '1', alarm_status: '1' }, 'VID.FALL raise'],
      [{ alarm_id: '1, 2, 3', alarm_status: '1, 1, 2' }, 'VID.FALL raise'],
      [{ alarm_id: '1', alarm_status: '2' }, 'VID.FALL clear'],
      [{ alarm_id: '1', alarm_status: '3' }, 'VID.FALL clear'],
      [{ alarm_id: '1', alarm_status: '4' }],
    ],
  },
  ...[1, 2, 3, 4].map(
    (n): Model => ({
      vendor: 'Milesight',
      model: 'UC300',
      key: `gpio_in_${n}`,
      settings: { inputs: { 1: { means: 'smoke' }, 2: { means: 'panic' } } },
      values: [
        ['on', `${['', 'FIR.SMOKE', 'EMG.PANIC', 'DEV.INPUT', 'DEV.INPUT'][n]}#${n} raise`],
        ['off', `${['', 'FIR.SMOKE', 'EMG.PANIC', 'DEV.INPUT', 'DEV.INPUT'][n]}#${n} clear`],
        ['unknown'],
      ],
    }),
  ),
  ...['gpio_out_1', 'counter_1'].map(
    (key): Model => ({ vendor: 'Milesight', model: 'UC300', key, values: [['on'], [10]] }),
  ),
  {
    vendor: 'Milesight',
    model: 'any',
    key: 'battery',
    values: [
      [100, 'DEV.BATT clear'],
      [25, 'DEV.BATT clear'],
      [22],
      [19, 'DEV.BATT raise'],
      [1, 'DEV.BATT raise'],
    ],
  },
  { vendor: 'Milesight', model: 'VS121', key: 'people_count_all', values: [[3], [0]] },
  { vendor: 'Milesight', model: 'any', key: 'reset_event', values: [['reset']] },
  { vendor: 'Milesight', model: 'any', key: 'device_status', values: [['on']] },
  // Dragino
  ...['LDS02', 'DS03A-LB', 'LDS03A'].map(
    (model): Model => ({
      vendor: 'Dragino',
      model,
      key: 'DOOR_OPEN_STATUS',
      values: [
        ['OPEN', 'ACC.DOOR raise'],
        ['CLOSE', 'ACC.DOOR clear'],
        [1, 'ACC.DOOR raise'],
        [0, 'ACC.DOOR clear'],
      ],
    }),
  ),
  {
    vendor: 'Dragino',
    model: 'LDS02 1.8.2',
    key: 'door_open_status',
    values: [
      [1, 'ACC.DOOR raise'],
      [0, 'ACC.DOOR clear'],
    ],
  },
  ...[1, 2].map(
    (n): Model => ({
      vendor: 'Dragino',
      model: 'DS03A-LB',
      key: `DOOR${n}_OPEN_STATUS`,
      values: [
        ['OPEN', `ACC.DOOR#${n} raise`],
        ['CLOSE', `ACC.DOOR#${n} clear`],
      ],
    }),
  ),
  ...[1, 2].map(
    (n): Model => ({
      vendor: 'Dragino',
      model: 'DS03A-LB',
      key: `ALARM${n}`,
      values: [
        ['TRUE', `ACC.HELD#${n} raise`],
        ['FALSE', `ACC.HELD#${n} clear`],
      ],
    }),
  ),
  {
    vendor: 'Dragino',
    model: 'LDS02',
    key: 'ALARM',
    beside: { DOOR_OPEN_STATUS: 1 },
    values: [
      [1, 'ACC.HELD raise'],
      [0, 'ACC.HELD clear'],
    ],
  },
  {
    vendor: 'Dragino',
    model: 'LDS03A',
    key: 'ALARM',
    beside: { DOOR_OPEN_STATUS: 'OPEN' },
    values: [
      ['TRUE', 'ACC.HELD raise'],
      ['FALSE', 'ACC.HELD clear'],
    ],
  },
  ...['LWL03A', 'WL03A-LB', 'LWL02'].map(
    (model): Model => ({
      vendor: 'Dragino',
      model,
      key: 'WATER_LEAK_STATUS',
      beside: { ALARM: 'FALSE' },
      values: [
        ['LEAK', 'ENV.WATER raise'],
        ['NO LEAK', 'ENV.WATER clear'],
        [1, 'ENV.WATER raise'],
        [0, 'ENV.WATER clear'],
      ],
    }),
  ),
  {
    vendor: 'Dragino',
    model: 'PB01',
    key: 'Alarm',
    beside: { BatV: 3, Sound_key: 'OPEN', Sound_ACK: 'OPEN' },
    values: [['TRUE', 'EMG.PANIC pulse'], ['FALSE']],
  },
  { vendor: 'Dragino', model: 'LHT65', key: 'TempC_SHT', values: [[21.4]] },
  {
    vendor: 'Dragino',
    model: 'any',
    key: 'DATALOG',
    values: [['[TRUE,LEAK,1,0,2026-01-01 07:10:00],'], [[[20, 40, 3, 'True', '2026-01-01 07:10:00']]]],
  },
  // Netvox
  { vendor: 'Netvox', model: 'RA02A', key: 'FireAlarm', beside: netvox('RA02A'), values: alarm('FIR.SMOKE') },
  {
    vendor: 'Netvox',
    model: 'RA02A',
    key: 'HighTempAlarm',
    beside: netvox('RA02A'),
    values: alarm('FIR.HEAT'),
  },
  { vendor: 'Netvox', model: 'RA02C', key: 'COAlarm', beside: netvox('RA02C'), values: alarm('GAS.CO') },
  {
    vendor: 'Netvox',
    model: 'RA02C',
    key: 'HighTempAlarm',
    beside: netvox('RA02C'),
    values: alarm('FIR.HEAT'),
  },
  {
    vendor: 'Netvox',
    model: 'RA02G',
    key: 'IncenseSmokeAlarm',
    beside: netvox('RA02G'),
    values: alarm('FIR.PREALARM'),
  },
  {
    vendor: 'Netvox',
    model: 'RA02G',
    key: 'HighSoundAlarm',
    beside: netvox('RA02G'),
    values: alarm('AUD.SOUND'),
  },
  ...['RB02I', 'R312A', 'R718T'].map(
    (model): Model => ({
      vendor: 'Netvox',
      model,
      key: 'Alarm',
      beside: netvox(model),
      values: [[1, 'EMG.PANIC pulse'], [0]],
    }),
  ),
  {
    vendor: 'Netvox',
    model: 'R312',
    key: 'Doorbell',
    beside: netvox('R312'),
    values: [[1, 'DEV.INPUT pulse'], [0]],
  },
  ...['R311A', 'R718F', 'R730F'].map(
    (model): Model => ({
      vendor: 'Netvox',
      model,
      key: 'OnOff',
      beside: netvox(model),
      values: [
        [1, 'ACC.DOOR raise'],
        [0, 'ACC.DOOR clear'],
      ],
    }),
  ),
  ...['R718WA', 'R718WB'].map(
    (model): Model => ({
      vendor: 'Netvox',
      model,
      key: 'WaterLeak',
      beside: netvox(model),
      values: [
        ['Leak', 'ENV.WATER raise'],
        ['NoLeak', 'ENV.WATER clear'],
      ],
    }),
  ),
  ...[1, 2].map(
    (n): Model => ({
      vendor: 'Netvox',
      model: 'R311W',
      key: `WaterLeak_${n}`,
      beside: netvox('R311W'),
      values: [
        ['Leak', `ENV.WATER#${n} raise`],
        ['NoLeak', `ENV.WATER#${n} clear`],
      ],
    }),
  ),
  ...['R718DB', 'R311DB', 'R720F'].map(
    (model): Model => ({
      vendor: 'Netvox',
      model,
      key: 'status',
      settings: { status: 'vibration' },
      beside: netvox(model),
      values: [
        [1, 'INT.PERIM raise'],
        [0, 'INT.PERIM clear'],
      ],
    }),
  ),
  {
    vendor: 'Netvox',
    model: 'R718LB',
    key: 'status',
    beside: netvox('R718LB'),
    values: [
      [1, 'DEV.INPUT raise'],
      [0, 'DEV.INPUT clear'],
    ],
  },
  {
    vendor: 'Netvox',
    model: 'RB11E',
    key: 'Occupy',
    beside: netvox('RB11E'),
    values: [
      [1, 'INT.AREA raise'],
      [0, 'INT.AREA clear'],
    ],
  },
  {
    vendor: 'Netvox',
    model: 'RB11E',
    key: 'DisassembledAlarm',
    beside: netvox('RB11E'),
    values: [
      [1, 'DEV.TAMPER raise'],
      [0, 'DEV.TAMPER clear'],
    ],
  },
  {
    vendor: 'Netvox',
    model: 'R602A',
    key: 'WarningStatus',
    beside: { Device: 'R602A', HeartBeatTime: 600 },
    values: [
      ['Warning', 'DEV.OUTPUT raise'],
      ['No warning', 'DEV.OUTPUT clear'],
    ],
  },
  {
    vendor: 'Netvox',
    model: 'any',
    key: 'Volt',
    values: [
      [3.1, 'DEV.BATT clear'],
      ['2.4(low battery)', 'DEV.BATT raise'],
      ['3(low battery)', 'DEV.BATT raise'],
    ],
  },
  {
    vendor: 'Netvox',
    model: 'any',
    key: 'Status',
    beside: { Cmd: 'ConfigReportRsp' },
    values: [['Success'], ['Failure']],
  },
];

/** The decoded object in the envelope of each network server. */
export const envelopes = {
  chirpstack: {
    profile: 'lorawan.chirpstack',
    topic: 'application/17c82e96-be03-4f38-aef3-f83d48582d97/device/24e124141c147463/event/up',
    wrap: (object: unknown, n = 0): string =>
      JSON.stringify({
        deduplicationId: `3ac7e3c4-4401-4b8d-9386-${String(n).padStart(12, '0')}`,
        deviceInfo: { deviceName: 'x', devEui: '24e124141c147463' },
        fCnt: n,
        object,
      }),
  },
  'things stack': {
    profile: 'lorawan.things-stack',
    topic: 'v3/campus@ttn/devices/x/up',
    wrap: (decoded_payload: unknown, n = 0): string =>
      JSON.stringify({
        end_device_ids: { device_id: 'x' },
        uplink_message: {
          session_key_id: 'AXBSH1Pk6Z0G166',
          f_port: 85,
          ...(n > 0 && { f_cnt: n }),
          decoded_payload,
        },
      }),
  },
} as const;

/** Every value of every model, through both network servers. */
export function loraClaims(): Claim[] {
  return Object.entries(envelopes).flatMap(([server, { profile, topic, wrap }]) =>
    [...models, ...sweep].flatMap(({ vendor, model, key, values, settings, beside }) =>
      values.map(
        ([value, wanted]): Claim => ({
          family: `${vendor}, ${server}`,
          model: `${model} ${key}=${JSON.stringify(value)}`,
          profile,
          topic,
          payload: wrap({ ...beside, [key]: value }),
          ...(settings !== undefined && { settings }),
          ...(wanted !== undefined && { wanted }),
        }),
      ),
    ),
  );
}
