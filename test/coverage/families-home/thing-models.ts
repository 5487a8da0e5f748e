import { type Claim, claimsOf, type Row, withInput } from './claims.ts';

/** Identifiers of the standard thing models with 1 for the alarm and 0 for its end, or open and closed. */
const flags: readonly (readonly [identifier: string, type: string])[] = [
  ['SmokeSensorState', 'FIR.SMOKE'],
  ['SmokeAlarmState', 'FIR.SMOKE'],
  ['HeatSensorStatus', 'FIR.HEAT'],
  ['GasSensorState', 'GAS.COMBUSTIBLE'],
  ['GasAlarmState', 'GAS.COMBUSTIBLE'],
  ['CarbonMonoxideAlarm', 'GAS.CO'],
  ['WaterSensorState', 'ENV.WATER'],
  ['ContactState', 'ACC.DOOR'],
  ['MotionAlarmState', 'INT.AREA'],
  ['TamperState', 'DEV.TAMPER'],
  ['UnderVoltError', 'DEV.BATT'],
  ['LowBatteryAlarm', 'DEV.BATT'],
  ['Fault', 'DEV.FAULT'],
  ['Mute', 'DEV.MUTED'],
];

const rows: readonly Row[] = [
  ...flags.flatMap(([identifier, type]): Row[] => [
    [identifier, 1, `${type} raise`],
    [identifier, 0, `${type} clear`],
    [identifier, '1', `${type} raise`],
    [identifier, '0', `${type} clear`],
    [identifier, 9, 'strange'],
  ]),
  ['EmergencyAlarm', 1, 'EMG.PANIC pulse'],
  ['HelpAlarm', 1, 'EMG.PANIC pulse'],
  ['SOS', 1, 'EMG.PANIC pulse'],
  ['BatteryPercentage', 7, 'DEV.BATT raise'],
  ['BatteryPercentage', 77, 'DEV.BATT clear'],
  ['EmergencyAlarm', 0, 'nothing'],
  ['RemoteCheck', 1, 'nothing'],
  ['GasConcentration', 990, 'nothing'],
  ['CONC', 400, 'nothing'],
  ['CurrentTemperature', 21.5, 'nothing'],
];

const time = Date.UTC(2026, 0, 1);
const head = { id: '123', version: '1.0', sys: { ack: 0 } };
const alink = '/sys/a1pSa8eunPc/yangan_09/thing/event';
const onenet = '$sys/PRODUCT1/smoke-1/thing';

/** Values that also come by an event of the model, within `params.value`. */
const eventRows = rows.filter(([identifier]) => identifier !== 'Mute');

/** Names of Huawei's smoke detector model and common ones; `alarm` is its service's. */
const huawei: readonly Row[] = [
  ['alarm', 1, 'FIR.SMOKE raise'],
  ['alarm', 0, 'FIR.SMOKE clear'],
  ['smoke_alarm', 1, 'FIR.SMOKE raise'],
  ['smoke_alarm', 0, 'FIR.SMOKE clear'],
  ['gas_alarm', 1, 'GAS.COMBUSTIBLE raise'],
  ['co_alarm', 1, 'GAS.CO raise'],
  ['water_alarm', 1, 'ENV.WATER raise'],
  ['tamper_alarm', 1, 'DEV.TAMPER raise'],
  ['low_battery', 1, 'DEV.BATT raise'],
  ['batteryLevel', 5, 'DEV.BATT raise'],
  ['batteryLevel', 95, 'DEV.BATT clear'],
  ['fault', 1, 'DEV.FAULT raise'],
  ['smokeConcentration', 990, 'nothing'],
  ['temperature', 21.5, 'nothing'],
  ['alarm', 7, 'strange'],
];

export const thingModelClaims: readonly Claim[] = [
  ...claimsOf('Alink', 'alink.device', rows, {
    property: (identifier, value) => ({
      topic: `${alink}/property/post`,
      payload: { ...head, params: { [identifier]: { value, time } }, method: 'thing.event.property.post' },
    }),
    bare: (identifier, value) => ({
      topic: `${alink}/property/post`,
      payload: { ...head, params: { [identifier]: value }, method: 'thing.event.property.post' },
    }),
  }),
  ...claimsOf(
    'Alink',
    'alink.device',
    eventRows.filter(([, , says]) => says !== 'strange' && says !== 'nothing'),
    {
      event: (identifier, value) => ({
        topic: `${alink}/Report/post`,
        payload: {
          ...head,
          params: { value: { [identifier]: value }, time },
          method: 'thing.event.Report.post',
        },
      }),
    },
  ),
  ...withInput(
    claimsOf('Alink', 'alink.device', rows, {
      pack: (identifier, value) => ({
        topic: '/sys/a1GuwJkxdQx/gw-1/thing/event/property/pack/post',
        payload: {
          ...head,
          params: {
            properties: {},
            events: {},
            subDevices: [
              {
                identity: { productKey: 'a1pSa8eunPc', deviceName: 'sub-7' },
                properties: { [identifier]: { value, time } },
                events: {},
              },
            ],
          },
          method: 'thing.event.property.pack.post',
        },
      }),
    }),
    'sub-7',
  ),
  ...claimsOf(
    'Alink',
    'alink.device',
    [
      ['status', 'offline', 'DEV.OFFLINE raise'],
      ['status', 'online', 'DEV.OFFLINE clear'],
    ],
    {
      life: (_name, status) => ({
        topic: '/as/mqtt/status/a1pSa8eunPc/yangan_09',
        payload: {
          status,
          productKey: 'a1pSa8eunPc',
          deviceName: 'yangan_09',
          time: '2026-01-01 08:00:00.000',
        },
      }),
    },
  ),
  ...claimsOf('OneNET', 'onenet.device', rows, {
    property: (identifier, value) => ({
      topic: `${onenet}/property/post`,
      payload: { id: '123', version: '1.0', params: { [identifier]: { value, time } } },
    }),
  }),
  ...withInput(
    claimsOf('OneNET', 'onenet.device', rows, {
      pack: (identifier, value) => ({
        topic: '$sys/PRODUCT2/gw-1/thing/pack/post',
        payload: {
          id: '123',
          version: '1.0',
          params: [
            {
              identity: { productID: 'PRODUCT1', deviceName: 'sub-7' },
              properties: { [identifier]: { value, time } },
            },
          ],
        },
      }),
    }),
    'sub-7',
  ),
  ...claimsOf('Huawei IoTDA', 'huawei.iotda', huawei, {
    report: (name, value) => ({
      topic: '$oc/devices/5e06_smoke-1/sys/properties/report',
      payload: { services: [{ service_id: 'smokeDetector', properties: { [name]: value } }] },
    }),
  }),
  ...withInput(
    claimsOf('Huawei IoTDA', 'huawei.iotda', huawei, {
      gateway: (name, value) => ({
        topic: '$oc/devices/gw-1/sys/gateway/sub_devices/properties/report',
        payload: {
          devices: [
            {
              device_id: 'sub-7',
              services: [
                {
                  service_id: 'smokeDetector',
                  properties: { [name]: value },
                  event_time: '2026-01-01T00:00:00.000Z',
                },
              ],
            },
          ],
        },
      }),
    }),
    'sub-7',
  ),
];
