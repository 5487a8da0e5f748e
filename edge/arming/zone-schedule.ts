import type { ArmMode, ZoneReason } from '../../contract/zone.ts';
import { instant } from '../alarms/change.ts';
import type { Moves } from '../pipeline/machine.ts';
import { ownDraft } from '../pipeline/own-event.ts';
import type { Calendar } from './calendar.ts';
import type { LocalTime } from './local-time.ts';
import { type Scheduled, scheduledAt } from './schedule.ts';
import { type Watch, type ZoneBook, type ZoneEntry, zoneInput } from './zone-book.ts';
import { armed } from './zone-state.ts';

export interface SchedulerOptions {
  zones: ZoneBook;
  calendar: () => Calendar;
  reasons: (entry: ZoneEntry, mode: ArmMode) => ZoneReason[];
  clock: () => number;
}

/** Who armed it, in `by`. */
const SCHEDULE = 'schedule';
const bySchedule = { by: SCHEDULE, role: 'system' };

/**
 * Arms zones by their schedules and asks people to disarm them. It never disarms, and never lowers a mode. What a person
 * disarmed within a period stays so until the next period begins, and is alarmed meanwhile.
 */
export class Scheduler {
  readonly #o: SchedulerOptions;

  constructor(options: SchedulerOptions) {
    this.#o = options;
  }

  /** What the schedule of a zone wants now. */
  scheduled(entry: ZoneEntry, now: LocalTime): Scheduled | undefined {
    return entry.removed ? undefined : scheduledAt(entry.zone, this.#o.calendar(), now);
  }

  /** Looks at a zone: called every few seconds. */
  check(entry: ZoneEntry, now: LocalTime, moves: Moves): void {
    const wanted = this.scheduled(entry, now);
    if (wanted?.period !== entry.watch.period) this.#turn(entry, wanted, moves);
    if (wanted === undefined || entry.watch.off !== undefined) return;
    if (isAsWanted(entry, wanted.mode)) {
      this.clearFailed(entry, moves);
      return;
    }
    // a delay that runs is for a person to end
    const { phase } = entry.state;
    if (phase !== 'disarmed' && phase !== 'armed') return;
    const reasons = this.#o.reasons(entry, wanted.mode);
    if (reasons.length > 0) this.#fail(entry, reasons, moves);
    else this.#arm(entry, wanted, moves);
  }

  /** A person disarmed a zone: within a period of its schedule that is an alarm of its own. */
  disarmedByPerson(entry: ZoneEntry, by: string, now: LocalTime, moves: Moves): void {
    const { due: _, ...watch } = entry.watch;
    this.#o.zones.setWatch(entry, watch);
    this.clearFailed(entry, moves);
    const wanted = this.scheduled(entry, now);
    if (wanted === undefined || entry.watch.off !== undefined) return;
    this.#o.zones.setWatch(entry, { ...entry.watch, period: wanted.period, off: instant(this.#o.clock()) });
    this.#tell('ARM.OFF_SCHED', 'raise', entry, { by, until: wanted.until }, moves);
  }

  /** A person armed a zone: whatever the schedule had to say is settled. */
  armedByPerson(entry: ZoneEntry, moves: Moves): void {
    this.clearFailed(entry, moves);
    this.#clearOff(entry, moves);
    const { due: _, ...watch } = entry.watch;
    this.#o.zones.setWatch(entry, watch);
  }

  clearFailed(entry: ZoneEntry, moves: Moves): void {
    const { failed, ...watch } = entry.watch;
    if (failed === undefined) return;
    this.#o.zones.setWatch(entry, watch);
    this.#tell('ARM.FAIL', 'clear', entry, {}, moves);
  }

  /** Another period of the schedule has begun, or the last one is over. */
  #turn(entry: ZoneEntry, wanted: Scheduled | undefined, moves: Moves): void {
    const was = entry.watch.period;
    this.#clearOff(entry, moves);
    if (wanted === undefined) this.clearFailed(entry, moves);
    const { due, period: _, ...watch } = entry.watch;
    const isDue = wanted === undefined && was !== undefined && entry.state.mode !== 'disarmed';
    const next: Watch = {
      ...watch,
      ...(wanted === undefined ? {} : { period: wanted.period }),
      ...(isDue ? { due: instant(this.#o.clock()) } : {}),
      ...(wanted === undefined && due !== undefined ? { due } : {}),
    };
    this.#o.zones.setWatch(entry, next);
  }

  #arm(entry: ZoneEntry, { mode, until }: Scheduled, moves: Moves): void {
    const { zones, clock } = this.#o;
    const at = instant(clock());
    const isWay = (slot: string): boolean => zones.pointOf(slot)?.entry === true;
    const exit = entry.slots.some(isWay) ? zones.deadline(entry.zone.exitDelay) : undefined;
    zones.set(entry, armed(entry.state, mode, { by: SCHEDULE, at, exit, bypasses: [] }));
    this.clearFailed(entry, moves);
    this.#tell(
      mode === 'away' ? 'ARM.SET' : 'ARM.STAY',
      'pulse',
      entry,
      { ...bySchedule, mode, until },
      moves,
    );
  }

  #fail(entry: ZoneEntry, reasons: readonly ZoneReason[], moves: Moves): void {
    if (entry.watch.failed !== undefined) return;
    this.#o.zones.setWatch(entry, { ...entry.watch, failed: instant(this.#o.clock()) });
    this.#tell('ARM.FAIL', 'raise', entry, { ...bySchedule, reasons: [...reasons] }, moves);
  }

  #clearOff(entry: ZoneEntry, moves: Moves): void {
    const { off, ...watch } = entry.watch;
    if (off === undefined) return;
    this.#o.zones.setWatch(entry, watch);
    this.#tell('ARM.OFF_SCHED', 'clear', entry, {}, moves);
  }

  #tell(
    type: string,
    edge: 'raise' | 'clear' | 'pulse',
    entry: ZoneEntry,
    data: Record<string, unknown>,
    moves: Moves,
  ): void {
    const { id, name } = entry.zone;
    const draft = ownDraft(type, edge, this.#o.clock(), { zone: id, name, ...data });
    moves.emit({ ...draft, input: zoneInput(id) }, { origin: this.#o.zones.originOf(entry) });
  }
}

/** Watched as the schedule wants, or more than that. */
function isAsWanted({ state }: ZoneEntry, mode: ArmMode): boolean {
  return state.mode === 'away' || state.mode === mode;
}
