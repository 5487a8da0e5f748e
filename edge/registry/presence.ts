import type { ConnectionChange } from '../adapters/adapter.ts';

/** A device that drops and returns within this time was never offline: Wi-Fi roams, bridges restart. At most. */
export const OFFLINE_GRACE_MS = 15_000;
/** Who is expected (after a start, or after we closed it) has this long to come: GB 31488 finds failures in 15 min. */
export const RETURN_GRACE_MS = 15 * 60_000;

/** What to emit as DEV.OFFLINE. */
export interface PresenceEdge {
  device: string;
  edge: 'raise' | 'clear';
  /** When the connection went or came, milliseconds since 1970. */
  at: number;
  /** Why it went, as the transport says it. */
  reason?: string;
}

interface Absence {
  since: number;
  dueAt: number;
  reason?: string;
}

export interface PresenceOptions {
  /** Ids of the devices that are offline when no connection of this user is left. */
  devicesOf: (user: string) => readonly string[];
  offlineGraceMs?: number;
  returnGraceMs?: number;
}

/** Turns connections that come and go into DEV.OFFLINE, one per absence. No clock of its own. */
export class Presence {
  readonly #o: PresenceOptions;
  /** Open connections of each user: a bridge may hold several. */
  readonly #connections = new Map<string, Set<string>>();
  readonly #absent = new Map<string, Absence>();
  readonly #offline = new Set<string>();

  constructor(options: PresenceOptions) {
    this.#o = options;
  }

  /** Devices raised and not cleared. */
  get offline(): number {
    return this.#offline.size;
  }

  isOffline(device: string): boolean {
    return this.#offline.has(device);
  }

  /** Devices that the alarms of the last run left offline: they clear when they come, and are not raised again. */
  restore(devices: Iterable<string>): void {
    for (const device of devices) this.#offline.add(device);
  }

  /** Users seen before this start; who has not come back within 15 min is offline. */
  expect(users: Iterable<string>, now: number): void {
    const dueAt = now + (this.#o.returnGraceMs ?? RETURN_GRACE_MS);
    for (const user of users) {
      if (!this.#connections.has(user))
        this.#absent.set(user, { since: now, dueAt, reason: 'not back after a restart' });
    }
  }

  /** Takes what an adapter reports; returns what follows at once. */
  change(change: ConnectionChange): PresenceEdge[] {
    const { user, at } = change;
    if (user === undefined) return [];
    const name = `${change.adapter}\0${change.clientId}`;
    const open = this.#connections.get(user) ?? new Set<string>();
    if (change.online) {
      open.add(name);
      this.#connections.set(user, open);
      this.#absent.delete(user);
      return this.#clear(user, at);
    }
    if (!open.delete(name) || open.size > 0) return [];
    this.#connections.delete(user);
    const absence: Absence = { since: at, dueAt: at + this.#grace(change) };
    if (change.reason !== undefined) absence.reason = change.reason;
    this.#absent.set(user, absence);
    return this.tick(at);
  }

  #grace({ causedByUs, graceMs }: ConnectionChange): number {
    const { returnGraceMs = RETURN_GRACE_MS, offlineGraceMs = OFFLINE_GRACE_MS } = this.#o;
    return causedByUs === true ? returnGraceMs : Math.min(offlineGraceMs, graceMs ?? offlineGraceMs);
  }

  /** The raises that are due. Call about once a second. */
  tick(now: number): PresenceEdge[] {
    const edges: PresenceEdge[] = [];
    for (const [user, absence] of this.#absent) {
      // After a clock step backwards the wait starts again instead of lasting as long as the step.
      if (now < absence.since) {
        absence.dueAt -= absence.since - now;
        absence.since = now;
      }
      if (now < absence.dueAt) continue;
      this.#absent.delete(user);
      for (const device of this.#o.devicesOf(user)) {
        if (this.#offline.has(device)) continue;
        this.#offline.add(device);
        const edge: PresenceEdge = { device, edge: 'raise', at: absence.since };
        edges.push(absence.reason === undefined ? edge : { ...edge, reason: absence.reason });
      }
    }
    return edges;
  }

  #clear(user: string, at: number): PresenceEdge[] {
    const back = this.#o.devicesOf(user).filter((device) => this.#offline.delete(device));
    return back.map((device) => ({ device, edge: 'clear', at }));
  }
}
