import sparkplugPayload from 'sparkplug-payload';
import type { Claim } from './claims.ts';

const sparkplug = sparkplugPayload.get('spBv1.0');

/** A Sparkplug B payload of these metrics. */
export function metrics(
  list: readonly { name: string; value: unknown; type: string; isHistorical?: boolean }[],
): Buffer {
  const payload = { timestamp: 1767225599900, metrics: list as never };
  return Buffer.from(sparkplug?.encodePayload(payload) ?? []);
}

const node = (entity: string, payload: string, wanted: string | undefined, settings = {}): Claim => ({
  family: 'ESPHome',
  model: `${entity} ${payload}`,
  profile: 'esphome.node',
  topic: `n1/${entity}/state`,
  payload,
  settings,
  ...(wanted !== undefined && { wanted }),
});

const means = {
  smoke: 'FIR.SMOKE',
  gas: 'GAS.COMBUSTIBLE',
  co: 'GAS.CO',
  water: 'ENV.WATER',
  panic: 'EMG.PANIC',
  door: 'INT.DOOR',
  motion: 'INT.AREA',
  tamper: 'DEV.TAMPER',
};

/** mqtt_binary_sensor.cpp: ON and OFF; mqtt_alarm_control_panel.cpp: the state in lower case; mqtt_event.cpp: event_type. */
const esphome: Claim[] = [
  ...Object.entries(means).flatMap(([word, type]) => {
    const settings = { inputs: { e: { means: word } } };
    const inverted = { inputs: { e: { means: word, polarity: 'nc' } } };
    return [
      node('binary_sensor/e', 'ON', `${type}#e raise`, settings),
      node('binary_sensor/e', 'OFF', `${type}#e clear`, settings),
      node('binary_sensor/e', 'OFF', `${type}#e raise`, inverted),
      node('binary_sensor/e', 'unavailable', undefined, settings),
    ];
  }),
  node('alarm_control_panel/p', 'triggered', 'INT.24H#p raise'),
  node('alarm_control_panel/p', 'disarmed', 'ARM.UNSET#p pulse'),
  node('alarm_control_panel/p', 'armed_away', 'ARM.SET#p pulse'),
  node('alarm_control_panel/p', 'armed_home', 'ARM.STAY#p pulse'),
  node('alarm_control_panel/p', 'pending', undefined),
  node('lock/l', 'JAMMED', 'ACC.LOCK#l raise'),
  node('lock/l', 'LOCKED', 'ACC.LOCK#l clear'),
  node('switch/s', 'ON', 'DEV.OUTPUT#s raise'),
  node('event/b', '{"event_type":"press"}', 'EMG.PANIC#b pulse', { press: { 'b/press': 'panic' } }),
  node('event/b', '{"event_type":"release"}', 'DEV.INPUT#b pulse', { press: { 'b/press': 'panic' } }),
  node('sensor/t', '21.5', undefined),
];

const seen = (topic: string, payload: unknown, wanted: string | undefined, input: string): Claim => ({
  family: 'Frigate',
  model: `${topic} ${JSON.stringify(payload).slice(0, 60)}`,
  profile: 'frigate.server',
  topic: `frigate/${topic}`,
  payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
  settings: { inputs: { [input]: { means: 'intrusion' } } },
  ...(wanted !== undefined && { wanted }),
});
const object = (type: string, false_positive: boolean, end_time: number | null) => ({
  type,
  before: {},
  after: { id: '1', camera: 'yard', label: 'person', false_positive, end_time, top_score: 0.8 },
});

/** docs.frigate.video/integrations/mqtt. */
const frigate: Claim[] = [
  seen('yard/person', '1', 'VID.INTRUDE#yard:person raise', 'yard:person'),
  seen('yard/person', '0', 'VID.INTRUDE#yard:person clear', 'yard:person'),
  seen('yard/cat', '1', 'VID.MOTION#yard:cat raise', 'yard:person'),
  seen('events', object('new', false, null), 'VID.INTRUDE#yard:person pulse', 'yard:person'),
  seen('events', object('update', false, null), undefined, 'yard:person'),
  seen('events', object('new', true, null), undefined, 'yard:person'),
  seen('events', object('end', false, 1767225599), undefined, 'yard:person'),
  seen(
    'reviews',
    { type: 'new', after: { id: 'r', camera: 'yard', severity: 'alert' } },
    'VID.INTRUDE#yard:alert raise',
    'yard:alert',
  ),
  seen(
    'reviews',
    { type: 'end', after: { id: 'r', camera: 'yard', severity: 'alert' } },
    'VID.INTRUDE#yard:alert clear',
    'yard:alert',
  ),
  seen('yard/motion', 'ON', 'VID.INTRUDE#yard:motion raise', 'yard:motion'),
  seen('yard/motion', 'OFF', 'VID.INTRUDE#yard:motion clear', 'yard:motion'),
  seen('yard/audio/scream', 'ON', 'VID.MOTION#yard:scream raise', 'yard:person'),
  seen('available', 'offline', 'DEV.OFFLINE raise', 'yard:person'),
  seen('available', 'online', 'DEV.OFFLINE clear', 'yard:person'),
  seen('stats', '{}', undefined, 'yard:person'),
  seen('yard/detect/state', 'ON', undefined, 'yard:person'),
];

const axisTopic = (topic: string): string => topic.replace(/(\w+):/g, 'tns:$1/');
const condition = (
  topic: string,
  source: Record<string, string>,
  data: Record<string, string>,
  wanted?: string,
  settings = {},
): Claim => ({
  family: 'Axis',
  model: `${topic} ${JSON.stringify(data)}`,
  profile: 'axis.device',
  topic: `axis/ACCC8E000001/event/${axisTopic(topic)}`,
  payload: JSON.stringify({ timestamp: 1590258472044, topic, message: { source, key: {}, data } }),
  settings,
  ...(wanted !== undefined && { wanted }),
});
const door = { DoorToken: 'd1' };

/** Kane610/axis (topics, states), VAPIX topic table of the door controllers. */
const axis: Claim[] = [
  condition('onvif:Device/axis:Sensor/PIR', { sensor: '0' }, { state: '1' }, 'INT.AREA#pir-0 raise'),
  condition('onvif:Device/axis:Sensor/PIR', { sensor: '0' }, { state: '0' }, 'INT.AREA#pir-0 clear'),
  condition('onvif:Device/axis:IO/Port', { port: '1' }, { state: '1' }, 'EMG.PANIC#port-1 raise', {
    inputs: { 'port-1': { means: 'panic' } },
  }),
  condition('onvif:Device/axis:IO/Port', { port: '1' }, { state: '0' }, 'EMG.PANIC#port-1 clear', {
    inputs: { 'port-1': { means: 'panic' } },
  }),
  condition(
    'onvif:Device/Trigger/Relay',
    { RelayToken: '1' },
    { LogicalState: 'active' },
    'DEV.OUTPUT#relay-1 raise',
  ),
  condition(
    'onvif:AudioSource/axis:TriggerLevel',
    { channel: '1' },
    { triggered: '1' },
    'AUD.SOUND#audio-1 raise',
  ),
  condition(
    'onvif:VideoSource/axis:Tampering',
    { channel: '1' },
    { tampering: '1' },
    'VID.COVER#channel-1 pulse',
  ),
  condition('onvif:VideoSource/axis:DayNightVision', {}, { day: '1' }),
  condition(
    'axis:CameraApplicationPlatform/FenceGuard/Camera1Profile1',
    {},
    { active: '1' },
    'VID.LINE#Camera1Profile1 raise',
  ),
  condition(
    'axis:CameraApplicationPlatform/LoiteringGuard/Camera1Profile1',
    {},
    { active: '1' },
    'VID.LOITER#Camera1Profile1 raise',
  ),
  condition(
    'axis:CameraApplicationPlatform/MotionGuard/Camera1Profile1',
    {},
    { active: '0' },
    'VID.INTRUDE#Camera1Profile1 clear',
  ),
  condition(
    'axis:CameraApplicationPlatform/VMD/Camera1Profile1',
    {},
    { active: '1' },
    'VID.INTRUDE#Camera1Profile1 raise',
    { inputs: { Camera1Profile1: { means: 'intrusion' } } },
  ),
  condition('axis:CameraApplicationPlatform/VMD/Camera1ProfileANY', {}, { active: '1' }),
  condition(
    'axis:CameraApplicationPlatform/ObjectAnalytics/Device1Scenario1',
    {},
    { active: '0', classTypes: '' },
    'DEV.INPUT#Device1Scenario1 clear',
  ),
  condition('onvif:Door/State/DoorAlarm', door, { State: 'DoorForcedOpen' }, 'ACC.FORCED#d1 raise'),
  condition('onvif:Door/State/DoorAlarm', door, { State: 'DoorOpenTooLong' }, 'ACC.HELD#d1 raise'),
  condition('onvif:Door/State/DoorAlarm', door, { State: 'Normal' }, 'ACC.FORCED#d1 clear'),
  condition('onvif:Door/State/DoorPhysicalState', door, { State: 'Open' }, 'ACC.DOOR#d1 raise'),
  condition('onvif:Door/State/DoorTamper', door, { State: 'TamperDetected' }, 'DEV.TAMPER#d1 raise'),
  condition(
    'onvif:AccessControl/AccessGranted/Credential',
    { AccessPointToken: 'a' },
    { CredentialHolderName: 'n' },
    'ACC.GRANT#a pulse',
  ),
  condition(
    'onvif:AccessControl/Denied/Credential',
    { AccessPointToken: 'a' },
    { Reason: 'x' },
    'ACC.DENY#a pulse',
  ),
  condition('onvif:AccessControl/Duress', { AccessPointToken: 'a' }, {}, 'EMG.DURESS#a pulse'),
];

const plc = (type: string, list: Parameters<typeof metrics>[0], wanted?: string): Claim => ({
  family: 'Sparkplug B',
  model: `${type} ${list.map(({ name, value }) => `${name}=${String(value)}`).join()}`,
  profile: 'sparkplug.device',
  topic: `spBv1.0/g/${type}/n/d`,
  payload: metrics(list),
  settings: { inputs: { Inputs_DI1: { means: 'smoke' }, Inputs_DI2: { means: 'panic', polarity: 'nc' } } },
  ...(wanted !== undefined && { wanted }),
});

/** Sparkplug specification: topics, births, deaths. */
const sparkplugClaims: Claim[] = [
  plc('DBIRTH', [{ name: 'Inputs/DI1', value: true, type: 'Boolean' }], 'FIR.SMOKE#Inputs_DI1 raise'),
  plc('DDATA', [{ name: 'Inputs/DI1', value: false, type: 'Boolean' }], 'FIR.SMOKE#Inputs_DI1 clear'),
  plc('DDATA', [{ name: 'Inputs/DI1', value: 1, type: 'Int32' }], 'FIR.SMOKE#Inputs_DI1 raise'),
  plc('DDATA', [{ name: 'Inputs/DI2', value: false, type: 'Boolean' }], 'EMG.PANIC#Inputs_DI2 raise'),
  plc('DDATA', [{ name: 'Inputs/DI9', value: true, type: 'Boolean' }], 'DEV.INPUT#Inputs_DI9 raise'),
  plc('DDATA', [{ name: 'Temperature', value: 23.5, type: 'Double' }], 'DEV.OFFLINE clear'),
  plc('DDEATH', [], 'DEV.OFFLINE raise'),
];

const text = (
  payload: string,
  wanted?: string,
  settings: Record<string, unknown> = { means: 'smoke' },
): Claim => ({
  family: 'plain',
  model: `text ${payload}`,
  profile: 'plain.text',
  topic: 'any/topic',
  payload,
  settings,
  ...(wanted !== undefined && { wanted }),
});
const json = (payload: unknown, wanted?: string): Claim => ({
  family: 'plain',
  model: `json ${JSON.stringify(payload)}`,
  profile: 'plain.json',
  topic: 'any/topic',
  payload: JSON.stringify(payload),
  settings: { inputs: { state: { means: 'smoke' }, value: { means: 'panic' } } },
  ...(wanted !== undefined && { wanted }),
});

const plain: Claim[] = [
  ...['ON', 'on', '1', 'true', 'open', 'alarm'].map((word) => text(word, 'FIR.SMOKE raise')),
  ...['OFF', '0', 'false', 'closed', 'normal'].map((word) => text(word, 'FIR.SMOKE clear')),
  text('ON', 'DEV.INPUT raise', {}),
  text('ON', 'EMG.PANIC pulse', { means: 'panic', press: true }),
  text('42'),
  text('perhaps'),
  json({ state: true }, 'FIR.SMOKE#state raise'),
  json({ state: 'OFF' }, 'FIR.SMOKE#state clear'),
  json({ value: 1 }, 'EMG.PANIC#value raise'),
  json({ other: 'on' }, 'DEV.INPUT#other raise'),
  json({ state: 'perhaps' }),
  json({ temperature: 21.5 }),
];

const stream = (entity: string, payload: string, wanted?: string): Claim => ({
  ...node(entity, payload, wanted, { inputs: { e: { means: 'smoke' } } }),
  family: 'HA statestream',
  profile: 'homeassistant.statestream',
});

/** Home Assistant's states of a binary sensor, a panel and a lock. */
const statestream: Claim[] = [
  stream('binary_sensor/e', 'on', 'FIR.SMOKE#e raise'),
  stream('binary_sensor/e', 'off', 'FIR.SMOKE#e clear'),
  stream('binary_sensor/e', 'unavailable', 'DEV.OFFLINE#e raise'),
  stream('binary_sensor/e', 'unknown'),
  stream('alarm_control_panel/p', 'triggered', 'INT.24H#p raise'),
  stream('alarm_control_panel/p', 'disarmed', 'INT.24H#p clear'),
  stream('lock/l', 'jammed', 'ACC.LOCK#l raise'),
  stream('siren/s', 'on', 'DEV.OUTPUT#s raise'),
  stream('sensor/t', '21.5'),
];

export function otherClaims(): Claim[] {
  return [...esphome, ...statestream, ...frigate, ...axis, ...sparkplugClaims, ...plain];
}
