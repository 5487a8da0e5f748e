import type { DayKind } from '../../contract/calendar.ts';
import type { Event, EventDraft } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import {
  type ArmMode,
  type BlindWindow,
  blindWindowSchema,
  type Prompt,
  type ZoneReason,
  type ZoneView,
} from '../../contract/zone.ts';
import { instant } from '../alarms/change.ts';
import type { Armed } from '../alarms/lifecycle.ts';
import type { Machine, Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import { blindWindows } from './blind-windows.ts';
import { Calendar } from './calendar.ts';
import { dayAfter, type LocalTime, localTime } from './local-time.ts';
import { Readiness, type ReadinessSources } from './readiness.ts';
import { ZoneBook, type ZoneBookOptions, type ZoneEntry } from './zone-book.ts';
import { Scheduler } from './zone-schedule.ts';
import { elapsed, isWatched, signalled } from './zone-state.ts';

/** How often schedules are looked at, and reasons seen that no event told of. */
const CHECK_MS = 5_000;
/** How often the sign of life is kept that tells, after a power cut, since when nothing was watched. */
const HEARTBEAT_MS = 30_000;
/** How far ahead a year without holidays is told of. */
const YEAR_AHEAD_DAYS = 30;

const HEARTBEAT_KEY = 'arming:heartbeat';
const BLIND_KEY = 'arming:blind';
const CALENDAR_KEY = 'arming:calendar';

export interface ArmingOptions {
  registry: ZoneBookOptions['registry'] & ReadinessSources['registry'];
  devices: ReadinessSources['devices'];
  book: ReadinessSources['book'];
  /** What the last run kept. */
  states: ReadonlyMap<string, string>;
  /** IANA zone of the campus. */
  zone: string;
  /** Milliseconds since 1970, and monotonic. */
  clock: () => number;
  monotonic: () => number;
  newId: () => string;
  /** Zones, prompts or windows have changed: consoles should be told. Called in a turn of its own. */
  onChange: () => void;
}

/** What consoles are shown of zones. */
export interface ArmingStatus {
  zones: ZoneView[];
  prompts: Prompt[];
  blind: BlindWindow[];
}

/**
 * Zones (CONTRACT section 4; GB 50394 5.2.3): decides for each signal of a disarmable type whether it alarms now, later or
 * not at all, runs the delays and the schedules, and keeps it all over restarts. What is not disarmable it never touches.
 */
export class Arming implements Machine {
  readonly zones: ZoneBook;
  readonly scheduler: Scheduler;
  readonly #o: ArmingOptions;
  readonly #readiness: Readiness;
  #calendar: { version: string | number; calendar: Calendar } | undefined;
  #blind: BlindWindow[];
  #keepBlind = true;
  /** Since when the calendar does not know the day: a fault is open. */
  #calendarFault: string | undefined;
  #checkAt: number;
  #heartbeatAt = Number.NEGATIVE_INFINITY;
  #status: ArmingStatus | undefined;
  #statusVersion: string | number | undefined;
  #telling = false;

  constructor(options: ArmingOptions) {
    const { states, clock, monotonic, newId, registry } = options;
    this.#o = options;
    this.zones = new ZoneBook({ registry, states, clock, monotonic });
    this.#readiness = new Readiness(options);
    this.scheduler = new Scheduler({
      zones: this.zones,
      calendar: () => this.calendar(),
      reasons: (entry, mode) => this.reasonsOf(entry, mode),
      clock,
    });
    this.#blind = blindWindows(keptWindows(states), states.get(HEARTBEAT_KEY), instant(clock()), newId());
    this.#calendarFault = states.get(CALENDAR_KEY);
    this.#checkAt = monotonic();
  }

  armed(event: Event): Armed | undefined {
    if (eventType(event.type)?.disarmable !== true) return undefined;
    const found = this.zones.find(event.origin.slot);
    if (found === undefined) return undefined;
    // a walk test is about what the detector says, not about the zone
    if (event.mode === 'walktest') return 'always';
    const { entry, point } = found;
    const { state, verdict } = signalled(entry.state, event, point, () =>
      this.zones.deadline(this.zones.entryDelay(entry)),
    );
    this.zones.set(entry, state);
    return verdict;
  }

  follow(_event: Event, _changes: unknown, moves: Moves): void {
    // readiness may have changed, whatever it was
    this.#status = undefined;
    if (this.zones.changed) this.settle(moves);
  }

  dueAt(): number {
    return Math.min(this.#checkAt, ...this.zones.all().map(({ dueAt }) => dueAt ?? Number.POSITIVE_INFINITY));
  }

  act(moves: Moves): void {
    const now = this.#o.monotonic();
    for (const entry of this.zones.all())
      if ((entry.dueAt ?? Number.POSITIVE_INFINITY) <= now) this.#elapse(entry, moves);
    if (now >= this.#checkAt) this.#check(now, moves);
    this.settle(moves);
  }

  /** Keeps what has changed, and tells consoles in a turn of its own. */
  settle(moves: Moves): void {
    if (this.zones.changed || this.#keepBlind) this.#tell();
    this.zones.keep(moves);
    if (!this.#keepBlind) return;
    this.#keepBlind = false;
    moves.keep(BLIND_KEY, this.#blind.length === 0 ? undefined : JSON.stringify(this.#blind));
  }

  /** The clocks of the campus now. */
  now(): LocalTime {
    return localTime(this.#o.clock(), this.#o.zone);
  }

  calendar(): Calendar {
    const { registry } = this.#o;
    const { version } = registry;
    if (this.#calendar?.version !== version)
      this.#calendar = { version, calendar: new Calendar(registry.site().calendar) };
    return this.#calendar.calendar;
  }

  /** What today is by the calendar, for the province. */
  dayKind(): DayKind | 'unknown' {
    return this.calendar().dayOf(this.now().day).kind ?? 'unknown';
  }

  /** Why the slots that a mode watches are not ready; by-passed ones do not count. */
  reasonsOf(entry: ZoneEntry, mode: ArmMode): ZoneReason[] {
    const state = { ...entry.state, mode };
    const watched = entry.slots.filter((slot) => {
      const point = this.zones.pointOf(slot);
      return point !== undefined && isWatched(state, point);
    });
    return this.#readiness.reasonsOf(new Set(watched));
  }

  isOpen(slot: string): boolean {
    return this.#readiness.isOpen(slot);
  }

  get blind(): readonly BlindWindow[] {
    return this.#blind;
  }

  set blind(windows: readonly BlindWindow[]) {
    this.#blind = [...windows];
    this.#keepBlind = true;
  }

  /** For SYS.BOOT: the window that ends with this start. */
  bootFacts(): { blind?: Omit<BlindWindow, 'id'> } {
    const last = this.#blind.at(-1);
    if (last === undefined) return {};
    const { id: _, ...blind } = last;
    return { blind };
  }

  view(entry: ZoneEntry): ZoneView {
    const { zone, state, slots, place, removed } = entry;
    const scheduled = this.scheduler.scheduled(entry, this.now());
    return {
      id: zone.id,
      name: zone.name,
      ...(place === undefined ? {} : { place }),
      mode: state.mode,
      phase: state.phase,
      version: state.version,
      since: state.since,
      by: state.by,
      ...(state.deadline === undefined
        ? {}
        : { until: state.deadline.until, delayS: state.deadline.ofMs / 1_000 }),
      slots: slots.length,
      reasons: this.reasonsOf(entry, state.mode === 'disarmed' ? 'away' : state.mode),
      bypasses: [...state.bypasses],
      ...(scheduled === undefined ? {} : { scheduled: { mode: scheduled.mode, until: scheduled.until } }),
      ...(removed ? { removed } : {}),
    };
  }

  /** Made anew only when something happened, or was registered, since. */
  status(): ArmingStatus {
    const { version } = this.#o.registry;
    if (version !== this.#statusVersion) this.#status = undefined;
    this.#statusVersion = version;
    this.#status ??= {
      zones: this.zones.all().map((entry) => this.view(entry)),
      prompts: this.#prompts(),
      blind: [...this.#blind],
    };
    return this.#status;
  }

  /** A delay is over: what it kept back is judged, in order. */
  #elapse(entry: ZoneEntry, moves: Moves): void {
    const { state, judge } = elapsed(entry.state);
    this.zones.set(entry, state);
    for (const event of judge) moves.judge(event, 'always');
  }

  #check(now: number, moves: Moves): void {
    const { clock } = this.#o;
    this.#checkAt = now + CHECK_MS;
    const local = this.now();
    for (const entry of this.zones.all()) this.scheduler.check(entry, local, moves);
    this.#checkCalendar(local, moves);
    if (now - this.#heartbeatAt >= HEARTBEAT_MS) {
      this.#heartbeatAt = now;
      moves.keep(HEARTBEAT_KEY, instant(clock()));
    }
    const before = JSON.stringify(this.#status);
    this.#status = undefined;
    if (JSON.stringify(this.status()) !== before) this.#tell();
  }

  #checkCalendar({ day }: LocalTime, moves: Moves): void {
    const missing = this.#hasSchedules() && this.calendar().dayOf(day).kind === undefined;
    if (missing === (this.#calendarFault !== undefined)) return;
    this.#calendarFault = missing ? instant(this.#o.clock()) : undefined;
    moves.keep(CALENDAR_KEY, this.#calendarFault);
    const draft: EventDraft = ownDraft('DEV.FAULT', missing ? 'raise' : 'clear', this.#o.clock(), {
      reason: 'the calendar does not cover this day: zones with a schedule arm at 22:00',
      day,
    });
    moves.emit({ ...draft, input: 'calendar' });
  }

  #hasSchedules(): boolean {
    return this.zones.all().some(({ zone }) => zone.schedule !== undefined);
  }

  #prompts(): Prompt[] {
    const prompts: Prompt[] = this.zones
      .all()
      .flatMap(({ zone: { id: zone }, watch }) => [
        ...(watch.failed === undefined ? [] : [{ kind: 'arm-failed' as const, zone, since: watch.failed }]),
        ...(watch.off === undefined ? [] : [{ kind: 'off-schedule' as const, zone, since: watch.off }]),
        ...(watch.due === undefined ? [] : [{ kind: 'disarm-due' as const, zone, since: watch.due }]),
      ]);
    if (this.#calendarFault !== undefined)
      prompts.push({ kind: 'calendar-missing', since: this.#calendarFault });
    const today = this.now().day;
    const years = new Set([today, dayAfter(today, YEAR_AHEAD_DAYS)].map((day) => day.slice(0, 4)));
    if (this.#hasSchedules())
      for (const year of years)
        if (!this.calendar().yearKnown(year)) prompts.push({ kind: 'year-missing', year: Number(year) });
    return prompts;
  }

  #tell(): void {
    this.#status = undefined;
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      this.#o.onChange();
    });
  }
}

function keptWindows(states: ReadonlyMap<string, string>): BlindWindow[] {
  try {
    return blindWindowSchema.array().parse(JSON.parse(states.get(BLIND_KEY) ?? '[]'));
  } catch {
    return [];
  }
}
