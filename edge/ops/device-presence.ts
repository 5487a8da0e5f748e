import type { Alarm } from '../../contract/alarm.ts';
import type { Device } from '../../contract/site.ts';
import type { Health } from '../adapters/onvif/health.ts';
import type { DeviceStatus } from '../api/ports.ts';
import { absentDevices } from './absence.ts';

export interface DevicePresenceOptions {
  registry: { devices(): readonly Device[]; device(id: string): Device | undefined };
  book: { open(): readonly Alarm[] };
  /** Event channel of a device that the gateway asks for its events; undefined for every other one. */
  channel: (id: string) => Health | undefined;
  /** When a device's account last connected or went, milliseconds since 1970. */
  lastSeen: (user: string) => number | undefined;
  /** When a device was last heard since the start, milliseconds since 1970; `ever`: a run before has heard it. */
  heard: (id: string) => { at: number | undefined; ever: boolean };
  /** Can it be heard: do the bridges and brokers on its way work, of which `isDown` tells? */
  isReachable: (device: Device, isDown: (id: string) => boolean) => boolean;
}

/**
 * Is a device there? `offline`: an alarm says that it is away. `unknown`: its bridge or broker is, or nobody has ever
 * heard it. Else `online`: a battery device that sleeps is, until its profile's `heartbeat` is over.
 */
export class DevicePresence {
  readonly #o: DevicePresenceOptions;

  constructor(options: DevicePresenceOptions) {
    this.#o = options;
  }

  status(id: string): DeviceStatus | undefined {
    const device = this.#o.registry.device(id);
    return device === undefined ? undefined : this.#status(device, absentDevices(this.#o.book.open()));
  }

  counts(): { total: number; offline: number; unknown: number } {
    const absent = absentDevices(this.#o.book.open());
    const counts = { total: 0, offline: 0, unknown: 0 };
    for (const device of this.#o.registry.devices()) {
      const { state } = this.#status(device, absent);
      counts.total++;
      if (state !== 'online') counts[state]++;
    }
    return counts;
  }

  #status(device: Device, absent: ReadonlySet<string>): DeviceStatus {
    const { id, user } = device;
    const health = this.#o.channel(id);
    if (health !== undefined) return ofChannel(health);
    const heard = this.#o.heard(id);
    const seenAt = user === undefined ? undefined : this.#o.lastSeen(user);
    const times = [heard.at, seenAt].filter((at) => at !== undefined);
    const isKnown = times.length > 0 || heard.ever;
    const reachable = this.#o.isReachable(device, (hop) => absent.has(hop));
    const state = absent.has(id) ? 'offline' : isKnown && reachable ? 'online' : 'unknown';
    return { state, ...(times.length > 0 && { lastAt: new Date(Math.max(...times)).toISOString() }) };
  }
}

function ofChannel({ state, reason, at }: Health): DeviceStatus {
  const channel = { state, since: new Date(at).toISOString(), ...(reason === '' ? {} : { reason }) };
  return { state: state === 'offline' ? 'offline' : 'online', channel };
}
