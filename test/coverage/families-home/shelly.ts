import { type Claim, claimsOf, type Row } from './claims.ts';

/** Topic below the device, text, and what it says (first generation). */
const gen1: readonly Row[] = [
  ['online', 'false', 'DEV.OFFLINE raise'],
  ['online', 'true', 'DEV.OFFLINE clear'],
  ['sensor/smoke', 'true', 'FIR.SMOKE raise'],
  ['sensor/smoke', 'false', 'FIR.SMOKE clear'],
  ['sensor/flood', 'true', 'ENV.WATER raise'],
  ['sensor/flood', 'false', 'ENV.WATER clear'],
  ['sensor/gas', 'mild', 'GAS.COMBUSTIBLE raise'],
  ['sensor/gas', 'heavy', 'GAS.COMBUSTIBLE raise'],
  ['sensor/gas', 'test', 'GAS.COMBUSTIBLE raise test'],
  ['sensor/gas', 'none', 'GAS.COMBUSTIBLE clear'],
  ['sensor/gas', 'unknown', 'nothing'],
  ['sensor/operation', 'fault', 'DEV.FAULT raise'],
  ['sensor/operation', 'normal', 'DEV.FAULT clear'],
  ['sensor/operation', 'warmup', 'nothing'],
  ['sensor/concentration', '990', 'nothing'],
  ['sensor/self_test', 'running', 'nothing'],
  ['sensor/state', 'open', 'ACC.DOOR raise'],
  ['sensor/state', 'close', 'ACC.DOOR clear'],
  ['sensor/motion', '1', 'INT.AREA raise'],
  ['sensor/motion', '0', 'INT.AREA clear'],
  ['sensor/vibration', '1', 'INT.PERIM raise'],
  ['sensor/vibration', '0', 'INT.PERIM clear'],
  ['sensor/battery', '9', 'DEV.BATT raise'],
  ['sensor/battery', '91', 'DEV.BATT clear'],
  ['sensor/battery', '-1', 'nothing'],
  ['sensor/tilt', '40', 'nothing'],
  ['sensor/act_reasons', '["alarm"]', 'nothing'],
  ['input/0', '1', 'EMG.PANIC#0 raise'],
  ['input/0', '0', 'EMG.PANIC#0 clear'],
  ['input/1', '1', 'DEV.INPUT#1 raise'],
  ['input_event/1', { event: 'S', event_cnt: 4 }, 'DEV.INPUT#1 pulse'],
  ['input_event/1', { event: 'SSS', event_cnt: 5 }, 'EMG.SILENT#1 pulse'],
  ['input_event/1', { event: '', event_cnt: 5 }, 'nothing'],
  ['relay/0', 'on', 'DEV.OUTPUT#0 raise'],
  ['relay/0', 'off', 'DEV.OUTPUT#0 clear'],
  ['status', { motion: true, active: true }, 'INT.AREA raise'],
  ['announce', { id: 'shelly1' }, 'nothing'],
  ['info', { wifi_sta: {} }, 'nothing'],
  ['sensor/smoke', 'maybe', 'strange'],
  ['sensor/gas', 'extreme', 'strange'],
  ['sensor/flood', '2', 'strange'],
  ['input/0', '7', 'strange'],
  ['input_event/1', { event: 'SSSSS', event_cnt: 6 }, 'strange'],
];

/** Component, its status, and what it says (second generation and later). */
const components: readonly Row[] = [
  ['smoke:0', { id: 0, alarm: true }, 'FIR.SMOKE raise'],
  ['smoke:0', { id: 0, alarm: false }, 'FIR.SMOKE clear'],
  ['smoke:0', { id: 0, mute: true }, 'DEV.MUTED raise'],
  ['smoke:0', { id: 0, alarm: true, mute: true }, 'FIR.SMOKE raise + DEV.MUTED raise'],
  ['flood:0', { id: 0, alarm: true }, 'ENV.WATER raise'],
  ['flood:0', { id: 0, alarm: false }, 'ENV.WATER clear'],
  ['input:0', { id: 0, state: true }, 'EMG.PANIC#0 raise'],
  ['input:0', { id: 0, state: false }, 'EMG.PANIC#0 clear'],
  ['input:1', { id: 1, state: true }, 'DEV.INPUT#1 raise'],
  ['input:0', { id: 0, state: null }, 'nothing'],
  ['devicepower:0', { id: 0, battery: { V: 2.1, percent: 3 } }, 'DEV.BATT raise'],
  ['devicepower:0', { id: 0, battery: { V: 3.1, percent: 93 } }, 'DEV.BATT clear'],
  ['bthomesensor:200', { id: 200, value: true }, 'INT.DOOR#200 raise'],
  ['bthomesensor:200', { id: 200, value: false }, 'INT.DOOR#200 clear'],
  ['bthomesensor:201', { id: 201, value: 21.5 }, 'nothing'],
  ['switch:0', { id: 0, output: true }, 'nothing'],
  ['wifi', { rssi: -60 }, 'nothing'],
  ['smoke:0', { id: 0, alarm: 'maybe' }, 'strange'],
  ['input:0', { id: 0, state: 5 }, 'strange'],
];

/** Events of inputs. */
const presses: readonly Row[] = [
  ['single_push', 1, 'EMG.PANIC#0 pulse'],
  ['long_push', 1, 'EMG.PANIC#0 pulse'],
  ['triple_push', 1, 'EMG.SILENT#0 pulse'],
  ['btn_down', 1, 'nothing'],
  ['btn_up', 1, 'nothing'],
  ['seven_push', 1, 'strange'],
];

const frame = { src: 'shelly-1', dst: 'shelly-1/events' };
const ts = Date.UTC(2026, 0, 1) / 1000;

export const shellyClaims: readonly Claim[] = [
  ...claimsOf(
    'Shelly Gen1',
    'shelly.gen1',
    gen1,
    { topic: (below, payload) => ({ topic: `shellies/shelly-1/${below}`, payload }) },
    { inputs: { '0': { means: 'panic' } }, press: { SSS: 'silent' } },
  ),
  ...claimsOf(
    'Shelly Gen2',
    'shelly.gen2',
    components,
    {
      NotifyStatus: (component, status) => ({
        topic: 'shelly-1/events/rpc',
        payload: { ...frame, method: 'NotifyStatus', params: { ts, [component]: status } },
      }),
      NotifyFullStatus: (component, status) => ({
        topic: 'shelly-1/events/rpc',
        payload: {
          ...frame,
          method: 'NotifyFullStatus',
          params: { ts, ble: {}, cloud: { connected: false }, [component]: status },
        },
      }),
      status: (component, payload) => ({ topic: `campus/shelly-1/status/${component}`, payload }),
    },
    { inputs: { '0': { means: 'panic' }, '200': { means: 'intrusion' } } },
  ),
  ...claimsOf(
    'Shelly Gen2',
    'shelly.gen2',
    presses,
    {
      NotifyEvent: (event) => ({
        topic: 'shelly-1/events/rpc',
        payload: {
          ...frame,
          method: 'NotifyEvent',
          params: { ts, events: [{ component: 'input:0', id: 0, event, ts }] },
        },
      }),
    },
    { inputs: { '0': { means: 'panic' } }, press: { triple_push: 'silent' } },
  ),
  ...claimsOf(
    'Shelly Gen2',
    'shelly.gen2',
    [
      ['online', 'false', 'DEV.OFFLINE raise'],
      ['online', 'true', 'DEV.OFFLINE clear'],
    ],
    { will: (name, payload) => ({ topic: `shelly-1/${name}`, payload }) },
  ),
];
