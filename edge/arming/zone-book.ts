import type { Origin } from '../../contract/event.ts';
import type { Place, Site, Slot } from '../../contract/site.ts';
import { type Zone, zoneSchema } from '../../contract/zone.ts';
import { instant } from '../alarms/change.ts';
import { deadlineIn, type KeptDeadline, remainingMs } from '../ops/deadline.ts';
import type { Moves } from '../pipeline/machine.ts';
import { commonPlace, zoneOfSlots } from '../registry/zone-members.ts';
import { disarmedState, type Point, type ZoneState } from './zone-state.ts';

/** What the schedule makes of a zone; times in ISO 8601. */
export interface Watch {
  /** The period of the schedule that was running when it was last looked at. */
  readonly period?: string;
  /** Since when it could not be armed as scheduled: an ARM.FAIL is open. */
  readonly failed?: string;
  /** Since when a person has it disarmed although it is scheduled: an ARM.OFF_SCHED is open. */
  readonly off?: string;
  /** Since when a person should disarm it. */
  readonly due?: string;
}

/** A zone at work. */
export interface ZoneEntry {
  zone: Zone;
  state: ZoneState;
  watch: Watch;
  /** End of its delay, monotonic milliseconds. */
  dueAt: number | undefined;
  /** It is registered no more, and still armed. */
  removed: boolean;
  /** Its slots as they are registered now. */
  slots: readonly string[];
  place: string | undefined;
  /** While armed: what it watches, as it was when it was armed. It may grow since, and never shrinks. */
  watched: Watched | undefined;
}

/** What was armed. */
interface Watched {
  readonly slots: readonly string[];
  readonly entrySlots: readonly string[];
  readonly staySlots: readonly string[];
  /** Seconds. */
  readonly entryDelay: number;
}

export interface ZoneBookOptions {
  registry: {
    readonly version: string | number;
    site(): Pick<Site, 'zones' | 'slots' | 'places' | 'calendar'>;
    place(id: string): Place | undefined;
    slot(id: string): Slot | undefined;
  };
  /** What the last run kept. */
  states: ReadonlyMap<string, string>;
  /** Milliseconds since 1970, and monotonic. */
  clock: () => number;
  monotonic: () => number;
}

const KEY = 'zone:';

interface Kept {
  zone: Zone;
  state: ZoneState;
  watch: Watch;
  watched?: Watched;
}

/**
 * The zones with their states, and the way from a slot to its zone. A zone that is armed and no longer registered stays
 * until a person disarms it, and so does what it watches: no import and no administrator disarms anything.
 */
export class ZoneBook {
  readonly #o: ZoneBookOptions;
  readonly #entries = new Map<string, ZoneEntry>();
  readonly #dirty = new Set<string>();
  #version: string | number | undefined;
  #bySlot: ReadonlyMap<string, { entry: ZoneEntry; point: Point }> = new Map();

  constructor(options: ZoneBookOptions) {
    this.#o = options;
    for (const [key, value] of options.states) if (key.startsWith(KEY)) this.#restore(value);
    this.refresh();
  }

  /** Takes over what is registered now. Costs nothing while nothing has changed. */
  refresh(): void {
    const { registry, clock } = this.#o;
    if (registry.version === this.#version) return;
    this.#version = registry.version;
    const site = registry.site();
    const zones = new Map(site.zones.map((zone) => [zone.id, zone]));
    for (const [id, entry] of this.#entries) {
      const zone = zones.get(id);
      if (zone === undefined && entry.state.mode === 'disarmed') this.#forget(id);
      else entry.removed = zone === undefined;
      if (zone !== undefined) entry.zone = zone;
    }
    for (const zone of site.zones)
      if (!this.#entries.has(zone.id)) this.#add(zone, disarmedState(instant(clock())));
    this.#index(site);
  }

  all(): ZoneEntry[] {
    this.refresh();
    return [...this.#entries.values()];
  }

  get(id: string): ZoneEntry | undefined {
    this.refresh();
    return this.#entries.get(id);
  }

  /** The zone of a slot, and what the slot is in it; undefined: it is in none. */
  find(slot: string | undefined): { entry: ZoneEntry; point: Point } | undefined {
    this.refresh();
    return slot === undefined ? undefined : this.#bySlot.get(slot);
  }

  pointOf(slot: string): Point | undefined {
    return this.#bySlot.get(slot)?.point;
  }

  /** The entry delay, seconds: what the zone was armed with, or less. */
  entryDelay({ zone, watched }: ZoneEntry): number {
    return Math.min(zone.entryDelay, watched?.entryDelay ?? zone.entryDelay);
  }

  /** A delay of so many seconds that begins now; undefined for none. */
  deadline(seconds: number): KeptDeadline | undefined {
    return seconds === 0 ? undefined : deadlineIn(seconds * 1_000, this.#o.clock());
  }

  set(entry: ZoneEntry, state: ZoneState): void {
    if (state === entry.state) return;
    const { deadline } = state;
    if (deadline === undefined) entry.dueAt = undefined;
    // a delay that began now: its end is counted on the monotonic clock, which no clock step moves
    else if (deadline !== entry.state.deadline) entry.dueAt = this.#o.monotonic() + deadline.ofMs;
    const wasArmed = entry.state.mode !== 'disarmed';
    entry.state = state;
    this.#dirty.add(entry.zone.id);
    if (state.mode !== 'disarmed') entry.watched ??= watchedBy(entry);
    else {
      entry.watched = undefined;
      // what was changed meanwhile holds from now on
      if (wasArmed) this.#version = undefined;
    }
  }

  setWatch(entry: ZoneEntry, watch: Watch): void {
    if (JSON.stringify(watch) === JSON.stringify(entry.watch)) return;
    entry.watch = watch;
    this.#dirty.add(entry.zone.id);
  }

  /** Something changed that is not kept yet. */
  get changed(): boolean {
    return this.#dirty.size > 0;
  }

  /** Keeps what has changed in the commit that is being built. */
  keep(moves: Pick<Moves, 'keep'>): void {
    for (const id of this.#dirty) {
      const entry = this.#entries.get(id);
      if (entry?.removed === true && entry.state.mode === 'disarmed') {
        this.#entries.delete(id);
        // its slots are in no zone from now on
        this.#version = undefined;
        moves.keep(KEY + id, undefined);
        continue;
      }
      const kept = entry && {
        zone: entry.zone,
        state: entry.state,
        watch: entry.watch,
        ...(entry.watched === undefined ? {} : { watched: entry.watched }),
      };
      moves.keep(KEY + id, kept && JSON.stringify(kept satisfies Kept));
    }
    this.#dirty.clear();
  }

  /** Where events of a zone happen. */
  originOf({ place }: ZoneEntry): Partial<Origin> {
    return place === undefined ? {} : { place };
  }

  #restore(text: string): void {
    const kept = readKept(text);
    if (kept === undefined) return;
    const entry = this.#add(kept.zone, kept.state, kept.watch);
    entry.watched = kept.watched;
    const { deadline } = kept.state;
    if (deadline !== undefined) {
      entry.dueAt = this.#o.monotonic() + remainingMs(deadline, this.#o.clock());
    }
  }

  #add(zone: Zone, state: ZoneState, watch: Watch = {}): ZoneEntry {
    const entry: ZoneEntry = {
      zone,
      state,
      watch,
      dueAt: undefined,
      removed: false,
      slots: [],
      place: undefined,
      watched: undefined,
    };
    this.#entries.set(zone.id, entry);
    return entry;
  }

  #forget(id: string): void {
    this.#entries.delete(id);
    this.#dirty.add(id);
  }

  #index({ slots, places }: Pick<Site, 'slots' | 'places'>): void {
    const { registry } = this.#o;
    const zones = [...this.#entries.values()].map(({ zone }) => zone);
    const members = zoneOfSlots({ zones, slots, places });
    // what is watched around the clock by now is watched without any delay
    const registered = new Set(slots.flatMap(({ id, armed }) => (armed === 'always' ? [] : [id])));
    const bySlot = new Map<string, { entry: ZoneEntry; point: Point }>();
    for (const entry of this.#entries.values()) {
      const { zone } = entry;
      const now = [...members].flatMap(([slot, { id }]) => (id === zone.id ? [slot] : []));
      const { watched } = entry;
      const still = watched?.slots.filter((slot) => registered.has(slot)) ?? [];
      entry.slots = [...new Set([...still, ...now])];
      entry.place = commonPlace(
        entry.slots.flatMap((slot) => registry.slot(slot)?.place ?? []),
        (id) => registry.place(id),
      );
      const entries = new Set(zone.entrySlots);
      const off = new Set(zone.staySlots);
      for (const slot of now)
        bySlot.set(slot, { entry, point: { slot, entry: entries.has(slot), offInStay: off.has(slot) } });
    }
    // last: what an armed zone watches is its own, whatever the others say since
    for (const entry of this.#entries.values()) {
      if (entry.state.mode === 'disarmed') continue;
      entry.watched ??= watchedBy(entry);
      const { slots, entrySlots, staySlots } = entry.watched;
      for (const slot of slots.filter((id) => registered.has(id))) {
        const point = { slot, entry: entrySlots.includes(slot), offInStay: staySlots.includes(slot) };
        bySlot.set(slot, { entry, point });
      }
    }
    this.#bySlot = bySlot;
  }
}

function watchedBy({ slots, zone }: ZoneEntry): Watched {
  const { entrySlots = [], staySlots = [], entryDelay } = zone;
  return { slots: [...slots], entrySlots: [...entrySlots], staySlots: [...staySlots], entryDelay };
}

/** Our own rows; one that cannot be read is passed over rather than stopping the start. */
function readKept(text: string): Kept | undefined {
  try {
    const { zone, state, watch, watched } = JSON.parse(text) as Kept;
    const readable =
      typeof state.mode === 'string' && Array.isArray(state.held) && Array.isArray(state.bypasses);
    if (!readable) return undefined;
    return { zone: zoneSchema.parse(zone), state, watch, ...(watched === undefined ? {} : { watched }) };
  } catch {
    return undefined;
  }
}

/** An event of a zone has its id as input, so that alarms about zones are told apart. */
export function zoneInput(id: string): string {
  return `zone:${id}`;
}
