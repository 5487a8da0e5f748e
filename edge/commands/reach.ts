import type { Device } from '../../contract/site.ts';
import type { RenderedCommand } from '../../device-profiles/command.ts';
import type { MqttBroker } from '../adapters/mqtt/broker.ts';
import type { Text } from '../alarms/refusal.ts';
import { within } from '../ops/within.ts';
import type { LiveDevices } from '../pipeline/devices.ts';
import { text } from './text.ts';

/** A device's socket that takes nothing for so long is as good as gone. */
const TAKEN_WITHIN_MS = 5_000;
/** Bridges behind bridges. */
const MAX_HOPS = 8;

export interface ReachOptions {
  devices: Pick<LiveDevices, 'isReachedBy'>;
  device: (id: string) => Device | undefined;
  broker: Pick<MqttBroker, 'listening' | 'publish'>;
  /** Brokers of the site. */
  externals: readonly { readonly name: string }[];
}

/** Why nothing was sent. */
export interface NotSent {
  reason: 'no-account' | 'not-connected' | 'not-listening' | 'external-broker' | 'transport';
  detail: Text;
}

/**
 * Hands a command to the connection of the device, or of the bridge before it. Undefined: it took it. Only to who listens
 * now, and with QoS 0: what waits in a kept session would open a door or sound a siren hours later.
 */
export async function sendTo(
  device: Device,
  { topic, payload }: RenderedCommand,
  o: ReachOptions,
): Promise<NotSent | undefined> {
  const external = o.externals.find(({ name }) => o.devices.isReachedBy(device, name));
  if (external !== undefined)
    return { reason: 'external-broker', detail: text.externalBroker(external.name) };
  const user = accountBefore(device, o.device);
  if (user === undefined) return { reason: 'no-account', detail: text.noAccount };
  const listening = o.broker.listening(user, topic);
  if (listening === 'away') return { reason: 'not-connected', detail: text.notConnected };
  if (listening === 'deaf') return { reason: 'not-listening', detail: text.notListening(topic) };
  const taken = await within(
    TAKEN_WITHIN_MS,
    o.broker.publish(topic, payload, { qos: 0, retain: false }).then(() => true),
  ).catch(() => undefined);
  return taken === true ? undefined : { reason: 'transport', detail: text.failed };
}

/** Its own account at the embedded broker, or that of the nearest bridge before it. */
function accountBefore(device: Device, find: ReachOptions['device']): string | undefined {
  let next: Device | undefined = device;
  for (let hops = 0; next !== undefined && hops < MAX_HOPS; hops++) {
    if (next.user !== undefined) return next.user;
    next = next.bridge === undefined ? undefined : find(next.bridge);
  }
  return undefined;
}
