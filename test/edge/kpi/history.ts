import type { Alarm, Transition } from '../../../contract/alarm.ts';
import type { KpiReport } from '../../../contract/kpi.ts';
import type { Place, Slot } from '../../../contract/site.ts';
import { defaultAlarmTimes } from '../../../edge/alarms/alarm-times.ts';
import type { Change } from '../../../edge/alarms/change.ts';
import type { ProtectionRow, TransitionRow } from '../../../edge/journal/history-rows.ts';
import { idAt, LifeFold } from '../../../edge/kpi/alarm-life.ts';
import { Protection, type ZoneNow } from '../../../edge/kpi/protection.ts';
import { type ReportParts, reportOf } from '../../../edge/kpi/report.ts';
import type { Span } from '../../../edge/kpi/spans.ts';
import { Tally } from '../../../edge/kpi/tally.ts';
import { Play } from '../alarms/play.ts';

/** The campus is in Jinan: its day begins at 16:00 UTC. */
export const ZONE = 'Asia/Shanghai';
/** 2026-09-01 of the campus. */
export const DAY: Span = { from: Date.UTC(2026, 7, 31, 16), to: Date.UTC(2026, 8, 1, 16) };

/** Milliseconds of a time of that day, `09:30` or `09:30:05`, on the clocks of the campus. */
export function at(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return DAY.from + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
}

const places: Place[] = [
  { id: 'campus', kind: 'campus', name: '主校区' },
  { id: 'gate', kind: 'building', name: '南门', parent: 'campus' },
];
const slots: Slot[] = [
  { id: 'gate-panic', name: '门卫一键报警', place: 'gate', armed: 'always' },
  { id: 'gate-door', name: '岗亭门磁', place: 'gate', armed: 'never' },
];

export const directory = {
  place: (id: string) => places.find((one) => one.id === id),
  slot: (id: string) => slots.find((one) => one.id === id),
  device: (id: string) => (id === 'gone' ? undefined : { name: `设备 ${id}` }),
};

/** The real lifecycle of alarms with a clock that the test sets; what happened as the journal would have it. */
export class History extends Play {
  readonly #rows: Array<{ at: number; transition: Transition }> = [];
  #made = 0;

  override newId(): string {
    const hex = String(++this.#made).padStart(12, '0');
    return `${idAt(this.now)}000-8000-${hex}`;
  }

  /** Everything from here on happens then. */
  at(time: string | number): this {
    this.#stamp();
    this.now = typeof time === 'number' ? time : at(time);
    return this;
  }

  /** What a timer of the gateway does. */
  amend(id: string, change: (alarm: Alarm) => Change[]): void {
    for (const { transition } of this.book.amend(id, change)) this.transitions.push(transition);
  }

  /** Rows as the journal has them, alarm by alarm. */
  rows(): TransitionRow[] {
    return this.stamped()
      .map(({ at: when, transition }, index): TransitionRow => {
        const { alarm, alarmId, action, role, version, reason } = transition;
        return {
          alarm: alarmId,
          position: index + 1,
          at: when,
          action,
          role,
          version,
          ...(reason === undefined ? {} : { reason }),
          after: alarm,
        };
      })
      .sort((a, b) => (a.alarm === b.alarm ? a.position - b.position : a.alarm < b.alarm ? -1 : 1));
  }

  stamped(): Array<{ at: number; transition: Transition }> {
    this.#stamp();
    return this.#rows;
  }

  #stamp(): void {
    for (const transition of this.transitions.slice(this.#rows.length))
      this.#rows.push({ at: this.now, transition });
  }
}

export interface Told {
  rows?: readonly TransitionRow[];
  protection?: readonly ProtectionRow[];
  zones?: readonly ZoneNow[];
  period?: Span;
  now?: number;
  flood?: { count: number; windowMs: number };
}

/** The report of rows that all are at hand, with the default times of the gateway. */
export function report(told: Told): KpiReport {
  return reportOf(partsOf(told));
}

export function partsOf({
  rows = [],
  protection = [],
  zones = [],
  period = DAY,
  now,
  flood,
}: Told): ReportParts {
  const made = now ?? period.to;
  const known = { from: period.from, to: Math.min(period.to, made) };
  const times = { ...defaultAlarmTimes, flood: flood ?? defaultAlarmTimes.flood };
  const tally = new Tally(known, times.flood.windowMs);
  const context = { period: known, now: made, acknowledgeMs: times.escalation[0] };
  let fold: LifeFold | undefined;
  rows.forEach((row, index) => {
    if (row.alarm !== rows[index - 1]?.alarm) {
      if (fold !== undefined) tally.add(fold.end());
      fold = new LifeFold(row, context);
    }
    fold?.add(row);
  });
  if (fold !== undefined) tally.add(fold.end());
  const watched = new Protection(known, (device) => device !== 'gone');
  for (const row of protection) watched.add(row);
  watched.end(zones, made);
  return {
    tally,
    protection: watched,
    asked: period,
    period: known,
    covered: {},
    madeAt: made,
    times,
    zone: ZONE,
    directory,
    zones,
    zoneOfSlot: (slot) => (slot === 'gate-door' ? 'gate-zone' : undefined),
  };
}
