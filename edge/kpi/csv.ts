import { eventType } from '../../contract/event-type.ts';
import type { KpiPoint, KpiReport } from '../../contract/kpi.ts';
import { csv } from '../ops/csv.ts';

type Line = readonly [
  of: string,
  what: string,
  id: string,
  place: string,
  figure: string,
  value: string | number,
];

const head = ['分组 group', '名称 name', '编号 id', '地点 place', '指标 figure', '数值 value'];

/** The report as one long table, a figure a line: a spreadsheet filters and pivots it without a macro. Minutes, seconds, shares. */
export function kpiCsv(report: KpiReport): string {
  return csv([head, ...lines(report)]);
}

function lines(report: KpiReport): Line[] {
  const { totals, load, floods, standing, chattering, blind, falseAlarms } = report;
  const one = (of: string, figures: object): Line[] => figuresOf([of, '', '', ''], figures);
  return [
    ...one('period', {
      zone: report.zone,
      from: report.from,
      to: report.to,
      madeAt: report.madeAt,
      recordsOfAlarmsFrom: report.covered.alarms,
      recordsOfZonesFrom: report.covered.zones,
      days: report.days,
    }),
    ...one('totals', { ...totals, kinds: undefined, practice: undefined }),
    ...one('kinds', totals.kinds),
    ...one('practice', totals.practice),
    ...report.severities.flatMap(({ severity, alarms, share }) =>
      figuresOf([`severity ${severity}`, '', '', ''], { alarms, share }),
    ),
    ...report.response.flatMap(({ step, severity, ...rest }) =>
      figuresOf([`response ${step}`, `severity ${severity}`, '', ''], rest),
    ),
    ...report.levels.flatMap(({ level, ...rest }) => figuresOf([`level ${level}`, '', '', ''], rest)),
    ...one('verdicts', report.verdicts),
    ...one('false alarms', { ...falseAlarms, top: undefined }),
    ...falseAlarms.top.flatMap((device) => ofPoint('false alarms by device', device)),
    ...report.types.flatMap(({ type, ...rest }) => figuresOf(['type', typeName(type), type, ''], rest)),
    ...report.frequent.flatMap(({ type, ...rest }) => ofPoint('most frequent', rest, type)),
    ...one('load', { ...load.busiest, over: load.over, overShare: load.overShare }),
    ...one('floods', { n: floods.n, minutes: floods.minutes }),
    ...floods.list.flatMap((flood) => one('flood', flood)),
    ...one('standing', { n: standing.n }),
    ...standing.list.flatMap(({ type, active, ...rest }) =>
      ofPoint('standing', { ...rest, active: active ? 1 : 0 }, type),
    ),
    ...one('chattering', { n: chattering.n }),
    ...chattering.list.flatMap(({ type, ...rest }) => ofPoint('chattering', rest, type)),
    ...report.zones.flatMap(({ zone = '', name = '', ...rest }) =>
      figuresOf(['zone minutes', name, zone, ''], rest),
    ),
    ...report.points.list.flatMap((point) => ofPoint('point minutes', point)),
    ...one('blind', blind),
    ...report.series.flatMap(({ from, ...rest }) => figuresOf(['course', from, '', ''], rest)),
  ];
}

function ofPoint<Entry extends KpiPoint>(of: string, entry: Entry, type?: string): Line[] {
  const { slot, device, name, place = '', ...figures } = entry;
  const what = type === undefined ? name : `${typeName(type)} · ${name}`;
  return figuresOf([of, what, slot ?? device ?? '', place], figures);
}

function figuresOf(
  [of, what, id, place]: readonly [string, string, string, string],
  figures: object,
): Line[] {
  return Object.entries(figures).flatMap(([figure, value]) =>
    typeof value === 'number' || typeof value === 'string'
      ? [[of, what, id, place, figure, value] as const]
      : [],
  );
}

function typeName(code: string): string {
  return eventType(code)?.zh ?? code;
}
