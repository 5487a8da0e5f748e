import type { Alarm } from '../../contract/alarm.ts';
import { eventType } from '../../contract/event-type.ts';
import type { Device } from '../../contract/site.ts';
import type { ZoneReason } from '../../contract/zone.ts';
import type { DeviceState } from '../../device-profiles/device-state.ts';
import { modeClass } from '../alarms/key.ts';
import type { DeviceOrigin } from '../registry/site-view.ts';
import { wayTo } from '../registry/way-to.ts';

/** Where a device's own state of a door is no alarm, it still stands in the way of arming. */
const DOOR = 'ACC.DOOR';

const offline: ReadonlySet<string> = new Set(['DEV.OFFLINE', 'DEV.SILENT', 'DEV.AUTH', 'SYS.GATEWAY_DOWN']);

/** What readiness is judged by. */
export interface ReadinessSources {
  registry: {
    readonly version: string | number;
    devices(): readonly Device[];
    device(id: string): Device | undefined;
    originOf(device: Device, input?: string): DeviceOrigin;
  };
  devices: { get(id: string): { state: DeviceState | undefined } | undefined };
  book: { open(): readonly Alarm[] };
}

/** Says what keeps slots from being armed: what is open, out of reach, faulty or in alarm now. */
export class Readiness {
  readonly #o: ReadinessSources;
  #version: string | number | undefined;
  /** Devices that speak for a slot. */
  #bySlot = new Map<string, Device[]>();

  constructor(sources: ReadinessSources) {
    this.#o = sources;
  }

  /** One reason for each slot, device and condition; empty: ready. Silent alarms are never told (CONTRACT section 4). */
  reasonsOf(slots: ReadonlySet<string>): ZoneReason[] {
    this.#refresh();
    const devices = new Set([...slots].flatMap((slot) => this.#bySlot.get(slot) ?? []));
    const reasons = new Map<string, ZoneReason>();
    const add = (reason: ZoneReason): void => {
      reasons.set(`${reason.why} ${reason.slot} ${reason.device} ${reason.type}`, reason);
    };
    for (const device of devices) for (const reason of this.#open(device, slots)) add(reason);
    for (const alarm of this.#o.book.open()) {
      const reason = this.#reason(alarm, slots, devices);
      if (reason !== undefined) add(reason);
    }
    return [...reasons.values()];
  }

  /** Is something that this slot watches open now? */
  isOpen(slot: string): boolean {
    this.#refresh();
    const only = new Set([slot]);
    return (this.#bySlot.get(slot) ?? []).some((device) => this.#open(device, only).length > 0);
  }

  #refresh(): void {
    const { registry } = this.#o;
    if (registry.version === this.#version) return;
    this.#version = registry.version;
    this.#bySlot = new Map();
    for (const device of registry.devices()) {
      const slots = [
        device.slot,
        ...Object.values(device.inputs ?? {}).map(({ slot }) => slot ?? device.slot),
      ];
      for (const slot of new Set(slots)) {
        if (slot === undefined) continue;
        const list = this.#bySlot.get(slot) ?? [];
        list.push(device);
        this.#bySlot.set(slot, list);
      }
    }
  }

  #open(device: Device, slots: ReadonlySet<string>): ZoneReason[] {
    const points = this.#o.devices.get(device.id)?.state?.points ?? {};
    return Object.entries(points).flatMap(([input, conditions]) => {
      const { slot } = this.#o.registry.originOf(device, input === '' ? undefined : input);
      if (slot === undefined || !slots.has(slot)) return [];
      return Object.entries(conditions).flatMap(([type, signals]): ZoneReason[] => {
        const entry = eventType(type);
        const counts = entry?.disarmable === true || type === DOOR;
        // what was active before its bridge was lost is unknown: the bridge stands in the list itself
        const active = Object.values(signals).includes(1);
        return counts && active ? [{ why: 'open', slot, device: device.id, type }] : [];
      });
    });
  }

  #reason(alarm: Alarm, slots: ReadonlySet<string>, devices: ReadonlySet<Device>): ZoneReason | undefined {
    if (alarm.condition !== 'active' || alarm.silent === true || modeClass(alarm.mode) !== 'real')
      return undefined;
    const why = whyOf(alarm.type);
    if (why === undefined) return undefined;
    const slot = this.#concerned(alarm, slots, devices);
    if (slot === undefined) return undefined;
    return { why, slot, type: alarm.type, ...(alarm.device === undefined ? {} : { device: alarm.device }) };
  }

  /** The slot of these that an alarm is about: by itself, by its device, or by the bridge before its device. */
  #concerned(
    { type, slot, device }: Alarm,
    slots: ReadonlySet<string>,
    devices: ReadonlySet<Device>,
  ): string | undefined {
    if (slot !== undefined && slots.has(slot)) return slot;
    // another slot's own matter
    if (device === undefined || (slot !== undefined && !offline.has(type))) return undefined;
    const { registry } = this.#o;
    for (const one of devices) {
      const reached = offline.has(type)
        ? wayTo(one, (id) => registry.device(id)).some(({ id }) => id === device)
        : one.id === device;
      if (!reached) continue;
      const own = [one.slot, ...Object.values(one.inputs ?? {}).map((input) => input.slot ?? one.slot)];
      return own.find((id) => id !== undefined && slots.has(id));
    }
    return undefined;
  }
}

function whyOf(code: string): ZoneReason['why'] | undefined {
  if (offline.has(code)) return 'offline';
  if (code === 'DEV.BATT') return 'battery';
  const type = eventType(code);
  if (type?.kind === 'tamper') return 'tamper';
  if (type?.kind === 'fault') return 'fault';
  // a disarmable one is open, which is told above
  return type?.kind === 'alarm' && !type.disarmable ? 'alarm' : undefined;
}
