import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { readAvailability } from './availability.ts';
import { type DiscoveryMessage, discoveryTopic, type Entity, readDiscovery } from './discovery-message.ts';
import { esphomeDevice } from './esphome.ts';
import { type EntityParts, type Part, pathOf } from './part.ts';
import { readEvent, readSensor, readTrigger } from './presses.ts';
import type { Proposal } from './proposal.ts';
import { type EntityReader, readBinarySensor, readCover, readLock, readOutput, readPanel } from './states.ts';
import { writeProfile } from './write-profile.ts';

/** Notes of one proposal that are kept. */
const MAX_NOTES = 40;

const readers = new Map<string, EntityReader>([
  ['binary_sensor', readBinarySensor],
  ['switch', readOutput],
  ['siren', readOutput],
  ['lock', readLock],
  ['cover', readCover],
  ['alarm_control_panel', readPanel],
  ['event', readEvent],
  ['device_automation', readTrigger],
  ['sensor', readSensor],
]);

/**
 * Makes a profile and a registry entry of a Home Assistant discovery message. Pure; never throws, whatever the payload.
 * `unsupported`: why there is none, and what to do. Undefined: the topic is no discovery topic below `prefix`.
 */
export function proposeFromDiscovery(
  topic: string,
  payload: Uint8Array,
  prefix = 'homeassistant',
): Proposal | { unsupported: string } | undefined {
  const place = discoveryTopic(topic, prefix);
  if (place === undefined) return undefined;
  const message = readDiscovery(place, payload);
  if ('fault' in message) return { unsupported: message.fault };
  const notes: string[] = [];
  const read = message.entities.flatMap((entity) => {
    const made = readEntity(entity);
    if ('fault' in made) {
      notes.push(`${entity.name}: ${made.fault}`);
      return [];
    }
    notes.push(...made.notes);
    return [{ entity, made }];
  });
  if (read.length === 0) return { unsupported: notes[0] ?? 'nothing in it can be read' };
  const availability = uniqueParts(
    [message.shared, ...message.entities.map(({ config }) => config)].map((config) =>
      readAvailability(config),
    ),
    notes,
  );
  return compose(topic, message, read, availability, notes);
}

function readEntity(entity: Entity): EntityParts | { fault: string } {
  const reader = readers.get(entity.component);
  if (reader !== undefined) return reader(entity);
  const component = JSON.stringify(entity.component.slice(0, 40));
  return { fault: `component ${component} has nothing that concerns safety; nothing to adopt` };
}

/** The availability topics of all entities, each once. */
function uniqueParts(read: readonly { parts: Part[]; notes: string[] }[], notes: string[]): Part[] {
  const parts = new Map<string, Part>();
  for (const { parts: own, notes: said } of read) {
    for (const part of own) parts.set(JSON.stringify([part.topic, part.entries]), part);
    for (const note of said) if (!notes.includes(note)) notes.push(note);
  }
  return [...parts.values()].slice(0, 8);
}

function compose(
  topic: string,
  message: DiscoveryMessage,
  read: readonly { entity: Entity; made: EntityParts }[],
  availability: readonly Part[],
  notes: string[],
): Proposal {
  const id = slug(message.id, topic);
  const inputs = Object.fromEntries(
    read.flatMap(({ entity, made }) => (made.input === undefined ? [] : [[entity.id, made.input]])),
  );
  const press = Object.assign({}, ...read.map(({ made }) => made.press ?? {})) as Record<string, string>;
  const settings = Object.keys(press).length === 0 ? {} : { settings: { press } };
  const device: Proposal['device'] = {
    id,
    name: message.name,
    profile: `ha.${id}`.slice(0, 64),
    key: id,
    ...(Object.keys(inputs).length > 0 && { inputs }),
    ...settings,
  };
  const states = read.flatMap(({ made }) => made.parts);
  // an entity that is the connection itself says it already
  const said = new Set(states.map(placeOf));
  const parts = [...states, ...availability.filter((part) => !said.has(placeOf(part)))];
  const profile = writeProfile({ topic, message, device, parts, made: read.map(({ made }) => made) });
  const esphome = esphomeDevice(message, read, device);
  return {
    profile,
    yaml: stringify(profile, { lineWidth: 110 }),
    device,
    ...(esphome !== undefined && { instead: { device: esphome } }),
    notes: notes.slice(0, MAX_NOTES),
  };
}

function placeOf({ topic, at }: Part): string {
  return JSON.stringify([topic, pathOf(at)]);
}

/** An id of the registry; what it cannot hold is told apart by a hash. */
function slug(text: string, topic: string): string {
  const lower = text.toLowerCase();
  const made = lower
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 48);
  if (made === lower && made !== '') return made;
  const mark = createHash('sha256').update(topic).digest('hex').slice(0, 6);
  return made === '' ? `device-${mark}` : `${made}-${mark}`;
}
