import type { Mode, Severity } from '../../contract/event.ts';
import { eventType } from '../../contract/event-type.ts';
import { type KpiLevel, type KpiStep, kpiLevelSchema, kpiStepSchema } from '../../contract/kpi.ts';
import type { AlarmLife } from './alarm-life.ts';
import { DAY_MS } from './period.ts';
import { Samples } from './samples.ts';
import type { Span } from './spans.ts';

/** Open for longer than this it stands (ISA-18.2: stale). */
const STANDING_MS = DAY_MS;
/** Lists hold so many of the worst; how many there were is counted. */
export const LIST_MAX = 100;

/** What an alarm is about, as far as it is known. */
export interface Source {
  slot?: string | undefined;
  device?: string | undefined;
  subject: string;
}

export interface Frequency {
  type: string;
  source: Source;
  alarms: number;
  triggers: number;
}

export interface DeviceVerdicts {
  source: Source;
  alarms: number;
  real: number;
  false: number;
  nuisance: number;
  equipment: number;
}

export interface Standing {
  alarm: string;
  type: string;
  source: Source;
  since: number;
  /** How long it had been open when it was closed, or the period ended. */
  ms: number;
  closedAt: number | undefined;
  active: boolean;
}

export interface Chatter {
  type: string;
  source: Source;
  spans: Span[];
}

/** Adds up lives of alarms; holds nothing of one alarm but when it opened and how long people took. */
export class Tally {
  /** Of what the figures are about; ends now at the latest. */
  readonly #period: Span;
  /** Openings of so long before the period belong to floods that reach into it. */
  readonly #leadMs: number;
  alarms = 0;
  triggers = 0;
  stillOpen = 0;
  closedThemselves = 0;
  readonly practice = { drill: 0, walktest: 0, test: 0 };
  readonly kinds = new Map<string, number>();
  readonly severities = new Map<Severity, number>();
  readonly sources = new Map<string, Frequency>();
  readonly response = new Map<string, Samples>();
  readonly levels: Record<KpiLevel, { met: number; missed: number; open: number }>;
  readonly verdicts = { real: 0, false: 0, nuisance: 0, equipment: 0, test: 0, drill: 0, none: 0 };
  readonly devices = new Map<string, DeviceVerdicts>();
  /** When alarms opened that a flood is made of, and those of the period with their urgency. */
  readonly flooding: number[] = [];
  readonly opened: { at: number; urgent: boolean }[] = [];
  standing: Standing[] = [];
  standingCount = 0;
  readonly chattering = new Map<string, Chatter>();
  /** Alarms put aside, by source. */
  readonly shelved = new Map<string, { source: Source; spans: Span[] }>();
  /** Zones (`zone:id`) that a person had disarmed against their schedule. */
  readonly offSchedule = new Map<string, Span[]>();

  constructor(period: Span, leadMs: number) {
    this.#period = period;
    this.#leadMs = leadMs;
    const none = () => ({ met: 0, missed: 0, open: 0 });
    this.levels = Object.fromEntries(kpiLevelSchema.options.map((level) => [level, none()])) as Record<
      KpiLevel,
      ReturnType<typeof none>
    >;
  }

  add(life: AlarmLife): void {
    const { from, to } = this.#period;
    const { mode } = life.last;
    const isIn = life.openedAt >= from && life.openedAt < to;
    if (mode !== 'live') {
      if (isIn) this.practice[mode satisfies Exclude<Mode, 'live'>]++;
      return;
    }
    if (isIn) this.#addOpened(life);
    this.#addFlooding(life);
    this.#addTriggers(life, isIn);
    this.#addCalls(life);
    this.#addStanding(life);
    this.#addSpans(life);
  }

  samples(severity: Severity, step: KpiStep): Samples | undefined {
    return this.response.get(`${severity} ${step}`);
  }

  #addOpened(life: AlarmLife): void {
    const { severity, type } = life.last;
    const kind = eventType(type)?.kind ?? 'event';
    this.alarms++;
    this.opened.push({ at: life.openedAt, urgent: severity <= 2 });
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    this.severities.set(severity, (this.severities.get(severity) ?? 0) + 1);
    if (life.closedAt === undefined) this.stillOpen++;
    if (life.closedItself) this.closedThemselves++;
    for (const step of kpiStepSchema.options) {
      const ms = life.took[step];
      if (ms === undefined) continue;
      const key = `${severity} ${step}`;
      const samples = this.response.get(key) ?? new Samples();
      samples.add(ms, life.id);
      this.response.set(key, samples);
    }
    // faults and requests are handled, but nobody says of them whether they were false
    if (kind === 'alarm' || kind === 'tamper') this.#addVerdict(life);
  }

  #addVerdict({ verdict, last }: AlarmLife): void {
    this.verdicts[verdict ?? 'none']++;
    const { device } = last;
    if (device === undefined) return;
    const none = { alarms: 0, real: 0, false: 0, nuisance: 0, equipment: 0 };
    const of = this.devices.get(device) ?? { source: sourceOf(last), ...none };
    of.alarms++;
    if (verdict !== undefined && verdict !== 'test' && verdict !== 'drill') of[verdict]++;
    this.devices.set(device, of);
  }

  /** As SYS.FLOOD counts: nobody may notice a silent alarm by it, and it does not count itself. */
  #addFlooding({ openedAt, last }: AlarmLife): void {
    const { from, to } = this.#period;
    if (openedAt < from - this.#leadMs || openedAt >= to) return;
    if (last.silent !== true && last.type !== 'SYS.FLOOD') this.flooding.push(openedAt);
  }

  #addTriggers({ last, triggers }: AlarmLife, isIn: boolean): void {
    if (triggers === 0 && !isIn) return;
    const { type } = last;
    const source = sourceOf(last);
    const key = `${type} ${keyOf(source)}`;
    const of = this.sources.get(key) ?? { type, source, alarms: 0, triggers: 0 };
    of.triggers += triggers;
    if (isIn) of.alarms++;
    this.triggers += triggers;
    this.sources.set(key, of);
  }

  #addCalls({ calls }: AlarmLife): void {
    const { from, to } = this.#period;
    for (const { at, levels } of calls) {
      if (at < from || at >= to) continue;
      for (const level of kpiLevelSchema.options) {
        const outcome = levels[level];
        if (outcome !== undefined && outcome !== 'void') this.levels[level][outcome]++;
      }
    }
  }

  #addStanding({ id, last, openedAt, closedAt }: AlarmLife): void {
    const { from, to } = this.#period;
    if (closedAt !== undefined && closedAt <= from) return;
    const ms = Math.min(closedAt ?? to, to) - openedAt;
    if (ms <= STANDING_MS) return;
    this.standingCount++;
    const { type, condition } = last;
    const source = sourceOf(last);
    this.standing.push({
      alarm: id,
      type,
      source,
      since: openedAt,
      ms,
      closedAt,
      active: condition !== 'returned',
    });
    if (this.standing.length >= 2 * LIST_MAX) this.standing = worst(this.standing);
  }

  #addSpans({ last, shelved, chattering, offSchedule }: AlarmLife): void {
    const source = sourceOf(last);
    const { type, subject } = last;
    if (chattering.length > 0) {
      const key = `${type} ${keyOf(source)}`;
      const of = this.chattering.get(key) ?? { type, source, spans: [] };
      of.spans.push(...chattering);
      this.chattering.set(key, of);
    }
    if (shelved.length > 0) {
      const of = this.shelved.get(keyOf(source)) ?? { source, spans: [] };
      of.spans.push(...shelved);
      this.shelved.set(keyOf(source), of);
    }
    if (offSchedule.length > 0)
      this.offSchedule.set(subject, [...(this.offSchedule.get(subject) ?? []), ...offSchedule]);
  }
}

/** The longest of those that stand. */
export function worst(standing: readonly Standing[]): Standing[] {
  return [...standing].sort((a, b) => b.ms - a.ms || (a.alarm < b.alarm ? -1 : 1)).slice(0, LIST_MAX);
}

/** One name for each source: the slot, which stays when its unit is exchanged, else what the alarm is about. */
export function keyOf({ slot, subject }: Source): string {
  return slot ?? subject;
}

function sourceOf({ slot, device, subject }: AlarmLife['last']): Source {
  return { slot, device, subject };
}
