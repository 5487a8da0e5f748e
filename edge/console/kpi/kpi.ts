import type { KpiReport } from '../../../contract/kpi.ts';
import { type Answer, apiUrl, call } from '../api.ts';
import { durationText } from '../names.ts';

/** What somebody looks at. */
export type KpiPeriod = 'day' | 'week' | 'month' | 'span';

/** As the form has it; empty days are today. Days as `2026-12-01`. */
export interface KpiChoice {
  period: KpiPeriod;
  day: string;
  from: string;
  to: string;
}

export function fetchKpi(choice: KpiChoice): Promise<Answer<KpiReport>> {
  return call<KpiReport>('GET', `kpi?${queryOf(choice)}`);
}

/** Where a browser gets the file of it. */
export function kpiFile(choice: KpiChoice, as: 'csv' | 'json'): string {
  return `${apiUrl('kpi/export')}?${queryOf(choice)}&as=${as}`;
}

function queryOf({ period, day, from, to }: KpiChoice): string {
  const query = new URLSearchParams();
  if (period === 'span') {
    query.set('from', from);
    query.set('to', to);
  } else {
    query.set('period', period);
    if (day !== '') query.set('day', day);
  }
  return query.toString();
}

/** `62.5 %`; a dash of nothing. */
export function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${Math.round(share * 1_000) / 10} %`;
}

/** Minutes as people say them; a dash of none. */
export function minutesText(minutes: number): string {
  return minutes === 0 ? '–' : durationText(minutes * 60_000);
}

/** `4:05`, `1:02:30`: short enough for a telephone. From a day on as people say it. */
export function stopwatch(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole >= 86_400) return durationText(whole * 1_000);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}
