import type { Kind, Severity } from '../../contract/event.ts';
import {
  type KpiLevel,
  type KpiPoint,
  type KpiReport,
  type KpiResponse,
  kpiLevelSchema,
  kpiStepSchema,
} from '../../contract/kpi.ts';
import type { AlarmTimes } from '../alarms/alarm-times.ts';
import { instant } from '../alarms/change.ts';
import { floodsOf } from './floods.ts';
import { type KpiDirectory, pointOf } from './names.ts';
import { DAY_MS, pieces } from './period.ts';
import type { Protection } from './protection.ts';
import { minutesOf, type Span } from './spans.ts';
import { keyOf, LIST_MAX, type Source, type Tally, worst } from './tally.ts';

const TOP = 10;
const TEN_MINUTES_MS = 600_000;
/** ISA-18.2: more than so many alarms in ten minutes are too many for one person. */
const MANAGEABLE = 10;
const severities: readonly Severity[] = [1, 2, 3, 4];

export interface ReportParts {
  tally: Tally;
  protection: Protection;
  /** As asked for. */
  asked: Span;
  /** Of it what is over, and of which there are records. */
  period: Span;
  covered: KpiReport['covered'];
  madeAt: number;
  times: Pick<AlarmTimes, 'levels' | 'escalation' | 'flood'>;
  /** IANA. */
  zone: string;
  directory: KpiDirectory;
  /** Registered zones, in their order. */
  zones: ReadonlyArray<{ id: string; name: string }>;
  zoneOfSlot(slot: string): string | undefined;
}

/** Puts the figures together, with the names that things have now. Pure. */
export function reportOf(parts: ReportParts): KpiReport {
  const { tally, protection, asked, period, madeAt, zone } = parts;
  const days = Math.max(0, period.to - period.from) / DAY_MS;
  const zoneNames = new Map([...protection.names, ...parts.zones.map(({ id, name }) => [id, name] as const)]);
  const point = (source: Partial<Source>): KpiPoint => pointOf(source, parts.directory, zoneNames);
  return {
    zone,
    from: instant(asked.from),
    to: instant(asked.to),
    madeAt: instant(madeAt),
    covered: parts.covered,
    days: rounded(days, 3),
    totals: {
      alarms: tally.alarms,
      triggers: tally.triggers,
      perDay: days === 0 ? 0 : rounded(tally.alarms / days, 1),
      open: tally.stillOpen,
      closedThemselves: tally.closedThemselves,
      kinds: Object.fromEntries(tally.kinds) as Partial<Record<Kind, number>>,
      practice: { ...tally.practice },
    },
    severities: severities.map((severity) => {
      const alarms = tally.severities.get(severity) ?? 0;
      return { severity, alarms, ...shareOf(alarms, tally.alarms) };
    }),
    types: typesOf(tally),
    frequent: frequentOf(tally, point),
    response: responseOf(tally),
    levels: levelsOf(parts),
    verdicts: { ...tally.verdicts },
    falseAlarms: falseAlarmsOf(tally, point),
    load: loadOf(tally, period),
    floods: floodFigures(parts),
    standing: {
      n: tally.standingCount,
      list: worst(tally.standing).map(({ alarm, type, source, since, ms, closedAt, active }) => ({
        alarm,
        type,
        ...point(source),
        since: instant(since),
        hours: rounded(ms / 3_600_000, 1),
        ...(closedAt === undefined ? {} : { closed: instant(closedAt) }),
        active,
      })),
    },
    chattering: {
      n: tally.chattering.size,
      list: [...tally.chattering.values()]
        .map(({ type, source, spans }) => ({
          type,
          ...point(source),
          times: spans.length,
          minutes: rounded(minutesOf(spans), 1),
        }))
        .sort((a, b) => b.minutes - a.minutes || b.times - a.times || byText(a.name, b.name))
        .slice(0, LIST_MAX),
    },
    ...protectionFigures(parts, zoneNames, point),
    blind: { n: protection.blind.length, minutes: rounded(minutesOf(protection.blind), 1) },
    series: seriesOf(tally, period, zone),
  };
}

function typesOf({ sources }: Tally): KpiReport['types'] {
  const types = new Map<string, KpiReport['types'][number]>();
  for (const { type, alarms, triggers } of sources.values()) {
    const of = types.get(type) ?? { type, alarms: 0, triggers: 0 };
    of.alarms += alarms;
    of.triggers += triggers;
    types.set(type, of);
  }
  return [...types.values()].sort(
    (a, b) => b.alarms - a.alarms || b.triggers - a.triggers || byText(a.type, b.type),
  );
}

function frequentOf(tally: Tally, point: (source: Source) => KpiPoint): KpiReport['frequent'] {
  return [...tally.sources.values()]
    .sort((a, b) => b.triggers - a.triggers || b.alarms - a.alarms || byText(a.type, b.type))
    .slice(0, TOP)
    .map(({ type, source, alarms, triggers }) => ({
      type,
      ...point(source),
      alarms,
      triggers,
      ...shareOf(triggers, tally.triggers),
    }));
}

function responseOf(tally: Tally): KpiResponse[] {
  return severities.flatMap((severity) =>
    kpiStepSchema.options.flatMap((step) => {
      const samples = tally.samples(severity, step);
      const summary = samples?.summary();
      if (samples === undefined || summary === undefined) return [];
      const { medianMs, p90Ms, longestMs, longestOf: longestAlarm } = summary;
      const [medianS, p90S, longestS] = [medianMs, p90Ms, longestMs].map((ms) => rounded(ms / 1_000, 1));
      return [{ step, severity, n: samples.n, medianS, p90S, longestS, longestAlarm } as KpiResponse];
    }),
  );
}

function levelsOf({ tally, times }: ReportParts): KpiReport['levels'] {
  const { levels, escalation } = times;
  const limits: Record<KpiLevel, number> = {
    acknowledge: escalation[0],
    handle: levels.handle,
    scene: levels.scene,
  };
  return kpiLevelSchema.options.map((level) => {
    const { met, missed, open } = tally.levels[level];
    return { level, limitS: limits[level] / 1_000, met, missed, open, ...shareOf(met, met + missed) };
  });
}

function falseAlarmsOf({ devices, verdicts }: Tally, point: (source: Source) => KpiPoint) {
  const all = [...devices.values()].map((one) => {
    const { alarms, real, nuisance, equipment } = one;
    const wrong = one.false + nuisance + equipment;
    return {
      ...point(one.source),
      alarms,
      judged: real + wrong,
      false: one.false,
      nuisance,
      equipment,
      ...rateOf(wrong, real + wrong),
      wrong,
    };
  });
  const some = all.filter(({ wrong }) => wrong > 0);
  const wrong = verdicts.false + verdicts.nuisance + verdicts.equipment;
  const judged = verdicts.real + wrong;
  return {
    judged,
    false: wrong,
    ...shareOf(wrong, judged),
    devices: some.length,
    top: some
      .sort((a, b) => b.wrong - a.wrong || (b.rate ?? 0) - (a.rate ?? 0) || byText(a.name, b.name))
      .slice(0, TOP)
      .map(({ wrong: _, ...one }) => one),
  };
}

/** Ten minutes after ten minutes from the beginning of the period. */
function loadOf({ opened }: Tally, { from, to }: Span): KpiReport['load'] {
  const counts = new Map<number, number>();
  for (const { at } of opened) {
    const index = Math.floor((at - from) / TEN_MINUTES_MS);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  let over = 0;
  let busiest: { index: number; alarms: number } | undefined;
  for (const [index, alarms] of [...counts].sort(([a], [b]) => a - b)) {
    if (alarms > MANAGEABLE) over++;
    if (busiest === undefined || alarms > busiest.alarms) busiest = { index, alarms };
  }
  const all = Math.ceil(Math.max(0, to - from) / TEN_MINUTES_MS);
  const overShare = shareOf(over, all).share;
  return {
    ...(busiest === undefined
      ? {}
      : { busiest: { at: instant(from + busiest.index * TEN_MINUTES_MS), alarms: busiest.alarms } }),
    over,
    ...(overShare === undefined ? {} : { overShare }),
  };
}

function floodFigures({ tally, times, period }: ReportParts): KpiReport['floods'] {
  const floods = floodsOf(
    tally.flooding.sort((a, b) => a - b),
    times.flood,
    period,
  );
  return {
    n: floods.length,
    minutes: rounded(minutesOf(floods), 1),
    list: [...floods]
      .sort((a, b) => b.peak - a.peak || a.from - b.from)
      .slice(0, LIST_MAX)
      .map(({ from, to, alarms, peak }) => ({ from: instant(from), to: instant(to), alarms, peak })),
  };
}

/** Minutes of each point, and of each zone the sum of those of its points; disarming is of the zone itself. */
function protectionFigures(
  { tally, protection, zones, zoneOfSlot }: ReportParts,
  zoneNames: ReadonlyMap<string, string>,
  point: (source: Partial<Source>) => KpiPoint,
): Pick<KpiReport, 'zones' | 'points'> {
  const points = new Map<
    string,
    Omit<KpiReport['points']['list'][number], keyof KpiPoint> & { source: Partial<Source> }
  >();
  const put = (
    what: 'bypassed' | 'shelved' | 'isolated',
    source: Partial<Source>,
    key: string,
    spans: Span[],
    inZone?: string,
  ): void => {
    const zone = inZone ?? (source.slot === undefined ? undefined : zoneOfSlot(source.slot));
    const of = points.get(key) ?? { source, bypassed: 0, shelved: 0, isolated: 0 };
    of[what] += minutesOf(spans);
    if (zone !== undefined) of.zone = zone;
    points.set(key, of);
  };
  for (const { slot, zone, spans } of protection.bypassed.values())
    put('bypassed', { slot }, slot ?? '', spans, zone);
  for (const { source, spans } of tally.shelved.values()) put('shelved', source, keyOf(source), spans);
  for (const { slot, device, spans } of protection.isolated.values())
    put('isolated', { slot, device }, slot ?? device ?? '', spans);

  const ids = new Set<string | undefined>([
    ...zones.map(({ id }) => id),
    ...protection.disarmed.keys(),
    ...[...points.values()].map(({ zone }) => zone),
  ]);
  const sum = (zone: string | undefined, what: 'bypassed' | 'shelved' | 'isolated'): number =>
    rounded(
      [...points.values()].reduce((all, one) => all + (one.zone === zone ? one[what] : 0), 0),
      1,
    );
  return {
    zones: [...ids].map((zone) => {
      const name = zone === undefined ? undefined : (zoneNames.get(zone) ?? zone);
      return {
        ...(zone === undefined ? {} : { zone }),
        ...(name === undefined ? {} : { name }),
        disarmed: rounded(minutesOf((zone && protection.disarmed.get(zone)) || []), 1),
        offSchedule: rounded(minutesOf(tally.offSchedule.get(`zone:${zone}`) ?? []), 1),
        bypassed: sum(zone, 'bypassed'),
        shelved: sum(zone, 'shelved'),
        isolated: sum(zone, 'isolated'),
      };
    }),
    points: {
      n: points.size,
      list: [...points.values()]
        .sort((a, b) => total(b) - total(a))
        .slice(0, LIST_MAX)
        .map(({ source, zone, bypassed, shelved, isolated }) => ({
          ...point(source),
          ...(zone === undefined ? {} : { zone }),
          bypassed: rounded(bypassed, 1),
          shelved: rounded(shelved, 1),
          isolated: rounded(isolated, 1),
        })),
    },
  };
}

function seriesOf({ opened }: Tally, period: Span, zone: string): KpiReport['series'] {
  const starts = pieces(period, zone);
  const series = starts.map((from) => ({ from: instant(from), alarms: 0, urgent: 0 }));
  const sorted = [...opened].sort((a, b) => a.at - b.at);
  let index = 0;
  for (const { at, urgent } of sorted) {
    while (index + 1 < starts.length && at >= (starts[index + 1] as number)) index++;
    const piece = series[index];
    if (piece === undefined) break;
    piece.alarms++;
    if (urgent) piece.urgent++;
  }
  return series;
}

function total({
  bypassed,
  shelved,
  isolated,
}: {
  bypassed: number;
  shelved: number;
  isolated: number;
}): number {
  return bypassed + shelved + isolated;
}

function shareOf(part: number, of: number): { share?: number } {
  return of === 0 ? {} : { share: rounded(part / of, 4) };
}

function rateOf(part: number, of: number): { rate?: number } {
  return of === 0 ? {} : { rate: rounded(part / of, 4) };
}

function rounded(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
