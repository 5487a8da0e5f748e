/** A device whose silence means something. */
export interface Watched {
  id: string;
  /** Longest healthy silence, milliseconds. */
  heartbeatMs: number;
  /** When it last said something that was not stored, monotonic milliseconds; undefined: not since the start. */
  heardAt: number | undefined;
  /** False while its bridge or its own connection is known to be down: then its silence says nothing. */
  reachable: boolean;
}

/** What to emit as DEV.SILENT. */
export interface SilenceEdge {
  device: string;
  edge: 'raise' | 'clear';
  /** Milliseconds of silence so far. */
  silentMs: number;
}

/**
 * Finds devices that say nothing for longer than their profile's heartbeat, one DEV.SILENT per silence. Only a
 * message ends it; nothing else is ever cleared or raised by silence. No clock of its own.
 */
export class SilenceWatch {
  /** From when a device's silence counts: the start, its registration, or the return of its bridge. */
  readonly #since = new Map<string, number>();
  readonly #silent = new Set<string>();

  /** Devices that the alarms of the last run left silent: they clear when they speak, and are not raised again. */
  restore(devices: Iterable<string>): void {
    for (const device of devices) this.#silent.add(device);
  }

  /** What has changed. `watched`: all devices with a heartbeat; who is no longer among them is forgotten. */
  tick(now: number, watched: Iterable<Watched>): SilenceEdge[] {
    const edges: SilenceEdge[] = [];
    const known = new Set<string>();
    for (const { id, heartbeatMs, heardAt, reachable } of watched) {
      known.add(id);
      const since = Math.max(this.#since.get(id) ?? now, heardAt ?? Number.NEGATIVE_INFINITY);
      const spoke = heardAt !== undefined && heardAt === since;
      this.#since.set(id, reachable ? since : now);
      const silentMs = now - since;
      if (this.#silent.has(id)) {
        if (spoke && silentMs <= heartbeatMs && this.#silent.delete(id))
          edges.push({ device: id, edge: 'clear', silentMs });
      } else if (reachable && silentMs > heartbeatMs) {
        this.#silent.add(id);
        edges.push({ device: id, edge: 'raise', silentMs });
      }
    }
    for (const id of this.#since.keys()) if (!known.has(id)) this.#forget(id);
    return edges;
  }

  #forget(id: string): void {
    this.#since.delete(id);
    this.#silent.delete(id);
  }
}
