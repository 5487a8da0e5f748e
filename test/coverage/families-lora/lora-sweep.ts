import type { Model, Values } from './lora.ts';

const netvox = (Device: string) => ({ Device, Volt: 3.1 });
const pair = (raised: unknown, cleared: unknown, type: string): Values => [
  [raised, `${type} raise`],
  [cleared, `${type} clear`],
];
const milesight = (
  model: string,
  key: string,
  values: Values,
  more: Pick<Model, 'settings' | 'beside'> = {},
): Model => ({ vendor: 'Milesight', model, key, values, ...more });
const dragino = (
  model: string,
  key: string,
  values: Values,
  beside: Record<string, unknown> = {},
): Model => ({
  vendor: 'Dragino',
  model,
  key,
  values,
  beside: { Node_type: model, ...beside },
});
const fromNetvox = (model: string, key: string, values: Values, settings?: Model['settings']): Model => ({
  vendor: 'Netvox',
  model,
  key,
  values,
  beside: netvox(model),
  ...(settings !== undefined && { settings }),
});

const smokeSensor = { type: 'smoke sensor', version: 2, protocol: 2, battery: 90, temperature: 60 };
/** Names of the sensors of a Netvox R315 in the order of the bits of BinarySensorReport; undefined for the button. */
const r315 = [
  'INT.AREA#pir',
  'EMG.PANIC',
  'INT.PERIM#tilt',
  'ACC.DOOR#contact',
  'ACC.DOOR#contact-1',
  'ACC.DOOR#contact-2',
  'INT.PERIM#shock',
  'INT.PERIM#shock-out',
  'DEV.INPUT#dry-contact',
  'ENV.WATER#water-1',
  'ENV.WATER#water-2',
  'DEV.INPUT#seat',
  'INT.GLASS#glass-1',
  'INT.GLASS#glass-2',
];

/**
 * What the decoders of safety products make, product by product, read in their repositories: gs-series, ws-series,
 * vs-series, em-series, at-series, ts-series, ct-series of Milesight-IoT/SensorDecoders; dragino-end-node-decoder;
 * vendor/netvox/payload of lorawan-devices. `~test` after an edge: the device says that it is being tested.
 */
export const sweep: readonly Model[] = [
  // smoke, gas, vapour
  milesight(
    'GS524N',
    'event',
    [
      ['alarm', 'FIR.SMOKE raise'],
      ['silent', 'FIR.SMOKE raise'],
      ['silent', 'DEV.MUTED raise'],
      ['normal', 'FIR.SMOKE clear'],
      ['removed', 'DEV.TAMPER raise'],
      ['installed', 'DEV.TAMPER clear'],
      ['failover', 'DEV.FAULT raise'],
      ['low battery', 'DEV.BATT raise'],
      ['testing alarm with normal battery', 'FIR.SMOKE raise~test'],
      ['testing alarm with low battery', 'FIR.SMOKE raise~test'],
      ['something new'],
    ],
    { beside: smokeSensor },
  ),
  milesight('GS524N of no smoke', 'event', [['alarm']], { beside: { type: 'unknown' } }),
  milesight('GS601', 'vaping_index_alarm', [
    [{ type: 0x11, alarm_trigger: { vaping_index: 60 } }, 'FIR.PREALARM raise'],
    [{ type: 0x10, alarm_deactivation: { vaping_index: 5 } }, 'FIR.PREALARM clear'],
    [{ type: 0x21, interference_alarm_trigger: {} }, 'DEV.TAMPER raise'],
    [{ type: 0x20, interference_alarm_deactivation: {} }, 'DEV.TAMPER clear'],
    [{ type: 0, collection_error: {} }, 'DEV.FAULT pulse'],
    [{ type: 2, over_range_error: {} }, 'DEV.FAULT pulse'],
    [{ type: 0x77 }],
  ]),
  milesight('GS601', 'temperature_alarm', [
    [{ type: 0x21, burning_alarm_trigger: {} }, 'FIR.HEAT raise'],
    [{ type: 0x20, burning_alarm_deactivation: {} }, 'FIR.HEAT clear'],
    [{ type: 0x11, alarm_trigger: { temperature: 60 } }, 'LAB.TEMP raise'],
    [{ type: 0x10, alarm_deactivation: { temperature: 20 } }, 'LAB.TEMP clear'],
  ]),
  milesight('GS601', 'tamper_status_alarm', [
    [{ type: 0x21, trigger: {} }, 'DEV.TAMPER raise'],
    [{ type: 0x20, normal: {} }, 'DEV.TAMPER clear'],
  ]),
  milesight('GS601', 'tamper_status', pair(1, 0, 'DEV.TAMPER')),
  milesight('GS601', 'occupancy_status', pair(1, 0, 'INT.AREA')),
  ...['pm1_0', 'pm2_5', 'pm10', 'tvoc'].map((quantity) =>
    milesight(
      'GS601',
      `${quantity}_alarm`,
      pair(
        { type: 0x11, alarm_trigger: { [quantity]: 900 } },
        { type: 0x10, alarm_deactivation: { [quantity]: 1 } },
        'DEV.INPUT#air',
      ),
    ),
  ),
  milesight('GS601', 'humidity_alarm', [[{ type: 1, lower_range_error: {} }, 'DEV.FAULT pulse']]),
  // buttons
  ...['WS136', 'WS156'].flatMap((model) =>
    [1, 2, 3, 4, 5, 6].flatMap((n) => [
      milesight(
        model,
        `button_${n}_event`,
        ['short press', 'long press', 'double press', 'short_press'].map((v) => [v, `DEV.INPUT#${n} pulse`]),
      ),
      milesight(model, `button_${n}_event`, [['short press', `EMG.PANIC#${n} pulse`]], {
        settings: { press: { 'short press': 'panic' } },
      }),
      milesight(model, `button_${n}_event`, [['short press', `EMG.PANIC#${n} pulse`]], {
        settings: { inputs: { [n]: { means: 'panic' } } },
      }),
      milesight(model, `button_${n}`, [[1, `EMG.PANIC#${n} pulse`]], {
        settings: { inputs: { [n]: { means: 'panic' } } },
        beside: { [`button_${n}_d2d`]: 4660, [`button_${n}_msgid`]: 1 },
      }),
    ]),
  ),
  milesight('WS101', 'button_event', [[{ status: 'short_press' }, 'DEV.INPUT pulse']]),
  milesight('DS3604', 'button_status', [
    ['single click', 'DEV.INPUT pulse'],
    ['long_press', 'DEV.INPUT pulse'],
  ]),
  milesight('DS3604', 'button_status', [['long press', 'EMG.PANIC pulse']], {
    settings: { press: { 'long press': 'panic' } },
  }),
  fromNetvox('RB02C', 'Key_1', [[1, 'DEV.INPUT#1 pulse'], [0]]),
  fromNetvox('RB02C', 'Key_3', [[1, 'EMG.PANIC#3 pulse']], { inputs: { 3: { means: 'panic' } } }),
  fromNetvox('R718T2', 'Alarm1', [[1, 'EMG.PANIC#1 pulse'], [0]]),
  fromNetvox('R718T2', 'Alarm2', [[1, 'EMG.PANIC#2 pulse'], [0]]),
  dragino('TrackerD', 'alarm', pair(true, false, 'EMG.PANIC'), { battery: 3.9, led: 'ON' }),
  {
    vendor: 'Dragino',
    model: 'TrackerD of beacons',
    key: 'alarm',
    beside: { beacons: [], battery: 3.9 },
    values: pair(true, false, 'EMG.PANIC'),
  },
  dragino('TrackerD', 'battery', [[3.9]], { latitude: 31.2, longitude: 121.4, movement: 'MOVE' }),
  // what looks like a button and is none
  dragino('LHT65N-VIB', 'Alarm', [['TRUE', 'DEV.INPUT pulse'], ['FALSE']], {
    BatV: 3,
    vib_count: 1,
    work_min: 1,
  }),
  // falls
  milesight('VS373', 'detection_status', [
    ['in_bed', 'VID.FALL clear'],
    ['out_of_bed', 'VID.FALL clear'],
  ]),
  milesight('VS373', 'events', [
    [[{ alarm_id: 1, alarm_type: 'fall', alarm_status: 'alarm_triggered' }], 'VID.FALL raise'],
    [[{ alarm_id: 1, alarm_type: 'lying', alarm_status: 'alarm_triggered' }], 'VID.FALL raise'],
    [[{ alarm_id: 1, alarm_type: 'fall', alarm_status: 'alarm_deactivated' }], 'VID.FALL clear'],
    [[{ alarm_id: 1, alarm_type: 'fall', alarm_status: 'alarm_ignored' }], 'VID.FALL clear'],
    [
      [
        { alarm_id: 1, alarm_type: 'dwell', alarm_status: 'alarm_triggered' },
        { alarm_id: 2, alarm_type: 'out_of_bed', alarm_status: 'alarm_triggered', region_id: 1 },
        { alarm_id: 3, alarm_type: 'motionless', alarm_status: 'alarm_triggered' },
        { alarm_id: 4, alarm_type: 'fall', alarm_status: 'alarm_triggered' },
      ],
      'VID.FALL raise',
    ],
    [
      [{ alarm_id: 1, alarm_type: 'motionless', alarm_status: 'alarm_triggered' }],
      'DEV.INPUT#motionless raise',
    ],
    [
      [{ alarm_id: 1, alarm_type: 'motionless', alarm_status: 'alarm_deactivated' }],
      'DEV.INPUT#motionless clear',
    ],
  ]),
  milesight(
    'VS373',
    'events',
    [
      [
        [{ alarm_id: 1, alarm_type: 'motionless', alarm_status: 'alarm_triggered' }],
        'EMG.MEDICAL#motionless raise',
      ],
    ],
    { settings: { inputs: { motionless: { means: 'medical' } } } },
  ),
  milesight('VS373', 'fall_alarm', [
    [{ alarm_id: '1, 2, 3, 4', alarm_status: '2, 3, 2, 1' }, 'VID.FALL raise'],
  ]),
  milesight('VS373', 'fall_alarm', [
    [{ alarm_status: 1 }, 'VID.FALL raise'],
    [{ alarm_status: 2 }, 'VID.FALL clear'],
    [{ alarm_status: 4 }],
  ]),
  ...(['fall', 'motionless'] as const).map((alarm_type) => {
    const type = alarm_type === 'fall' ? 'VID.FALL' : 'DEV.INPUT#motionless';
    const four = (alarm_status: string) =>
      [1, 2, 3, 4].map((alarm_id) => ({ alarm_id, alarm_type, alarm_status }));
    return milesight('VS373', 'events', pair(four('alarm_triggered'), four('alarm_deactivated'), type));
  }),
  milesight('VS373', 'history', [
    [[{ timestamp: 1, alarm_type: 'fall', alarm_status: 'alarm_triggered' }], 'VID.FALL raise'],
    [[{ timestamp: 1, alarm_type: 'fall', alarm_status: 'alarm_deactivated' }], 'VID.FALL clear'],
  ]),
  milesight('VS373', 'lying_alarm', pair({ alarm_status: '1' }, { alarm_status: '2' }, 'VID.FALL')),
  ...['dwell_alarm', 'out_of_bed_alarm', 'bradypnea', 'tachypnea'].map((key) =>
    milesight(
      'VS373',
      key,
      pair({ alarm_status: '1' }, { alarm_status: '2, 3' }, `DEV.INPUT#${key.replace('_alarm', '')}`),
    ),
  ),
  // doors, tilt, tamper, motion
  ...[1, 2].map((n) =>
    milesight('TS302', `magnet_chn${n}`, [
      ['opened', `ACC.DOOR#${n} raise`],
      ['closed', `ACC.DOOR#${n} clear`],
    ]),
  ),
  milesight('AT101', 'tamper_status', pair('uninstall', 'install', 'DEV.TAMPER')),
  milesight('AT101', 'tilt_status', pair('tilt', 'normal', 'INT.PERIM')),
  milesight('EM400-TLD', 'position', pair('tilt', 'normal', 'INT.PERIM')),
  milesight('AT101', 'temperature_alarm', pair('abnormal', 'normal', 'LAB.TEMP')),
  dragino('TS01-LB', 'Alarm_flag', pair(1, 0, 'INT.PERIM'), { Bat: 3.6, Roll: '1.00', Pitch: '2.00' }),
  dragino('LHT65N-PIR', 'Exti_pin_level', pair('Activity', 'No activity', 'INT.AREA'), {
    Work_mode: 'PIR Sensor',
  }),
  dragino('S31-LB', 'Door_status', pair('OPEN', 'CLOSE', 'ACC.DOOR'), { BatV: 3.6 }),
  dragino('CS01-LB', 'EXTI_Trigger', [['TRUE', 'DEV.INPUT#exti pulse'], ['FALSE']], { BatV: 3.6 }),
  ...[1, 2].map((n) =>
    dragino('LT-22222-L', `DI${n}_status`, [
      ['H', `DEV.INPUT#${n} raise`],
      ['L', `DEV.INPUT#${n} clear`],
    ]),
  ),
  dragino('CPL03-LB', 'EXTI_PA8_Status', pair('CLOSE', 'OPEN', 'DEV.INPUT#PA8')),
  dragino('CPL01', 'PIN_STATUS', pair('CLOSE', 'OPEN', 'DEV.INPUT#pin'), { ALARM: 'FALSE' }),
  ...r315.map((type, bit) =>
    fromNetvox('R315', 'BinarySensorReport', [
      [(1 << bit).toString(2), `${type} raise`],
      ['0', `${type} clear`],
    ]),
  ),
  ...[1, 2].flatMap((n) => [
    fromNetvox('R718DB2', `status${n}`, pair(1, 0, `INT.PERIM#${n}`), { status: 'vibration' }),
    fromNetvox('R311WA', `Status_${n}`, pair('ON', 'OFF', `DEV.INPUT#${n}`)),
    fromNetvox('R831D', `Input_${n}`, pair('ON', 'OFF', `FIR.SMOKE#${n}`), {
      inputs: { [n]: { means: 'smoke' } },
    }),
  ]),
  fromNetvox('R311LA', 'Status', pair('ON', 'OFF', 'DEV.INPUT')),
  ...['R900PB02', 'R900A01'].map((model) =>
    fromNetvox(model, 'ShockTamperAlarm', pair('Alarm', 'NoAlarm', 'DEV.TAMPER')),
  ),
  fromNetvox('RA02G', 'ShockTamperAlarm', [['Alarm'], ['No Alarm']]),
  // water
  milesight('EM300-MLD', 'leakage_status', pair('leak', 'normal', 'ENV.WATER')),
  milesight('EM300-DI', 'gpio', pair('high', 'low', 'FIR.SMOKE#gpio'), {
    settings: { inputs: { gpio: { means: 'smoke' } } },
  }),
  milesight('EM300-DI', 'gpio_alarm', pair('gpio alarm', 'gpio alarm release', 'DEV.INPUT#gpio-alarm')),
  milesight('EM300-DI', 'water_alarm', [
    ['water flow timeout alarm', 'ENV.WATER raise'],
    ['water flow timeout alarm release', 'ENV.WATER clear'],
    ['water outage timeout alarm', 'DEV.INPUT#outage raise'],
    ['water outage timeout alarm release', 'DEV.INPUT#outage clear'],
  ]),
  milesight(
    'EM300-CL',
    'liquid_alarm',
    pair('critical liquid level alarm', 'critical liquid level alarm release', 'DEV.INPUT#liquid'),
  ),
  milesight('EM300-CL', 'liquid', pair('error', 'full', 'DEV.FAULT')),
  fromNetvox('R720FLT', 'TankLeakAlarm', pair('Leak', 'NoLeak', 'ENV.WATER')),
  // power
  fromNetvox('R809A', 'OnOff', pair('ON', 'OFF', 'DEV.OUTPUT')),
  fromNetvox('R809A', 'PowerOffAlarm', pair('Alarm', 'No alarm', 'DEV.MAINS')),
  fromNetvox('R809A', 'OverCurrentAlarm', pair('Alarm', 'No alarm', 'DEV.FAULT')),
  fromNetvox('R720FLT', 'FaultAlarm', pair('Fault', 'Normal', 'DEV.FAULT')),
  fromNetvox('R603', 'DCPowerFailureAlarm', pair('Warning', 'NoWarnring', 'DEV.MAINS')),
  fromNetvox('R603', 'WarningStatus', pair('Warning', 'NoWarnring', 'DEV.OUTPUT')),
  {
    vendor: 'Netvox',
    model: 'R602B',
    key: 'Battery',
    values: [
      ['3.3(low battery)', 'DEV.BATT raise'],
      [5, 'DEV.BATT clear'],
    ],
  },
  ...['AlarmStatusBits_1P', 'TripStatusBits_1P', 'AlarmStatusBits', 'TripStatusBits'].map(
    (key): Model => ({
      vendor: 'Netvox',
      model: 'RP02',
      key,
      beside: { Device: 'RP02' },
      values: pair(4, 0, 'FIR.ELEC'),
    }),
  ),
  milesight('CT101', 'current_alarm', [
    [{ current_threshold_alarm: 'yes', current_threshold_alarm_release: 'no' }, 'DEV.INPUT#current raise'],
    [{ current_threshold_alarm: 'no', current_threshold_alarm_release: 'yes' }, 'DEV.INPUT#current clear'],
  ]),
  milesight('CT101', 'current_sensor_status', pair('read failed', 'normal', 'DEV.FAULT')),
  // limits
  milesight(
    'CT101',
    'temperature_alarm',
    pair('temperature threshold alarm', 'temperature threshold alarm release', 'LAB.TEMP'),
  ),
  milesight('EM400-TLD', 'temperature_alarm', pair('threshold_alarm', 'threshold_alarm_release', 'LAB.TEMP')),
  milesight(
    'VS350',
    'temperature_alarm',
    pair('high temperature alarm', 'high temperature alarm release', 'LAB.TEMP'),
  ),
  ...[1, 2].map((n) =>
    milesight('TS302', `temperature_chn${n}_alarm`, [
      ['threshold', `LAB.TEMP#${n} raise`],
      ['mutation', `LAB.TEMP#${n} raise`],
      ['threshold release', `LAB.TEMP#${n} clear`],
    ]),
  ),
  fromNetvox('R900A01', 'HighTemperatureAlarm', pair(1, 0, 'LAB.TEMP')),
  // the flag of a codec that knows of tests
  milesight(
    'any',
    'test',
    [
      [true, 'FIR.SMOKE raise~test'],
      [false, 'FIR.SMOKE raise'],
    ],
    { beside: { smoke: true } },
  ),
];
