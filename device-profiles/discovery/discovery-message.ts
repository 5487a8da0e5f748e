import { decodePayload } from '../payload.ts';
import { topicPatternFault } from '../topic-pattern.ts';
import { type Config, writeOut } from './abbreviations.ts';

/** One entity that a discovery message describes. */
export interface Entity {
  component: string;
  /** What it is called among the entities of its device: the name of its input. */
  id: string;
  name: string;
  config: Config;
}

/** A discovery message, read as far as its form goes. */
export interface DiscoveryMessage {
  /** The part of its topic that names it: unique on a broker, which `unique_id` is not always. */
  id: string;
  name: string;
  entities: Entity[];
  /** Keys that concern the whole device. */
  shared: Config;
  device: Config;
}

/** Entities of one device that are read; the largest device of Zigbee2MQTT has some sixty. */
const MAX_ENTITIES = 64;
/** Longest name that is kept. */
const MAX_NAME = 60;

/** Is it a discovery topic: `{prefix}/{component}/[{node}/]{object}/config`? */
export function discoveryTopic(
  topic: string,
  prefix: string,
): { component: string; object: string } | undefined {
  if (!topic.startsWith(`${prefix}/`) || !topic.endsWith('/config') || topic.length > 400) return undefined;
  const levels = topic.slice(prefix.length + 1).split('/');
  const [component = ''] = levels;
  if ((levels.length !== 3 && levels.length !== 4) || levels.includes('')) return undefined;
  return { component, object: levels.slice(1, -1).join('_') };
}

/** Reads a discovery message; `fault`: why there is nothing in it. Never throws, whatever the payload. */
export function readDiscovery(
  { component, object }: { component: string; object: string },
  payload: Uint8Array,
): DiscoveryMessage | { fault: string } {
  const decoded = decodePayload(payload);
  if ('empty' in decoded)
    return { fault: 'an empty message takes the entity back; remove the device if it is gone' };
  if ('fault' in decoded) return { fault: decoded.fault };
  const shared = writeOut(decoded.body);
  const device = writeOut(shared.get('device'), 'device');
  const single = component !== 'device';
  const parts = single
    ? [[object, decoded.body, component] as const]
    : componentsOf(shared.get('components'));
  if (parts.length === 0)
    return { fault: 'it names no component; write a site profile by hand (docs/adding-a-device.md)' };
  const deviceName = plain(device.get('name'));
  const common = withBase(shared, shared.get('~'));
  const entities = parts.slice(0, MAX_ENTITIES).map(([id, body, kind]) => {
    const config = withShared(withBase(writeOut(body), shared.get('~')), single ? undefined : common);
    return {
      component: kind,
      id: inputName(id),
      name: plain(config.get('name')) ?? plain(id) ?? kind,
      config,
    };
  });
  return {
    id: component === 'binary_sensor' || !single ? object : `${object}_${component}`,
    name: nameOf(deviceName, single ? plain(shared.get('name')) : undefined) ?? object.slice(0, MAX_NAME),
    entities,
    shared: common,
    device,
  };
}

/** Text without control characters, shortened; undefined for anything that is no text. */
export function plain(value: unknown, most = MAX_NAME): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const text = String(value)
    .slice(0, 400)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, most);
  return text === '' ? undefined : text;
}

/** A name that the registry takes for an input. */
function inputName(text: string): string {
  const name = text
    .slice(0, 60)
    .replace(/[^\p{L}\p{N} ._:-]/gu, '_')
    .replace(/^[^\p{L}\p{N}]+|[ _]+$/gu, '');
  return name === '' || name === 'constructor' || name === 'prototype' ? 'value' : name;
}

/** A topic that a profile can be written for, or what is wrong with it. */
export function readTopic(value: unknown, name: string): { topic: string } | { fault: string } {
  if (typeof value !== 'string' || value === '')
    return { fault: `"${name}" is missing; nothing can be read` };
  if (value.length > 200 || /[+#{}\p{C}]/u.test(value) || topicPatternFault(value) !== undefined) {
    return {
      fault: `"${name}" is no topic that a profile can name; write a site profile by hand (docs/adding-a-device.md)`,
    };
  }
  return { topic: value };
}

/** Keys of a device's message that hold for each of its components, unless that has its own. */
const sharedKeys = ['state_topic', 'command_topic', 'payload_available', 'payload_not_available'];

function withShared(config: Config, common: Config | undefined): Config {
  const made = new Map(config);
  for (const key of sharedKeys) if (common?.has(key) && !made.has(key)) made.set(key, common.get(key));
  return made;
}

/** A component of nothing but its platform takes the entity back. */
function componentsOf(value: unknown): (readonly [string, unknown, string])[] {
  return [...writeOut(value)].flatMap(([id, body]) => {
    const own = writeOut(body);
    const kind = own.get('platform');
    return typeof kind === 'string' && own.size > 1 ? [[id, body, kind] as const] : [];
  });
}

function nameOf(device: string | undefined, entity: string | undefined): string | undefined {
  if (device === undefined || entity === undefined || entity.startsWith(device)) return entity ?? device;
  return `${device} ${entity}`.slice(0, MAX_NAME);
}

/** Puts the base topic in the place of `~`, at the start or the end of topics. */
function withBase(config: Config, base: unknown): Config {
  const root = config.get('~') ?? base;
  if (typeof root !== 'string') return config;
  const whole = (value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    if (value.startsWith('~')) return root + value.slice(1);
    return value.endsWith('~') ? value.slice(0, -1) + root : value;
  };
  const made = new Map<string, unknown>();
  for (const [key, value] of config) made.set(key, key.endsWith('topic') ? whole(value) : value);
  const several = config.get('availability');
  if (Array.isArray(several)) {
    made.set(
      'availability',
      several.slice(0, 8).map((one: unknown) => {
        const read = writeOut(one);
        return { ...Object.fromEntries(read), topic: whole(read.get('topic')) };
      }),
    );
  }
  return made;
}
