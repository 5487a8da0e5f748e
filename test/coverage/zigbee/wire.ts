import type { Converter, Device } from './definitions.ts';
import { exclusionOf } from './exclusions.ts';
import { familyOf } from './families.ts';
import { meaningOf } from './meaning.ts';

/** What a device really publishes: made by the library's own converters, not read from its description. */
export interface Frame {
  device: Device;
  /** What was on the air, in words. */
  air: string;
  before: Record<string, unknown>;
  after: Record<string, unknown>;
  /** What must come of it: key and event, such as `smoke` and `FIR.SMOKE raise`. */
  wanted: { key: string; event: string }[];
}

interface Air {
  air: string;
  cluster: string;
  type: string;
  /** The frame of a device at rest; absent for a command. */
  quiet?: object;
  data: object;
  /** What the frame says whatever device sends it; absent: the keys that change say it. */
  event?: string;
}

const zone = (air: string, bits: number): Air => ({
  air,
  cluster: 'ssIasZone',
  type: 'commandStatusChangeNotification',
  quiet: { zonestatus: 0, zoneStatus: 0 },
  data: { zonestatus: bits, zoneStatus: bits },
});

const lock = (air: string, opereventcode: number, event: string): Air => ({
  air,
  cluster: 'closuresDoorLock',
  type: 'commandOperationEventNotification',
  data: { opereventcode, opereventsrc: 0, userid: 3 },
  event,
});

/** Bits of an IAS zone status, commands of a keypad or SOS button, events of a lock [ZCL 8.2.2, 8.3.2, 7.3.2]. */
const airs: readonly Air[] = [
  zone('alarm 1', 1),
  zone('alarm 2', 2),
  zone('both alarms', 3),
  zone('tamper', 4),
  zone('battery low', 8),
  zone('trouble', 64),
  zone('mains fault', 128),
  { air: 'panic', cluster: 'ssIasAce', type: 'commandPanic', data: {}, event: 'EMG.PANIC pulse' },
  { air: 'emergency', cluster: 'ssIasAce', type: 'commandEmergency', data: {}, event: 'EMG.PANIC pulse' },
  lock('unlocked by PIN', 2, 'ACC.GRANT pulse'),
  lock('wrong PIN', 5, 'ACC.DENY pulse'),
  {
    air: 'lock is open',
    cluster: 'closuresDoorLock',
    type: 'attributeReport',
    quiet: { lockState: 1 },
    data: { lockState: 2 },
    event: 'ACC.MODE raise',
  },
];

/** Each of these on the air, as the device's own converters publish it. */
export function framesOf(device: Device): Frame[] {
  return airs.flatMap((one) => {
    const converters = device.fromZigbee.filter(
      ({ cluster, type }) => cluster === one.cluster && [type].flat().includes(one.type),
    );
    if (converters.length === 0) return [];
    const before = one.quiet === undefined ? {} : publish(converters, device, one, one.quiet);
    const after = { ...before, ...publish(converters, device, one, one.data) };
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    const wanted =
      one.event === undefined
        ? changed.flatMap((key) => eventOfKey(device, key, after[key]))
        : changed.slice(0, 1).map((key) => ({ key, event: one.event ?? '' }));
    return wanted.length === 0 ? [] : [{ device, air: one.air, before, after, wanted }];
  });
}

let transaction = 0;

function publish(
  converters: readonly Converter[],
  device: Device,
  { cluster, type }: Air,
  data: object,
): Record<string, unknown> {
  const zigbee = { ieeeAddr: '0x1', meta: {}, getEndpoint: () => endpoint, endpoints: [] };
  const endpoint: Record<string, unknown> = { ID: 1, getDevice: () => zigbee, clusters: {} };
  const meta = { zclTransactionSequenceNumber: ++transaction };
  const msg = { data, type, cluster, endpoint, device: zigbee, meta };
  const bridge = {
    state: {},
    device: zigbee,
    logger: {},
    mapped: device.definition,
    deviceExposesChanged() {},
  };
  const published = converters.map((converter) => {
    try {
      return converter.convert(device.definition, msg, () => undefined, {}, bridge) ?? {};
    } catch {
      // a converter of something else on the same cluster
      return {};
    }
  });
  return Object.assign({}, ...published);
}

/** The bit on the air is an alarm: whatever the key says then is its word for alarm. */
function eventOfKey(device: Device, key: string, value: unknown): Frame['wanted'] {
  const known = device.features.find(({ property }) => property === key);
  const feature = known ?? { type: 'binary', name: key, property: key, access: 1, value_on: value };
  const family = familyOf(feature);
  if (family === undefined || family.name === 'test' || family.name === 'mute') return [];
  if (exclusionOf(feature, device) !== undefined) return [];
  const meaning = meaningOf({ ...feature, type: 'binary', value_on: value }, family, value, device);
  if (meaning.says === 'alarm') return [{ key, event: `${meaning.type} raise` }];
  // one contact says closed on the air when it is open, and the library turns it round
  return family.name === 'opening' ? [] : [{ key, event: `${family.type} raise` }];
}

/** Values that the Tuya data points of a device can become, beyond those that it is described with. */
export function datapointValues(device: Device): { key: string; value: unknown }[] {
  return device.datapoints.flatMap(([, key, converter]) => {
    const feature = device.features.find(({ property }) => property === key);
    if (key === null || feature === undefined || familyOf(feature) === undefined) return [];
    if (feature.type === 'numeric') return [];
    const raws = feature.type === 'binary' ? [true, false, 0, 1] : [0, 1, 2, 3, 4, 5];
    const values = raws.flatMap((raw) => {
      try {
        const value = converter.from?.(raw, { state: {}, options: {} });
        return typeof value === 'boolean' || typeof value === 'string' ? [value] : [];
      } catch {
        return [];
      }
    });
    return [...new Set(values)].map((value) => ({ key, value }));
  });
}
