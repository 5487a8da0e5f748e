import type { DiscoveryMessage, Entity } from './discovery-message.ts';
import type { EntityParts } from './part.ts';
import type { Proposal } from './proposal.ts';

const STATE = /^(.+)\/(binary_sensor|switch|lock|alarm_control_panel|event)\/([^/]+)\/state$/;

/** Meanings that the profile esphome.node has under the same word. */
const shared = new Set([
  'none',
  'smoke',
  'gas',
  'co',
  'water',
  'door',
  'motion',
  'vibration',
  '24h',
  'tamper',
  'battery',
  'mains',
  'fault',
  'sound',
  'panic',
]);

/** The entry that the built-in profile of ESPHome nodes needs, where the message is of such a node. */
export function esphomeDevice(
  { device }: DiscoveryMessage,
  read: readonly { entity: Entity; made: EntityParts }[],
  own: Proposal['device'],
): Proposal['device'] | undefined {
  const places = read.flatMap(({ entity, made }) => {
    const found = STATE.exec(String(entity.config.get('state_topic')));
    return found === null ? [] : [{ prefix: found[1] ?? '', entity: found[3] ?? '', input: made.input }];
  });
  const [first] = places;
  if (first === undefined || places.some(({ prefix }) => prefix !== first.prefix)) return undefined;
  // newer nodes do not say what they run; the topics do
  const runs = /esphome/i.test(String(device.get('sw_version') ?? ''));
  const status = read.some(
    ({ entity }) => entity.config.get('availability_topic') === `${first.prefix}/status`,
  );
  if (!runs && !status) return undefined;
  const inputs = Object.fromEntries(
    places.flatMap(({ entity, input }) => {
      if (input === undefined) return [];
      const means = shared.has(input.means)
        ? input.means
        : input.means === 'door-state'
          ? 'door-state'
          : 'none';
      return [[entity, { ...input, means }]];
    }),
  );
  return { id: own.id, name: own.name, profile: 'esphome.node', key: first.prefix, inputs };
}
