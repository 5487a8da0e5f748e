import { type Claim, claimsOf, type Row, type Wire, withInput } from './claims.ts';

/** What SENSOR says. */
const sensor: readonly Row[] = [
  ['Switch1', 'ON', 'EMG.PANIC#1 raise'],
  ['Switch1', 'OFF', 'EMG.PANIC#1 clear'],
  ['Switch2', 'ON', 'FIR.SMOKE#2 clear'],
  ['Switch2', 'OFF', 'FIR.SMOKE#2 raise'],
  ['Switch3', 'ON', 'DEV.INPUT#3 raise'],
  ['ANALOG', { MQX: 990, A0: 1020 }, 'nothing'],
  ['AM2301', { Temperature: 21.5 }, 'nothing'],
  ['PN532', { UID: '94D8FC5F', DATA: '' }, 'DEV.INPUT pulse'],
  ['RC522', { UID: 'BA839D07', Data: '' }, 'DEV.INPUT pulse'],
  ['RDM6300', { UID: '004E37C2' }, 'DEV.INPUT pulse'],
  ['Switch1', 'MAYBE', 'strange'],
];

/** What RESULT says. */
const result: readonly Row[] = [
  ['Switch1', { Action: 'ON' }, 'EMG.PANIC#1 raise'],
  ['Switch1', { Action: 'OFF' }, 'EMG.PANIC#1 clear'],
  ['Switch1', { Action: 'TOGGLE' }, 'EMG.PANIC#1 pulse'],
  ['Button1', { Action: 'SINGLE' }, 'EMG.PANIC#1 pulse'],
  ['Button3', { Action: 'DOUBLE' }, 'DEV.INPUT#3 pulse'],
  ['Button3', { Action: 'TRIPLE' }, 'EMG.SILENT#3 pulse'],
  ['Button3', { Action: 'CLEAR' }, 'nothing'],
  ['POWER', 'ON', 'nothing'],
  ['Button3', { Action: 'SEXTUPLE' }, 'strange'],
];

/** Codes that the registry names, and one that it does not. */
const codes: readonly Row[] = [
  [
    'RfReceived',
    { Sync: 10250, Low: 340, High: 1010, Data: '4AF10A', RfKey: 'None' },
    'FIR.SMOKE#4AF10A pulse',
  ],
  ['RfReceived', { Data: '0x7028D2', Bits: 24, Protocol: 1, Pulse: 238 }, 'EMG.PANIC#0x7028D2 pulse'],
  ['IrReceived', { Protocol: 'NEC', Bits: 32, Data: '0x00FF00FF' }, 'EMG.PANIC#0x00FF00FF pulse'],
  ['SSerialReceived', '01020304FAFA', 'DEV.INPUT pulse'],
  ['RfReceived', { Sync: 10280, Low: 340, High: 1010, Data: '80650A', RfKey: 'None' }, 'strange'],
];

/** What a Zigbee device behind the bridge says; the zone status word is a bit field of IAS zones. */
const zigbee: readonly Row[] = [
  ['Fire', { Fire: 1 }, 'FIR.SMOKE raise'],
  ['Fire', { Fire: 0 }, 'FIR.SMOKE clear'],
  ['CO', { CO: 1 }, 'GAS.CO raise'],
  ['CO', { CO: 0 }, 'GAS.CO clear'],
  ['Water', { Water: 1 }, 'ENV.WATER raise'],
  ['Water', { Water: 0 }, 'ENV.WATER clear'],
  ['Contact', { Contact: 1 }, 'ACC.DOOR raise'],
  ['Contact', { Contact: 0 }, 'ACC.DOOR clear'],
  ['Occupancy', { Occupancy: 1 }, 'INT.AREA raise'],
  ['Occupancy', { Occupancy: 0 }, 'INT.AREA clear'],
  ['Movement', { Movement: 1 }, 'INT.PERIM raise'],
  ['GlassBreak', { GlassBreak: 1 }, 'INT.GLASS raise'],
  ['Panic', { Panic: 1 }, 'EMG.PANIC raise'],
  ['Panic', { Panic: 0 }, 'EMG.PANIC clear'],
  ['emergency', { '0501!02': '', Endpoint: 1 }, 'EMG.PANIC pulse'],
  ['fire key', { '0501!03': '', Endpoint: 1 }, 'FIR.MCP pulse'],
  ['panic key', { '0501!04': '', Endpoint: 1 }, 'EMG.PANIC pulse'],
  ['vibration', { AqaraVibrationMode: 'vibrate' }, 'INT.PERIM pulse'],
  ['battery', { BatteryPercentage: 5 }, 'DEV.BATT raise'],
  ['battery', { BatteryPercentage: 95 }, 'DEV.BATT clear'],
  [
    'zone',
    { ZoneStatusChange: 0, Fire: 0 },
    'FIR.SMOKE clear + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT clear',
  ],
  [
    'zone',
    { ZoneStatusChange: 5, Fire: 1 },
    'FIR.SMOKE raise + DEV.TAMPER raise + DEV.BATT clear + DEV.FAULT clear',
  ],
  [
    'zone',
    { ZoneStatusChange: 8, Water: 0 },
    'ENV.WATER clear + DEV.TAMPER clear + DEV.BATT raise + DEV.FAULT clear',
  ],
  [
    'zone',
    { ZoneStatusChange: 64, CO: 0 },
    'GAS.CO clear + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT raise',
  ],
  // a contact as captured: the alarm and the restore bit
  [
    'capture',
    { '0500<00': '210000010000', ZoneStatusChange: 33, ZoneStatusChangeZone: 1, Contact: 1, Endpoint: 1 },
    'ACC.DOOR raise + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT clear',
  ],
  [
    'no type',
    { ZoneStatusChange: 1 },
    'DEV.INPUT raise + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT clear',
  ],
  ['test', { Fire: 1, Test: 1 }, 'FIR.SMOKE raise test'],
  // bit 8 of the status word of an IAS zone
  [
    'test',
    { ZoneStatusChange: 257, Fire: 1 },
    'FIR.SMOKE raise test + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT clear',
  ],
  ['zone', { ZoneStatus: 1 }, 'DEV.INPUT raise + DEV.TAMPER clear + DEV.BATT clear + DEV.FAULT clear'],
  ['Fire', { Fire: 5 }, 'strange'],
  ['Contact', { Contact: 'ajar' }, 'strange'],
];

const settings = {
  inputs: { '1': { means: 'panic' }, '2': { means: 'smoke', polarity: 'nc' as const } },
  press: { TRIPLE: 'silent' },
  codes: { '4AF10A': 'smoke', '0x7028D2': 'panic', '0x00FF00FF': 'panic' },
};
const Time = '2026-01-01T08:00:00';

/** The same body under both orders of the full topic. */
function orders(prefix: string, leaf: string, bodyOf: (key: string, value: unknown) => object) {
  const wire =
    (topic: string) =>
    (key: string, value: unknown): Wire => ({ topic, payload: bodyOf(key, value) });
  return {
    [`${prefix}/%topic%/${leaf}`]: wire(`${prefix}/dorm-3/${leaf}`),
    [`%topic%/${prefix}/${leaf}`]: wire(`campus/dorm-3/${prefix}/${leaf}`),
  };
}

const timed = (key: string, value: unknown) => ({ Time, [key]: value });
const bare = (key: string, value: unknown) => ({ [key]: value });

export const tasmotaClaims: readonly Claim[] = [
  ...claimsOf('Tasmota', 'tasmota.device', sensor, orders('tele', 'SENSOR', timed), settings),
  ...claimsOf('Tasmota', 'tasmota.device', result, orders('stat', 'RESULT', bare), settings),
  ...claimsOf('Tasmota', 'tasmota.device', codes, orders('tele', 'RESULT', timed), settings),
  ...withInput(
    claimsOf(
      'Tasmota',
      'tasmota.device',
      zigbee,
      orders('tele', 'SENSOR', (_key, value) => ({
        ZbReceived: { '0x43D0': { Device: '0x43D0', ...(value as object), LinkQuality: 66 } },
      })),
    ),
    '0x43D0',
  ),
  ...claimsOf(
    'Tasmota',
    'tasmota.device',
    [
      ['LWT', 'Offline', 'DEV.OFFLINE raise'],
      ['LWT', 'Online', 'DEV.OFFLINE clear'],
      ['STATE', '{"POWER":"ON"}', 'nothing'],
    ],
    {
      default: (leaf, payload) => ({ topic: `tele/dorm-3/${leaf}`, payload }),
      turned: (leaf, payload) => ({ topic: `dorm-3/tele/${leaf}`, payload }),
    },
  ),
];
