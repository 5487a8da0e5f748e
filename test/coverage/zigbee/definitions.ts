import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import zigbee from 'zigbee-herdsman-converters';

/** One value that a device publishes, as the library describes it (an "expose"). */
export interface Feature {
  type: string;
  /** Meaning: `contact`; absent on groups. */
  name?: string;
  /** Key in the payload: `contact_left`. */
  property?: string;
  endpoint?: string;
  /** 1 published, 2 settable, 4 readable. */
  access?: number;
  category?: string;
  description?: string;
  value_on?: unknown;
  value_off?: unknown;
  values?: (string | number)[];
  unit?: string;
  features?: Feature[];
}

/** What a converter is given of a Zigbee frame, and what it publishes. */
export interface Converter {
  cluster: string;
  type: string | string[];
  convert: (
    model: object,
    msg: object,
    publish: () => void,
    options: object,
    meta: object,
  ) => Record<string, unknown> | undefined;
}

export interface Device {
  vendor: string;
  model: string;
  /** All values it publishes or takes, groups opened. `within` is the type of the group. */
  features: (Feature & { within?: string })[];
  fromZigbee: Converter[];
  /** Data points of the Tuya devices: number, key, and how the raw value becomes the published one. */
  datapoints: [number, string | null, { from?: (value: unknown, meta: object) => unknown }][];
  definition: object;
}

export interface Library {
  devices: Device[];
  /** Definitions whose exposes depend on the device that was paired: read with a dummy and with a made-up device. */
  dynamic: number;
  /** Of these, the ones that a made-up device is not good enough for: what the dummy shows is read. */
  dummyOnly: string[];
  /** Definitions that could not be read, with the reason. */
  failed: string[];
}

interface Definition {
  vendor: string;
  model: string;
  exposes: Feature[] | ((device: object, options: object) => Feature[]);
  fromZigbee: Converter[];
  meta?: { tuyaDatapoints?: Device['datapoints'] };
}

const load = createRequire(import.meta.url);

/** Every definition of zigbee-herdsman-converters; some seconds. */
export function readLibrary(): Library {
  const main = zigbee as unknown as {
    prepareDefinition: (definition: object) => Definition;
    setLogger: (logger: object) => void;
  };
  const library: Library = { devices: [], dynamic: 0, dummyOnly: [], failed: [] };
  let logged: string | undefined;
  const note = (message: unknown) => {
    logged = String(message).split('\n')[0];
  };
  main.setLogger({ error: note, warning: note, info() {}, debug() {} });
  const folder = join(dirname(load.resolve('zigbee-herdsman-converters')), 'devices');
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.js') || file === 'index.js') continue;
    const { definitions } = load(join(folder, file)) as { definitions: Definition[] };
    for (const written of definitions) {
      try {
        logged = undefined;
        const definition = main.prepareDefinition(written);
        const { exposes } = definition;
        const features = (
          typeof exposes === 'function' ? exposes({ isDummyDevice: true }, {}) : exposes
        ).flatMap(open);
        if (logged !== undefined) library.failed.push(`${written.model}: ${logged}`);
        if (typeof exposes === 'function') {
          library.dynamic++;
          logged = undefined;
          const others = exposes(madeUpDevice(), {}).flatMap(open);
          if (logged !== undefined) library.dummyOnly.push(`${written.model}: ${logged}`);
          const known = new Set(features.map(({ property }) => property));
          features.push(...others.filter(({ property }) => !known.has(property)));
        }
        library.devices.push({
          vendor: definition.vendor,
          model: definition.model,
          features,
          fromZigbee: definition.fromZigbee,
          datapoints: definition.meta?.tuyaDatapoints ?? [],
          definition,
        });
      } catch (error) {
        library.failed.push(`${written.model}: ${String(error)}`);
      }
    }
  }
  return library;
}

/** A paired device that has every cluster and the newest software. */
function madeUpDevice(): object {
  const endpoint = {
    ID: 1,
    meta: {},
    clusters: {},
    inputClusters: [],
    outputClusters: [],
    supportsInputCluster: () => true,
    supportsOutputCluster: () => true,
    getClusterAttributeValue: () => undefined,
    getInputClusters: () => [],
  };
  return {
    ieeeAddr: '0x1',
    meta: {},
    modelID: '',
    manufacturerName: '',
    softwareBuildID: '99.0.0',
    applicationVersion: 99,
    endpoints: [endpoint],
    getEndpoint: () => endpoint,
  };
}

/** A group's parts lie beside it in the payload, except those of a composite, which lie in it. */
function open(feature: Feature): Device['features'] {
  if (feature.features === undefined || feature.type === 'enum') return [feature];
  const { type } = feature;
  if (type === 'composite') return [{ ...feature, within: type }];
  return feature.features.map((part) => ({ ...part, within: type }));
}
