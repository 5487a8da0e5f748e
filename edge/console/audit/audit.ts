import type { AuditEntry } from '../../../contract/audit.ts';
import { type Answer, apiUrl, call } from '../api.ts';
import { t, te } from '../i18n/i18n.ts';
import { typeName } from '../names.ts';

/** A line of the audit with its number. */
export type AuditLine = AuditEntry & { n: number };

/** What the auditor looks for; empty: everything. Times as `datetime-local` has them. */
export interface AuditFilter {
  user: string;
  on: string;
  act: string;
  from: string;
  to: string;
}

export interface AuditPage {
  lines: AuditLine[];
  next?: number;
}

const PAGE = 200;
/** Pages without a line that are passed over in one go. */
const MAX_EMPTY = 50;

/** The next lines that fit, newest first; goes on over pages on which nothing fits. */
export async function readAudit(filter: AuditFilter, before?: number): Promise<Answer<AuditPage>> {
  let next = before;
  for (let empty = 0; ; empty++) {
    const answer = await call<AuditPage>('GET', `audit?${queryOf(filter, { limit: PAGE, before: next })}`);
    const { body } = answer;
    if (body === undefined || body.lines.length > 0 || body.next === undefined || empty >= MAX_EMPTY)
      return answer;
    next = body.next;
  }
}

/** Where a browser gets the file of it. */
export function exportUrl(filter: AuditFilter, as: 'csv' | 'json'): string {
  return `${apiUrl('audit/export')}?${queryOf(filter, { as })}`;
}

function queryOf(filter: AuditFilter, more: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const key of ['user', 'on', 'act'] as const)
    if (filter[key].trim() !== '') query.set(key, filter[key].trim());
  for (const key of ['from', 'to'] as const)
    if (filter[key] !== '') query.set(key, new Date(filter[key]).toISOString());
  for (const [key, value] of Object.entries(more)) if (value !== undefined) query.set(key, String(value));
  return query.toString();
}

/** What was done, in words where there are any. */
export function actText(act: string): string {
  const [group = '', ...rest] = act.split('.');
  const name = rest.join('.');
  if (group === 'alarm' && te(`action.${name}`))
    return t('people.audit.alarmAct', { action: t(`action.${name}`) });
  const key = `people.audit.act.${act.replaceAll('.', '_')}`;
  if (te(key)) return t(key);
  return /^[A-Z]+\.[A-Z_]+$/.test(act) ? typeName(act) : act;
}
