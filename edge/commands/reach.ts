import type { DeviceCommand } from '../../contract/command.ts';
import type { Device } from '../../contract/site.ts';
import type { Text } from '../../contract/text.ts';
import type { RenderedMessage } from '../../device-profiles/command.ts';
import type { ExternalBroker } from '../adapters/external-mqtt/external-broker.ts';
import type { MqttBroker } from '../adapters/mqtt/broker.ts';
import { within } from '../ops/within.ts';
import type { LiveDevices } from '../pipeline/devices.ts';
import { wayTo } from '../registry/way-to.ts';
import { text } from './text.ts';

/** A device's socket that takes nothing for so long is as good as gone. */
const TAKEN_WITHIN_MS = 5_000;

export interface ReachOptions {
  devices: Pick<LiveDevices, 'get' | 'isReachedBy'>;
  device: (id: string) => Device | undefined;
  broker: Pick<MqttBroker, 'listening' | 'publish'>;
  /** Brokers of the site. */
  externals: readonly Pick<ExternalBroker, 'name' | 'publish'>[];
}

/** Why nothing was sent. */
export interface NotSent {
  reason: NonNullable<DeviceCommand['reason']> &
    ('no-account' | 'not-connected' | 'not-listening' | 'not-heard' | 'standby' | 'transport');
  detail: Text;
}

/**
 * Hands a command to the connection of the device, or of the bridge or the broker before it. Undefined: it took it. Only to
 * who listens now, and with QoS 0: what waits in a kept session would open a door or sound a siren hours later.
 */
export async function sendTo(
  device: Device,
  command: RenderedMessage,
  o: ReachOptions,
): Promise<NotSent | undefined> {
  const way = wayTo(device, o.device);
  const externals = o.externals.filter(({ name }) => o.devices.isReachedBy(device, name));
  if (externals.length === 0) return sendToAccount(way, command, o.broker);
  // what was not heard itself since the start is where its bridge was
  const heardAt = way.map(({ id }) => o.devices.get(id)?.adapter).find((adapter) => adapter !== undefined);
  const broker = externals.length === 1 ? externals[0] : externals.find(({ name }) => name === heardAt);
  if (broker !== undefined) return sendThrough(broker, command);
  return { reason: 'not-heard', detail: text.whichBroker(externals.map(({ name }) => name)) };
}

/** Which of the devices of a broker listens, the broker does not say. */
async function sendThrough(
  broker: ReachOptions['externals'][number],
  { topic, payload }: RenderedMessage,
): Promise<NotSent | undefined> {
  const { name } = broker;
  switch (await taken(broker.publish(topic, payload))) {
    case 'taken':
      return undefined;
    case 'away':
      return { reason: 'not-connected', detail: text.brokerAway(name) };
    case 'standby':
      return { reason: 'standby', detail: text.standby(name) };
    default:
      return { reason: 'transport', detail: text.failed };
  }
}

async function sendToAccount(
  way: readonly Device[],
  { topic, payload }: RenderedMessage,
  broker: ReachOptions['broker'],
): Promise<NotSent | undefined> {
  const user = way.find((hop) => hop.user !== undefined)?.user;
  if (user === undefined) return { reason: 'no-account', detail: text.noAccount };
  const listening = broker.listening(user, topic);
  if (listening === 'away') return { reason: 'not-connected', detail: text.notConnected };
  if (listening === 'deaf') return { reason: 'not-listening', detail: text.notListening(topic) };
  const done = await taken(
    broker.publish(topic, payload, { qos: 0, retain: false }).then(() => 'taken' as const),
  );
  return done === undefined ? { reason: 'transport', detail: text.failed } : undefined;
}

/** Undefined: its connection did not take it, or not in time. */
function taken<T>(attempt: Promise<T>): Promise<T | undefined> {
  return within(TAKEN_WITHIN_MS, attempt).catch(() => undefined);
}
